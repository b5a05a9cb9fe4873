package cli

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/lockfile"
	"godwit/internal/script"
)

// otherNames are names under which this program may stand in PATH: those of tools
// that it stands in for, and of their commands.
var otherNames = map[string]struct{ tool, command string }{
	"gwx": {"", "npx"},
	"npm": {"npm", ""}, "npx": {"npm", "npx"},
	"pnpm": {"pnpm", ""}, "pnpx": {"pnpm", "dlx"},
	"yarn": {"yarn", ""},
}

// StandsIn reports whether a program of this name, which may be a path, is meant to
// be this one in the place of another.
func StandsIn(name string) bool { return otherNames[baseName(name)].tool != "" }

// baseName is the name of a program without its directory and the .exe of Windows.
func baseName(program string) string { return strings.TrimSuffix(filepath.Base(program), ".exe") }

// standsFor is the tool whose name this program was called by, or "".
func (p *Process) standsFor() string { return otherNames[baseName(p.Name)].tool }

// asNamed is the call with the command that the program's name says.
func (p *Process) asNamed() *Process {
	command := otherNames[baseName(p.Name)].command
	if command == "" {
		return p
	}
	named := *p
	named.Args = append([]string{command}, p.Args...)
	return &named
}

// version is what --version prints: under another tool's name the version of it
// whose behaviour this program has, since who asks goes by that.
func (c *call) version() string {
	switch c.standsFor() {
	case "npm":
		return npmVersion
	case "pnpm":
		return pnpmVersion
	case "yarn":
		if c.locate(c.host()) == nil {
			_ = c.findLock() // the version of a project that cannot be read is anybody's guess
		}
		return c.yarnAgent()
	}
	return Version
}

// flavour is whose lockfile the project keeps. Where there is no project it is that
// of the tool by whose name this program was called, or else pnpm's.
func (c *call) flavour() lockfile.Format {
	if c.lock.Format == "" && c.inputs.Project != nil {
		_ = c.findLock() // who runs scripts need not be told of a lockfile that cannot be read
	}
	return cmp.Or(c.lock.Format, lockfile.FormatOf(c.standsFor()), lockfile.Pnpm)
}

// namesOf are the commands of a tool that scripts, and programs that ask
// npm_config_user_agent who called them, call by name. Bun is also what runs
// programs, which this one does not.
var namesOf = map[lockfile.Format][]string{
	lockfile.Npm:  {"npm", "npx"},
	lockfile.Pnpm: {"pnpm", "pnpx"},
	lockfile.Yarn: {"yarn"},
}

// standIns is a directory with this program under the names of the project's tool,
// for the end of a PATH that has no such tool: create-next-app, turbo and "pnpm
// build" in a script all start it. "" if it is there, or links cannot be made: then
// who starts it says that it is missing.
func (c *call) standIns(path string) string {
	names := namesOf[c.flavour()]
	if len(names) == 0 || c.Program == "" || script.Find(path, names[0]) != "" {
		return ""
	}
	of := sha256.Sum256([]byte(c.Program + "\x00" + Version)) // a copy, on Windows, does not follow an update
	dir := filepath.Join(c.cfg.Settings.Dirs.Cache, "v1", "stand-ins", hex.EncodeToString(of[:8]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return ""
	}
	for _, name := range names {
		if fsys.Alias(c.Program, filepath.Join(dir, name)) != nil {
			return ""
		}
	}
	return dir
}
