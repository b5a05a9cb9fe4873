package layout

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
)

// Options of an isolated layout.
type Options struct {
	// VirtualStore is the directory of slots; "node_modules/.pnpm" if empty.
	VirtualStore string
	// SlotNameLen bounds the names of slots, in bytes;
	// [graph.DefaultSlotNameLen] if 0.
	SlotNameLen int
	// Groups are the kinds of direct dependencies to install.
	Groups []graph.Group
	// Importers are the projects to install for; all if nil.
	Importers []*graph.Importer
	// Hoist decides which aliases every package may require without having
	// declared them; PublicHoist which ones the project may. nil means none.
	Hoist, PublicHoist func(alias string) bool
	// Skip names the packages to leave out: optional ones that do not fit
	// this platform or could not be fetched.
	Skip func(*graph.Package) bool
}

// DefaultVirtualStore is pnpm's.
const DefaultVirtualStore = ModulesDir + "/.pnpm"

// Isolated gives every package a slot of its own in the virtual store, where
// it sees exactly what it depends on:
//
//	node_modules/a -> .pnpm/a@1.0.0/node_modules/a
//	node_modules/.pnpm/a@1.0.0/node_modules/a          the files
//	node_modules/.pnpm/a@1.0.0/node_modules/b -> ../../b@2.0.0/node_modules/b
//	node_modules/.pnpm/node_modules/c -> ../c@3.0.0/node_modules/c   hoisted
//
// Names and places are pnpm's.
func Isolated(g *graph.Graph, opts Options) *Layout {
	if opts.VirtualStore == "" {
		opts.VirtualStore = DefaultVirtualStore
	}
	if opts.SlotNameLen == 0 {
		opts.SlotNameLen = graph.DefaultSlotNameLen
	}
	if opts.Importers == nil {
		opts.Importers = g.Importers
	}
	b := &isolated{g: g, opts: opts, dirs: map[graph.Key]string{}, l: &Layout{}}
	b.slots()
	hoisted := b.hoist()
	for _, im := range opts.Importers {
		b.importer(im, hoisted)
	}
	slices.SortFunc(b.l.Hoisted, func(x, y Link) int { return cmp.Compare(x.At, y.At) })
	return b.l
}

type isolated struct {
	g    *graph.Graph
	opts Options
	dirs map[graph.Key]string // of the files of each package that is installed
	l    *Layout
}

func (b *isolated) slots() {
	reach := b.g.Reachable(b.opts.Importers, b.opts.Groups...)
	for key := range reach {
		p := b.g.Packages[key]
		if b.opts.Skip != nil && b.opts.Skip(p) {
			continue
		}
		name := graph.SlotName(key, b.opts.SlotNameLen)
		dir := path.Join(b.opts.VirtualStore, name, ModulesDir, string(p.Name))
		b.dirs[key] = dir
		b.l.Slots = append(b.l.Slots, Slot{Package: p, Name: name, Dir: dir})
	}
	slices.SortFunc(b.l.Slots, func(x, y Slot) int { return cmp.Compare(x.Dir, y.Dir) })
	for i := range b.l.Slots {
		b.fill(&b.l.Slots[i])
	}
}

// fill links the dependencies of a package beside it. A package that depends
// on its own name gets no link: its directory is already there.
func (b *isolated) fill(s *Slot) {
	around := path.Join(b.opts.VirtualStore, s.Name, ModulesDir)
	s.Bins.Dir = path.Join(s.Dir, ModulesDir, ".bin")
	s.Bins.add(Command{Alias: string(s.Package.Name), Dir: s.Dir, Package: s.Package})
	for _, e := range s.Package.Edges {
		dir, ok := b.target(e.Target, ".")
		if !ok {
			continue
		}
		if e.Alias != string(s.Package.Name) {
			s.Links = append(s.Links, Link{At: path.Join(around, e.Alias), Target: dir})
		}
		s.Bins.add(b.command(e.Alias, e.Target, dir))
	}
}

func (b *isolated) importer(im *graph.Importer, public []Link) {
	modules := path.Join(im.Dir, ModulesDir)
	out := Importer{Dir: im.Dir, Bins: Bins{Dir: path.Join(modules, ".bin")}}
	for _, d := range im.Deps {
		dir, ok := b.target(d.Target, im.Dir)
		if !ok || !slices.Contains(b.opts.Groups, d.Group) {
			continue
		}
		out.Links = append(out.Links, Link{At: path.Join(modules, d.Alias), Target: dir})
		out.Bins.add(b.command(d.Alias, d.Target, dir))
	}
	if im.Dir == "." {
		out.Links = append(out.Links, public...)
	}
	slices.SortFunc(out.Links, func(x, y Link) int { return cmp.Compare(x.At, y.At) })
	b.l.Importers = append(b.l.Importers, out)
}

// target is the directory an edge leads to; ok is false if it is not
// installed.
func (b *isolated) target(t graph.Target, from string) (dir string, ok bool) {
	if t.Key == "" {
		return path.Join(from, t.Link), t.Link != ""
	}
	dir, ok = b.dirs[t.Key]
	return dir, ok
}

func (b *isolated) command(alias string, t graph.Target, dir string) Command {
	return Command{Alias: alias, Dir: dir, Package: b.g.Packages[t.Key]}
}

// hoist decides, nearest to the importers first, which package a name stands
// for outside the slots that declare it. It returns the links for the
// project's own node_modules.
func (b *isolated) hoist() (public []Link) {
	if b.opts.Hoist == nil && b.opts.PublicHoist == nil {
		return nil
	}
	claimed := map[string]bool{}
	if root := b.g.Importer("."); root != nil {
		for _, d := range root.Deps {
			claimed[strings.ToLower(d.Alias)] = true
		}
	}
	private := path.Join(b.opts.VirtualStore, ModulesDir)
	b.l.HoistBins.Dir = path.Join(private, ".bin")
	for _, e := range b.byDepth() {
		name := strings.ToLower(e.Alias)
		dir, ok := b.target(e.Target, ".")
		if !ok || claimed[name] {
			continue
		}
		switch {
		case b.opts.PublicHoist != nil && b.opts.PublicHoist(e.Alias):
			public = append(public, Link{At: path.Join(ModulesDir, e.Alias), Target: dir})
		case b.opts.Hoist != nil && b.opts.Hoist(e.Alias):
			b.l.Hoisted = append(b.l.Hoisted, Link{At: path.Join(private, e.Alias), Target: dir})
			b.l.HoistBins.add(b.command(e.Alias, e.Target, dir))
		default:
			continue
		}
		claimed[name] = true
	}
	return public
}

// byDepth lists the edges of the graph by their distance from the importers,
// those of one distance by the key of their dependent.
func (b *isolated) byDepth() []graph.Edge {
	var out []graph.Edge
	var level []graph.Key
	seen := map[graph.Key]bool{}
	visit := func(next []graph.Key, t graph.Target) []graph.Key {
		if _, installed := b.dirs[t.Key]; installed && !seen[t.Key] {
			seen[t.Key] = true
			next = append(next, t.Key)
		}
		return next
	}
	for _, im := range b.opts.Importers {
		for _, d := range im.Deps {
			if slices.Contains(b.opts.Groups, d.Group) {
				out = append(out, graph.Edge{Alias: d.Alias, Target: d.Target})
				level = visit(level, d.Target)
			}
		}
	}
	for len(level) > 0 {
		slices.Sort(level)
		var next []graph.Key
		for _, key := range level {
			for _, e := range b.g.Packages[key].Edges {
				out = append(out, e)
				next = visit(next, e.Target)
			}
		}
		level = next
	}
	return out
}
