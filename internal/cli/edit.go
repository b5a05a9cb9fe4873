package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sort"

	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// editing is what a command does to package.json files. It is an
// install.Editor: the files are written when what they ask for is in place.
type editing struct {
	// changes says what is to become of one project.
	changes func(im *install.Importer) ([]change, error)
	// update says of which packages the newest version is wanted; may be nil.
	update func(importers []install.Importer) func(alias string) bool
	// targets selects the projects to change.
	targets func(importers []install.Importer) (map[string]bool, error)
	keep    bool // package.json stays as it is (no-save)
	renewal bool // nothing is asked for by name; with all, what the lockfile has does not count
	all     bool // nothing is named: what dependencies depend on is renewed, too
	// chosen is told what a dependency became; may be nil.
	chosen func(*graph.Package)
	// settings writes what goes to pnpm-workspace.yaml, before the manifests that need
	// it; may be nil.
	settings func() error
	// demand, if set, has the last word before anything is done.
	demand func() error

	root  string
	top   string // of the workspace
	npm   bool   // the project is npm's, and files are written as npm does
	order project.Order
	// runtimes says that runtimes stand in devEngines and engines, as pnpm has them.
	runtimes bool
	files    []*edited

	recorded map[string]map[string]string  // the catalogs as the lockfile has them; Chosen changes them
	keys     func(catalog string) []string // where a catalog stands in pnpm-workspace.yaml
}

// change is what becomes of one dependency of a project.
type change struct {
	alias string
	group string // of package.json; "" removes the dependency from all
	only  string // with group "": removes it from this group alone
	ask   string // specifier to resolve; "" where group is ""
	// save is the specifier to record for the chosen package; nil for ask.
	save func(name, version string) string
	// saved is what save said, or ask.
	saved string
	also  bool // under peerDependencies, too
	later bool // written after the others: it follows from one of them
	// evicts are the groups that lose it; nil is all others, but for peers.
	evicts []string
	raises *entry // the entry of a catalog that changes in its place; nil is none
}

// edited is one package.json with its changes.
type edited struct {
	dir     string
	project *project.Project
	changes []change
}

// change installs after changes to manifests. Before them ready, if it is not
// nil, is told what the projects are and where to look at what comes from no
// registry.
func (c *call) change(ctx context.Context, e *editing, ready func(*source, []install.Importer) error) error {
	return c.install(ctx, func(req *install.Request) error { return c.edit(req, e, ready) })
}

// edit makes an install one that changes manifests first.
func (c *call) edit(req *install.Request, e *editing, ready func(*source, []install.Importer) error) error {
	if c.cfg.Settings.Lockfile.Frozen == config.Yes && c.args.Has("frozen-lockfile") {
		return &usageError{"--frozen-lockfile forbids what " + c.args.Positional[0] + " is for: to change the lockfile", "leave the flag out"}
	}
	resolver := req.Resolver.(renewing) // both are
	e.root, e.top, e.npm = req.Root, c.workspace.top(), c.npmProject()
	if e.order = project.Code; c.foreign() {
		e.order = project.Changed
	}
	e.runtimes = c.lock.Format == lockfile.Pnpm
	if e.npm && e.renewal && !c.args.Has("save") && !c.cfg.Settings.Update.Latest {
		e.keep = true // npm update leaves package.json alone
	}
	req.Editor, req.Frozen, req.Resolve = e, install.NotFrozen, true
	req.Filtered = c.workspace.globs != nil && !c.npmProject()
	projects := req.Projects
	req.Projects = func() ([]install.Importer, error) {
		importers, err := projects()
		if err != nil {
			return nil, err
		}
		if ready != nil {
			if err := ready(resolver.looks(), importers); err != nil {
				return nil, err
			}
		}
		if err := e.apply(importers); err != nil {
			return nil, err
		}
		if e.update != nil {
			update := e.update(importers)
			resolver.renew(update)
			req.UpdateAll = e.all
			req.Update = func(alias string, direct bool) bool { return update(alias) && (direct || e.all) }
		}
		if l, ok := resolver.(*local); ok && c.inputs.Workspace != nil {
			e.keys, e.recorded = c.catalogKeys, req.Lockfile.Catalogs
			l.catalogs = askedCatalogs(l.catalogs, e.entries())
		}
		if npm, ok := resolver.(*npmResolver); ok {
			npm.asked, npm.all = e.asked(), e.all
			for i := range importers {
				importers[i].Unselected = false // npm looks at the whole tree, whatever changes
			}
		}
		return importers, nil
	}
	return nil
}

// renewing is a resolver that takes newer versions than the lockfile has.
type renewing interface {
	looks() *source
	renew(which func(alias string) bool)
}

// asked are the dependencies that are added or changed, by project.
func (e *editing) asked() map[string][]string {
	out := map[string][]string{}
	if e.renewal {
		return out
	}
	for _, f := range e.files {
		for _, c := range f.changes {
			if c.group != "" {
				out[f.dir] = append(out[f.dir], c.alias)
			}
		}
	}
	return out
}

// The maps of package.json, in the order in which pnpm looks for a dependency.
const (
	prodGroup     = "dependencies"
	devGroup      = "devDependencies"
	optionalGroup = "optionalDependencies"
	peerGroup     = "peerDependencies"
)

var groupsOfManifest = []string{devGroup, prodGroup, optionalGroup, peerGroup}

// depsOf is one of these maps of a manifest.
func depsOf(m *npm.Manifest, group string) *npm.Deps {
	switch group {
	case devGroup:
		return &m.DevDependencies
	case optionalGroup:
		return &m.OptionalDependencies
	case peerGroup:
		return &m.PeerDependencies
	}
	return &m.Dependencies
}

// groupOf is the map in which a manifest has a dependency, peers aside, or "".
func groupOf(m *npm.Manifest, alias string) string {
	for _, group := range groupsOfManifest[:3] {
		if _, ok := depsOf(m, group).Lookup(alias); ok {
			return group
		}
	}
	return ""
}

// apply gives the importers the manifests that the changes ask for. Those that
// are not changed keep what they have, as with a filter.
func (e *editing) apply(importers []install.Importer) error {
	targets, err := e.targets(importers)
	if err != nil {
		return err
	}
	for i := range importers {
		im := &importers[i]
		im.Unselected = !targets[im.Dir]
		if im.Unselected {
			continue
		}
		changes, err := e.changes(im)
		if err != nil {
			return err
		}
		p, err := project.Read(filepath.Join(e.root, filepath.FromSlash(im.Dir)))
		if err != nil {
			return err
		}
		m := *im.Manifest
		for k := range changes {
			changes[k].apply(&m)
		}
		im.Manifest = &m
		e.files = append(e.files, &edited{im.Dir, p, changes})
	}
	if e.demand != nil {
		return e.demand()
	}
	return nil
}

// apply changes a manifest of which the caller has made a copy.
func (c *change) apply(m *npm.Manifest) {
	for _, group := range groupsOfManifest {
		if c.removes(group) {
			deps := depsOf(m, group)
			*deps = slices.DeleteFunc(slices.Clone(*deps), func(d npm.Dep) bool { return d.Alias == c.alias })
		}
	}
	if c.group != "" {
		set(depsOf(m, c.group), c.alias, c.ask)
	}
}

// removes reports whether the dependency goes from a map. One that is added to
// a map leaves the others, but stays a peer.
func (c *change) removes(group string) bool {
	if c.group == "" {
		return c.only == "" || c.only == group
	}
	if c.evicts != nil {
		return slices.Contains(c.evicts, group)
	}
	return group != c.group && group != peerGroup
}

// set puts a dependency into a copy of deps, at the end if it is new.
func set(deps *npm.Deps, alias, spec string) {
	out := slices.Clone(*deps)
	if i := slices.IndexFunc(out, func(d npm.Dep) bool { return d.Alias == alias }); i >= 0 {
		out[i].Specifier = spec
	} else {
		out = append(out, npm.Dep{Alias: alias, Specifier: spec})
	}
	*deps = out
}

// Chosen implements install.Editor.
func (e *editing) Chosen(g *graph.Graph, importers []install.Importer) error {
	for _, f := range e.files {
		im := g.Importer(f.dir)
		i := slices.IndexFunc(importers, func(im install.Importer) bool { return im.Dir == f.dir })
		for k := range f.changes {
			c := &f.changes[k]
			if c.group == "" {
				continue
			}
			c.saved = c.ask
			d := directDep(im, c.alias)
			if d == nil { // an optional dependency that cannot be had
				continue
			}
			p := g.Packages[d.Target.Key]
			if p != nil && e.chosen != nil {
				e.chosen(p)
			}
			if c.raises != nil && p != nil {
				c.raises.raise(p)
			}
			if c.save != nil && p != nil {
				c.saved = c.save(string(p.Name), p.Version)
			} else if c.save != nil {
				c.saved = c.save("", "")
			}
			if !e.keep {
				d.Specifier = c.saved
			} else if d.Specifier = written(&f.project.Manifest.Manifest, c); d.Specifier == "" {
				d.Specifier = c.saved
			}
			set(depsOf(importers[i].Manifest, c.group), c.alias, d.Specifier)
		}
	}
	return e.chosenEntries()
}

// chosenEntries records what catalogs are to say. The file is made before anything is
// done, since not every one can be edited.
func (e *editing) chosenEntries() error {
	entries := e.entries()
	if len(entries) == 0 {
		return nil
	}
	for key, en := range entries {
		if en.saved != "" {
			e.recorded[key.catalog][key.alias] = en.saved
		}
	}
	file := filepath.Join(e.top, project.WorkspaceFile)
	text, err := e.raised(file, entries)
	if text != nil {
		e.settings = func() error { return saveWorkspace(file, text) }
	}
	return err
}

// written is the specifier that a manifest has for what a change is about.
func written(m *npm.Manifest, c *change) string {
	spec, _ := depsOf(m, c.group).Lookup(c.alias)
	return spec
}

func directDep(im *graph.Importer, alias string) *graph.Direct {
	if im == nil {
		return nil
	}
	for i := range im.Deps {
		if im.Deps[i].Alias == alias {
			return &im.Deps[i]
		}
	}
	return nil
}

// Save implements install.Editor.
func (e *editing) Save() error {
	if e.settings != nil {
		if err := e.settings(); err != nil {
			return err
		}
	}
	if e.keep {
		return nil
	}
	for _, f := range e.files {
		out, err := f.text(e.order, e.runtimes)
		if err == nil && e.npm {
			out, err = project.AsNpm(out)
		}
		if err != nil {
			return fmt.Errorf("change %s: %w", f.project.Path(), err)
		}
		if string(out) == string(f.project.Text()) {
			continue
		}
		if err := fsys.WriteFile(f.project.Path(), out, fsys.WriteOptions{}); err != nil {
			return fmt.Errorf("write %s: %w", f.project.Path(), err)
		}
	}
	return nil
}

// edits is the changes as they are made to the file, map by map.
func (f *edited) edits() []project.Edit {
	return append(editsOf(f.changes, false), editsOf(f.changes, true)...)
}

func editsOf(changes []change, later bool) []project.Edit {
	var out []project.Edit
	for _, c := range changes {
		if c.later != later {
			continue
		}
		for _, group := range groupsOfManifest {
			if c.removes(group) {
				out = append(out, project.Edit{Group: group, Alias: c.alias})
			}
		}
		if c.group != "" {
			out = append(out, project.Edit{Group: c.group, Alias: c.alias, Specifier: c.saved})
		}
		if c.also {
			out = append(out, project.Edit{Group: peerGroup, Alias: c.alias, Specifier: c.saved})
		}
	}
	order := func(group string) int { return slices.Index(groupsOfManifest, group) }
	sort.SliceStable(out, func(i, j int) bool { return order(out[i].Group) < order(out[j].Group) })
	return out
}
