package plan

import (
	"slices"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/layout"
)

// nested is a package in another one, each with the files of the given integrity.
func nested(outer, inner string) *layout.Layout {
	slot := func(dir, integrity string) layout.Slot {
		return layout.Slot{Dir: dir, Package: &graph.Package{Version: "1.0.0", Resolution: graph.Resolution{Integrity: integrity}}}
	}
	a, b := slot("node_modules/a", outer), slot("node_modules/a/node_modules/b", inner)
	a.Nested, b.Parent = []string{b.Dir}, a.Dir
	return &layout.Layout{Slots: []layout.Slot{a, b, slot("node_modules/c", "c")}}
}

// What is in a directory goes and comes with it, and waits for it.
func TestNested(t *testing.T) {
	everything := store{"a1", "a2", "b1", "b2", "c"}
	held := Make(nested("a1", "b1"), Held{}, everything).After
	for name, c := range map[string]struct {
		outer, inner string
		remove       []string
		place        []string // with + if they wait
		skipped      int
	}{
		"nothing changed": {"a1", "b1", nil, nil, 3},
		"the inner one":   {"a1", "b2", []string{"node_modules/a/node_modules/b"}, []string{"node_modules/a/node_modules/b"}, 2},
		"the outer one":   {"a2", "b1", []string{"node_modules/a", "node_modules/a/node_modules/b"}, []string{"node_modules/a", "+node_modules/a/node_modules/b"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := Make(nested(c.outer, c.inner), held, everything)
			var place []string
			for _, w := range p.Warm {
				if w.Wait {
					w.Dir = "+" + w.Dir
				}
				place = append(place, w.Dir)
			}
			if !slices.Equal(p.Remove, c.remove) || !slices.Equal(place, c.place) || p.Skipped != c.skipped {
				t.Errorf("remove %v, place %v, skip %d", p.Remove, place, p.Skipped)
			}
		})
	}
}
