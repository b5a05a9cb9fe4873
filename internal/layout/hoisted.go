package layout

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// Hoisted gives every package a directory as high as it can go:
//
//	node_modules/a                   the files of a
//	node_modules/b                   of what a depends on
//	node_modules/c/node_modules/b    another b, that c alone can require
//	node_modules/m -> ../packages/m  a member of the workspace
//	node_modules/.bin/a -> ../a/cli.js
//
// A lockfile of npm's says where that is ([graph.Package.Dir], of all packages);
// what comes with the tarball of another package gets no slot. Otherwise the
// directories are pnpm's, and the only error is [ErrTooManyPlaces].
func Hoisted(g *graph.Graph, opts Options) (*Layout, error) {
	if opts.Importers == nil {
		opts.Importers = g.Importers
	}
	if opts.Groups == nil {
		opts.Groups = graph.AllGroups
	}
	b := &hoisted{g: g, l: &Layout{}, slots: map[string]int{}, bins: map[string]*Bins{}}
	if opts.SlotsOnly {
		return b.l, nil // there are none
	}
	reach := g.Reachable(graph.Scope{From: opts.Importers, Groups: opts.Groups, Skip: opts.Skip})
	places, placed, err := b.places(reach, &opts)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		if !p.pkg.Inside {
			b.l.Slots = append(b.l.Slots, Slot{Package: p.pkg, Dir: p.dir})
		}
	}
	slices.SortFunc(b.l.Slots, func(x, y Slot) int { return cmp.Compare(x.Dir, y.Dir) })
	b.nest()
	b.importers(&opts)
	style := FirstLinks
	if placed {
		b.links(b.lockedLinks(&opts))
	} else {
		if !opts.NoLinks {
			b.links(b.projectLinks(&opts))
		}
		style = Links
	}
	for _, p := range places {
		b.offer(p.dir, Command{Dir: p.dir, Package: p.pkg})
	}
	b.commands(style)
	if opts.Bins != nil {
		b.l.restyle(*opts.Bins)
	}
	b.l.elsewhere(&opts)
	return b.l, nil
}

type hoisted struct {
	g     *graph.Graph
	l     *Layout
	slots map[string]int // index in l.Slots by directory
	bins  map[string]*Bins
}

// places are the directories of packages; placed says that the lockfile has them.
func (b *hoisted) places(reach graph.Reach, opts *Options) (places []place, placed bool, err error) {
	for key := range reach {
		if p := b.g.Packages[key]; p.Dir != "" {
			places = append(places, place{p, p.Dir})
		}
	}
	if len(places) > 0 || len(b.g.Links) > 0 {
		return places, true, nil
	}
	places, err = hoist(b.g, reach, opts)
	return places, false, err
}

// nest tells each slot which one it is in.
func (b *hoisted) nest() {
	for i := range b.l.Slots {
		b.slots[b.l.Slots[i].Dir] = i
	}
	for i := range b.l.Slots {
		s := &b.l.Slots[i]
		if above := b.around(s.Dir); above >= 0 {
			outer := &b.l.Slots[above]
			s.Parent = outer.Dir
			outer.Nested = append(outer.Nested, s.Dir)
		}
	}
}

// around is the slot that a directory is in, or -1.
func (b *hoisted) around(dir string) int {
	for dir != "." {
		dir = path.Dir(modulesOf(dir))
		if i, ok := b.slots[dir]; ok {
			return i
		}
		if !strings.Contains(dir, ModulesDir) {
			break
		}
	}
	return -1
}

// modulesOf is the node_modules that a package's directory is in, or the
// directory itself if it is in none.
func modulesOf(dir string) string {
	if i := strings.LastIndex("/"+dir, "/"+ModulesDir+"/"); i >= 0 {
		return dir[:i+len(ModulesDir)]
	}
	return dir
}

// importers are the projects, and the root of a workspace that is none.
func (b *hoisted) importers(opts *Options) {
	rooted := false
	for _, im := range opts.Importers {
		b.l.Importers = append(b.l.Importers, Importer{Dir: im.Dir})
		rooted = rooted || im.Dir == "."
	}
	if !rooted {
		b.l.Importers = append(b.l.Importers, Importer{Dir: "."})
	}
}

// links places links to projects. One of a project that is not installed is left
// out.
func (b *hoisted) links(links []graph.Link) {
	byProject := map[string]*Importer{}
	for i := range b.l.Importers {
		byProject[b.l.Importers[i].Dir] = &b.l.Importers[i]
	}
	for _, l := range links {
		at := Link{At: l.At, Target: l.Target}
		project := path.Dir(modulesOf(l.At))
		switch im, slot := byProject[project], b.around(l.At); {
		case im != nil:
			im.Links = append(im.Links, at)
		case slot >= 0:
			b.l.Slots[slot].Links = append(b.l.Slots[slot].Links, at)
		default:
			continue
		}
		b.offer(l.At, Command{Dir: l.At, Real: l.Target})
	}
}

// lockedLinks are those of npm's lockfile. One to a project that is not installed,
// or that only dependencies lead to that are not, is left out; a member of the
// workspace needs no dependent.
func (b *hoisted) lockedLinks(opts *Options) []graph.Link {
	unwanted, wanted := map[string]bool{}, map[string]bool{}
	for _, im := range opts.Importers {
		for _, d := range im.Deps {
			if d.Target.Link != "" {
				target := path.Join(im.Dir, d.Target.Link)
				wanted[target] = wanted[target] || slices.Contains(opts.Groups, d.Group)
				unwanted[target] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(b.g.Links), func(l graph.Link) bool {
		project := b.g.Importer(l.Target)
		return unwanted[l.Target] && !wanted[l.Target] || project != nil && !slices.Contains(opts.Importers, project)
	})
}

// projectLinks are pnpm's: to what projects link in place, and to members of the
// workspace under the root, where nothing else has the name.
func (b *hoisted) projectLinks(opts *Options) []graph.Link {
	var out []graph.Link
	taken := map[string]bool{}
	for _, im := range opts.Importers {
		for _, d := range im.Deps {
			at := path.Join(im.Dir, ModulesDir, d.Alias)
			if d.Target.Link != "" && slices.Contains(opts.Groups, d.Group) && !taken[at] {
				taken[at] = true
				out = append(out, graph.Link{At: at, Target: path.Join(im.Dir, d.Target.Link)})
			}
		}
	}
	for _, s := range b.l.Slots {
		taken[s.Dir] = true
	}
	hoists := func(name string) bool {
		return opts.Hoist != nil && opts.Hoist(name) || opts.PublicHoist != nil && opts.PublicHoist(name)
	}
	for _, m := range slices.Backward(opts.Members) { // of two with one name pnpm takes the last
		at := path.Join(ModulesDir, m.Name)
		if m.Dir != "." && m.Name != "" && !taken[at] && hoists(m.Name) {
			taken[at] = true
			out = append(out, graph.Link{At: at, Target: m.Dir})
		}
	}
	return out
}

// offer adds the commands of what is in a directory to those beside it.
func (b *hoisted) offer(dir string, c Command) {
	modules := modulesOf(dir)
	bins := b.bins[modules]
	if bins == nil {
		bins = &Bins{Dir: path.Join(modules, ".bin")}
		b.bins[modules] = bins
	}
	c.Alias = strings.TrimPrefix(dir, modules+"/")
	bins.add(c)
}

// commands gives each directory of commands its order: of two packages with one
// command the first has it. npm takes packages before links, both by name.
func (b *hoisted) commands(style BinStyle) {
	for _, bins := range b.bins {
		bins.Style = style
		slices.SortFunc(bins.From, func(x, y Command) int {
			if (x.Package == nil) != (y.Package == nil) {
				if x.Package == nil {
					return 1
				}
				return -1
			}
			return npm.Collate(x.Alias, y.Alias)
		})
		if len(bins.From) > 0 {
			b.l.Bins = append(b.l.Bins, *bins)
		}
	}
	slices.SortFunc(b.l.Bins, func(x, y Bins) int { return cmp.Compare(x.Dir, y.Dir) })
}
