package script_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"godwit/internal/testreg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"get": get, "quit": quit})
}

// get is a client for scripts: get URL ["Key: value"]… prints status and body.
func get() {
	req, err := http.NewRequest("GET", os.Args[1], nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, h := range os.Args[2:] {
		key, value, _ := strings.Cut(h, ": ")
		req.Header.Set(key, value)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	body, _ := io.ReadAll(res.Body)
	fmt.Printf("%d %s\n", res.StatusCode, body)
}

// quit ends as a script asks: quit STATUS STDOUT STDERR.
func quit() {
	fmt.Print(os.Args[2])
	fmt.Fprint(os.Stderr, os.Args[3])
	status, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	os.Exit(status)
}

// TestFailsInsists runs scripts that must not pass.
func TestFailsInsists(t *testing.T) {
	for _, line := range []string{
		"fails quit 0 '' ok", "fails quit 2 '' why", "fails quit 1 out why", "fails quit 1 '' ''",
		"fails -status 3 quit 1 '' why", "fails nosuchcommand", "registry nowhere", "requests", "! fault x 500",
		"registry common\nrequests -count 1", "registry common\nrequests a", "registry common\nfault a explode",
		"registry common\nrequests -peak 1", "json p.json name = wrong", "json p.json missing", "! json p.json name",
		"tree nowhere", "expand nowhere", "registry -stop", "fetch / f", "registry common\nfetch /nowhere f",
	} {
		file := filepath.Join(t.TempDir(), "line.txtar")
		if err := os.WriteFile(file, []byte(line+"\n-- p.json --\n{\"name\": \"p\"}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		var outcome failing
		outcome.run(func() {
			testscript.RunT(&outcome, testscript.Params{Files: []string{file}, Setup: script.Setup, Cmds: script.Commands()})
		})
		if !outcome.failed {
			t.Errorf("%q passed", line)
		}
	}
}

// failing is a testscript.T that notes a failure and is not bothered by it.
type failing struct{ failed bool }

// stopped is what ends a failing script.
type stopped struct{}

func (f *failing) run(test func()) {
	defer func() {
		if p := recover(); p != nil && p != any(stopped{}) {
			panic(p)
		}
	}()
	test()
}

func (f *failing) Run(_ string, test func(testscript.T)) { f.run(func() { test(f) }) }
func (f *failing) Skip(...any)                           { panic(stopped{}) }
func (f *failing) Fatal(...any)                          { f.FailNow() }
func (f *failing) Parallel()                             {}
func (f *failing) Log(...any)                            {}
func (f *failing) Verbose() bool                         { return false }
func (f *failing) FailNow() {
	f.failed = true
	panic(stopped{})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", Setup: script.Setup, Cmds: script.Commands(), Condition: script.Condition, RequireExplicitExec: true,
	})
}
