package npmlock

import (
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
)

// flags say by which ways a directory is reached from the project. Each holds
// until a way is found that disproves it (arborist, calcDepFlags).
type flags struct {
	extraneous  bool // by none
	dev         bool // only by way of devDependencies
	optional    bool // only by way of optional dependencies
	devOptional bool // only by way of either
	peer        bool // only by way of peers
}

// way is one edge, as far as flags are concerned.
type way struct{ dev, optional, peer bool }

// along is what remains of the flags of a dependency, given those of the
// dependent and the edge.
func (f flags) along(from flags, w way) flags {
	// What only an optional peer leads to is nobody's wish.
	f.extraneous = f.extraneous && (from.extraneous || w.peer && w.optional)
	f.dev = f.dev && (from.dev || w.dev)
	f.optional = f.optional && (from.optional || w.optional)
	f.devOptional = f.devOptional && (from.devOptional || from.dev || from.optional || w.dev || w.optional)
	f.peer = f.peer && (from.peer || w.peer)
	return f
}

// flagger finds the flags of all directories.
type flagger struct {
	flagging
	rec   *Record
	flags map[string]flags
	queue []string
}

// flagging is what flags depend on beside the entries.
type flagging struct {
	members map[string]bool // directories of the projects of the workspace
	prune   bool            // remove what nothing leads to, instead of marking it
	noPeers bool            // peers lead to nothing
}

// setFlags computes all flags anew.
func (r *Record) setFlags(how flagging) {
	f := &flagger{rec: r, flagging: how, flags: make(map[string]flags, len(r.Entries))}
	for dir := range r.Entries {
		f.flags[dir] = flags{true, true, true, true, true}
	}
	f.flags[""] = flags{}
	f.queue = []string{""}
	for len(f.queue) > 0 {
		dir := f.queue[len(f.queue)-1]
		f.queue = f.queue[:len(f.queue)-1]
		f.visit(dir)
	}
	for dir, e := range r.Entries {
		switch got := f.flags[dir]; {
		case dir == "":
		case got.extraneous && (how.prune || !inModules(dir)):
			delete(r.Entries, dir)
		case !e.Link:
			e.setFlags(got)
		}
	}
}

func (f *flagger) visit(dir string) {
	e, from := f.rec.Entries[dir], f.flags[dir]
	if !from.extraneous {
		f.keepAround(dir)
	}
	if e.Link {
		f.reach(path.Clean(e.Resolved), from, way{})
		return
	}
	_, alias := npm.SplitPlace(dir)
	each := eachEdge
	if alias == "" {
		each = eachProjectEdge
	}
	each(e.Manifest, func(d npm.Dep, group graph.Group, optional bool) {
		_, prod := e.Manifest.Dependencies.Lookup(d.Alias)
		peer := group == graph.Prod && !prod
		if !peer || !f.noPeers {
			f.follow(dir, d.Alias, from, way{dev: group == graph.Dev, optional: optional, peer: peer})
		}
	})
	if dir == "" {
		for at, link := range f.rec.Entries {
			if above, _ := npm.SplitPlace(at); link.Link && above == "" && f.members[path.Clean(link.Resolved)] {
				f.reach(at, from, way{})
			}
		}
	}
}

func (f *flagger) follow(dir, alias string, from flags, w way) {
	if found, ok := f.rec.Find(dir, alias); ok {
		f.reach(found, from, w)
	}
}

func (f *flagger) reach(dir string, from flags, w way) {
	was, there := f.flags[dir]
	if now := was.along(from, w); there && now != was {
		f.flags[dir] = now
		f.queue = append(f.queue, dir)
	}
}

// keepAround keeps what a directory is in, so that it is not removed with that.
func (f *flagger) keepAround(dir string) {
	for at := above(dir); at != ""; at = above(at) {
		if got, there := f.flags[at]; there && got.extraneous {
			got.extraneous = false
			f.flags[at] = got
		}
	}
}

// setFlags notes flags in the entry.
func (e *Entry) setFlags(f flags) {
	on := !f.extraneous
	e.Extraneous, e.Peer, e.Dev, e.Optional = f.extraneous, on && f.peer, on && f.dev, on && f.optional
	e.DevOptional = on && f.devOptional && !f.dev && !f.optional
	for _, flag := range []struct {
		name string
		on   bool
	}{{"extraneous", e.Extraneous}, {"peer", e.Peer}, {"dev", e.Dev}, {"optional", e.Optional}, {"devOptional", e.DevOptional}} {
		if flag.on {
			e.value.Set(flag.name, nicejson.True())
		} else {
			e.value.Delete(flag.name)
		}
	}
}

// inModules reports whether a directory is one of a package, not of a project.
func inModules(dir string) bool { return strings.Contains("/"+dir, "/"+modules) }

// Project is what a lockfile records of a package.json.
type Project struct {
	Dir      string // slash path from the lockfile's directory; "." is the root
	Manifest *npm.Manifest
	JSON     []byte // nil where only what is depended on may have changed
}

// Adopt is the lockfile with what the projects ask for by now, where nothing new
// has to be found for that: what is not needed any more is gone, and the flags
// are those of today. With noPeers peers lead to nothing. name is for errors.
func (r *Record) Adopt(name string, projects []Project, noPeers bool) (*Document, error) {
	d := &Document{Record: *r}
	d.Entries = make(map[string]*Entry, len(r.Entries))
	for dir, e := range r.Entries {
		copied := *e
		copied.value.Fields = append([]nicejson.Field(nil), e.value.Fields...)
		d.Entries[dir] = &copied
	}
	members := map[string]bool{}
	for _, p := range projects {
		dir := strings.TrimPrefix(path.Clean("/"+p.Dir), "/")
		members[dir] = true
		e := d.Entries[dir]
		if e == nil {
			return nil, &EntryError{name, dir, "is missing"}
		}
		e.adopt(p.Manifest)
		if dir == "" {
			d.style(&p)
			d.Name, d.ProjectVersion = string(p.Manifest.Name), p.Manifest.Version
			if d.Name == "" {
				d.Name = r.Name // npm has that of the directory
			}
		}
	}
	d.setFlags(flagging{members: members, prune: true, noPeers: noPeers})
	if d.Version == 2 {
		d.legacy = d.legacyTree()
	}
	var err error
	d.Graph, err = d.graph(name)
	return d, err
}

// adopt takes over what a package.json asks for.
func (e *Entry) adopt(m *npm.Manifest) {
	mine := *e.Manifest
	mine.Dependencies, mine.DevDependencies, mine.OptionalDependencies = required(m), m.DevDependencies, m.OptionalDependencies
	mine.PeerDependencies, mine.OptionalPeers, mine.Version = m.PeerDependencies, m.OptionalPeers, m.Version
	e.Manifest = &mine
	e.recordDeps(m)
	if e.value.Delete("version"); m.Version != "" {
		e.value.Set("version", nicejson.String(m.Version))
	}
}

// recordDeps writes down what a project depends on.
func (e *Entry) recordDeps(m *npm.Manifest) {
	for _, f := range []struct {
		name string
		deps npm.Deps
	}{
		{"dependencies", required(m)}, {"devDependencies", m.DevDependencies},
		{"optionalDependencies", m.OptionalDependencies}, {"peerDependencies", m.PeerDependencies},
	} {
		if len(f.deps) == 0 {
			e.value.Delete(f.name)
			continue
		}
		e.value.Set(f.name, depsValue(f.deps))
	}
}

// required are the dependencies of a package.json that are not optional, too.
func required(m *npm.Manifest) npm.Deps {
	return slices.DeleteFunc(slices.Clone(m.Dependencies), func(d npm.Dep) bool {
		_, optional := m.OptionalDependencies.Lookup(d.Alias)
		return optional
	})
}

func depsValue(deps npm.Deps) nicejson.Value {
	out := nicejson.Object()
	for _, d := range deps {
		out.Fields = append(out.Fields, nicejson.Field{Name: d.Alias, Value: nicejson.String(d.Specifier)})
	}
	return out
}
