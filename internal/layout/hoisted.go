package layout

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// Hoisted gives every package the directory that the lockfile has for it, as
// npm lays them out:
//
//	node_modules/a                   the files of a
//	node_modules/b                   of what a depends on, as high as it can go
//	node_modules/c/node_modules/b    another b, that c alone can require
//	node_modules/m -> ../packages/m  a member of the workspace
//	node_modules/.bin/a -> ../a/cli.js
//
// All packages need [graph.Package.Dir]. What comes with the tarball of another
// package gets no slot.
func Hoisted(g *graph.Graph, opts Options) *Layout {
	if opts.Importers == nil {
		opts.Importers = g.Importers
	}
	b := &hoisted{g: g, l: &Layout{}, slots: map[string]int{}, bins: map[string]*Bins{}}
	reach := g.Reachable(graph.Scope{From: opts.Importers, Groups: opts.Groups, Skip: opts.Skip})
	for key := range reach {
		p := g.Packages[key]
		if !p.Inside {
			b.l.Slots = append(b.l.Slots, Slot{Package: p, Dir: p.Dir})
		}
	}
	slices.SortFunc(b.l.Slots, func(x, y Slot) int { return cmp.Compare(x.Dir, y.Dir) })
	b.nest()
	b.links(opts)
	for key := range reach {
		p := g.Packages[key]
		b.offer(p.Dir, Command{Dir: p.Dir, Package: p})
	}
	b.commands()
	return b.l
}

type hoisted struct {
	g     *graph.Graph
	l     *Layout
	slots map[string]int // index in l.Slots by directory
	bins  map[string]*Bins
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

// links places the links to projects. One that only dependencies lead to that
// are not installed is left out; a member of the workspace needs no dependent.
func (b *hoisted) links(opts Options) {
	unwanted, wanted := map[string]bool{}, map[string]bool{}
	for _, im := range b.g.Importers {
		for _, d := range im.Deps {
			if d.Target.Link != "" {
				in := slices.Contains(opts.Importers, im) && slices.Contains(opts.Groups, d.Group)
				target := path.Join(im.Dir, d.Target.Link)
				wanted[target], unwanted[target] = wanted[target] || in, true
			}
		}
	}
	byProject := map[string]*Importer{}
	for _, im := range opts.Importers {
		b.l.Importers = append(b.l.Importers, Importer{Dir: im.Dir})
	}
	for i := range b.l.Importers {
		byProject[b.l.Importers[i].Dir] = &b.l.Importers[i]
	}
	for _, l := range b.g.Links {
		if unwanted[l.Target] && !wanted[l.Target] {
			continue
		}
		at := Link{At: l.At, Target: l.Target}
		project := path.Dir(modulesOf(l.At))
		switch im, slot := byProject[project], b.around(l.At); {
		case im != nil:
			im.Links = append(im.Links, at)
		case slot >= 0:
			b.l.Slots[slot].Links = append(b.l.Slots[slot].Links, at)
		default:
			continue // of a project that is not installed
		}
		b.offer(l.At, Command{Dir: l.At, Real: l.Target})
	}
}

// offer adds the commands of what is in a directory to those beside it.
func (b *hoisted) offer(dir string, c Command) {
	modules := modulesOf(dir)
	bins := b.bins[modules]
	if bins == nil {
		bins = &Bins{Dir: path.Join(modules, ".bin"), Plain: true}
		b.bins[modules] = bins
	}
	c.Alias = strings.TrimPrefix(dir, modules+"/")
	bins.add(c)
}

// commands gives each directory of commands its order: of two packages with one
// command the first has it. npm takes packages before links, both by name.
func (b *hoisted) commands() {
	for _, bins := range b.bins {
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
