package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"godwit/internal/graph"
	"godwit/internal/layout"
	"godwit/internal/npm"
)

// slot is a slot of name@1.0.0 with files of its own and links to others.
func slot(name string, to ...string) layout.Slot {
	s := layout.Slot{
		Package: &graph.Package{
			Key: graph.Key(name + "@1.0.0"), Name: npm.Name(name),
			Resolution: graph.Resolution{Integrity: "files of " + name},
		},
		Name: name + "@1.0.0", Dir: dirOf(name),
	}
	for _, t := range to {
		s.Links = append(s.Links, layout.Link{At: layout.DefaultVirtualStore + "/" + name + "@1.0.0/node_modules/" + t, Target: dirOf(t)})
	}
	return s
}

func dirOf(name string) string {
	return layout.DefaultVirtualStore + "/" + name + "@1.0.0/node_modules/" + name
}

// project is a layout of slots with links to some of them from the project.
func project(slots []layout.Slot, direct ...string) *layout.Layout {
	im := layout.Importer{Dir: "."}
	for _, d := range direct {
		im.Links = append(im.Links, layout.Link{At: "node_modules/" + d, Target: dirOf(d)})
	}
	return &layout.Layout{Slots: slots, Importers: []layout.Importer{im}}
}

func withBins(l *layout.Layout, from string) *layout.Layout {
	l.Importers[0].Bins = layout.Bins{Dir: "node_modules/.bin", From: []layout.Command{{Alias: from, Dir: dirOf(from)}}}
	return l
}

// store has the files of the packages named.
type store []string

func (store) ID(p *graph.Package) string { return p.Resolution.Integrity }
func (s store) Has(id string) bool       { return slices.Contains(s, strings.TrimPrefix(id, "files of ")) }

// HasSlot: shared slots are named as "slot of" a package.
func (s store) HasSlot(l layout.Slot) bool {
	return slices.Contains(s, "slot of "+string(l.Package.Name))
}

// after is what is held when a plan from nothing is done.
func after(l *layout.Layout) Held { return Make(l, Held{}, store{}).After }

// work is the part of a plan that is compared.
type work struct {
	Remove, Warm, Cold, Links, Bins []string
	Skipped                         int
}

func workOf(p *Plan) work {
	w := work{Remove: p.Remove, Skipped: p.Skipped}
	for _, place := range p.Warm {
		w.Warm = append(w.Warm, string(place.Package.Name))
	}
	for _, place := range p.Cold {
		w.Cold = append(w.Cold, string(place.Package.Name))
	}
	for _, l := range p.Links {
		w.Links = append(w.Links, l.At)
	}
	for _, b := range p.Bins {
		w.Bins = append(w.Bins, b.Dir)
	}
	return w
}

func TestMake(t *testing.T) {
	a, b := slot("a", "b"), slot("b")
	two := project([]layout.Slot{a, b}, "a")
	directory := slot("a")
	directory.Package = &graph.Package{Key: "a@file:a", Name: "a"} // its files have no name before they are fetched
	for _, test := range []struct {
		name  string
		want  *layout.Layout
		held  Held
		store store
		work  work
		empty bool
	}{
		{"nothing wanted, nothing there", project(nil), Held{}, nil, work{}, true},
		{"everything is new", two, Held{}, store{"b"}, work{Warm: []string{"b"}, Cold: []string{"a"}, Links: []string{"node_modules/a"}}, false},
		{"everything is there", two, after(two), nil, work{Skipped: 2}, true},
		{"what is there needs no store", two, after(two), store{"a", "b"}, work{Skipped: 2}, true},
		{
			"a slot is gone", two, without(after(two), dirOf("b")), store{"b"},
			work{Warm: []string{"b"}, Skipped: 1}, false,
		},
		{
			"a link is gone", two, without(after(two), "node_modules/a"), nil,
			work{Links: []string{"node_modules/a"}, Skipped: 2}, false,
		},
		{
			"a package is not wanted any more", project([]layout.Slot{b}, "b"), after(two), nil,
			work{Remove: []string{"node_modules/.pnpm/a@1.0.0", "node_modules/a"}, Links: []string{"node_modules/b"}, Skipped: 1}, false,
		},
		{
			"a package has other dependencies", project([]layout.Slot{slot("a"), b}, "a"), after(two), store{"a"},
			work{Remove: []string{"node_modules/.pnpm/a@1.0.0"}, Warm: []string{"a"}, Skipped: 1}, false,
		},
		{
			"a package has other files", two, with(after(two), dirOf("b"), Slot{ID: "others", Links: "-"}), store{"b"},
			work{Remove: []string{"node_modules/.pnpm/b@1.0.0"}, Warm: []string{"b"}, Skipped: 1}, false,
		},
		{
			"files without a name are placed each time", project([]layout.Slot{directory}, "a"), after(project([]layout.Slot{directory}, "a")), nil,
			work{Remove: []string{"node_modules/.pnpm/a@1.0.0"}, Cold: []string{"a"}}, false,
		},
		{
			"nobody knows what is there", two, after(two).Doubt(), store{"a", "b"},
			work{Remove: []string{"node_modules/.pnpm/a@1.0.0", "node_modules/.pnpm/b@1.0.0"}, Warm: []string{"a", "b"}, Links: []string{"node_modules/a"}}, false,
		},
		{
			"commands are there", withBins(project([]layout.Slot{b}, "b"), "b"), after(withBins(project([]layout.Slot{b}, "b"), "b")), nil,
			work{Bins: []string{"node_modules/.bin"}, Skipped: 1}, true,
		},
		{
			"commands are gone", withBins(project([]layout.Slot{b}, "b"), "b"), after(project([]layout.Slot{b}, "b")), nil,
			work{Bins: []string{"node_modules/.bin"}, Skipped: 1}, false,
		},
		{
			"commands are not wanted any more", project([]layout.Slot{b}, "b"), after(withBins(project([]layout.Slot{b}, "b"), "b")), nil,
			work{Remove: []string{"node_modules/.bin"}, Skipped: 1}, false,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := Make(test.want, test.held, test.store)
			if diff := cmp.Diff(test.work, workOf(p)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if p.Empty() != test.empty {
				t.Errorf("empty: %v", p.Empty())
			}
			if diff := cmp.Diff(after(test.want), p.After); diff != "" {
				t.Errorf("after it, what is held differs from what a plan from nothing leaves:\n%s", diff)
			}
		})
	}
}

func clone(h Held) Held {
	out := newHeld()
	for k, v := range h.Slots {
		out.Slots[k] = v
	}
	for k, v := range h.Links {
		out.Links[k] = v
	}
	for k, v := range h.Bins {
		out.Bins[k] = v
	}
	return out
}

func without(h Held, path string) Held {
	h = clone(h)
	delete(h.Slots, path)
	delete(h.Links, path)
	return h
}

func with(h Held, dir string, s Slot) Held {
	h = clone(h)
	h.Slots[dir] = s
	return h
}

// TestKill plans from one tree to another, kills the install in between, and
// plans the way to each of the two: whatever the kill left undone is done.
func TestKill(t *testing.T) {
	trees := []*layout.Layout{
		project(nil),
		withBins(project([]layout.Slot{slot("a", "b"), slot("b")}, "a"), "a"),
		project([]layout.Slot{slot("a"), slot("c")}, "a", "c"),
		withBins(project([]layout.Slot{slot("b")}, "b"), "b"),
	}
	for i, from := range trees {
		for k, to := range trees {
			if i == k {
				continue
			}
			held := after(from)
			first := Make(to, held, store{})
			during := first.During(held)
			for _, next := range []*layout.Layout{from, to} {
				p := Make(next, during, store{})
				if p.Empty() {
					t.Errorf("%d to %d: nothing is repaired", i, k)
				}
				for _, place := range slices.Concat(first.Warm, first.Cold) {
					root := SlotRoot(place.Dir)
					if _, wanted := p.After.Slots[place.Dir]; !slices.Contains(p.Remove, root) {
						t.Errorf("%d to %d: %s may be half there and is kept (wanted: %v)", i, k, root, wanted)
					}
				}
				for _, gone := range first.Remove {
					if !slices.Contains(p.Remove, gone) && !remade(p, gone) {
						t.Errorf("%d to %d: %s may be half gone and is trusted", i, k, gone)
					}
				}
				again := p.During(during)
				if diff := cmp.Diff(during, again, cmpopts.EquateEmpty()); diff != "" && next == to {
					t.Errorf("%d to %d: a second kill knows less than the first (-first +second):\n%s", i, k, diff)
				}
			}
		}
	}
}

// remade reports whether p makes what is at a path, or directly below it, anew.
func remade(p *Plan, path string) bool {
	for _, l := range p.Links {
		if l.At == path {
			return true
		}
	}
	for _, b := range p.Bins {
		if b.Dir == path {
			return true
		}
	}
	return false
}

func TestChanges(t *testing.T) {
	two := project([]layout.Slot{slot("a", "b"), slot("b")}, "a")
	other := project([]layout.Slot{slot("a"), slot("c")}, "a")
	for _, test := range []struct {
		name           string
		held           Held
		added, removed int
	}{
		{"from nothing", Held{}, 2, 0},
		{"from the same", after(other), 0, 0},
		{"from another", after(two), 1, 1},
		{"from doubt", after(other).Doubt(), 2, 0},
	} {
		added, removed := Make(other, test.held, store{}).Changes(test.held)
		if added != test.added || removed != test.removed {
			t.Errorf("%s: %d added, %d removed", test.name, added, removed)
		}
	}
}

func TestSlotRoot(t *testing.T) {
	for dir, want := range map[string]string{
		"node_modules/.pnpm/a@1.0.0/node_modules/a":    "node_modules/.pnpm/a@1.0.0",
		"node_modules/.pnpm/a@1.0.0/node_modules/@s/a": "node_modules/.pnpm/a@1.0.0",
		".store/a/node_modules/a":                      ".store/a",
		"node_modules/a":                               ".",
		"../lib":                                       ".",
		"lib":                                          ".",
		"/lib":                                         ".",
		".":                                            ".",
		"":                                             ".",
	} {
		if got := SlotRoot(dir); got != want {
			t.Errorf("%q is in %q, not in %q", dir, got, want)
		}
	}
}

func TestPrint(t *testing.T) {
	old := after(project([]layout.Slot{slot("z")}, "z"))
	var b strings.Builder
	Make(project([]layout.Slot{slot("a", "b"), slot("b")}, "a"), old, store{"b"}).Print(&b)
	want := `remove node_modules/.pnpm/z@1.0.0
remove node_modules/z
fetch a@1.0.0
place b@1.0.0 in node_modules/.pnpm/b@1.0.0/node_modules/b
place a@1.0.0 in node_modules/.pnpm/a@1.0.0/node_modules/a
link node_modules/a to node_modules/.pnpm/a@1.0.0/node_modules/a
warm=1 cold=1 skipped=0
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestTarget(t *testing.T) {
	h := after(project([]layout.Slot{slot("a")}, "a"))
	if got := h.Target("node_modules/a"); got != dirOf("a") {
		t.Errorf("%q", got)
	}
	if got := h.Target("node_modules/b") + h.Doubt().Target("node_modules/a"); got != "" {
		t.Errorf("%q", got)
	}
}

// shared is a slot of name@1.0.0 outside of the project.
func shared(name string) layout.Slot {
	s := slot(name)
	s.Shared = "@/" + name + "/1.0.0/hash"
	s.Dir = "/store/links/" + s.Shared + "/node_modules/" + name
	s.Bins = layout.Bins{Dir: s.Dir + "/node_modules/.bin", From: []layout.Command{{Alias: name}}}
	return s
}

func TestSharedSlots(t *testing.T) {
	a, b, c, d := shared("a"), shared("b"), shared("c"), shared("d")
	held := after(project([]layout.Slot{d, shared("gone"), slot("x")}))
	p := Make(project([]layout.Slot{a, b, c, d}), held, store{"slot of a", "b"})
	if got := workOf(p); len(p.Found) != 1 || p.Found[0].Dir != a.Dir {
		t.Errorf("found %v", p.Found)
	} else if diff := cmp.Diff(work{
		Remove: []string{"node_modules/.pnpm/x@1.0.0"}, Warm: []string{"b"}, Cold: []string{"c"}, Skipped: 1,
	}, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff) // no slot but the project's goes, and shared ones have their commands in them
	}
	if added, removed := p.Changes(held); added != 3 || removed != 2 {
		t.Errorf("%d added, %d removed", added, removed)
	}
	// Whoever dies in between has done nothing to slots that others use.
	for dir, slot := range p.During(held).Slots {
		if slot.Unsure() && strings.HasPrefix(dir, "/store") {
			t.Errorf("%s is in doubt", dir)
		}
	}
	// From one place to the other.
	back := Make(project([]layout.Slot{slot("a")}), p.After, store{"a"})
	if diff := cmp.Diff(work{Warm: []string{"a"}}, workOf(back), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if forced := Make(project([]layout.Slot{a}), p.After.Doubt(), store{"a"}); len(forced.Warm) != 1 || len(forced.Remove) != 0 {
		t.Errorf("after doubt: warm %v, remove %v", forced.Warm, forced.Remove)
	}
}
