package config

import (
	"fmt"
	"strconv"
)

// Level is the kind of place a value comes from. Where several have a value,
// the first counts.
type Level uint8

// The levels, the strongest first.
//
// npm has: flag, environment, project, user, global, builtin. pnpm has: flag,
// environment, pnpm-workspace.yaml, its own user file. A project that has both
// a pnpm-workspace.yaml and an .npmrc is pnpm's, and pnpm lets the former
// overrule the latter. Above all of them is what a hook makes of the result.
const (
	FromHook Level = iota // updateConfig of a pnpmfile
	FromFlag
	FromEnv       // npm_config_*, pnpm_config_*
	FromWorkspace // pnpm-workspace.yaml
	FromManifest  // "pnpm" in package.json
	FromProject   // .npmrc at the root of the project or workspace
	FromUser      // ~/.npmrc
	FromPnpm      // pnpm's config.yaml
	FromGlobal    // $PREFIX/etc/npmrc
	FromBuiltin   // npm's own npmrc
	FromDefault
)

var levelNames = [...]string{"hook", "flag", "environment", "workspace", "package.json", "project", "user", "pnpm", "global", "builtin", "default"}

// String is the level's name in listings.
func (l Level) String() string { return levelNames[l] }

// Source is where a value comes from.
type Source struct {
	Level Level
	Name  string // the flag, the variable or the file
	Line  int    // in a file; 0 when unknown
}

// String is the source as messages name it: "--registry", "npm_config_registry",
// "/home/me/.npmrc:3".
func (s Source) String() string {
	switch {
	case s.Line > 0:
		return s.Name + ":" + strconv.Itoa(s.Line)
	case s.Name != "":
		return s.Name
	}
	return s.Level.String()
}

// Place is the place of a source as npm's list of settings describes it, without
// the line.
func (s Source) Place() string {
	switch s.Level {
	case FromFlag:
		return `"cli" config from command line options`
	case FromEnv:
		return `"env" config from environment`
	case FromDefault:
		return `"default" config from default values`
	}
	return strconv.Quote(s.Level.String()) + " config from " + s.Name
}

// raw is a value before it has a type.
type raw struct {
	texts []string // one for each time it was given; several make a list
	list  bool     // it was written as a list
	src   Source
	base  string // directory that relative paths are meant from
}

// ValueError is a value that a setting cannot have.
type ValueError struct {
	Key    string
	Text   string // "" when it must not be shown
	Want   string // what the value should look like
	Source Source
}

// Error names the source, the setting and what is expected.
func (e *ValueError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("%s: invalid value of %s: expected %s", e.Source, e.Key, e.Want)
	}
	return fmt.Sprintf("%s: invalid value %q of %s: expected %s", e.Source, e.Text, e.Key, e.Want)
}
