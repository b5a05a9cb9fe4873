package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"godwit/internal/cli"
)

// yarnChanges are one change each, in our words and in those of yarn 1. They begin
// with what those before them left.
var yarnChanges = []struct{ ours, yarns string }{
	{"install", "install"},
	{"add debug@^4.1.0 left-pad@1.1.0", "add debug@^4.1.0 left-pad@1.1.0"},
	{"add -D chalk@^2.4.0", "add -D chalk@^2.4.0"},
	{"add alias@npm:ms@2.0.0", "add alias@npm:ms@2.0.0"},
	{"add webpack@4", "add webpack@4"},
	{"remove left-pad", "remove left-pad"},
	{"update debug", "upgrade debug"},
	{"update", "upgrade"},
	{"remove webpack", "remove webpack"},
}

// TestYarnCampaign makes the same changes of one project with yarn 1 and with us,
// compares yarn.lock byte by byte after each, and lets yarn install from ours:
//
//	GODWIT_REGISTRY=http://127.0.0.1:PORT/ GODWIT_YARN=/path/to/yarn.js \
//		go test ./internal/cli -run YarnCampaign -v
//
// The registry has to have the packages of yarnChanges, and what they depend on.
func TestYarnCampaign(t *testing.T) {
	registry, yarn := os.Getenv("GODWIT_REGISTRY"), os.Getenv("GODWIT_YARN")
	if registry == "" || yarn == "" {
		t.Skip("GODWIT_REGISTRY or GODWIT_YARN is not set")
	}
	home := t.TempDir()
	ours, theirs := t.TempDir(), t.TempDir()
	for _, dir := range []string{ours, theirs} {
		writeFiles(t, dir, map[string]string{"package.json": `{"name": "app", "license": "MIT", "packageManager": "yarn@1.22.22", "dependencies": {"ms": "^2.0.0"}}`})
	}
	run := func(dir string, args ...string) {
		t.Helper()
		args = append([]string{yarn, "--registry", registry, "--cache-folder", filepath.Join(home, "yarn"), "--no-default-rc", "--non-interactive", "--ignore-scripts", "--ignore-engines"}, args...)
		cmd := exec.Command("node", args...)
		cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	for _, c := range yarnChanges {
		run(theirs, strings.Fields(c.yarns)...)
		p := process()
		var out bytes.Buffer
		p.Dir, p.Home, p.Stdout, p.Stderr = ours, home, &out, &out
		p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
		p.Args = append(strings.Fields(c.ours), "--registry="+registry, "--ignore-scripts")
		if status := cli.Run(t.Context(), p); status != 0 {
			t.Fatalf("%s: status %d\n%s", c.ours, status, &out)
		}
		got, want := lockOf(t, ours), lockOf(t, theirs)
		if got != want {
			t.Errorf("%s: yarn.lock differs from yarn's, %d and %d bytes", c.ours, len(got), len(want))
		}
		run(ours, "install", "--frozen-lockfile")
		if lockOf(t, ours) != got {
			t.Errorf("%s: yarn changed our yarn.lock", c.ours)
		}
	}
}

func lockOf(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "yarn.lock"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
