// Package config is one table of settings and what they resolve to before the
// engine starts.
//
//	flags, npm_config_*, pnpm-workspace.yaml, "pnpm" in package.json,
//	.npmrc of project, user and machine, npm's own npmrc
//	    │ each becomes entries: key, texts, line
//	    ▼
//	table.go: the row of the key gives type, default and field
//	    ▼
//	Settings (a plain value) · Registries · for each row where its value is from
//
// The first level that has a value counts; see [Level] for their order. Values
// a flag cannot have are errors; in files and the environment, which other
// tools share, they are warnings and count as not set. Keys that nobody knows
// warn once.
package config

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	"godwit/internal/event"
	"godwit/internal/project"
)

// Inputs is what a project brings to its configuration.
type Inputs struct {
	Location  project.Location   // where it is; Dir is the working directory if there is no project
	Project   *project.Project   // nil if there is none
	Workspace *project.Workspace // nil if there is none
	Hooked    *project.Workspace // what a hook has the last word on; nil if there is none
}

// Config is the result of Load.
type Config struct {
	Settings   Settings
	Registries Registries
	Warnings   []event.Warning // at most one for each key and source
	Files      []string        // that were read, the strongest first
	values     []raw           // for each row of the table, as it may be shown
	root       string          // of the project or its workspace; "" if there is none
	pnpmFile   string          // pnpm's own file of user settings
}

// Load resolves every setting. Errors: *ValueError for a flag, *AuthError for
// credentials that cannot be used safely, *project.SyntaxError.
func Load(h Host, args *Args, in Inputs) (*Config, error) {
	l := &loader{host: h, env: newEnviron(h), in: in, dir: h.Dir}
	l.Config = &Config{values: make([]raw, len(table)), pnpmFile: pnpmConfigFile(h, l.env)}
	if in.Project != nil || in.Workspace != nil {
		l.root = in.Location.Root()
	}
	if args != nil {
		l.dir = args.Dir(h.Dir, h.Home)
	}
	for i := range table {
		if err := l.assign(i, raw{texts: []string{table[i].Default}, src: Source{Level: FromDefault}}); err != nil {
			panic("config: default of " + err.Error())
		}
	}
	for _, step := range []func(*Args) error{l.hooked, l.flags, l.environment, l.workspace, l.manifest, l.files} {
		if err := step(args); err != nil {
			return nil, err
		}
	}
	if err := l.finish(); err != nil {
		return nil, err
	}
	return l.Config, nil
}

// Value is one setting as `config list` shows it.
type Value struct {
	Key    string
	Text   string // secrets are hidden; the items of a list are joined with commas
	Source Source

	data any
}

// Data is the value as JSON has it: nil where there is none.
func (v Value) Data() any { return v.data }

// Hidden reports whether the text is not shown since it is a secret.
func (v Value) Hidden() bool { return v.Text == hidden }

// Values yields all settings of the table, then registries of scopes and
// credentials, each with where it comes from.
func (c *Config) Values() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for i := range table {
			if !yield(c.value(i)) {
				return
			}
		}
		for _, e := range c.Registries.entries {
			if !yield(Value{Key: e.key, Text: e.shown, Source: e.src, data: e.shown}) {
				return
			}
		}
	}
}

// Lookup is the value of one key, under any of its names.
func (c *Config) Lookup(key string) (Value, bool) {
	if i := rowOf(kebab(key)); i >= 0 && !isRegistryKey(key) {
		return c.value(i), true
	}
	for v := range c.Values() {
		if v.Key == key {
			return v, true
		}
	}
	return Value{}, false
}

func (c *Config) value(i int) Value {
	s, r := &table[i], c.values[i]
	v := Value{Key: s.Key, Text: s.Default, Source: Source{Level: FromDefault}}
	if r.src.Level != FromDefault {
		v.Text, v.Source = strings.Join(r.texts, ","), r.src
	}
	if v.Text == "" {
		v.Text = c.computed(s.Key)
	}
	v.data = s.data(r, v.Text)
	return v
}

// data is a value by its type.
func (s *Setting) data(r raw, text string) any {
	if text == "" && !s.isList() || text == "null" {
		return nil
	}
	switch s.Kind {
	case Bool:
		b, _ := parseBool(text, FromProject)
		return b
	case Int, Millis, Minutes, Days:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	case Enum:
		if text == "true" || text == "false" {
			return text == "true"
		}
	case List, Names, Versions:
		items := []string{}
		if r.src.Level == FromDefault {
			r.texts = strings.Fields(s.Default)
		}
		list, _ := s.parseList(r)
		return append(items, list...)
	}
	return text
}

// conceal is r as listings may show it; the value itself is in Settings.
func (s *Setting) conceal(r raw) raw {
	shown := r
	shown.texts = make([]string, len(r.texts))
	for i, text := range r.texts {
		switch {
		case s.Kind == Hidden:
			text = hidden
		case s.Kind == Proxy, s.Kind == URL:
			text = hideUserinfo(text)
		}
		shown.texts[i] = text
	}
	return shown
}

// computed is what finish chose for a setting that nobody gave.
func (c *Config) computed(key string) string {
	s := &c.Settings
	switch key {
	case "store-dir":
		return s.Dirs.Store
	case "cache-dir":
		return s.Dirs.Cache
	case "cache": // what a CI job keeps for the next one asks for it
		return s.Dirs.Store
	case "registry":
		return c.Registries.Default
	case "userconfig":
		return s.given.userConfig
	case "globalconfig":
		return s.given.globalConfig
	case "prefix":
		return s.Dirs.GlobalPrefix
	case "ci":
		return fmt.Sprint(s.CI)
	case "strict-ssl":
		return fmt.Sprint(s.Network.StrictSSL)
	}
	return ""
}
