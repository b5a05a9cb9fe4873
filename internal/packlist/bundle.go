package packlist

import (
	"path"
	"strings"

	"godwit/internal/npm"
)

// bundled is a dependency to look for, from the package in dir.
type bundled struct {
	name string
	dir  string // "" or a path with a slash at its end
}

// bundles chooses the packages that m bundles, and all that those depend on,
// each where Node would find it: in the node_modules of the dependent or of a
// directory above it (npm-bundled 4).
func (s *selection) bundles(m *manifest) error {
	var queue []bundled
	add := func(dir string, deps npm.Deps) {
		for _, d := range deps {
			queue = append(queue, bundled{d.Alias, dir})
		}
	}
	if m.Bundled.All {
		add("", m.Dependencies)
	}
	for _, name := range m.Bundled.Names {
		queue = append(queue, bundled{name, ""})
	}
	seen := map[string]bool{}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		dir := s.find(next)
		if dir == "" || seen[dir] {
			continue
		}
		seen[dir] = true
		dep, err := s.own(dir)
		if err != nil {
			return err
		}
		add(dir, dep.Dependencies)
		add(dir, dep.OptionalDependencies)
	}
	return nil
}

// find is the directory of a bundled package, "" where there is none.
func (s *selection) find(b bundled) string {
	name, err := npm.ParseName(b.name)
	if err != nil {
		return ""
	}
	for dir := b.dir; ; {
		if path.Base(dir) != "node_modules" {
			if found := dir + "node_modules/" + string(name) + "/"; s.has(found + "package.json") {
				return found
			}
		}
		if dir == "" {
			return ""
		}
		dir = strings.TrimSuffix(dir, "/")
		dir = dir[:strings.LastIndexByte(dir, '/')+1]
	}
}
