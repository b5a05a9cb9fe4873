package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/testreg"
)

// TestCompare makes the table of doc/compare.md: each call, as npm and pnpm answer
// it and as godwit does, on a copy of the same installed project. What is not
// equal is explained in testdata/compare.txtar; a difference without an
// explanation, and an explanation without a difference, fail.
//
//	GODWIT_COMPARE=doc/compare.md GODWIT_PNPM=/path/to/pnpm go test ./internal/cli -run Compare
func TestCompare(t *testing.T) {
	out, pnpm := os.Getenv("GODWIT_COMPARE"), os.Getenv("GODWIT_PNPM")
	if out == "" || pnpm == "" {
		t.Skip("GODWIT_COMPARE and GODWIT_PNPM do not say what to write, and what to run")
	}
	archive, err := txtar.ParseFile("testdata/compare.txtar")
	if err != nil {
		t.Fatal(err)
	}
	c := &comparison{T: t, files: map[string]string{}, work: t.TempDir()}
	var served []testreg.File
	for _, f := range archive.Files {
		if name, ok := strings.CutPrefix(f.Name, "reg/"); ok {
			served = append(served, testreg.File{Name: name, Data: f.Data})
		}
		c.files[f.Name] = string(f.Data)
	}
	c.served = served
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.registry.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	c.url = server.URL + "/"
	var table strings.Builder
	table.WriteString(c.files["head.md"])
	for _, tool := range []rival{{"npm", "npm", "package-lock.json"}, {"pnpm", pnpm, "pnpm-lock.yaml"}} {
		c.prepare(tool)
		table.WriteString(c.table(tool))
	}
	if err := os.WriteFile(filepath.Join("../..", out), []byte(table.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rival is a tool that godwit is compared with.
type rival struct{ name, program, lockfile string }

type comparison struct {
	*testing.T
	files map[string]string // of the archive
	work  string
	url   string

	served   []testreg.File
	registry *testreg.Registry // a new one for each call: some change it
}

func (c *comparison) project(tool rival) string { return filepath.Join(c.work, tool.name) }

// renew forgets what calls have done to the registry.
func (c *comparison) renew() {
	c.Helper()
	var err error
	if c.registry, err = testreg.Open(c.served); err != nil {
		c.Fatal(err)
	}
}

// prepare lets a tool install the project.
func (c *comparison) prepare(tool rival) {
	c.Helper()
	c.renew()
	dir := c.project(tool)
	for name, text := range c.files {
		if rest, ok := strings.CutPrefix(name, "project/"); ok {
			c.write(filepath.Join(dir, rest), text)
		}
	}
	if tool.name == "pnpm" {
		c.write(filepath.Join(dir, "pnpm-workspace.yaml"), "minimumReleaseAge: 0\n")
	}
	c.write(filepath.Join(c.work, "home", ".npmrc"), "registry="+c.url+"\n//"+strings.TrimPrefix(c.url, "http://")+":_authToken=test-token\n")
	calls := [][]string{{"install"}}
	if tool.name == "pnpm" { // mid depends on left-pad
		calls = append(calls, []string{"add", "-g", "fine@1.0.0", "mid@1.0.0", "--config.minimumReleaseAge=0"})
	}
	for _, call := range calls {
		if out, err := c.command(tool.program, dir, call...).CombinedOutput(); err != nil {
			c.Fatalf("%s %s: %v\n%s", tool.name, call, err, out)
		}
	}
	if err := os.Rename(c.global(), c.global()+".kept"); err != nil && !os.IsNotExist(err) {
		c.Fatal(err)
	}
}

// global is where global packages are; each call has those that pnpm installed.
func (c *comparison) global() string { return filepath.Join(c.work, "global") }

func (c *comparison) write(file, text string) {
	c.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		c.Fatal(err)
	}
}

func (c *comparison) command(program, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	home := filepath.Join(c.work, "home")
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + filepath.Join(c.global(), "bin") + ":" + os.Getenv("PATH"), "HOME=" + home, "PNPM_HOME=" + c.global(), "npm_config_update_notifier=false", "npm_config_fund=false", "npm_config_audit=false",
		"XDG_DATA_HOME=" + home + "/data", "XDG_CACHE_HOME=" + home + "/cache", "XDG_STATE_HOME=" + home + "/state", "GORACE=atexit_sleep_ms=0", "NO_COLOR=1",
	}
	return cmd
}

// table compares all calls of a tool.
func (c *comparison) table(tool rival) string {
	reasons := map[string]string{}
	var calls []string
	for line := range strings.Lines(c.files[tool.name+".calls"]) {
		call, reason, _ := strings.Cut(strings.TrimSpace(line), " # ")
		if call == "" {
			continue
		}
		calls = append(calls, strings.TrimSpace(call))
		reasons[strings.TrimSpace(call)] = strings.TrimSpace(reason)
	}
	var b strings.Builder
	equal := 0
	fmt.Fprintf(&b, "\n## Beside %s\n\n| call | status | stdout | files | why it differs |\n|---|---|---|---|---|\n", tool.name)
	for _, call := range calls {
		verdict := c.compare(tool, call)
		differs := verdict != same
		switch reason := reasons[call]; {
		case differs && reason == "":
			c.Errorf("%s %s: %+v, and nobody says why", tool.name, call, verdict)
		case !differs && reason != "":
			c.Errorf("%s %s is equal, and explained: %s", tool.name, call, reason)
		}
		if !differs {
			equal++
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", strings.ReplaceAll(call, "|", `\|`), verdict.status, verdict.stdout, verdict.files, reasons[call])
	}
	fmt.Fprintf(&b, "\n%d of %d calls are equal.\n", equal, len(calls))
	return b.String()
}

// verdict is what is equal of a call.
type verdict struct{ status, stdout, files string }

var same = verdict{"=", "=", "="}

// answer is what a call did.
type answer struct {
	status         int
	stdout, stderr string
	files          map[string]string
}

func (c *comparison) compare(tool rival, call string) verdict {
	theirs := c.ask(tool, tool.program, call)
	link := filepath.Join(c.work, "godwit")
	_ = os.Symlink(os.Args[0], link)
	ours := c.ask(tool, link, call)
	v := same
	if theirs.status != ours.status {
		v.status = fmt.Sprintf("%d, not %d", ours.status, theirs.status)
	}
	if !equalText(theirs.stdout, ours.stdout) {
		v.stdout = "differs"
	}
	if !maps.Equal(theirs.files, ours.files) {
		v.files = "differs"
	}
	if v != same && testing.Verbose() {
		c.Logf("%s %s\n--- theirs %d\n%s%s--- ours %d\n%s%s", tool.name, call, theirs.status, theirs.stdout, theirs.stderr, ours.status, ours.stdout, ours.stderr)
		for name := range theirs.files {
			if theirs.files[name] != ours.files[name] {
				c.Logf("%s: theirs\n%s\nours\n%s", name, theirs.files[name], ours.files[name])
			}
		}
	}
	return v
}

// ask runs a call in a copy of the project, which always has the same path.
func (c *comparison) ask(tool rival, program, call string) answer {
	c.renew()
	dir := filepath.Join(c.work, "copy", "app")
	if err := os.RemoveAll(dir); err != nil {
		c.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		c.Fatal(err)
	}
	if err := os.RemoveAll(c.global()); err != nil {
		c.Fatal(err)
	}
	for from, to := range map[string]string{c.project(tool): dir, c.global() + ".kept": c.global()} {
		if _, err := os.Stat(from); err != nil {
			continue // npm's turn comes before pnpm's
		}
		if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
			c.Fatalf("%v\n%s", err, out)
		}
	}
	var stdout, stderr bytes.Buffer
	cmd := c.command(program, dir, strings.Fields(call)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	a := answer{stdout: c.neutral(stdout.String()), stderr: stderr.String(), files: map[string]string{}}
	if exit, ok := err.(*exec.ExitError); ok {
		a.status = exit.ExitCode()
	} else if err != nil {
		c.Fatal(err)
	}
	for _, name := range []string{"package.json", tool.lockfile, "pnpm-workspace.yaml", ".npmrc"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			a.files[name] = string(text)
		}
	}
	return a
}

// passing is what differs from one run to the next.
var passing = regexp.MustCompile(`\b\d+(\.\d+)?(ms|s)\b`)

func (c *comparison) neutral(text string) string {
	text = strings.ReplaceAll(text, c.work, "$WORK")
	return passing.ReplaceAllString(strings.ReplaceAll(text, c.url, "$REGISTRY/"), "1ms")
}

// equalText compares JSON by what it says, anything else by the byte.
func equalText(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil {
		return reflect.DeepEqual(packedAlike(x), packedAlike(y))
	}
	return strings.TrimSpace(a) == strings.TrimSpace(b)
}

// packedAlike is JSON without size and hashes of a tarball, since another gzip
// makes other bytes of the same ones, and without signatures, which are others each
// time, as is what says of a bill of materials who made it.
func packedAlike(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = packedAlike(v[i])
		}
	case map[string]any:
		if v["filename"] != nil {
			delete(v, "size")
			delete(v, "shasum")
			delete(v, "integrity")
		}
		for _, key := range []string{"signatures", "serialNumber", "timestamp", "tools", "documentNamespace", "creationInfo"} {
			delete(v, key)
		}
		for key := range v {
			v[key] = packedAlike(v[key])
		}
	}
	return v
}
