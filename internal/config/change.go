package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/project"
)

// Place is a file in which a setting can be written.
type Place struct {
	File string
	YAML bool // pnpm's form, else that of .npmrc
}

// Place is where `config set` writes a key, in npm's way or pnpm's. location is
// project, user, global, or "" for the tool's default.
//
//	         project                              user, ""             global
//	npm      .npmrc                               ~/.npmrc             $PREFIX/etc/npmrc
//	pnpm     .npmrc or pnpm-workspace.yaml        pnpm's own auth.ini or config.yaml
func (c *Config) Place(location, key string, pnpm bool) (Place, error) {
	ini := !pnpm || inINI(key)
	switch {
	case location == "project" && c.root == "":
		return Place{}, fmt.Errorf("%s: there is no project here to set it for", key)
	case location == "project" && ini:
		return Place{File: filepath.Join(c.root, ".npmrc")}, nil
	case location == "project":
		return Place{File: filepath.Join(c.root, project.WorkspaceFile), YAML: true}, nil
	case pnpm && ini:
		return Place{File: filepath.Join(filepath.Dir(c.pnpmFile), pnpmAuthFile)}, nil
	case pnpm:
		return Place{File: c.pnpmFile, YAML: true}, nil
	case location == "global" && c.Settings.given.globalConfig != "":
		return Place{File: c.Settings.given.globalConfig}, nil
	case location == "global":
		return Place{}, fmt.Errorf("%s: there is no npm here whose prefix would have a global npmrc", key)
	}
	return Place{File: c.Settings.given.userConfig}, nil
}

// inINI reports whether pnpm 12 keeps a key in files like .npmrc: registries and
// credentials.
func inINI(key string) bool {
	return isRegistryKey(key) || slices.Contains([]string{"registry", "ca", "cafile", "cert", "key"}, key)
}

// Change is a setting to be written, with a value that was checked.
type Change struct {
	Key   string // as files have it
	texts []string
	value project.Node
}

// NewChange checks that a setting exists, may be written in project or user
// files, and can have the value. The error is a *ValueError, an *AuthError, or
// names the settings that may have been meant.
func NewChange(key string, value project.Node, inProject bool) (Change, error) {
	key, err := settable(key)
	if err != nil {
		return Change{}, err
	}
	c := Change{Key: key, value: value, texts: value.Strings()}
	s := lookup(key, false)
	if s == nil {
		return c, nil
	}
	if s.never&notFile != 0 || inProject && s.never&notProject != 0 {
		return c, fmt.Errorf("%s cannot be set there: give it as a flag, or in the environment as npm_config_%s", key, strings.ReplaceAll(key, "-", "_"))
	}
	src := Source{Level: FromFlag, Name: "config set"} // a slip is an error, as on the command line
	if value.Kind == project.Map {
		return c, &ValueError{Key: key, Text: "{…}", Want: "no map", Source: src}
	}
	var into Settings
	r := raw{texts: c.texts, list: value.Kind == project.List, src: src}
	if err := s.assign(&into, r, ""); err != nil {
		return c, err
	}
	c.value = s.node(r, &into)
	return c, nil
}

// settable is the name of a setting that files may have.
func settable(key string) (string, error) {
	if isRegistryKey(key) {
		return key, nil
	}
	if slices.Contains(bareAuth, key) {
		return "", (&Registries{}).refuseBare(entry{key: key}, Source{Level: FromFlag, Name: "config set"})
	}
	key = strings.TrimSuffix(kebab(key), "[]")
	if s := lookup(key, false); s != nil {
		return s.Key, nil
	}
	if listed(elsewhere, key) || listed(missing, key) || listed(idle, key) {
		return key, nil
	}
	hint := ""
	if near := Nearest(key, keys()); len(near) > 0 {
		hint = ": did you mean " + strings.Join(near, " or ") + "?"
	}
	return "", fmt.Errorf("%s is no setting%s", key, hint)
}

// node is a value as YAML has it, by its type.
func (s *Setting) node(r raw, to *Settings) project.Node {
	text := r.texts[len(r.texts)-1]
	switch target := s.bind(to).(type) {
	case *bool, *Tri:
		return project.Node{Kind: project.Bool, Text: text}
	case *int:
		return project.Node{Kind: project.Number, Text: strconv.Itoa(*target)}
	case *[]string:
		list := project.Node{Kind: project.List}
		for _, item := range *target {
			list.Items = append(list.Items, project.Node{Kind: project.String, Text: item})
		}
		return list
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && (s.Kind == Millis || s.Kind == Minutes || s.Kind == Days) {
		return project.Node{Kind: project.Number, Text: text}
	}
	return project.Node{Kind: project.String, Text: text}
}

// Removal is the change that takes a key away, whatever it is called.
func Removal(key string) Change {
	if name, err := settable(key); err == nil {
		key = name
	}
	return Change{Key: key}
}

// Write is the file with the change made.
func (c Change) Write(at Place, old []byte) ([]byte, error) {
	if at.YAML {
		return project.SetYAML(at.File, old, []string{Camel(c.Key)}, c.value)
	}
	return []byte(writeNpmrc(string(old), c.Key, c.texts, c.value.Kind == project.List)), nil
}

// Camel is a key as pnpm's files have it.
func Camel(key string) string {
	if isRegistryKey(key) {
		return key
	}
	words := strings.Split(key, "-")
	for i, w := range words[1:] {
		if w != "" {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// writeNpmrc puts a key into a file like .npmrc, where it stood, or before the
// first section. No texts take it away.
func writeNpmrc(text, key string, texts []string, list bool) string {
	name := quoteINI(key)
	if list {
		name += "[]"
	}
	added := ""
	for _, t := range texts {
		added += name + "=" + quoteINI(t) + "\n"
	}
	var b strings.Builder
	place := func() { b.WriteString(added); added = "" }
	for rest, more := text, text != ""; more; {
		var line string
		line, rest, more = cutLine(rest)
		if more = more && rest != ""; isSection(line) {
			place()
			b.WriteString(line + "\n" + rest)
			return b.String()
		}
		if body := trim(line); body != "" && body[0] != ';' && body[0] != '#' {
			before, _, _ := strings.Cut(line, "=")
			if found, _ := arrayKey(before); found == key {
				place()
				continue
			}
		}
		b.WriteString(line + "\n")
	}
	place()
	return b.String()
}

// quoteINI writes a text as npm's ini module does (safe): as JSON where it would
// be read as something else.
func quoteINI(s string) string {
	if s != trim(s) || s == "" || strings.ContainsAny(s, "=\r\n") || s[0] == '[' || len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return strconv.Quote(s)
	}
	return strings.NewReplacer(";", `\;`, "#", `\#`).Replace(s)
}
