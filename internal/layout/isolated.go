package layout

import (
	"cmp"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
)

// Options of a layout.
type Options struct {
	// Modules is where importers have packages, a slash path from each; ModulesDir
	// if empty. One that is outside of the root is the root's, and others have its name
	// in themselves.
	Modules string
	// VirtualStore is the directory of slots; ".pnpm" in the modules directory of the
	// root if empty. It may be outside of the root, or absolute.
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
	// Members are the projects of the workspace that are hoisted, too, where
	// no package has the name.
	Members []Member
	// DedupeDirect leaves out what the root project links already.
	DedupeDirect bool
	// ManualPeers is said without auto-install-peers. Then the commands of what
	// direct dependencies have as peers are left out, and hoisting takes care that
	// peers stay what they are.
	ManualPeers bool
	// Limits are those of a hoisted layout that no lockfile gives.
	Limits Limits
	// Skip names the packages to leave out: optional ones that do not fit
	// this platform or could not be fetched. What only they lead to goes too.
	Skip func(*graph.Package) bool
	// Bins is what commands are, other than the layout has them; nil is no other.
	Bins *BinStyle
	// NoLinks leaves out the links by which packages and projects find what they
	// depend on, but for what is hoisted.
	NoLinks bool
	// SlotsOnly leaves out all that is outside of slots.
	SlotsOnly bool
	// Shared, if not nil, is where the slots are of all packages that other
	// projects can have in common with this one.
	Shared *Shared
}

// Member is a project of a workspace as others may require it.
type Member struct {
	Name string
	Dir  string // slash path from the lockfile's directory
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
	if opts.SlotNameLen == 0 {
		opts.SlotNameLen = graph.DefaultSlotNameLen
	}
	if opts.Importers == nil {
		opts.Importers = g.Importers
	}
	moved := opts
	if opts.VirtualStore == "" {
		opts.VirtualStore = DefaultVirtualStore
	}
	b := &isolated{g: g, opts: opts, dirs: map[graph.Key]string{}, l: &Layout{}}
	b.slots()
	if !opts.SlotsOnly {
		b.outside()
	}
	if opts.Bins != nil {
		b.l.restyle(*opts.Bins)
	}
	b.l.elsewhere(&moved)
	return b.l
}

// outside is all that leads to slots.
func (b *isolated) outside() {
	hoisted := b.hoist()
	if b.opts.DedupeDirect {
		b.root = b.rootLinks(hoisted)
	}
	for _, im := range b.opts.Importers {
		b.importer(im, hoisted)
	}
	if len(hoisted) > 0 && b.g.Importer(".") == nil {
		b.publicBins = nil                             // pnpm makes none where there is no project
		b.importer(&graph.Importer{Dir: "."}, hoisted) // a workspace without a project at its root
	}
	slices.SortFunc(b.l.Hoisted, func(x, y Link) int { return cmp.Compare(x.At, y.At) })
}

type isolated struct {
	g    *graph.Graph
	opts Options
	dirs map[graph.Key]string // of the files of each package that is installed
	root map[string]string    // alias -> directory that the root project links; nil unless DedupeDirect

	publicBins []Command // of what is hoisted to the project's own node_modules

	l *Layout
}

func (b *isolated) slots() {
	reach := b.g.Reachable(graph.Scope{From: b.opts.Importers, Groups: b.opts.Groups, Skip: b.opts.Skip})
	var hashes map[graph.Key]string
	if b.opts.Shared != nil {
		hashes = Hashes(b.g, reach, b.opts.Shared.ID)
	}
	taken := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(reach)) {
		s := b.slot(b.g.Packages[key], hashes[key])
		b.dirs[key] = s.Dir
		if !taken[s.Dir] { // packages whose keys alone differ share a slot
			taken[s.Dir] = true
			b.l.Slots = append(b.l.Slots, s)
		}
	}
	slices.SortFunc(b.l.Slots, func(x, y Slot) int { return cmp.Compare(x.Dir, y.Dir) })
	for i := range b.l.Slots {
		b.fill(&b.l.Slots[i])
	}
}

// slot names the slot of a package. hash is that of a shared slot, or "".
func (b *isolated) slot(p *graph.Package, hash string) Slot {
	s := Slot{Package: p, Name: graph.SlotName(p.Key, b.opts.SlotNameLen)}
	around := path.Join(b.opts.VirtualStore, s.Name)
	if hash != "" {
		s.Shared = b.opts.Shared.path(p, hash)
		around = path.Join(b.opts.Shared.Dir, s.Shared)
	}
	s.Dir = path.Join(around, ModulesDir, string(p.Name))
	return s
}

// fill links the dependencies of a package beside it. A package that depends
// on its own name gets no link: its directory is already there.
func (b *isolated) fill(s *Slot) {
	around := strings.TrimSuffix(s.Dir, "/"+string(s.Package.Name))
	s.Bins.Dir = path.Join(s.Dir, ModulesDir, ".bin")
	s.Bins.add(Command{Alias: string(s.Package.Name), Dir: s.Dir, Package: s.Package})
	optional := s.Shared != "" || slices.Contains(b.opts.Groups, graph.Optional) // shared slots have what their name says
	for _, e := range s.Package.Edges {
		if e.Optional && !optional {
			continue // though it may be there for others
		}
		dir, ok := b.target(e.Target, ".")
		inside, own := strings.CutPrefix(e.Target.Link, graph.InsidePrefix)
		if own { // a part of the package, whose commands are its own affair
			dir, ok = path.Join(s.Dir, inside), path.Join("/", inside) == "/"+inside
		}
		if !ok {
			continue
		}
		if e.Alias != string(s.Package.Name) && !b.opts.NoLinks {
			s.Links = append(s.Links, Link{At: path.Join(around, e.Alias), Target: dir})
		}
		if e.Target.Link == "" { // the commands of what is linked in place are for importers only
			s.Bins.add(b.command(e.Alias, e.Target, dir))
		}
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
		if im.Dir != "." && b.root[d.Alias] == dir {
			continue
		}
		if !b.opts.NoLinks {
			out.Links = append(out.Links, Link{At: path.Join(modules, d.Alias), Target: dir})
		}
		out.Bins.add(b.command(d.Alias, d.Target, dir))
	}
	if !b.opts.ManualPeers {
		b.peerBins(im, &out.Bins)
	}
	if im.Dir == "." {
		for _, l := range public {
			if !slices.ContainsFunc(out.Links, func(own Link) bool { return own.At == l.At }) {
				out.Links = append(out.Links, l)
			}
		}
		for _, c := range b.publicBins {
			out.Bins.add(c)
		}
	}
	slices.SortFunc(out.Links, func(x, y Link) int { return cmp.Compare(x.At, y.At) })
	b.l.Importers = append(b.l.Importers, out)
}

// rootLinks says where the aliases in the root project's node_modules lead.
func (b *isolated) rootLinks(public []Link) map[string]string {
	out := map[string]string{}
	for _, l := range public {
		out[strings.TrimPrefix(l.At, ModulesDir+"/")] = l.Target
	}
	root := b.g.Importer(".")
	if root == nil {
		return out
	}
	for _, d := range root.Deps {
		if dir, ok := b.target(d.Target, "."); ok && slices.Contains(b.opts.Groups, d.Group) {
			out[d.Alias] = dir
		}
	}
	return out
}

// peerBins adds the commands of what the importer's dependencies require as
// peers: a plugin's host was installed for it and is run by hand, as webpack is
// with a loader. pnpm does so too, for peers that are not optional.
func (b *isolated) peerBins(im *graph.Importer, bins *Bins) {
	for _, d := range im.Deps {
		p := b.g.Packages[d.Target.Key]
		if p == nil || !slices.Contains(b.opts.Groups, d.Group) {
			continue
		}
		for _, e := range p.Edges {
			if _, peer := p.Peers.Lookup(e.Alias); !peer || p.OptionalPeers[e.Alias] {
				continue
			}
			if dir, ok := b.target(e.Target, "."); ok && e.Target.Link == "" {
				bins.add(b.command(e.Alias, e.Target, dir))
			}
		}
	}
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
	// From a virtual store outside of the project the root's own are out of sight.
	if root := b.g.Importer("."); root != nil && filepath.IsLocal(b.opts.VirtualStore) {
		for _, d := range root.Deps {
			// A link claims nothing: pnpm knows only packages here.
			claimed[strings.ToLower(d.Alias)] = d.Target.Link == "" && slices.Contains(b.opts.Groups, d.Group)
		}
	}
	b.l.HoistBins.Dir = path.Join(b.private(), ".bin")
	direct, below := b.byDepth()
	public = b.hoistEdges(direct, claimed)
	public = append(public, b.hoistMembers(claimed)...)
	return append(public, b.hoistEdges(below, claimed)...)
}

// hoistEdges links what edges lead to under the names that are still free, and
// returns the links for the project's own node_modules.
func (b *isolated) hoistEdges(edges []graph.Edge, claimed map[string]bool) (public []Link) {
	for _, e := range edges {
		name := strings.ToLower(e.Alias)
		dir, ok := b.dirs[e.Target.Key] // what is linked in place is hoisted as a member only
		if !ok || claimed[name] {
			continue
		}
		switch link, hidden := b.hoistLink(e.Alias, dir); {
		case link.At == "":
			continue
		case hidden:
			b.l.Hoisted = append(b.l.Hoisted, link)
			b.l.HoistBins.add(b.command(e.Alias, e.Target, dir))
		default:
			public = append(public, link)
			b.publicBins = append(b.publicBins, b.command(e.Alias, e.Target, dir))
		}
		claimed[name] = true
	}
	return public
}

// private is the directory of what is hoisted for packages only.
func (b *isolated) private() string { return path.Join(b.opts.VirtualStore, ModulesDir) }

// hoistLink is where alias is hoisted to, with At "" for nowhere; hidden says
// that only packages find it there.
func (b *isolated) hoistLink(alias, dir string) (l Link, hidden bool) {
	switch {
	case b.opts.PublicHoist != nil && b.opts.PublicHoist(alias):
		return Link{At: path.Join(ModulesDir, alias), Target: dir}, false
	case b.opts.Hoist != nil && b.opts.Hoist(alias):
		return Link{At: path.Join(b.private(), alias), Target: dir}, true
	}
	return Link{}, false
}

// hoistMembers links the projects of the workspace whose names are still free.
// Their commands are linked for the project only.
func (b *isolated) hoistMembers(claimed map[string]bool) (public []Link) {
	for _, m := range slices.Backward(b.opts.Members) { // of two with one name pnpm takes the last
		name := strings.ToLower(m.Name)
		if m.Dir == "." || name == "" || claimed[name] {
			continue
		}
		switch link, hidden := b.hoistLink(m.Name, m.Dir); {
		case link.At == "":
			continue
		case hidden:
			b.l.Hoisted = append(b.l.Hoisted, link)
		default:
			public = append(public, link)
			b.publicBins = append(b.publicBins, Command{Alias: m.Name, Dir: m.Dir})
		}
		claimed[name] = true
	}
	return public
}

// byDepth lists the edges of the graph by the depth of their dependent, those of
// one depth by its key. Depth is what pnpm takes for it (its lockfile walker): the
// children of a package are claimed together, but then each child's own subtree
// is walked to its end before the next child's, so a package that two subtrees
// share counts as deep as the first of them reaches it.
func (b *isolated) byDepth() (importers, packages []graph.Edge) {
	type group struct {
		depth int
		keys  []graph.Key
	}
	type visit struct {
		depth int
		key   graph.Key
	}
	seen := map[graph.Key]bool{}
	claim := func(keys []graph.Key, t graph.Target) []graph.Key {
		if _, installed := b.dirs[t.Key]; installed && !seen[t.Key] {
			seen[t.Key] = true
			keys = append(keys, t.Key)
		}
		return keys
	}
	var direct []graph.Key
	for _, im := range b.opts.Importers {
		for _, d := range im.Deps {
			if slices.Contains(b.opts.Groups, d.Group) {
				if d.Target.Link == "" {
					importers = append(importers, graph.Edge{Alias: d.Alias, Target: d.Target})
				}
				direct = claim(direct, d.Target)
			}
		}
	}
	var visits []visit
	for stack := []group{{0, direct}}; len(stack) > 0; {
		g := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		below := len(stack)
		for _, key := range g.keys {
			visits = append(visits, visit{g.depth, key})
			var children []graph.Key
			for _, optional := range []bool{false, true} { // as a lockfile lists them
				for _, e := range b.g.Packages[key].Edges {
					if e.Optional == optional {
						children = claim(children, e.Target)
					}
				}
			}
			if children != nil {
				stack = append(stack, group{g.depth + 1, children})
			}
		}
		slices.Reverse(stack[below:]) // the first child's subtree comes first
	}
	slices.SortFunc(visits, func(x, y visit) int {
		return cmp.Or(cmp.Compare(x.depth, y.depth), cmp.Compare(x.key, y.key))
	})
	for _, v := range visits {
		for _, e := range b.g.Packages[v.key].Edges {
			if e.Target.Key != "" { // what a package links to is no package
				packages = append(packages, e)
			}
		}
	}
	return importers, packages
}
