package cli_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"godwit/internal/cli"
	"godwit/internal/testreg/script"
)

// The test binary is the command: scripts run it as a process, as users do.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"godwit": func() { os.Exit(cli.Run(context.Background(), process())) }})
}

func process() *cli.Process {
	dir, _ := os.Getwd()
	home, _ := os.UserHomeDir()
	return &cli.Process{
		Args: os.Args[1:], Dir: dir, Home: home, Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Now: time.Now,
		Output: func(dir, program string, args ...string) (string, error) {
			cmd := exec.Command(program, args...)
			cmd.Dir = dir
			out, err := cmd.Output()
			return strings.TrimSpace(string(out)), err
		},
		Libc: func() string { return "glibc" },
	}
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               script.Setup,
		Cmds:                script.Commands(),
		Condition:           script.Condition,
		RequireExplicitExec: false,
		UpdateScripts:       os.Getenv("UPDATE") != "",
	})
}
