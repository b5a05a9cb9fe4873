package link

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunnerOf(t *testing.T) {
	// The lines are those of packages on the registry, or such as try to be
	// more than a line.
	for _, tt := range []struct{ shebang, target, program, args string }{
		{"", "a.js", "node", ""},
		{"", "a.CJS", "node", ""},
		{"", "a.mjs", "node", ""},
		{"", "s.sh", "sh", ""},
		{"", "s.ps1", "pwsh", ""},
		{"", "s.cmd", "cmd", "/C"},
		{"", "binary", "", ""},
		{"", "a.ts", "", ""},
		{"#!/usr/bin/env node", "a", "node", ""},
		{"#!/usr/bin/env node\r", "a", "node", ""},
		{"#!/usr/bin/env node --expose-gc", "a", "node", "--expose-gc"},
		{"#!/usr/bin/env -S node --a --b=c", "a", "node", "--a --b=c"},
		{"#! /usr/bin/env   bun  run ", "a", "bun", "run"},
		{"#!/bin/sh -e", "a", "/bin/sh", "-e"},
		{"#!/usr/local/bin/node", "a.js", "/usr/local/bin/node", ""},
		{"#!/usr/bin/env -i node", "a.js", "", ""},
		{"#!/usr/bin/env -S X=2 node", "a.js", "", ""},
		{"#!/usr/bin/env node;rm", "a.js", "", ""},
		{"#!/usr/bin/env $(id)", "a.js", "", ""},
		{"#!/usr/bin/env node `id`", "a.js", "", ""},
		{`#!/usr/bin/env "my node"`, "a.js", "", ""},
		{"#!/usr/bin/env %COMSPEC%", "a.js", "", ""},
		{"#!", "a.js", "", ""},
		{"#!/usr/bin/env", "a.js", "", ""},
	} {
		got := runnerOf(tt.shebang, tt.target)
		if got.program != tt.program || got.args != tt.args {
			t.Errorf("runnerOf(%q, %q) = %q %q, want %q %q", tt.shebang, tt.target, got.program, got.args, tt.program, tt.args)
		}
	}
}

func testShim() *shim {
	return &shim{
		target:   "../it's 100%/cli.js",
		nodePath: []string{"../a/node_modules", "../node_modules"},
		runner:   runner{program: "node", args: "--expose-gc"},
	}
}

func TestShimForWindows(t *testing.T) {
	s := testShim()
	for _, want := range []string{
		`SET "NODE_PATH=%~dp0..\a\node_modules;%~dp0..\node_modules;%NODE_PATH%"`,
		`IF EXIST "%~dp0node.exe" SET "_program=%~dp0node.exe"`,
		`"%_program%" --expose-gc "%~dp0..\it's 100%%\cli.js" %*`,
	} {
		if !strings.Contains(s.cmd(), want+"\r\n") {
			t.Errorf("cmd lacks %q:\n%s", want, s.cmd())
		}
	}
	for _, want := range []string{
		`$env:NODE_PATH = (@(($here + '/../a/node_modules'), ($here + '/../node_modules'))`,
		`& $program --expose-gc ($here + '/../it''s 100%/cli.js') $args`,
		`exit $code`,
	} {
		if !strings.Contains(s.ps1(), want) {
			t.Errorf("ps1 lacks %q:\n%s", want, s.ps1())
		}
	}
	if sh := s.sh(true); !strings.Contains(sh, "cygpath -w") || !strings.Contains(sh, `NODE_PATH="$here"/'../a/node_modules'';'"$here"/'../node_modules'$`) {
		t.Errorf("sh for Windows:\n%s", sh)
	}
}

// TestShimRuns runs a shim in every shell that is here: through a link, with
// arguments that a careless script would take apart.
func TestShimRuns(t *testing.T) {
	dir := t.TempDir()
	bin := filepath.Join(dir, "node_modules", ".bin")
	target := filepath.Join(dir, `it's "odd" $x`, "cli")
	for _, d := range []string{bin, filepath.Dir(target)} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\necho \"$NODE_PATH|$#|$1|$2\"\nexit 3\n"
	if err := os.WriteFile(target, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	b := &Bin{Name: "cli", Dir: bin, Target: target, NodePath: []string{filepath.Join(dir, "node_modules")}}
	for _, shebang := range []string{"#!/bin/sh", "#!/bin/sh -e", "#!/usr/bin/env sh", "#!not; plain"} {
		text := new(Linker).newShim(b, shebang).sh(false)
		if err := os.WriteFile(filepath.Join(bin, "cli"), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(dir, "link")
		os.Remove(link)
		if err := os.Symlink("node_modules/.bin/cli", link); err != nil {
			t.Fatal(err)
		}
		real, err := filepath.EvalSymlinks(bin)
		if err != nil {
			t.Fatal(err)
		}
		want := real + "/..:/before|2|a b|$c\n"
		for _, shell := range []string{"sh", "bash", "dash", "zsh", "busybox"} {
			path, err := exec.LookPath(shell)
			if err != nil {
				continue
			}
			args := []string{link, "a b", "$c"}
			if shell == "busybox" {
				args = append([]string{"sh"}, args...)
			}
			cmd := exec.Command(path, args...)
			cmd.Env = append(os.Environ(), "NODE_PATH=/before")
			out, err := cmd.Output()
			if cmd.ProcessState.ExitCode() != 3 || string(out) != want {
				t.Errorf("%s, %q: %v, wrote %q, want %q", shell, shebang, err, out, want)
			}
		}
	}
}

func FuzzShim(f *testing.F) {
	f.Add("#!/usr/bin/env node", "../a/cli.js")
	f.Add("#!/usr/bin/env -S node --x", "../it's/x")
	f.Add("#!sh\n", "a\nb")
	f.Fuzz(func(t *testing.T, shebang, target string) {
		r := runnerOf(shebang, target)
		for _, word := range strings.Fields(r.program + " " + r.args) {
			if strings.ContainsAny(word, "$`\"'\\;&|<>()%!^*?[]{}~#\n\r ") {
				t.Fatalf("%q lets %q through", shebang, word)
			}
		}
		s := &shim{target: target, runner: r}
		if n := strings.Count(s.cmd(), "\n"); n > 7 {
			t.Fatalf("%q adds lines to the cmd shim:\n%s", target, s.cmd())
		}
	})
}
