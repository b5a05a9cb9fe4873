package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/project"
)

const fundHelp = `Without a name: what is installed, and asks for money. With one the page of that
package is opened, or its address printed, as with --no-browser; of several pages
--which says the one that is meant.`

// runFund is the command fund.
func runFund(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	if len(words) > 1 {
		return &usageError{"fund takes one package, and got " + strings.Join(words, " "), "godwit help fund"}
	}
	if c.flagged("which") && c.cfg.Settings.Call.Which == 0 {
		return &refusedError{what: "--which counts from 1", code: "EFUNDNUMBER", next: "godwit fund lists who asks for money"}
	}
	if err := c.findLock(); err != nil {
		return err
	}
	f, err := c.newFunder()
	if err != nil {
		return err
	}
	if len(words) == 1 {
		return f.open(ctx, words[0])
	}
	return f.list()
}

// fundPlaces is an installed tree as funding is looked for in it.
type fundPlaces interface {
	// roots are the projects that are asked about.
	roots() []fundPlace
	// below is what a package depends on, in its tool's order.
	below(fundPlace) []fundPlace
}

// funder asks packages about their funding, as libnpmfund 7 does. pnpm 12 does the
// same in another order of dependencies, and goes below packages that it has told
// of already.
type funder struct {
	*call
	fundPlaces
	manifests map[string]project.Node // by directory
	seen      map[string]bool         // name and version
	walked    map[fundPlace]bool      // whose dependencies are told
	count     int                     // of packages that ask for money
}

func (c *call) newFunder() (*funder, error) {
	f := &funder{call: c, manifests: map[string]project.Node{}}
	var err error
	if c.ofNpm() {
		f.fundPlaces, err = c.npmPlaces()
	} else {
		f.fundPlaces, err = c.graphPlaces()
	}
	return f, err
}

// list shows who asks for money.
func (f *funder) list() error {
	var all []project.Node
	for _, root := range f.roots() {
		n, err := f.project(root)
		if err != nil {
			return err
		}
		all = append(all, n)
	}
	if f.cfg.Settings.Call.JSON {
		out := project.Node{Kind: project.List, Items: all}
		if len(all) == 1 && (f.ofNpm() || !f.recursive()) {
			out = all[0]
		}
		_, err := fmt.Fprintf(f.Stdout, "%s\n", out.JSON())
		return err
	}
	texts := make([]string, len(all))
	for i, n := range all {
		texts[i] = drawFunding(n, !f.ofNpm())
	}
	text := strings.Join(texts, "\n")
	if f.ofNpm() {
		text += "\n" // npm ends with an empty line
	}
	_, err := io.WriteString(f.Stdout, text)
	return err
}

// manifest is that of the package in a directory; one that has none depends on
// nothing and asks for nothing.
func (f *funder) manifest(dir string) (project.Node, error) {
	m, known := f.manifests[dir]
	if known {
		return m, nil
	}
	m, err := project.ReadValue(filepath.Join(dir, project.ManifestFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("look for funding: %w", err)
	}
	f.manifests[dir] = m
	return m, nil
}

// project is what a project and its dependencies ask for, in the shape of the
// tools' JSON.
func (f *funder) project(root fundPlace) (project.Node, error) {
	f.seen, f.walked, f.count = map[string]bool{}, map[fundPlace]bool{}, 0
	m, err := f.manifest(root.dir)
	if err != nil {
		return m, err
	}
	deps, rest, err := f.dependencies(root)
	if err != nil {
		return m, err
	}
	out := project.Node{Kind: project.Map}
	out.Set("length", project.Node{Kind: project.Number, Text: strconv.Itoa(f.count)})
	out.Set("name", project.Text(cmp.Or(m.Field("name").Text, filepath.Base(root.dir))))
	if version := m.Field("version").Text; version != "" {
		out.Set("version", project.Text(version))
	}
	if funding, ok := fundingOf(m); ok {
		out.Set("funding", funding)
	}
	out.Set("dependencies", assign(deps, rest))
	return out, nil
}

// funded is a package on its way into the list.
type funded struct {
	fundPlace
	name  string
	item  project.Node
	asks  bool // for money
	known bool // it is told elsewhere
}

// dependencies are those of a package that ask for money, and the rest: what is
// below those that do not. A package is told once, and nearer to the top first.
func (f *funder) dependencies(of fundPlace) (deps, rest project.Node, err error) {
	deps, rest = project.Node{Kind: project.Map}, project.Node{Kind: project.Map}
	if f.walked[of] {
		return deps, rest, nil
	}
	f.walked[of] = true
	level, err := f.level(of)
	for _, d := range level {
		if err != nil {
			break
		}
		var own, ownRest project.Node
		own, ownRest, err = f.dependencies(d.fundPlace)
		all := assign(own, ownRest)
		switch {
		case !d.asks || d.known:
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
func (f *funder) level(of fundPlace) ([]funded, error) {
	var out []funded
	for _, place := range f.below(of) {
		m, err := f.manifest(place.dir)
		if err != nil {
			return nil, err
		}
		name, version := m.Field("name").Text, m.Field("version").Text
		id := npm.Label(name, version)
		d := funded{fundPlace: place, name: name, item: project.Node{Kind: project.Map}, known: f.seen[id]}
		if m.Kind != project.Map || d.known && f.ofNpm() {
			continue
		}
		f.seen[id] = true
		if version != "" {
			d.item.Set("version", project.Text(version))
		}
		if funding, ok := fundingOf(m); ok && validFunding(funding) && !d.known {
			d.item.Set("funding", f.recorded(funding))
			d.asks = true
			f.count++
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
