package script

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/testreg"
)

// Commands are the commands this package adds to a script. They need Setup.
func Commands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	return map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"registry": registry,
		"requests": requests,
		"fault":    fault,
		"expand":   expand,
		"tree":     tree,
		"json":     jsonValue,
		"nodejs":   nodejs,
		"fails":    fails,
		"fetch":    fetch,
	}
}

// stateKey is where a script's state is among its values.
type stateKey struct{}

// state is what one script has started. A script runs on one goroutine.
type state struct {
	registries map[string]*testreg.Registry // by the variable that names them
}

// Setup prepares a script for the commands; call it from testscript.Params.Setup.
func Setup(env *testscript.Env) error {
	env.Values[stateKey{}] = &state{registries: map[string]*testreg.Registry{}}
	return nil
}

func stateOf(ts *testscript.TestScript) *state {
	s, ok := ts.Value(stateKey{}).(*state)
	if !ok {
		panic("script: Setup was not called from testscript.Params.Setup")
	}
	return s
}

// mainVar is the variable of the registry that no -as renames.
const mainVar = "REGISTRY"

// main returns the script's registry.
func (s *state) main(ts *testscript.TestScript) *testreg.Registry {
	r := s.registries[mainVar]
	if r == nil {
		ts.Fatalf("no registry was started; write: registry DIR")
	}
	return r
}

func registry(ts *testscript.TestScript, neg bool, args []string) {
	s, name := stateOf(ts), mainVar
	if len(args) > 0 && args[0] == "-stop" {
		s.stop(ts, args[1:])
		return
	}
	if len(args) > 1 && args[0] == "-as" {
		name, args = args[1], args[2:]
	}
	if len(args) == 0 {
		ts.Fatalf("usage: registry [-as NAME] ARCHIVE|DIR|common…")
	}
	var files []testreg.File
	for _, arg := range args {
		more, err := sections(ts, arg)
		ts.Check(err)
		files = append(files, more...)
	}
	r, err := testreg.Start(files)
	if neg {
		if err == nil {
			r.Close()
			ts.Fatalf("the archive was accepted")
		}
		fmt.Fprintln(ts.Stderr(), err)
		return
	}
	ts.Check(err)
	ts.Defer(r.Close)
	s.registries[name] = r
	host := strings.TrimPrefix(r.URL, "http://")
	ts.Setenv(name, r.URL)
	ts.Setenv(name+"_HOST", host)
	other := name + "_OTHER"
	if name == mainVar {
		other = "OTHER"
	}
	ts.Setenv(other, r.Other)
}

// stop closes one registry; its port refuses connections afterwards.
func (s *state) stop(ts *testscript.TestScript, args []string) {
	name := mainVar
	if len(args) > 0 {
		name = args[0]
	}
	r := s.registries[name]
	if r == nil {
		ts.Fatalf("no registry was started as %s", name)
	}
	r.Close()
}

// sections reads an archive, or a directory as one: each file is a section
// named by its path.
func sections(ts *testscript.TestScript, arg string) ([]testreg.File, error) {
	if arg == "common" {
		return txtar.Parse(testreg.Common()).Files, nil
	}
	root := ts.MkAbs(arg)
	info, err := os.Stat(root)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		data, err := os.ReadFile(root)
		return txtar.Parse(data).Files, err
	}
	var files []testreg.File
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		files = append(files, testreg.File{Name: filepath.ToSlash(rel), Data: data})
		return err
	})
	return files, err
}

func fault(ts *testscript.TestScript, neg bool, args []string) {
	r := stateOf(ts).main(ts)
	if neg {
		ts.Fatalf("fault takes no !")
	}
	if len(args) > 0 && args[0] == "-clear" {
		r.ClearFaults()
		args = args[1:]
	}
	if len(args) == 0 {
		return
	}
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = strconv.Quote(a) // the script's quotes are gone, its words are not
	}
	ts.Check(r.Fault(strings.Join(quoted, " ")))
}

var variable = regexp.MustCompile(`\$\{?(\w+)\}?`)

// expand fills in the registries' variables in files. Others stay as they are:
// an .npmrc has its own.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: expand FILE…")
	}
	known := []string{"OTHER"}
	for name := range stateOf(ts).registries {
		known = append(known, name, name+"_HOST", name+"_OTHER")
	}
	for _, arg := range args {
		path := ts.MkAbs(arg)
		data, err := os.ReadFile(path)
		ts.Check(err)
		text := variable.ReplaceAllStringFunc(string(data), func(m string) string {
			name := variable.FindStringSubmatch(m)[1]
			if slices.Contains(known, name) {
				return ts.Getenv(name)
			}
			return m
		})
		ts.Check(os.WriteFile(path, []byte(text), 0o644))
	}
}

func nodejs(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("node", args...)
	switch {
	case err != nil && !neg:
		ts.Fatalf("node: %v", err)
	case err == nil && neg:
		ts.Fatalf("node succeeded")
	}
}

// fails runs a program that must refuse as the tools of this field do: exit
// status 1 (or that of -status), nothing on stdout, a reason on stderr.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	want := 1
	if len(args) > 1 && args[0] == "-status" {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		want, args = n, args[2:]
	}
	if neg || len(args) == 0 {
		ts.Check(usage("fails [-status N] COMMAND ARGS…"))
	}
	var exit *exec.ExitError
	switch err := ts.Exec(args[0], args[1:]...); {
	case err == nil:
		ts.Fatalf("%s succeeded", args[0])
	case !errors.As(err, &exit):
		ts.Fatalf("%s: %v", args[0], err)
	case exit.ExitCode() != want:
		ts.Fatalf("%s: %v, not exit status %d", args[0], err, want)
	case ts.ReadFile("stdout") != "":
		ts.Fatalf("%s wrote to stdout", args[0])
	case strings.TrimSpace(ts.ReadFile("stderr")) == "":
		ts.Fatalf("%s gave no reason on stderr", args[0])
	}
}

// Condition answers for the conditions this package adds to a script:
// [root] the user may write anywhere, whatever the mode says;
// [mount] unshare(1) can give a command file systems of its own.
func Condition(cond string) (bool, error) {
	switch cond {
	case "root":
		return os.Geteuid() == 0, nil
	case "mount":
		return exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "none", os.TempDir()).Run() == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

// usage is the error of a command called wrongly.
func usage(text string) error { return errors.New("usage: " + text) }
