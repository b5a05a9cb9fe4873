// Package tool is the table of the package managers the benchmark can run:
// how each is found, told what to do, and made to do no more than the others.
package tool

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Action is something a tool can be told to do.
type Action string

const (
	Install Action = "install" // package.json, and a lockfile if there is one → node_modules
	Frozen  Action = "frozen"  // the lockfile as it is → node_modules
	Resolve Action = "resolve" // package.json → lockfile, nothing else
	Add     Action = "add"     // one more dependency
	Update  Action = "update"  // one dependency to the newest version its range allows
)

// Tool is a row of the table. Strings may hold placeholders: see Place.
type Tool struct {
	Name     string
	Layout   string   // what it makes of node_modules, and how files get there
	Packages []string // what peers installs it from, for this machine
	Programs []string // where it is, below the peers folder
	Path     string   // its name on PATH, where peers does not have it
	Node     bool     // the program is a script for node
	Commands map[Action]string
	Trace    string   // arguments that make it write a Chrome trace to {trace}
	Env      []string // besides the environment every tool gets
	Files    []File   // settings, written before each run
	Locks    []string // the lockfiles it may write
	Fair     string   // what the settings above are for
	NDJSON   bool     // its last line on stdout is godwit's "done" event
	Server   *Server  // what it asks besides the registry; nil for nothing
}

// File is a settings file.
type File struct{ Path, Text string }

// Place is where one run happens; its fields are the placeholders' values.
type Place struct {
	Root     string // {root}: the volume; everything else lies in it
	Registry string // {registry}: a URL that ends in a slash
	Server   string // {server}: the URL of its server
	Token    string // {token}: who it is there
	Name     string // {name}: the dependency to add or update
	Trace    string // {trace}
}

// Project is the folder of package.json.
func (p Place) Project() string { return filepath.Join(p.Root, "project") }

// Home is the tool's HOME.
func (p Place) Home() string { return filepath.Join(p.Root, "home") }

// Expand replaces the placeholders in s.
func (p Place) Expand(s string) string {
	return strings.NewReplacer(
		"{root}", p.Root, "{project}", p.Project(), "{home}", p.Home(),
		"{cache}", filepath.Join(p.Root, "cache"), "{store}", filepath.Join(p.Root, "store"),
		"{tmp}", filepath.Join(p.Root, "tmp"),
		"{registry}", p.Registry, "{registry-host}", strings.Trim(strings.TrimPrefix(p.Registry, "http://"), "/"),
		"{server}", p.Server, "{server-host}", strings.Trim(strings.TrimPrefix(p.Server, "http://"), "/"),
		"{token}", p.Token, "{name}", p.Name, "{trace}", p.Trace,
	).Replace(s)
}

// common is the environment of every tool. Nothing is inherited but PATH: a
// variable of the person at the keyboard, or CI=true, changes what tools do.
var common = []string{
	"HOME={home}", "USERPROFILE={home}", "TMPDIR={tmp}", "LANG=C.UTF-8", "NO_COLOR=1", "TERM=dumb",
	"XDG_CACHE_HOME={home}/xdg/cache", "XDG_CONFIG_HOME={home}/xdg/config",
	"XDG_DATA_HOME={home}/xdg/data", "XDG_STATE_HOME={home}/xdg/state",
	"npm_config_userconfig={home}/.npmrc", "npm_config_globalconfig={home}/.npmrc-global",
	"npm_config_update_notifier=false",
}

// Common is the environment every tool gets, with placeholders.
func Common() []string { return slices.Clone(common) }

// commonFiles are written for every tool: those that have no flag for the
// registry read it here.
var commonFiles = []File{{"{home}/.npmrc", "registry={registry}\n"}, {"{home}/.npmrc-global", ""}}

// Prepare makes the folders and writes the settings of a run at p.
func (t Tool) Prepare(p Place) error {
	for _, dir := range []string{"{project}", "{home}", "{cache}", "{store}", "{tmp}"} {
		if err := os.MkdirAll(p.Expand(dir), 0o755); err != nil {
			return err
		}
	}
	for _, f := range append(slices.Clone(commonFiles), t.Files...) {
		if err := os.WriteFile(p.Expand(f.Path), []byte(p.Expand(f.Text)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// ErrNotOffered is a command the tool does not have.
var ErrNotOffered = errors.New("the tool has no such command")

// Args are the arguments of an action at p; trace asks for a trace as well.
func (t Tool) Args(a Action, p Place) ([]string, error) {
	line, ok := t.Commands[a]
	if !ok {
		return nil, ErrNotOffered
	}
	args := strings.Fields(line)
	if p.Trace != "" && t.Trace != "" {
		args = append(args, strings.Fields(t.Trace)...)
	}
	for i := range args {
		args[i] = p.Expand(args[i])
	}
	return args, nil
}

// Environ is the whole environment of a run at p.
func (t Tool) Environ(p Place, path string) []string {
	env := []string{"PATH=" + path}
	for _, e := range append(Common(), t.Env...) {
		env = append(env, p.Expand(e))
	}
	return env
}

// Found is a tool that is on this machine.
type Found struct {
	Tool
	Command []string // the program and what must come before its arguments
	Version string
}

// Find looks for t below the folder peers and then on PATH. The error says
// where it looked.
func (t Tool) Find(peers string) (Found, error) {
	var program string
	for _, candidate := range t.Programs {
		at := filepath.Join(peers, "node_modules", filepath.FromSlash(Machine(candidate)))
		if info, err := os.Stat(at); err == nil && info.Mode().IsRegular() {
			program = at
			break
		}
	}
	f := Found{Tool: t}
	switch {
	case program != "" && t.Node:
		node, err := exec.LookPath("node")
		if err != nil {
			return Found{}, fmt.Errorf("%s needs node: %w", t.Name, err)
		}
		f.Command = []string{node, program}
	case program != "":
		f.Command = []string{program}
	case t.Path == "":
		return Found{}, fmt.Errorf("%s is not in %s; godwit-bench peers installs it", t.Name, peers)
	default:
		at, err := exec.LookPath(t.Path)
		if err != nil {
			return Found{}, fmt.Errorf("%s is neither in %s nor on PATH; godwit-bench peers installs it", t.Name, peers)
		}
		f.Command = []string{at}
	}
	f.Version = version(f.Command)
	return f, nil
}

// At is t with the given program.
func (t Tool) At(program string) Found {
	f := Found{Tool: t, Command: []string{program}}
	if program != "" {
		f.Version = version(f.Command)
	}
	return f
}

// version is the first line the tool says to --version, or "unknown".
func version(command []string) string {
	cmd := exec.Command(command[0], append(slices.Clone(command[1:]), "--version")...)
	cmd.Dir = os.TempDir() // not in a project whose packageManager field may redirect it
	out, err := cmd.Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil || line == "" {
		return "unknown"
	}
	words := strings.Fields(line)
	for _, w := range words { // "utoo 1.1.9 (abc)", "v12.21.0", "2.3.0 linux-x64 …"
		if w = strings.TrimPrefix(w, "v"); w != "" && '0' <= w[0] && w[0] <= '9' {
			return w
		}
	}
	return line
}

// Machine replaces {os} and {cpu} by npm's words for this machine.
func Machine(s string) string {
	system, cpu := runtime.GOOS, runtime.GOARCH
	if system == "windows" {
		system = "win32"
	}
	if cpu == "amd64" {
		cpu = "x64"
	}
	return strings.NewReplacer("{os}", system, "{cpu}", cpu).Replace(s)
}
