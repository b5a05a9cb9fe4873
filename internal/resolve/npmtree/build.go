package npmtree

import (
	"container/heap"
	"context"
	"fmt"
	"slices"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/resolve/ahead"
	"godwit/internal/resolve/policy"
)

// builder owns the state of one resolution.
type builder struct {
	ctx  context.Context
	src  Source
	req  *Request
	opts Options
	docs *ahead.Documents
	root *node

	given     map[string]*Project // those of the request, by directory
	queue     queue
	seen      map[*node]bool // were visited
	links     *nodeSet       // whose projects may have to be visited
	virtual   map[*node]*node
	linksIn   map[*node]*links // of what virtual roots stand for
	explicit  map[*edge]bool
	failures  []*node // that could not be found
	bundles   bool    // some package has others in its tarball
	wants     map[wantedKey]*wanted
	picks     map[pickKey]found
	externals map[wantedKey]found
	views     map[*npm.Packument]*policy.View
	announced map[graph.Key]bool
	warnings  []event.Warning
	most      int   // visits, see mostVisits
	err       error // that came up where none could be returned
}

type pickKey struct {
	name    npm.Name
	text    string
	aliased bool
}

func newBuilder(ctx context.Context, src Source, req *Request) *builder {
	b := &builder{
		ctx: ctx, src: src, req: req, opts: req.Options, given: map[string]*Project{},
		queue: queue{waiting: map[*node]bool{}}, seen: map[*node]bool{}, links: setOf(), virtual: map[*node]*node{}, linksIn: map[*node]*links{},
		explicit: map[*edge]bool{}, wants: map[wantedKey]*wanted{}, picks: map[pickKey]found{},
		most: mostVisits(len(req.Projects)), externals: map[wantedKey]found{}, views: map[*npm.Packument]*policy.View{}, announced: map[graph.Key]bool{},
	}
	if b.opts.Tag == "" {
		b.opts.Tag = "latest"
	}
	b.docs = ahead.New(ctx, src.Packument, b.likely)
	b.root = &node{b: b, name: req.Name, pkg: nothing(), index: newIndex()}
	b.root.root = b.root
	b.root.index.add(b.root)
	return b
}

// fail notes an error that came up deep inside; the first counts.
func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// queue are the nodes to visit: what is further up counts for what is below, so
// it comes first; then by directory, so that the result is always the same.
type queue struct {
	items   []queued
	waiting map[*node]bool
}

type queued struct {
	node  *node
	depth int
	dir   string
}

func (q *queue) Len() int      { return len(q.items) }
func (q *queue) Swap(i, j int) { q.items[i], q.items[j] = q.items[j], q.items[i] }
func (q *queue) Push(x any)    { q.items = append(q.items, x.(queued)) }
func (q *queue) Less(i, j int) bool {
	a, b := &q.items[i], &q.items[j]
	return a.depth < b.depth || a.depth == b.depth && npm.Collate(a.dir, b.dir) < 0
}

func (q *queue) Pop() any {
	last := q.items[len(q.items)-1]
	q.items = q.items[:len(q.items)-1]
	return last
}

func (q *queue) add(n *node) {
	if !q.waiting[n] {
		q.waiting[n] = true
		heap.Push(q, queued{n, n.depth(), n.dir})
	}
}

func (q *queue) next() *node {
	n := heap.Pop(q).(queued).node
	delete(q.waiting, n)
	return n
}

// mostVisits bounds what peers that never agree can make us do: each of them takes
// the place of the other, for ever. A project of 3,750 packages (ant-design) takes
// 4,400 visits, 10,000 projects one for each and a few for what they need; this is
// 45 times the former, and 20 times the latter. A million took minutes.
func mostVisits(projects int) int { return 200_000 + 20*projects }

// EndlessError is a project whose peers chase each other.
type EndlessError struct{ Last string }

func (e *EndlessError) Error() string {
	return fmt.Sprintf("the peers of the packages in this project never come to rest; %s is one of them", e.Last)
}

// Code is the code of this error.
func (e *EndlessError) Code() string { return "ERR_GODWIT_ENDLESS" }

// Hint is what the user can do.
func (e *EndlessError) Hint() string { return "install with --legacy-peer-deps" }

// build visits until nothing is amiss.
func (b *builder) build() error {
	b.queue.add(b.root)
	for visits := 0; ; {
		for b.queue.Len() > 0 {
			n := b.queue.next()
			if visits++; visits > b.most {
				return &EndlessError{label(n)}
			}
			if b.seen[n] || n.root != b.root {
				continue
			}
			b.seen[n] = true
			if err := b.ctx.Err(); err != nil { // what is left may need nobody who would look
				return err
			}
			if err := b.visit(n); err != nil {
				return err
			}
			if b.err != nil {
				return b.err
			}
		}
		b.followLinks()
		if b.queue.Len() == 0 {
			return nil
		}
	}
}

// followLinks queues projects that links lead to. One outside of the project is
// somebody else's.
func (b *builder) followLinks() {
	links := b.links.list
	b.links = setOf()
	for _, l := range links {
		if t := l.target; l.root == b.root && t.above() != nil && t.within(b.root) && !b.seen[t] {
			if l.rules != nil {
				t.gainedRules(l.rules)
			}
			b.queue.add(t)
		}
	}
}

// task is a dependency with what was found for it.
type task struct {
	edge *edge
	dep  *node
}

// visit finds and places what n lacks.
func (b *builder) visit(n *node) error {
	if err := b.unpack(n); err != nil {
		return err
	}
	var tasks []task
	problems := b.problems(n)
	b.prefetch(n, problems)
	for _, e := range problems {
		if e.conflicted {
			continue
		}
		dep, err := b.findDep(n, e)
		if err != nil {
			return err
		}
		tasks = append(tasks, task{e, dep})
	}
	slices.SortStableFunc(tasks, func(x, y task) int { return npm.Collate(x.edge.name, y.edge.name) })
	for _, t := range tasks {
		p := &placing{b: b, dep: t.dep, edge: t.edge, explicit: b.explicit[t.edge], update: b.updates(t.edge.name)}
		if _, err := p.run(); err != nil {
			return err
		}
		b.follow(p)
	}
	for _, e := range n.out.list {
		if e.to != nil && e.to.isLink && e.to.target != nil {
			b.links.add(e.to)
		}
	}
	return nil
}

// findDep finds the package that an edge of n asks for, with its peers. What a
// set of peers has for it already goes first.
func (b *builder) findDep(n *node, e *edge) (*node, error) {
	set := b.virtualRoot(n, true)
	if ve := set.out.named(e.name); ve != nil && ve.valid() && ve.to != nil && ve.to.satisfies(e) {
		return ve.to, nil
	}
	if e.kind == peerOptional && !b.updates(e.name) && !b.explicit[e] && !b.vulnerable(e.to) {
		from := e.from.above()
		if from == nil {
			from = e.from
		}
		if dep := hoistable(from, e); dep != nil {
			return dep, nil
		}
	}
	if !e.peer() {
		set = nil
	}
	return b.nodeFor(e, set, nil, setOf(e.from))
}

// hoistable is the node nearest to top, in its node_modules, that an edge
// accepts, or nil: who can do without a peer shall not be the one to bring it.
func hoistable(top *node, e *edge) *node {
	for queue := slices.Clone(top.kids.list); len(queue) > 0; queue = queue[1:] {
		if n := queue[0]; n.name == e.name && !n.bundledByOther() && n.satisfies(e) {
			return n
		}
		queue = append(queue, queue[0].kids.list...)
	}
	return nil
}

func (b *builder) updates(name string) bool { return b.req.Update != nil && b.req.Update(name) }

// follow queues what was placed, and whoever lost something by that.
func (b *builder) follow(p *placing) {
	if n := p.placed; n != nil {
		if n.err != nil && !n.failed {
			n.failed = true
			b.failures = append(b.failures, n)
		}
		for _, e := range n.in {
			if e != p.edge && !e.conflicted && !e.valid() {
				delete(b.seen, e.from)
				b.queue.add(e.from)
			}
		}
		b.queue.add(n)
		for _, a := range p.again {
			delete(b.seen, a)
			b.queue.add(a)
		}
		b.prefetch(n, b.problems(n))
	}
	for _, child := range p.peers {
		b.follow(child)
	}
}

// problems are the edges of n whose end is missing or wrong, or that are to be
// looked at anew.
func (b *builder) problems(n *node) (out []*edge) {
	for _, e := range n.out.list {
		switch {
		case !n.isProject() && n.pkg.bundled[e.name]: // its tarball has it
		case e.to != nil && (e.to.failed || e.to.shrinkwrapped()):
		case e.to == nil && e.kind == peerOptional && !b.explicit[e]:
		case e.to == nil, !e.valid():
			out = append(out, e)
		case e.to.isMember():
		case b.updates(e.name), b.explicit[e], b.vulnerable(e.to):
			out = append(out, e)
		}
	}
	return out
}

// prefetch asks for what will be needed soon.
func (b *builder) prefetch(n *node, problems []*edge) {
	for _, e := range problems {
		if w := b.want(e.name, e.spec()); w.kind == aRange || w.kind == aTag {
			if w.err == nil && !b.isMemberName(e.name) {
				b.docs.Ahead(w.name, w.text)
			}
		}
	}
}

// isMemberName reports whether a project of the workspace has the name.
func (b *builder) isMemberName(name string) bool {
	e := b.root.out.named(name)
	return e != nil && e.kind == workspace
}

// announce tells of a package that will be needed.
func (b *builder) announce(p *pkg) {
	if m := p.manifest; b.req.Picked == nil || b.opts.Platform != nil && !b.opts.Platform(m.OS, m.CPU, m.Libc) {
		return
	}
	id := graph.Key(fmt.Sprintf("%s@%s", p.manifest.Name, p.manifest.Version))
	if !b.announced[id] {
		b.announced[id] = true
		b.req.Picked(id, graph.Resolution{Kind: graph.Registry, Integrity: p.integrity, Tarball: p.resolved})
	}
}
