package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testGrammar knows install, add and run; "install NAME" is add.
var testGrammar = Grammar{
	Command: func(p []string) string {
		switch {
		case len(p) == 0:
			return "install"
		case p[0] == "install" && len(p) > 1:
			return "add"
		}
		return p[0]
	},
	Stop: func(p []string) bool { return p[0] == "run" && len(p) == 2 },
}

func TestParseArgs(t *testing.T) {
	tests := []struct {
		line string
		want string // flags as key=value, then positional arguments, then "|" and the rest
	}{
		{"", ""},
		{"install --frozen-lockfile", "frozen-lockfile=true install"},
		{"--no-frozen-lockfile", "frozen-lockfile=false"},
		{"--frozen-lockfile=false", "frozen-lockfile=false"},
		{"--frozen-lockfile false install", "frozen-lockfile=false install"},
		{"--no-frozen-lockfile=false", "frozen-lockfile=true"},
		{"--offline install", "offline=true install"},
		{"--no-no-offline", "offline=true"},
		{"--registry https://registry.example/ add a", "registry=https://registry.example/ add a"},
		{"--registry=https://registry.example/?a=b", "registry=https://registry.example/?a=b"},
		{"--reg https://registry.example/", "registry=https://registry.example/"},
		{"--config.store-dir=/s --config.offline", "store-dir=/s offline=true"},
		{"-C /x install", "dir=/x install"},
		{"-C=/x", "dir=/x"},
		{"-C/x", "dir=/x"},
		{"install -P", "production=true install"},
		{"install -D a", "save-dev=true install a"},
		{"-D install a", "save-dev=true install a"},
		{"-D install", "dev=true install"},
		{"add a -DE", "save-dev=true save-exact=true add a"},
		{"-fC /x", "force=true dir=/x"},
		{"-dd", "loglevel=verbose"},
		{"-s", "loglevel=silent"},
		{"--silent", "loglevel=silent"},
		{"-ys", "yes=true loglevel=silent"},
		{"--color", "color=true"},
		{"--color always", "color=always"},
		{"--color install", "color=true install"},
		{"--no-color", "color=false"},
		{"--no-proxy=a,b", "noproxy=a,b"},
		{"--no-proxy", "proxy=false"},
		{"--noproxy a", "noproxy=a"},
		{"--no-audit --fund=false --update-notifier false install", "install"},
		{"--package-lock-only", "lockfile-only=true"},
		{"--omit=dev --omit optional", "omit=dev omit=optional"},
		{"add -- --weird", "add | --weird"},
		{"run build --watch -x", "run build | --watch -x"},
		{"--offline run build -- --x", "offline=true run build | -- --x"},
		{"-", "-"},
	}
	for _, tt := range tests {
		a, err := ParseArgs(strings.Fields(tt.line), testGrammar)
		if err != nil {
			t.Errorf("%q: %v", tt.line, err)
			continue
		}
		var got []string
		for _, f := range a.flags {
			got = append(got, f.setting.Key+"="+f.value)
		}
		got = append(got, a.Positional...)
		if a.Rest != nil {
			got = append(append(got, "|"), a.Rest...)
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q: %s", tt.line, diff)
		}
	}
}

func TestParseArgsErrors(t *testing.T) {
	for line, want := range map[string]string{
		"--frozen-lokfile":     "unknown flag --frozen-lokfile: did you mean --frozen-lockfile?",
		"--frozenLockfile":     "unknown flag --frozenLockfile: did you mean --frozen-lockfile",
		"--no-ofline":          "unknown flag --no-ofline: did you mean --offline",
		"--frozen":             "unknown flag --frozen: did you mean --frozen-lockfile",
		"--xyzzy":              "unknown flag --xyzzy",
		"-Z":                   "unknown flag -Z",
		"-offline":             "unknown flag -offline: did you mean --offline?",
		"--registry":           "no value for --registry",
		"--registry --offline": "no value for --registry",
		"-C":                   "no value for -C",
		"--umask":              "--umask is a setting of npm or pnpm that godwit does not have",
		"--audit":              "--audit is a setting of npm or pnpm that godwit does not have",
		"--no-audit=false":     "--no-audit is a setting of npm or pnpm that godwit does not have",
		"ci --save-dev":        "ci takes no flag --save-dev",
		"--//host/:_authToken": "no value for --//host/:_authToken",
	} {
		_, err := ParseArgs(strings.Fields(line), testGrammar)
		if _, ok := errors.AsType[*FlagError](err); !ok || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", line, err, want)
		}
	}
}

func TestArgsLocate(t *testing.T) {
	root := t.TempDir()
	sub := filepath.Join(root, "sub")
	if err := errors.Join(os.Mkdir(sub, 0o755), os.WriteFile(filepath.Join(root, "package.json"), []byte("{}"), 0o644)); err != nil {
		t.Fatal(err)
	}
	parse := func(args ...string) *Args {
		a, err := ParseArgs(args, testGrammar)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if loc, err := parse().Locate(Host{Dir: sub}); err != nil || loc.Dir != root {
		t.Errorf("without -C: %+v, %v", loc, err)
	}
	if _, err := parse("-C", "sub").Locate(Host{Dir: root}); err == nil {
		t.Error("-C looked above the directory that was named")
	}
	if loc, err := parse("--prefix", "..").Locate(Host{Dir: sub}); err != nil || loc.Dir != root {
		t.Errorf("--prefix: %+v, %v", loc, err)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"install", "uninstall", "link", "list"}
	for typed, want := range map[string]string{"instal": "install uninstall", "lsit": "list", "isntall": "install uninstall", "zzz": "", "": ""} {
		if got := strings.Join(Nearest(typed, names), " "); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func FuzzParseArgs(f *testing.F) {
	for _, seed := range []string{"install --frozen-lockfile -C /x", "-DEP a", "--no-no-x=", "--config.=1", "-=", "--=", "---", "--color\nfalse", "-Cx=y", "--//a/:_auth=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Fields(line)
		a, err := ParseArgs(args, testGrammar)
		if err == nil && len(a.Positional)+len(a.Rest) > len(args) {
			t.Fatal("more arguments than were given")
		}
	})
}

func BenchmarkParseArgs(b *testing.B) {
	args := []string{"install", "--frozen-lockfile", "-C", "/tmp", "--no-audit", "--registry=https://registry.example/"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseArgs(args, testGrammar); err != nil {
			b.Fatal(err)
		}
	}
}
