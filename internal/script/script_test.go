package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"godwit/internal/fsys"
)

// run returns what a script prints.
func run(t *testing.T, h *Host, s *Script) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the lines of this test are for sh")
	}
	cmd, err := h.Command(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestArgumentsReachTheScriptAsTheyAre(t *testing.T) {
	args := []string{"b c", "$HOME", "", "it's", "a\nb", `"`, `\`, "*", "ä", "--x=1", "`id`", "~"}
	s := &Script{Dir: t.TempDir()}
	s.Line = `show() { for a; do printf '[%s]' "$a"; done; }; show`
	s.Args = args
	if got, want := run(t, &Host{Env: os.Environ()}, s), "["+strings.Join(args, "][")+"]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestQuotingForCmd(t *testing.T) {
	for arg, want := range map[string]string{
		"":        `^"^"`,
		"a":       "a",
		"b c":     `^"b^ c^"`,
		"%PATH%":  "^%PATH^%",
		`a"b`:     `^"a\^"b^"`,
		`c:\a b\`: `^"c:\a^ b\\^"`,
		"a&b":     "a^&b",
		"a\nb":    `a\nb`,
	} {
		if got := quote(arg, true); got != want {
			t.Errorf("%q is %s, want %s", arg, got, want)
		}
	}
}

func environ(h *Host, s *Script) map[string]string {
	out := map[string]string{}
	for _, kv := range h.environment(s, s.Line) {
		key, value, _ := strings.Cut(kv, "=")
		out[key] = value
	}
	return out
}

// TestEnvironment has pnpm 12's variables, as observed.
func TestEnvironment(t *testing.T) {
	dir := filepath.FromSlash("/p/node_modules/.pnpm/@s+d@1.0.0/node_modules/@s/d")
	bin := func(of ...string) string {
		return filepath.Join(append([]string{filepath.FromSlash("/p/node_modules")}, append(of, ".bin")...)...)
	}
	h := &Host{
		Env: []string{
			"PATH=/usr/bin", "HOME=/h", "MY_TOKEN=1", "NODE=old", "INIT_CWD=old", "npm_package_old=1",
			"npm_config_build_from_source=1", "npm_config__authToken=secret", "NPM_CONFIG__AUTH=secret",
			"pnpm_config_//registry.example/:_authToken=secret", "npm_config_@s:registry=https://registry.example/",
			"npm_config_user_agent=old",
		},
		Node: "/usr/bin/node", Program: "/bin/godwit", Verb: "install", UserAgent: "pnpm/12", InitDir: "/p", Path: []string{bin()},
	}
	s := &Script{
		Event: "postinstall", Line: "node x.js", Dir: dir, Env: []string{"TMPDIR=/t"},
		Manifest: []byte("\xef\xbb\xbf" + `{"name":"@s/d","version":"0.1.0","author":"no","bin":{"foo":"x.js"},"config":{"a-b":1,"_x":2,"deep":{"l":[true,null,"two\nlines"]}},"engines":{"node":"*"}}`),
	}
	want := map[string]string{
		"PATH": strings.Join([]string{
			bin(".pnpm", "@s+d@1.0.0", "node_modules", "@s", "d", "node_modules"), bin(".pnpm", "@s+d@1.0.0", "node_modules"), bin(), bin(), "/usr/bin",
		}, string(filepath.ListSeparator)),
		"HOME": "/h", "MY_TOKEN": "1", "TMPDIR": "/t",
		"NODE": "/usr/bin/node", "npm_node_execpath": "/usr/bin/node", "npm_execpath": "/bin/godwit",
		"npm_config_build_from_source": "1", "npm_config_user_agent": "pnpm/12", "npm_command": "install",
		"npm_lifecycle_event": "postinstall", "npm_lifecycle_script": "node x.js",
		"npm_package_json": filepath.Join(dir, "package.json"), "npm_package_name": "@s/d", "npm_package_version": "0.1.0",
		"npm_package_bin_foo": "x.js", "npm_package_engines_node": "*", "npm_package_config_a_b": "1",
		"npm_package_config_deep_l_0": "true", "npm_package_config_deep_l_1": "", "npm_package_config_deep_l_2": `"two\nlines"`,
		"INIT_CWD": "/p", "PNPM_SCRIPT_SRC_DIR": dir, "pnpm_config_verify_deps_before_run": "false",
	}
	got := environ(h, s)
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s is %q, want %q", key, got[key], value)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%s is there", key)
		}
	}
}

// TestHostileManifest starts a script all the same.
func TestHostileManifest(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	for _, manifest := range []string{"", "nonsense", `{"name":"a\u0000b"}`, `{"config":` + deep + `}`, `{"config":{"":1,"=":"x","` + "\u2028" + `":1}}`} {
		s := &Script{Line: "echo $npm_package_name", Dir: t.TempDir(), Manifest: []byte(manifest)}
		run(t, &Host{Env: os.Environ()}, s)
	}
}

func TestProjectAboveIsNotSearched(t *testing.T) {
	got := commandDirs(filepath.FromSlash("/w/packages/a"))
	if want := []string{filepath.FromSlash("/w/packages/a/node_modules/.bin")}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestShell(t *testing.T) {
	h := &Host{Env: os.Environ(), Shell: "bash"}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash here")
	}
	if got := run(t, h, &Script{Line: "echo ${BASH_VERSION:+bash}", Dir: t.TempDir()}); got != "bash\n" {
		t.Errorf("got %q", got)
	}
}

func TestFindNode(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for dir, mode := range map[string]os.FileMode{first: 0o644, second: 0o755} {
		if err := os.WriteFile(filepath.Join(dir, fsys.NodeName), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	path := strings.Join([]string{"relative", "", first, second}, string(filepath.ListSeparator))
	want := second
	if fsys.EnvIgnoresCase { // no mode says what can be run
		want = first
	}
	if got := FindNode(path); got != filepath.Join(want, fsys.NodeName) {
		t.Errorf("found %q", got)
	}
	if got := FindNode("relative"); got != "" {
		t.Errorf("found %q in a PATH without absolute directories", got)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"name":"a","config":{"b":[1,{"c":null}]},"bin":"x"}`))
	f.Fuzz(func(t *testing.T, manifest []byte) {
		h := &Host{}
		for _, kv := range h.environment(&Script{Manifest: manifest}, "") {
			key, value, ok := strings.Cut(kv, "=")
			if !ok || key == "" || strings.ContainsAny(key, "\x00\n") || strings.Contains(value, "\x00") {
				t.Errorf("%q", kv)
			}
		}
	})
}
