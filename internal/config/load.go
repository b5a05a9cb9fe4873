package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/fsys"
	"godwit/internal/project"
)

// loader collects one level after the other, the strongest first.
type loader struct {
	*Config
	host   Host
	env    environ
	in     Inputs
	dir    string // working directory after -C
	npm    npmInstall
	warned map[string]bool
}

// Codes of the warnings, stable for scripts.
const (
	codeUnknown = "CONFIG_UNKNOWN_KEY"
	codeInvalid = "CONFIG_INVALID_VALUE"
	codeMissing = "CONFIG_NOT_SUPPORTED"
	codeUnset   = "CONFIG_VARIABLE_NOT_SET"
	codeIgnored = "CONFIG_IGNORED"
	codeOld     = "CONFIG_OLD_PLACE"
)

func (l *loader) warn(code, subject, format string, args ...any) {
	if l.warned[code+subject] {
		return
	}
	if l.warned == nil {
		l.warned = map[string]bool{}
	}
	l.warned[code+subject] = true
	l.Warnings = append(l.Warnings, event.Warning{Code: code, Message: fmt.Sprintf(format, args...)})
}

// level is entries of one source.
type level struct {
	Source
	base    string // of relative paths
	entries []entry
	expands bool // values may hold ${VAR}
}

// take adds what the level has to say about settings that no stronger level
// has set.
func (l *loader) take(lv level) error {
	values := make([]raw, len(table)) // so that aliases of one key and repeated flags meet
	for _, e := range lv.entries {
		src := lv.Source
		if src.Line = e.line; e.from != "" {
			src.Name = e.from
		}
		e, ok := l.expand(e, src, lv.expands)
		if isRegistryKey(e.key) {
			if err := l.registry(e, src, lv.base, ok); err != nil {
				return err
			}
			continue
		}
		if !ok {
			if e.key == "registry" { // never ask another registry for private names
				return &ValueError{Key: e.key, Text: e.texts[0], Want: "a URL; the variable in it is not set", Source: src}
			}
			continue
		}
		i := rowOf(e.key)
		if i < 0 || !l.allowed(&table[i], src) {
			if err := l.strange(i, e, src); err != nil {
				return err
			}
			continue
		}
		r := &values[i]
		if !(table[i].isList() && (e.list || lv.Level == FromFlag)) {
			r.texts = nil
		}
		*r = raw{texts: append(r.texts, e.texts...), list: r.list || e.list, src: src, base: lv.base}
	}
	for i := range values {
		if values[i].src.Name == "" || l.values[i].src.Name != "" {
			continue
		}
		if err := l.assign(i, values[i]); err != nil {
			return err
		}
	}
	return nil
}

// registry takes a line about a registry.
func (l *loader) registry(e entry, src Source, base string, known bool) error {
	if field := fieldOf(e.key); !slices.Contains(hostFields, field) && !strings.HasSuffix(e.key, prefixKey) {
		l.warn(codeMissing, e.key, "%s: %s is not supported by godwit; it is ignored", src, e.key)
		return nil
	}
	return l.Registries.add(e, src, base, l.host.Home, known)
}

func (s *Setting) isList() bool { return s.Kind == List || s.Kind == Names || s.Kind == Versions }

// allowed reports whether the setting may come from a source.
func (l *loader) allowed(s *Setting, src Source) bool {
	switch src.Level {
	case FromFlag:
		return true
	case FromEnv:
		return s.never&notEnv == 0
	case FromHook, FromWorkspace, FromManifest, FromProject:
		return s.never&(notFile|notProject) == 0
	}
	return s.never&notFile == 0
}

// strange handles keys without a row, and rows that may not come from here.
func (l *loader) strange(i int, e entry, src Source) error {
	switch {
	case slices.Contains(bareAuth, e.key):
		return l.Registries.refuseBare(e, src)
	case i >= 0 && src.Level == FromEnv:
		// npm exports these to every script it runs; nobody asked for them.
	case i >= 0:
		l.warn(codeIgnored, e.key, "%s: %s cannot be set here; it is ignored", src, e.key)
	case listed(missing, e.key) && slices.Equal(e.texts, []string{"false"}):
	case listed(missing, e.key):
		l.warn(codeMissing, e.key, "%s: %s is not supported by godwit yet; it is ignored", src, e.key)
	case listed(elsewhere, e.key), listed(idle, e.key), strings.HasPrefix(e.key, "npm-"), strings.Contains(e.key, ":"):
	default:
		hint := ""
		if near := Nearest(e.key, keys()); len(near) > 0 {
			hint = " (did you mean " + strings.Join(near, " or ") + "?)"
		}
		l.warn(codeUnknown, e.key, "%s: unknown setting %s%s", src, e.key, hint)
	}
	return nil
}

func keys() []string {
	out := make([]string, len(table))
	for i := range table {
		out[i] = table[i].Key
	}
	return out
}

// assign parses a value into Settings. What files and the environment have
// wrong is a warning: other tools read them too.
func (l *loader) assign(i int, r raw) error {
	var bad *ValueError
	if r.src.Level == FromDefault && r.texts[0] == "" {
		l.values[i] = r
		return nil
	}
	switch err := table[i].assign(&l.Settings, r, l.host.Home); {
	case err == nil:
		l.values[i] = table[i].conceal(r)
	case r.src.Level <= FromFlag || r.src.Level == FromDefault || table[i].Key == "registry" || !errors.As(err, &bad):
		return err
	default:
		l.warn(codeInvalid, table[i].Key, "%s; it is ignored", bad)
		return table[i].assign(&l.Settings, raw{texts: []string{table[i].Default}, list: table[i].isList() && table[i].Default == ""}, l.host.Home)
	}
	return nil
}

// expand replaces variables in key and value. ok is false if one of the
// value's is not set.
func (l *loader) expand(e entry, src Source, expands bool) (_ entry, ok bool) {
	if !expands {
		return e, true
	}
	var unset []string
	e.key, _ = expand(e.key, l.env)
	texts := make([]string, len(e.texts))
	for i, text := range e.texts {
		var left []string
		texts[i], left = expand(trim(text), l.env)
		unset = append(unset, left...)
	}
	e.texts = texts
	if len(unset) > 0 {
		l.warn(codeUnset, src.String(), "%s: ${%s} is not set in the environment; %s is ignored", src, unset[0], e.key)
	}
	return e, len(unset) == 0
}

// hooked is what updateConfig of a pnpmfile changed. null is a setting that it
// took away.
func (l *loader) hooked(*Args) error {
	w := l.in.Hooked
	if w == nil {
		return nil
	}
	lv := yamlLevel(FromHook, w.File, w.Settings, w.Shape)
	for i := range lv.entries {
		lv.entries[i].line = 0 // of what no file has
	}
	return l.take(lv)
}

// flags is the level of the command line.
func (l *loader) flags(args *Args) error {
	if args == nil {
		return nil
	}
	lv := level{Source: Source{Level: FromFlag}, base: l.dir, entries: args.auth}
	for _, f := range args.flags {
		lv.entries = append(lv.entries, entry{key: f.setting.Key, texts: []string{f.value}, from: f.name})
	}
	return l.take(lv)
}

// environment is npm_config_* and, stronger, pnpm_config_*, in any case and
// with "-" or "_".
func (l *loader) environment(*Args) error {
	for _, prefix := range []string{"pnpm_config_", "npm_config_"} {
		lv := level{Source: Source{Level: FromEnv}, base: l.dir, expands: true}
		for _, kv := range l.host.Env {
			name, value, _ := strings.Cut(kv, "=")
			if len(name) <= len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
				continue
			}
			key := name[len(prefix):]
			if strings.HasPrefix(key, "//") { // a credential: its URL is not ours to change; "=" may be in the value
				lv.entries = append(lv.entries, entry{key: key, texts: []string{value}, from: name})
				continue
			}
			if value == "" {
				continue
			}
			key = key[:1] + strings.ReplaceAll(key[1:], "_", "-")
			lv.entries = append(lv.entries, entry{key: strings.ToLower(key), texts: []string{value}, from: name})
		}
		if len(lv.entries) == 0 {
			continue
		}
		if err := l.take(lv); err != nil {
			return err
		}
	}
	return nil
}

// workspace is pnpm-workspace.yaml.
func (l *loader) workspace(*Args) error {
	w := l.in.Workspace
	if w == nil {
		return nil
	}
	l.Files = append(l.Files, w.File)
	return l.take(yamlLevel(FromWorkspace, w.File, w.Settings, w.Shape))
}

// manifest is the "pnpm" object of package.json.
func (l *loader) manifest(*Args) error {
	if l.in.Project == nil || len(l.in.Project.Manifest.Pnpm.Fields) == 0 {
		return nil
	}
	shape, fields, err := l.in.Project.Pnpm()
	if err != nil {
		return err
	}
	path := l.in.Project.Path()
	l.Files = append(l.Files, path)
	l.warn(codeOld, "pnpm", `%s: pnpm has read "pnpm" in package.json only before version 11; move it to %s`, path, project.WorkspaceFile)
	return l.take(yamlLevel(FromManifest, path, fields, shape))
}

// files is the .npmrc of project, user and machine, pnpm's own file of user
// settings, and npm's own npmrc. Each may say where the next one is.
func (l *loader) files(*Args) error {
	g := &l.Settings.given
	l.npm = findNPM(l.host, l.env)
	user := g.userConfig
	if user == "" && l.host.Home != "" {
		user = filepath.Join(l.host.Home, ".npmrc")
	}
	root := l.in.Location.Root()
	projectFile := filepath.Join(root, ".npmrc")
	if root != "" && projectFile != user {
		if err := l.npmrc(FromProject, projectFile); err != nil {
			return err
		}
	}
	if dir := l.in.Location.Dir; dir != root && dir != "" {
		if member := filepath.Join(dir, ".npmrc"); isFile(member) && member != user {
			l.warn(codeIgnored, member, "%s is ignored: settings of a workspace are those of its root, %s", member, root)
		}
	}
	g.userConfig = user
	// pnpm asks its own file first for registries and credentials.
	if err := l.npmrc(FromPnpm, filepath.Join(filepath.Dir(l.pnpmFile), pnpmAuthFile)); err != nil {
		return err
	}
	if err := l.npmrc(FromUser, user); err != nil {
		return err
	}
	if err := l.pnpmUser(l.pnpmFile); err != nil {
		return err
	}
	if g.prefix == "" {
		g.prefix = l.npm.prefix
	}
	if g.globalConfig == "" && g.prefix != "" {
		g.globalConfig = filepath.Join(g.prefix, "etc", "npmrc")
	}
	if err := l.npmrc(FromGlobal, g.globalConfig); err != nil {
		return err
	}
	return l.npmrc(FromBuiltin, l.npm.builtin)
}

// npmrc is one file of that format; one that is not there says nothing.
func (l *loader) npmrc(at Level, file string) error {
	text, err := l.read(file, at == FromProject)
	if text == "" || err != nil {
		return err
	}
	return l.take(level{Source: Source{Level: at, Name: file}, base: filepath.Dir(file), entries: parseNpmrc(text), expands: true})
}

// pnpmUser is pnpm's config.yaml.
func (l *loader) pnpmUser(file string) error {
	text, err := l.read(file, false)
	if text == "" || err != nil {
		return err
	}
	w, err := project.ParseWorkspace(file, []byte(text))
	if err != nil {
		return err
	}
	return l.take(yamlLevel(FromPnpm, file, w.Settings, w.Shape))
}

// maxFile bounds a file of settings; a long one has a hundred lines.
const maxFile = 1 << 20

// read is the text of a file of settings, or "" if there is none.
func (l *loader) read(file string, ofProject bool) (string, error) {
	if file == "" {
		return "", nil
	}
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
		return "", nil
	}
	if err == nil && info.Size() > maxFile {
		return "", fmt.Errorf("%s: larger than %d KiB", file, maxFile>>10)
	}
	read := os.ReadFile // what the user names may be anything: /dev/null, a pipe of the shell
	if ofProject {
		read = func(file string) ([]byte, error) { return fsys.ReadFile(file, maxFile) }
	}
	raw, err := read(file)
	if err != nil {
		l.warn(codeIgnored, file, "settings are ignored: %s", err)
		return "", nil
	}
	l.Files = append(l.Files, file)
	return string(raw), nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// registryEntries is what one line under "registries" says: the registry of a scope, or,
// as pnpm 12 has it, the scopes and the prefix of a registry.
func registryEntries(f project.Field) []entry {
	is := func(key string) entry { return entry{key: key, texts: []string{f.Key}, line: f.Line} }
	if f.Value.Kind != project.Map {
		e := is(f.Key + ":registry")
		if e.texts[0] = f.Value.Text; f.Key == "default" {
			e.key = "registry"
		}
		return []entry{e}
	}
	var out []entry
	for _, scope := range f.Value.Field("scopes").Strings() {
		if scope == "@" { // of names without a scope
			out = append(out, is("registry"))
		} else {
			out = append(out, is(scope+":registry"))
		}
	}
	if prefix := f.Value.Field("prefix").Text; prefix != "" {
		out = append(out, is(prefix+prefixKey))
	}
	return out
}

// yamlLevel turns settings of a tree into entries.
func yamlLevel(at Level, file string, fields []project.Field, shape project.Shape) level {
	lv := level{Source: Source{Level: at, Name: file}, base: filepath.Dir(file), expands: at == FromPnpm}
	for _, f := range fields {
		if f.Key == "registries" && f.Value.Kind == project.Map {
			for _, r := range f.Value.Fields {
				lv.entries = append(lv.entries, registryEntries(r)...)
			}
			continue
		}
		if f.Key == "namedRegistries" && f.Value.Kind == project.Map {
			for _, r := range f.Value.Fields {
				lv.entries = append(lv.entries, entry{key: r.Key + prefixKey, texts: []string{r.Value.Text}, line: r.Line})
			}
			continue
		}
		e := entry{key: kebab(f.Key), line: f.Line, list: f.Value.Kind == project.List, texts: f.Value.Strings()}
		if f.Key == "nodeDownloadMirrors" && f.Value.Kind == project.Map {
			e.list = true
			for _, m := range f.Value.Fields {
				e.texts = append(e.texts, m.Key+"="+m.Value.Text)
			}
		}
		if f.Value.Kind == project.Null {
			e.texts = []string{"null"}
		}
		if !e.list && len(e.texts) == 0 {
			e.texts = []string{"{}"} // a map: no setting of the table is one
		}
		lv.entries = append(lv.entries, e)
	}
	arch := shape.SupportedArch
	for _, list := range []struct {
		key   string
		items []string
	}{{"os", arch.OS}, {"cpu", arch.CPU}, {"libc", arch.Libc}} {
		if list.items != nil {
			lv.entries = append(lv.entries, entry{key: list.key, texts: list.items, list: true})
		}
	}
	return lv
}
