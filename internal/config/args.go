package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/project"
)

// Grammar is what the flag parser asks of the table of commands.
type Grammar struct {
	// Command is the command that the positional arguments so far ask for;
	// "" when it cannot be told yet. A letter can mean different flags for
	// different commands, and a flag can be wrong for a command.
	Command func(positional []string) string

	// Stop reports whether what follows these positional arguments belongs
	// to another program ("run build" and then its arguments). nil never
	// stops.
	Stop func(positional []string) bool
}

// Args is a parsed command line.
type Args struct {
	Positional []string // the command and its arguments
	Rest       []string // what follows "--" or the point where Grammar stops; passed on as it is
	Dashes     bool     // Rest was separated by "--"

	flags []flag
	auth  []entry // --//host/:key=value and --@scope:registry=value
}

// flag is one setting given on the command line.
type flag struct {
	setting *Setting
	letter  string // set when it was given as a letter
	name    string // as typed, without a value
	value   string
}

// FlagError is a command line that cannot be understood.
type FlagError struct {
	Flag    string   // as typed, without a value
	Problem string   // what is wrong
	Nearest []string // flags that may have been meant
	Next    string   // what to do instead; "" is nothing that is known
}

// Hint is what the user can do.
func (e *FlagError) Hint() string { return e.Next }

// Error says what is wrong with which flag, and what may have been meant.
func (e *FlagError) Error() string {
	s := e.Problem + " " + e.Flag
	if strings.Contains(e.Problem, "%") {
		s = fmt.Sprintf(e.Problem, e.Flag)
	}
	if len(e.Nearest) > 0 {
		s += ": did you mean " + strings.Join(e.Nearest, " or ") + "?"
	}
	return s
}

// ParseArgs reads a command line without the program's name. Values are
// checked by Load. Flags may stand before, between and after positional
// arguments. Forms, as npm's nopt has them:
//
//	--key value   --key=value   --key (booleans)   --no-key   --key false
//	-C dir   -C=dir   -PD (letters without a value)   -dd
//	--config.key=value   --//host/path/:_authToken=value   -- the rest
func ParseArgs(args []string, g Grammar) (*Args, error) {
	a := &Args{}
	p := argParser{Args: a, grammar: g, left: args}
	for len(p.left) > 0 {
		arg := p.left[0]
		p.left = p.left[1:]
		switch {
		case arg == "--":
			a.Rest, a.Dashes, p.left = p.left, true, nil
		case len(arg) > 1 && arg[0] == '-':
			if err := p.flag(arg); err != nil {
				return nil, err
			}
		default:
			a.Positional = append(a.Positional, arg)
			if g.Stop != nil && g.Stop(a.Positional) {
				a.Rest, p.left = p.left, nil
			}
		}
	}
	return a, p.settle()
}

type argParser struct {
	*Args
	grammar Grammar
	left    []string
}

func (p *argParser) command() string {
	if p.grammar.Command == nil {
		return ""
	}
	return p.grammar.Command(p.Positional)
}

// flag reads one flag and its value.
func (p *argParser) flag(arg string) error {
	name, value, hasValue := strings.Cut(arg, "=")
	key := strings.TrimPrefix(name[1:], "-")
	switch {
	case key == "":
		return &FlagError{Flag: arg, Problem: "unknown flag"}
	case len(key) == 1, !strings.HasPrefix(name, "--"):
		return p.letters(key, arg, name, value, hasValue)
	}
	if strings.HasPrefix(key, "//") || strings.HasPrefix(key, "@") {
		// A URL may have a port: the value begins at the first "=" all the same.
		if !hasValue {
			return &FlagError{Flag: name, Problem: "no value for"}
		}
		p.auth = append(p.auth, entry{key: key, texts: []string{value}, from: name})
		return nil
	}
	return p.long(strings.TrimPrefix(key, "config."), name, value, hasValue)
}

// long reads a flag with a whole word for a name.
func (p *argParser) long(key, name, value string, hasValue bool) error {
	if s := shorthandOf(key); s != nil && !hasValue {
		p.add(lookup(s.key, true), "", name, s.value)
		return nil
	}
	if key == "no-proxy" && !hasValue { // with a value it is pnpm's spelling of noproxy
		p.add(lookup("proxy", true), "", name, "false")
		return nil
	}
	no := false
	if listed(moot, key) {
		return p.unknown(key, name, value, no, hasValue)
	}
	s := lookup(key, true)
	for s == nil && strings.HasPrefix(key, "no-") {
		key, no = key[len("no-"):], !no
		s = lookup(key, true)
	}
	if s == nil {
		return p.unknown(key, name, value, no, hasValue)
	}
	return p.value(s, "", name, value, no, hasValue)
}

// unknown accepts the switches of things we do not do when they are turned
// off, and refuses everything else.
func (p *argParser) unknown(key, name, value string, no, hasValue bool) error {
	if key == "mutex" && !hasValue && len(p.left) > 0 { // the only one of them with a value
		p.left = p.left[1:]
	}
	if listed(moot, key) {
		return nil
	}
	if next := refused[key]; next != "" {
		return &FlagError{Flag: name, Problem: "%s is a flag of yarn or bun that godwit does not have", Next: next}
	}
	if listed(idle, key) {
		if !no && !hasValue && len(p.left) > 0 && p.left[0] == "false" {
			p.left, value = p.left[1:], "false"
		}
		if no != (value == "false") {
			return nil
		}
	}
	if listed(elsewhere, key) || listed(missing, key) || listed(idle, key) {
		return &FlagError{Flag: name, Problem: "%s is a setting of npm or pnpm that godwit does not have"}
	}
	return &FlagError{Flag: name, Problem: "unknown flag", Nearest: nearestFlags(key)}
}

// letters reads "-x", "-xyz" and the shorthands with one dash.
func (p *argParser) letters(letters, arg, name, value string, hasValue bool) error {
	if s := shorthandOf(letters); s != nil && !hasValue {
		p.add(lookup(s.key, true), "", name, s.value)
		return nil
	}
	if len(letters) > 2 && lookup(letters, true) != nil {
		return &FlagError{Flag: arg, Problem: "unknown flag", Nearest: []string{"-" + arg}}
	}
	for i := range len(letters) {
		letter := letters[i : i+1]
		if sh := shorthandOf(letter); sh != nil {
			p.add(lookup(sh.key, true), "", name, sh.value)
			continue
		}
		s := lookupShort(letter, p.command())
		if s == nil { // "install -O name" turns out to be add
			s = lookupShort(letter, "")
		}
		switch {
		case s == nil && i == 0 && lookup(letters, true) != nil:
			return &FlagError{Flag: arg, Problem: "unknown flag", Nearest: []string{"-" + arg}}
		case s == nil:
			return &FlagError{Flag: name, Problem: "unknown flag"}
		case s.Kind == Bool && (i < len(letters)-1 || !hasValue):
			p.add(s, letter, name, "true")
		case i < len(letters)-1: // -Cdir
			return p.value(s, letter, "-"+letter, arg[len(name)-len(letters)+i+1:], false, true)
		default:
			return p.value(s, letter, name, value, false, hasValue)
		}
	}
	return nil
}

// value takes the value of a flag from after its "=" or from the next
// argument.
func (p *argParser) value(s *Setting, letter, name, value string, no, hasValue bool) error {
	next := func() bool { // the next argument is a value of this flag
		if hasValue || len(p.left) == 0 {
			return false
		}
		v := p.left[0]
		return v == "true" || v == "false" || s.Kind == Enum && listed(s.Values, v)
	}
	switch {
	case s.Kind == Path && no:
		return &FlagError{Flag: name, Problem: "%s: a path cannot be turned off"}
	case s.Kind == Bool || no || s.Kind == Enum && listed(s.Values, "true"):
		if next() {
			value, p.left = p.left[0], p.left[1:]
		} else if !hasValue {
			value = "true"
		}
		if no {
			value = negated(value)
		}
	case !hasValue:
		if len(p.left) == 0 || looksLikeFlag(p.left[0]) {
			return &FlagError{Flag: name, Problem: "no value for"}
		}
		value, p.left = p.left[0], p.left[1:]
	}
	p.add(s, letter, name, value)
	return nil
}

func negated(value string) string {
	if value == "false" {
		return "true"
	}
	return "false"
}

func (p *argParser) add(s *Setting, letter, name, value string) {
	p.flags = append(p.flags, flag{s, letter, name, value})
}

// settle gives letters that came before their command their meaning, and
// refuses flags that the command does not take.
func (p *argParser) settle() error {
	command := p.command()
	for i := range p.flags {
		f := &p.flags[i]
		if f.letter != "" && f.setting.Kind == Bool {
			if s := lookupShort(f.letter, command); s != nil && s.Kind == Bool {
				f.setting = s
			}
		}
		if command != "" && !f.setting.Admits(command) {
			return &FlagError{Flag: f.name, Problem: command + " takes no flag"}
		}
	}
	return nil
}

func shorthandOf(name string) *shorthand {
	for i := range shorthands {
		if shorthands[i].name == name {
			return &shorthands[i]
		}
	}
	return nil
}

// Dir is the directory to work in: -C, --dir or --prefix, from cwd. Beside -g
// the last is npm's directory of global things.
func (a *Args) Dir(cwd, home string) string {
	dir := cwd
	for _, f := range a.flags {
		if f.setting.Key == "dir" || f.setting.Key == "prefix" && !a.On("global") {
			dir = absolute(f.value, cwd, home)
		}
	}
	return filepath.Clean(dir)
}

// Locate finds the project the command is about: the one in the directory
// that was named, or else the nearest from the working directory upwards.
// Errors: *project.NotFoundError, with a Location all the same.
func (a *Args) Locate(h Host) (project.Location, error) {
	if a.Has("dir") || a.Has("prefix") {
		return project.At(a.Dir(h.Dir, h.Home))
	}
	return project.Locate(h.Dir)
}

// On reports whether a switch was given as a flag, and not turned off again.
func (a *Args) On(key string) bool {
	on := false
	for _, f := range a.flags {
		if f.setting.Key == key {
			on = f.value != "false"
		}
	}
	return on
}

// Has reports whether a setting was given as a flag.
func (a *Args) Has(key string) bool {
	return slices.ContainsFunc(a.flags, func(f flag) bool { return f.setting.Key == key })
}

// Typed reports whether a flag was given in this form, without a value behind "=".
func (a *Args) Typed(name string) bool {
	return slices.ContainsFunc(a.flags, func(f flag) bool { return f.name == name })
}

// Retell gives the flag that was typed in this form another meaning: a switch that
// is on, or with key "" none.
func (a *Args) Retell(name, key string) {
	a.flags = slices.DeleteFunc(a.flags, func(f flag) bool { return f.name == name })
	if key != "" {
		a.flags = append(a.flags, flag{setting: lookup(key, true), name: name, value: "true"})
	}
}

// Flag is the setting that a flag without a value names, as it is typed on the
// command line ("--key" or "-k").
func Flag(arg string) (Setting, bool) {
	name := strings.TrimLeft(arg, "-")
	s := lookup(name, true)
	if len(name) == 1 {
		s = lookupShort(name, "")
	}
	if s == nil || name == arg {
		return Setting{}, false
	}
	return *s, true
}

// Takes reports whether a command takes the setting as a flag.
func (s *Setting) Takes(command string) bool {
	return s.For == nil || slices.Contains(s.For, command)
}

// Admits reports whether a command may have the setting as a flag, if only so that
// nothing comes of it.
func (s *Setting) Admits(command string) bool {
	return s.Takes(command) || slices.Contains(s.Idle, command)
}

// looksLikeFlag reports whether a word is no value. A number may have a sign:
// "--depth -1" is in many scripts.
func looksLikeFlag(word string) bool {
	return len(word) > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9')
}
