package packlist

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// walk decides about the files of one package.
type walk struct {
	read       func(string) ([]byte, error)
	has, below func(string) bool    // is there such a file; any below a directory
	root       string               // of the package: "" or a path with a slash at its end
	dirs       map[string]*dirRules // by path below root; nil where nothing below is included

	top      []rule            // of the root
	files    map[string][]rule // of ignore files, by directory below root
	required []string          // files that "files" names
}

// dirRules is what the rules say of the entries of one directory: its own and
// those of the directories above, as ignore-walk 8 combines them.
type dirRules struct {
	above *dirRules
	name  string
	rules []rule
	// exact: the rules above include the directory itself, not only something
	// below it. Only then may its own rules take back what they exclude.
	exact bool
}

// load reads all ignore files of the package.
func (w *walk) load(files []string, m *manifest) error {
	w.files = map[string][]rule{}
	for _, file := range files {
		rel, below := strings.CutPrefix(file, w.root)
		dir, base := path.Split(rel)
		switch {
		case !below || base != ".npmignore" && (base != ".gitignore" || w.has(w.root+dir+".npmignore")):
			continue
		case dir == "" && m.files != nil: // which takes the place of the root's
			continue
		}
		data, err := w.read(file)
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		w.files[strings.TrimSuffix(dir, "/")] = parseRules(strings.Split(string(data), "\n"))
	}
	w.top = w.rootRules(m)
	return nil
}

// neverDirs are pruned whatever the rules say, as pnpm does and npm does not.
var neverDirs = []string{".git", ".svn", ".hg", "CVS"}

// Rules that hold in every directory, and what is added to them in the root.
var (
	defaultRules = parseRules([]string{
		".npmignore", ".gitignore", "**/.git", "**/.svn", "**/.hg", "**/CVS",
		"**/.git/**", "**/.svn/**", "**/.hg/**", "**/CVS/**",
		"/.lock-wscript", "/.wafpickle-*", "/build/config.gypi", "npm-debug.log", "**/.npmrc", ".*.swp",
		".DS_Store", "**/.DS_Store/**", "._*", "**/._*/**", "*.orig", "/archived-packages/**",
	})
	strictRules = parseRules([]string{"/.git"})
	rootRules   = parseRules([]string{
		"!/package.json", "!/readme{,.*[^~$]}", "!/copying{,.*[^~$]}", "!/license{,.*[^~$]}", "!/licence{,.*[^~$]}",
		"/.git", "/node_modules", ".npmrc", "/package-lock.json", "/yarn.lock", "/pnpm-lock.yaml", "/bun.lockb",
	})
)

// rootRules are the rules of the package's own directory.
func (w *walk) rootRules(m *manifest) []rule {
	var listed []string
	for _, entry := range m.files {
		if rest, ok := strings.CutPrefix(entry, "./"); ok {
			entry = "/" + rest
		}
		if strings.HasSuffix(entry, "/*") {
			entry += "*"
		}
		switch name := path.Clean("/" + strings.TrimLeft(entry, "!"))[1:]; {
		case w.has(w.root + name):
			w.required = append(w.required, entry)
		case w.hasDir(name):
			listed = append(listed, "!"+entry, "!"+entry+"/**")
		default:
			listed = append(listed, "!"+entry)
		}
	}
	rules := slices.Clone(defaultRules)
	if m.files != nil {
		rules = append(rules, parseRules(append([]string{"*"}, listed...))...)
	} else {
		rules = append(rules, w.files[""]...)
	}
	for _, entry := range slices.Backward(w.required) {
		rules = append(rules, parseRules([]string{"!" + entry})...)
	}
	rules = append(append(rules, strictRules...), rootRules...)
	if m.main != "" {
		rules = append(rules, parseRules([]string{"!/" + path.Clean("/" + m.main)[1:]})...)
	}
	for _, file := range m.Bin {
		rules = append(rules, parseRules([]string{"!/" + file})...)
	}
	return rules
}

func (w *walk) hasDir(name string) bool {
	return name == "" || w.below(w.root+name+"/")
}

// includes reports whether the rules leave a file in.
func (w *walk) includes(rel string) bool {
	dir, base := path.Split(rel)
	if strings.Contains(rel, "*") { // no name on Windows
		return false
	}
	rules := w.dir(strings.TrimSuffix(dir, "/"))
	return rules != nil && rules.includes(base, false, "")
}

// dir is the rules of a directory, nil if nothing in it is included.
func (w *walk) dir(rel string) *dirRules {
	if rules, ok := w.dirs[rel]; ok {
		return rules
	}
	var rules *dirRules
	if rel == "" {
		rules = &dirRules{rules: w.top}
	} else {
		above, name := path.Split(rel)
		parent := w.dir(strings.TrimSuffix(above, "/"))
		if parent != nil && !slices.Contains(neverDirs, name) && parent.includes(name, true, "") {
			exact := parent.includes(name, false, "") || parent.includes(name+"/", false, "")
			rules = &dirRules{above: parent, name: name, rules: w.dirRules(rel), exact: exact}
		}
	}
	w.dirs[rel] = rules
	return rules
}

// dirRules are the rules that a directory below the root adds.
func (w *walk) dirRules(rel string) []rule {
	rules := slices.Concat(defaultRules, w.files[rel], strictRules)
	for _, entry := range w.required {
		// npm hands them down one level only.
		if dir, base := path.Split(strings.TrimPrefix(entry, "/")); strings.TrimSuffix(dir, "/") == rel {
			rules = append(rules, parseRules([]string{"!" + base})...)
		}
	}
	return rules
}

// includes decides about an entry. partial asks whether a directory may hold
// what is included; base is the name of the entry where the question comes from
// a directory below.
func (d *dirRules) includes(entry string, partial bool, base string) bool {
	included := true
	if d.above != nil {
		from := base
		if from == "" {
			from = entry
		}
		included = d.above.includes(d.name+"/"+entry, partial, from)
		if !included && !d.exact {
			return false
		}
	}
	for _, r := range d.rules {
		if r.not != included && r.applies(entry, partial, base) {
			included = r.not
		}
	}
	return included
}

// rule is one line of an ignore file.
type rule struct {
	not          bool // "!": takes back what lines before it excluded
	alternatives []pattern
}

// maxRules bounds the patterns of one ignore file that count, alternatives in
// braces too; the longest in use have some hundred.
const maxRules = 2000

func parseRules(lines []string) []rule {
	var out []rule
	patterns := 0
	for _, line := range lines {
		line = strings.ToLower(strings.TrimSpace(line)) // ignore-walk ignores case
		if line == "" || line[0] == '#' {
			continue
		}
		body := strings.TrimLeft(line, "!")
		r := rule{not: (len(line)-len(body))%2 == 1}
		for _, alternative := range braces(body) {
			r.alternatives = append(r.alternatives, splitRuns(alternative))
		}
		if patterns += len(r.alternatives); patterns > maxRules {
			break
		}
		out = append(out, r)
	}
	return out
}

func (r *rule) applies(entry string, partial bool, base string) bool {
	entry, base = strings.ToLower(entry), strings.ToLower(base)
	if r.match("/"+entry, false) || r.match(entry, false) {
		return true
	}
	return partial && (r.appliesToDir(entry) || base != "" && r.relative() && r.appliesToDir(base))
}

func (r *rule) appliesToDir(entry string) bool {
	return r.match("/"+entry+"/", false) || r.match(entry+"/", false) ||
		r.not && (r.match("/"+entry, true) || r.match(entry, true))
}

// relative reports whether the rule is about names at any depth: it has no
// slash, but for one at its end.
func (r *rule) relative() bool {
	for _, p := range r.alternatives {
		if len(p) == 1 || len(p) == 2 && p[1] == "" {
			return true
		}
	}
	return false
}

// match matches a path as minimatch with matchBase does: a pattern of one
// segment is compared with the last one of the path.
func (r *rule) match(file string, partial bool) bool {
	segments := splitRuns(file)
	for _, p := range r.alternatives {
		what := segments
		if len(p) == 1 {
			what = []string{path.Base(file)}
		}
		if p.match(what, partial) {
			return true
		}
	}
	return false
}
