package npmtree

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// workspaceOf is a request for a root and members, named after their directories.
func workspaceOf(t *testing.T, root string, members map[string]string) *Request {
	t.Helper()
	req := &Request{Root: t.TempDir(), Name: "root"}
	add := func(dir, text string) {
		m, err := npm.DecodeManifest([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		req.Projects = append(req.Projects, Project{dir, m, []byte(text)})
	}
	add(".", root)
	for _, dir := range slices.Sorted(maps.Keys(members)) {
		add(dir, members[dir])
	}
	return req
}

// What is asked of the index for one place is the same whichever way it is found.
func TestIndex(t *testing.T) {
	members := map[string]string{}
	for i := range 12 {
		dir := fmt.Sprintf("packages/p%d", i)
		if i%4 == 1 {
			dir = fmt.Sprintf("packages/p%d/in/p%d", i-1, i)
		}
		members[dir] = fmt.Sprintf(`{"name":"p%d","version":"1.0.0","dependencies":{"a":"%d","c":"%d","p%d":"*"}}`, i, 1+i%2, 1+i%3%2, i/2)
	}
	req := workspaceOf(t, `{"dependencies":{"b":"1"}}`, members)
	b := newBuilder(t.Context(), small, req)
	defer b.docs.Close()
	if err := errors.Join(b.load(), b.build()); err != nil {
		t.Fatal(err)
	}
	x, nested := b.root.index, 0
	for _, top := range x.byDir {
		for _, name := range []string{"a", "c", "p0", "p3", "gone"} {
			var nodes []*node
			var edges, to []*edge
			for _, n := range x.byDir {
				if !n.within(top) {
					continue
				}
				if n.name == name {
					nodes = append(nodes, n)
				}
				if e := n.out.named(name); e != nil {
					edges = append(edges, e)
					if e.to == b.root.kids.named(name) {
						to = append(to, e)
					}
				}
			}
			slices.SortFunc(nodes, func(a, b *node) int { return cmp.Compare(a.order, b.order) })
			slices.SortFunc(edges, func(a, b *edge) int { return cmp.Compare(a.order, b.order) })
			if got := x.named(name, top); !slices.Equal(got, nodes) {
				t.Errorf("nodes %s in %s: %d, want %d", name, top.dir, len(got), len(nodes))
			}
			if got := x.wants(name, top); !slices.Equal(got, edges) {
				t.Errorf("edges to %s from %s: %d, want %d", name, top.dir, len(got), len(edges))
			}
			if kid := b.root.kids.named(name); kid != nil && len(kid.dependents(top)) != len(to) {
				t.Errorf("edges to the topmost %s from %s: %d, want %d", name, top.dir, len(kid.dependents(top)), len(to))
			}
			if top != b.root && len(nodes) > 0 {
				nested++
			}
		}
	}
	if nested < 12 {
		t.Errorf("only %d places have something in them", nested)
	}
}

// What does not come to rest ends with the name of a package, and what to do.
func TestEndless(t *testing.T) {
	b := newBuilder(t.Context(), small, workspaceOf(t, `{"dependencies":{"b":"1"}}`, nil))
	defer b.docs.Close()
	b.most = 1
	err := errors.Join(b.load(), b.build())
	if endless, ok := errors.AsType[*EndlessError](err); !ok || endless.Last == "" || endless.Hint() == "" {
		t.Errorf("after two visits: %v", err)
	}
}

// A project that is linked counts where a set of peers is put together: what it
// depends on must not be replaced by what it cannot use.
func TestLinked(t *testing.T) {
	w := world{
		"a": {"1.0.0": ``, "2.0.0": ``},
		"x": {"1.0.0": `, "peerDependencies": {"a": "*"}`},
		"y": {"1.0.0": `, "peerDependencies": {"a": "1"}`},
		"z": {"1.0.0": `, "peerDependencies": {"x": "1", "y": "1"}`},
	}
	for member, fails := range map[string]bool{`{"name":"m","dependencies":{"a":"^2"}}`: true, `{"name":"m","dependencies":{"a":"*"}}`: false} {
		req := workspaceOf(t, `{"dependencies":{"z":"1"}}`, map[string]string{"packages/m": member})
		req.Locked = []graph.Placed{
			{Dir: "node_modules/m", Link: "packages/m"},
			{Dir: "packages/m", Manifest: req.Projects[1].Manifest, JSON: []byte(member)},
		}
		_, err := Resolve(t.Context(), w, req)
		if fails != errors.As(err, new(*PeerError)) {
			t.Errorf("%s: %v", member, err)
		}
	}
}
