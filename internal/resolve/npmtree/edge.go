package npmtree

import (
	"slices"

	"godwit/internal/npm"
)

// kind is why there is an edge.
type kind uint8

const (
	prod kind = iota
	dev
	optional
	peer
	peerOptional
	workspace
)

func (k kind) String() string {
	return [...]string{"prod", "dev", "optional", "peer", "peerOptional", "workspace"}[k]
}

// state is what an edge's end is worth.
type state uint8

const (
	unknown   state = iota
	valid           // or missing, and nothing is amiss
	missing         // and it must not be
	peerLocal       // a peer inside of what wants it beside
	invalid
)

// edge is a dependency.
type edge struct {
	from    *node
	to      *node // nil if nothing is there
	name    string
	key     string // see fold
	raw     string // as written
	accept  string // what will do as well (acceptDependencies); "" is nothing else
	kind    kind
	rules   *overrides // for what is at its end
	state   state
	indexed bool // in index.wanting
	order   int  // see index

	// conflicted says that a peer conflict was found here, and overruled.
	conflicted bool
}

// edges are those of one node, by name. One that is set again goes to the end,
// as in npm's maps.
type edges struct {
	list  []*edge
	byKey map[string]*edge // made when there are many
}

// fewEdges can be searched faster than a map.
const fewEdges = 8

func (s *edges) named(name string) *edge {
	key := fold(name)
	if s.byKey != nil {
		return s.byKey[key]
	}
	for _, e := range s.list {
		if e.key == key {
			return e
		}
	}
	return nil
}

func (s *edges) set(e *edge) {
	s.list = append(s.list, e)
	switch {
	case s.byKey != nil:
		s.byKey[e.key] = e
	case len(s.list) > fewEdges:
		s.byKey = make(map[string]*edge, 2*len(s.list))
		for _, e := range s.list {
			s.byKey[e.key] = e
		}
	}
}

func (s *edges) remove(e *edge) {
	s.list = without(s.list, e)
	if s.byKey != nil {
		delete(s.byKey, e.key)
	}
}

// depend adds an edge to n. One of that name is gone.
func (n *node) depend(name, spec string, k kind) {
	if old := n.out.named(name); old != nil {
		old.detach()
	}
	e := &edge{from: n, name: name, key: fold(name), raw: spec, kind: k}
	if k != workspace && len(n.pkg.manifest.Accept) > 0 {
		if accept, ok := n.pkg.manifest.Accept.Lookup(name); ok {
			e.accept = orAny(accept)
		}
	}
	if n.rules != nil {
		e.rules = n.rules.forEdge(e)
	}
	n.out.set(e)
	if n.root.index != nil {
		n.root.index.want(e)
	}
	e.reload(true)
}

// loadEdges makes the edges of n's manifest, with those that only a project has
// or without. Later groups win over earlier ones.
func (n *node) loadEdges(project bool) {
	m := n.pkg.manifest
	if !n.b.opts.LegacyPeers {
		n.dependAll(m.PeerDependencies, peer, func(alias string) bool { return !m.OptionalPeers[alias] })
		n.dependAll(m.PeerDependencies, peerOptional, func(alias string) bool { return m.OptionalPeers[alias] })
	}
	all := func(string) bool { return true }
	n.dependAll(m.Dependencies, prod, all)
	n.dependAll(m.OptionalDependencies, optional, all)
	if project {
		n.dependAll(m.DevDependencies, dev, all)
	}
}

func (n *node) dependAll(deps npm.Deps, k kind, take func(alias string) bool) {
	for _, d := range deps {
		if e := n.out.named(d.Alias); take(d.Alias) && (e == nil || e.kind != workspace) {
			n.depend(d.Alias, d.Specifier, k)
		}
	}
}

func (e *edge) peer() bool     { return e.kind == peer || e.kind == peerOptional }
func (e *edge) optional() bool { return e.kind == optional || e.kind == peerOptional }
func (e *edge) valid() bool    { return e.check() == valid }

// check says what the edge's end is worth.
func (e *edge) check() state {
	if e.state != unknown {
		return e.state
	}
	switch {
	case e.to == nil && e.optional():
		e.state = valid
	case e.to == nil:
		e.state = missing
	case e.peer() && e.from == e.to.parent && !e.from.isTop():
		e.state = peerLocal
	case !e.accepts(e.to):
		e.state = invalid
	case e.rules != nil && e.to.rules != nil && len(e.to.out.list) > 0 && e.rules.conflict(e.to.rules):
		e.state = invalid
	default:
		e.state = valid
	}
	return e.state
}

// spec is what is asked for, overrides applied.
func (e *edge) spec() string {
	if e.rules == nil || e.rules.name != e.name {
		return e.raw
	}
	return e.rules.spec(e)
}

// accepts reports whether n is what is asked for.
func (e *edge) accepts(n *node) bool {
	if n.name != e.name || e.from == nil {
		return false
	}
	admits := func(spec string) bool {
		return e.from.b.admits(n, spec, e) || e.accept != "" && e.from.b.admits(n, e.accept, e)
	}
	switch {
	case e.rules == nil || e.rules.keySpec == "":
		return admits(e.raw)
	case n.pkg.shrinkwrap || n.shrinkwrapped() || n.bundler() != nil:
		return admits(e.raw) // what comes along is not for us to choose
	case admits(e.spec()):
		return true
	}
	return admits(e.raw) && !admits(e.rules.keySpec)
}

// reload finds the end of an edge anew. hard says that it may be worth something
// else even if it is the same.
func (e *edge) reload(hard bool) {
	if e.from == nil {
		return
	}
	var was *overrides
	changed := false
	if rules := e.from.rules; rules == nil {
		e.rules = nil
	} else if now := rules.forEdge(e); !now.equal(e.rules) {
		was, changed = e.rules, true
		e.rules = now
	}
	to := e.from.resolve(e.name)
	switch {
	case to != e.to:
		if e.to != nil {
			e.to.lose(e)
		}
		e.to, e.state = to, unknown
		if to != nil {
			to.gain(e)
		}
	case hard:
		e.state = unknown
	case changed && to != nil:
		to.lostRules(was)
		to.gainedRules(e.rules)
	}
}

// detach takes an edge away.
func (e *edge) detach() {
	e.from.out.remove(e)
	if e.to != nil {
		e.to.lose(e)
	}
	e.from, e.to, e.state = nil, nil, invalid
}

func (n *node) gain(e *edge) {
	if n.rules == nil || !n.rules.equal(e.rules) {
		n.gainedRules(e.rules)
	}
	n.in = append(n.in, e)
}

func (n *node) lose(e *edge) {
	if i := slices.Index(n.in, e); i >= 0 {
		n.in = slices.Delete(n.in, i, i+1) // in place: of thousands, thousands leave
	}
	if e.rules != nil {
		n.lostRules(e.rules)
	}
}
