// Package fund asks installed packages whether they want money, and where, and shows
// it as npm and pnpm do.
package fund

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
)

// Asker asks the packages of a tree about their funding, as libnpmfund 7 does. pnpm
// 12 does the same in another order of dependencies, and goes below packages that it
// has told of already.
type Asker struct {
	Tree
	Npm       bool                    // as npm does it
	manifests map[string]project.Node // by directory
	seen      map[string]bool         // name and version
	walked    map[Place]bool          // whose dependencies are told
	count     int                     // of packages that ask for money
}

// All is what each project and its dependencies ask for, in the shape of the tools'
// JSON.
func (a *Asker) All() ([]project.Node, error) {
	var all []project.Node
	for _, root := range a.Roots() {
		n, err := a.project(root)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// Newest is the manifest of the highest version that is installed of a package; the
// Missing node where there is none.
func (a *Asker) Newest(name string) (best project.Node, err error) {
	seen := map[string]bool{}
	for todo := a.Roots(); len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at.Dir] {
			continue
		}
		seen[at.Dir] = true
		m, err := a.Manifest(at.Dir)
		if err != nil {
			return m, err
		}
		version := m.Field("version").Text
		if name != "" && m.Field("name").Text == name && semver.Valid(version, semver.Options{}) && semver.CompareTexts(version, best.Field("version").Text) > 0 {
			best = m
		}
		todo = append(todo, a.Below(at)...)
	}
	return best, nil
}

// Manifest is that of the package in a directory; one that has none depends on
// nothing and asks for nothing.
func (a *Asker) Manifest(dir string) (project.Node, error) {
	m, known := a.manifests[dir]
	if known {
		return m, nil
	}
	m, err := project.ReadValue(filepath.Join(dir, project.ManifestFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("look for funding: %w", err)
	}
	if a.manifests == nil {
		a.manifests = map[string]project.Node{}
	}
	a.manifests[dir] = m
	return m, nil
}

// project is what a project and its dependencies ask for.
func (a *Asker) project(root Place) (project.Node, error) {
	a.seen, a.walked, a.count = map[string]bool{}, map[Place]bool{}, 0
	m, err := a.Manifest(root.Dir)
	if err != nil {
		return m, err
	}
	deps, rest, err := a.dependencies(root)
	if err != nil {
		return m, err
	}
	out := project.Node{Kind: project.Map}
	out.Set("length", project.Node{Kind: project.Number, Text: strconv.Itoa(a.count)})
	out.Set("name", project.Text(cmp.Or(m.Field("name").Text, filepath.Base(root.Dir))))
	if version := m.Field("version").Text; version != "" {
		out.Set("version", project.Text(version))
	}
	if funding, ok := of(m); ok {
		out.Set("funding", funding)
	}
	out.Set("dependencies", assign(deps, rest))
	return out, nil
}

// asked is a package on its way into the list.
type asked struct {
	Place
	name  string
	item  project.Node
	wants bool // money
	known bool // it is told elsewhere
}

// dependencies are those of a package that ask for money, and the rest: what is
// below those that do not. A package is told once, and nearer to the top first.
func (a *Asker) dependencies(of Place) (deps, rest project.Node, err error) {
	deps, rest = project.Node{Kind: project.Map}, project.Node{Kind: project.Map}
	if a.walked[of] {
		return deps, rest, nil
	}
	a.walked[of] = true
	level, err := a.level(of)
	for _, d := range level {
		if err != nil {
			break
		}
		var own, ownRest project.Node
		own, ownRest, err = a.dependencies(d.Place)
		all := assign(own, ownRest)
		switch {
		case !d.wants || d.known:
			rest = assign(rest, all)
			continue
		case len(all.Fields) > 0:
			d.item.Set("dependencies", all)
		}
		deps.Set(d.name, d.item)
	}
	return deps, rest, err
}

// level is what a package depends on itself.
func (a *Asker) level(place Place) ([]asked, error) {
	var out []asked
	for _, at := range a.Below(place) {
		m, err := a.Manifest(at.Dir)
		if err != nil {
			return nil, err
		}
		name, version := m.Field("name").Text, m.Field("version").Text
		id := npm.Label(name, version)
		d := asked{Place: at, name: name, item: project.Node{Kind: project.Map}, known: a.seen[id]}
		if m.Kind != project.Map || d.known && a.Npm {
			continue
		}
		a.seen[id] = true
		if version != "" {
			d.item.Set("version", project.Text(version))
		}
		if funding, ok := of(m); ok && valid(funding) && !d.known {
			if a.Npm {
				funding = sortedFields(funding)
			}
			d.item.Set("funding", funding)
			d.wants = true
			a.count++
		}
		out = append(out, d)
	}
	return out, nil
}

// assign adds the members of b to a, where they replace those of their names.
func assign(a, b project.Node) project.Node {
	for _, m := range b.Fields {
		a.Set(m.Key, m.Value)
	}
	return a
}
