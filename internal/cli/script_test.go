package cli_test

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"godwit/internal/cli"
	"godwit/internal/config"
	"godwit/internal/testreg/script"
)

// The test binary is the command: scripts run it as a process, as users do.
func TestMain(m *testing.M) {
	if cli.StandsIn(os.Args[0]) { // as scripts of packages start it
		godwit()
	}
	testscript.Main(m, map[string]func(){"godwit": godwit})
}

func godwit() {
	config.BuiltinRegistry = "http://127.0.0.1:1/" // a script that names no registry must not find one
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, process())
	stop()
	os.Exit(code)
}

func process() *cli.Process {
	dir, _ := os.Getwd()
	home, _ := os.UserHomeDir()
	program, _ := os.Executable()
	goos := "linux" // optional packages are the same wherever the tests run
	if runtime.GOOS == "windows" {
		goos = runtime.GOOS
	}
	const cores = 4 // what runs side by side, and is labelled for it, is the same, too
	return &cli.Process{
		Program: program, Name: os.Args[0], Args: os.Args[1:], Dir: dir, Home: home, Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Terminal: os.Getenv("TEST_TERMINAL") != "", Shown: os.Getenv("TEST_TERMINAL") == "both", OS: goos, Arch: "amd64", Cores: cores, Now: time.Now,
		Output: func(dir, program string, args ...string) (string, error) {
			cmd := exec.Command(program, args...)
			cmd.Dir = dir
			out, err := cmd.Output()
			return strings.TrimSpace(string(out)), err
		},
		Libc: func() string { return "glibc" },
		Signals: func() (<-chan os.Signal, func()) {
			c := make(chan os.Signal, 4)
			signal.Notify(c, syscall.SIGTERM)
			return c, func() { signal.Stop(c) }
		},
	}
}

// raceEnv keeps processes with the race detector, of which there are hundreds,
// from sleeping a second each before they end.
const raceEnv = "GORACE=atexit_sleep_ms=0"

// condition answers for those of package script, and for [served]: each script has
// a resolve server, which asks for itself, and has a cache of its own.
func condition(cond string) (bool, error) {
	if cond == "served" {
		return os.Getenv("SERVED") != "", nil
	}
	return script.Condition(cond)
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, raceEnv)
			env.Values[servedKey{}] = map[string]*servedLog{}
			return script.Setup(env)
		},
		Cmds:                commands(),
		Condition:           condition,
		RequireExplicitExec: false,
		UpdateScripts:       os.Getenv("UPDATE") != "",
	})
}
