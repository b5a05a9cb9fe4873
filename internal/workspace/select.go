package workspace

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Selector is one value of --filter.
type Selector struct {
	Raw          string
	Exclude      bool   // "!" in front
	Dependencies bool   // "..." behind: also what it depends on
	Dependents   bool   // "..." in front: also who depends on it
	NotSelf      bool   // "^" beside the dots
	Name         string // pattern; "" if none
	Dir          string // glob of directories, a slash path from the root; "" if none
	Since        string // git ref of "[ref]"; "" if none
	Prod         bool   // does not follow devDependencies
}

// SelectorError is a selector that cannot be understood.
type SelectorError struct{ Raw, Problem string }

func (e *SelectorError) Error() string { return fmt.Sprintf("the filter %q %s", e.Raw, e.Problem) }

// Code is pnpm's code for this error.
func (e *SelectorError) Code() string {
	return "ERR_PNPM_WORKSPACE_PROJECTS_FILTER_UNSUPPORTED_SELECTOR"
}

// Hint is what the user can do.
func (e *SelectorError) Hint() string {
	return "write a name (\"@scope/*\"), a path (\"./packages/*\", \"{packages/*}\") or a git ref (\"[main]\")"
}

// ParseSelector reads a selector ([!][...[^]]name{dir}[ref][[^]...], or a path
// that begins with a dot). Paths are relative to here, a slash path from the
// root. The grammar is pnpm's (parse_project_selector).
func ParseSelector(raw, here string) (Selector, error) {
	s := Selector{Raw: raw}
	rest := raw
	rest, s.Exclude = strings.CutPrefix(rest, "!")
	if rest, s.Dependencies = strings.CutSuffix(rest, "..."); s.Dependencies {
		rest, s.NotSelf = strings.CutSuffix(rest, "^")
	}
	if rest, s.Dependents = strings.CutPrefix(rest, "..."); s.Dependents {
		var not bool
		rest, not = strings.CutPrefix(rest, "^")
		s.NotSelf = s.NotSelf || not
	}
	if isPath(rest) {
		s.Dir = path.Join(here, strings.ReplaceAll(rest, `\`, "/"))
		return s, nil
	}
	name, groups := rest, ""
	if i := strings.IndexAny(rest, "{["); i >= 0 {
		name, groups = rest[:i], rest[i:]
	}
	s.Name = name
	dir, groups, ok := cutGroup(groups, '{', '}')
	if dir != "" {
		s.Dir = path.Join(here, strings.ReplaceAll(dir, `\`, "/"))
	}
	var ok2 bool
	s.Since, groups, ok2 = cutGroup(groups, '[', ']')
	if !ok || !ok2 || groups != "" || s.Name+s.Dir+s.Since == "" {
		return s, &SelectorError{raw, "cannot be understood"}
	}
	return s, nil
}

// isPath reports whether s is ".", "..", "./…" or "../…".
func isPath(s string) bool {
	first, _, _ := strings.Cut(strings.ReplaceAll(s, `\`, "/"), "/")
	return first == "." || first == ".."
}

// cutGroup takes an optional group off the front of s.
func cutGroup(s string, open, end byte) (inner, rest string, ok bool) {
	if s == "" || s[0] != open {
		return "", s, true
	}
	i := strings.IndexByte(s, end)
	if i < 2 {
		return "", s, false
	}
	return s[1:i], s[i+1:], true
}

// Matchers tell what selectors cannot know.
type Matchers struct {
	Name func(pattern, name string) bool
	Dir  func(pattern, dir string) bool
	// Changed lists the files that differ from a git ref, as slash paths from
	// the root, below a directory of the workspace.
	Changed func(ref, dir string) ([]string, error)
}

// Selection is what selectors mean.
type Selection struct {
	Dirs      map[string]bool
	Unmatched []string // selectors that match nothing
}

// Select finds the projects that selectors mean: those of any that includes,
// all if there is none such, without those of any that excludes. prod is the
// graph for selectors that do not follow devDependencies.
func Select(g, prod *Graph, selectors []Selector, m Matchers) (*Selection, error) {
	out := &Selection{Dirs: map[string]bool{}}
	for _, part := range []struct {
		graph *Graph
		prod  bool
	}{{prod, true}, {g, false}} {
		var mine []Selector
		for _, s := range selectors {
			if s.Prod == part.prod {
				mine = append(mine, s)
			}
		}
		if len(mine) == 0 {
			continue
		}
		if err := part.graph.selectInto(out, mine, m); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (g *Graph) selectInto(out *Selection, selectors []Selector, m Matchers) error {
	included, excluded := make([]bool, len(g.projects)), make([]bool, len(g.projects))
	all := true
	for _, s := range selectors {
		entries, err := g.entries(s, m)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			out.Unmatched = append(out.Unmatched, s.Raw)
		}
		to := included
		if s.Exclude {
			to = excluded
		} else {
			all = false
		}
		g.spread(to, entries, s)
	}
	for i, p := range g.projects {
		if (all || included[i]) && !excluded[i] {
			out.Dirs[p.Dir] = true
		}
	}
	return nil
}

// entries are the projects that a selector names itself.
func (g *Graph) entries(s Selector, m Matchers) ([]int, error) {
	var out []int
	if s.Since != "" {
		var err error
		if out, err = g.changed(s, m); err != nil {
			return nil, err
		}
	} else {
		for i, p := range g.projects {
			if s.Dir == "" || m.Dir(s.Dir, p.Dir) {
				out = append(out, i)
			}
		}
	}
	if s.Name == "" {
		return out, nil
	}
	named := func(pattern string) (matches []int) {
		for _, i := range out {
			if name := string(g.projects[i].Manifest.Name); name != "" && m.Name(pattern, name) {
				matches = append(matches, i)
			}
		}
		return matches
	}
	matches := named(s.Name)
	if len(matches) == 0 && s.Name[0] != '@' && !strings.Contains(s.Name, "/") {
		// A name without its scope will do if it is plain whose.
		if scoped := named("@*/" + s.Name); len(scoped) == 1 {
			return scoped, nil
		}
	}
	return matches, nil
}

// changed are the projects with files that differ: a file belongs to the
// project in the nearest directory above it.
func (g *Graph) changed(s Selector, m Matchers) ([]int, error) {
	files, err := m.Changed(s.Since, s.Dir)
	if err != nil {
		return nil, err
	}
	var out []int
	for _, file := range files {
		for dir := path.Dir(file); ; dir = path.Dir(dir) {
			if i, ok := g.byDir[dir]; ok {
				out = append(out, i)
				break
			}
			if dir == "." || dir == "/" {
				break
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// spread marks entries and what a selector follows from them. With both
// directions, what the dependents depend on is marked, too, as pnpm does.
func (g *Graph) spread(to []bool, entries []int, s Selector) {
	if !s.NotSelf || !s.Dependencies && !s.Dependents {
		for _, i := range entries {
			to[i] = true
		}
	}
	from := entries
	if s.Dependents {
		dependents := walk(g.reversed(), entries)
		for _, i := range dependents {
			to[i] = true
		}
		from = append(slices.Clone(entries), dependents...)
	}
	if s.Dependencies {
		for _, i := range walk(g.needs, from) {
			to[i] = true
		}
	}
}

// walk is what can be reached from entries; an entry only if it can, too.
func walk(next [][]int, entries []int) []int {
	seen := make([]bool, len(next))
	var out []int
	for todo := slices.Clone(entries); len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, k := range next[i] {
			if !seen[k] {
				seen[k] = true
				out, todo = append(out, k), append(todo, k)
			}
		}
	}
	return out
}
