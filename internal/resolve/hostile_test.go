package resolve

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"godwit/internal/graph"
)

// heap runs f and reports what it allocated, in bytes.
func heap(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A dependency chain may be as long as someone cares to publish. The walk is
// recursive: 20,000 levels need some 30 MB of a stack that may have 1 GB.
func TestDeepChain(t *testing.T) {
	for peer, depth := range map[string]int{"": 20_000, " peer:end@*": 5_000} {
		lines := []string{"end@1.0.0"}
		for i := range depth {
			lines = append(lines, fmt.Sprintf("d%d@1.0.0 d%d@1%s", i, i+1, peer))
		}
		lines = append(lines, fmt.Sprintf("d%d@1.0.0 end@*", depth))
		reg := registry(t, lines...)
		used := heap(func() {
			res, err := Resolve(t.Context(), reg, project("d0@1"))
			if err != nil {
				t.Fatal(err)
			}
			if got := len(res.Graph.Packages); got != depth+2 {
				t.Errorf("%d packages, want %d", got, depth+2)
			}
		})
		// What grows with the square of the depth would be gigabytes.
		if used > 1<<30 {
			t.Errorf("peers %q: %d MB allocated", peer, used>>20)
		}
	}
}

// One cycle through everything, peers on it.
func TestLongCycle(t *testing.T) {
	const length = 300
	lines := []string{"p@1.0.0"}
	for i := range length {
		lines = append(lines, fmt.Sprintf("c%d@1.0.0 c%d@1 peer:p@* peer?:c%d@*", i, (i+1)%length, (i+2)%length))
	}
	res, err := Resolve(t.Context(), registry(t, lines...), project("c0@1"))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(res.Graph.Packages); got < length+1 {
		t.Errorf("%d packages, want at least %d", got, length+1)
	}
}

// The same, so long that every package sees thousands of peers.
func TestEndlessCycle(t *testing.T) {
	const length = 2_000
	var lines []string
	for i := range length {
		lines = append(lines, fmt.Sprintf("c%d@1.0.0 c%d@1 peer?:c%d@*", i, (i+1)%length, (i+2)%length))
	}
	req := project("c0@1")
	req.Options.maxWork = 100_000 // of a million; this shall not take seconds
	_, err := Resolve(t.Context(), registry(t, lines...), req)
	if many := new(TooManyError); !errors.As(err, &many) {
		t.Errorf("got %v, want a TooManyError", err)
	}
}

func TestManyVersions(t *testing.T) {
	const versions, dependents = 50_000, 60
	var lines []string
	for i := range versions {
		lines = append(lines, fmt.Sprintf("big@%d.%d.%d", i%50, i/50%100, i/5000))
	}
	var wants []string
	for i := range dependents {
		lines = append(lines, fmt.Sprintf("u%d@1.0.0 big@^%d.%d.0", i, i%50, i%90))
		wants = append(wants, fmt.Sprintf("u%d@1", i))
	}
	res, err := Resolve(t.Context(), registry(t, lines...), project(append(wants, "big@^3")...))
	if err != nil {
		t.Fatal(err)
	}
	if res.Graph.Packages["big@49.99.9"] == nil && len(res.Graph.Packages) < dependents {
		t.Errorf("%d packages", len(res.Graph.Packages))
	}
}

// Every level doubles the number of contexts: two versions of a peer at each,
// and the level below takes all of them.
func TestExponentialPeers(t *testing.T) {
	const levels = 40
	var lines []string
	for i := range levels {
		var peers strings.Builder
		for k := range i {
			fmt.Fprintf(&peers, " peer:p%d@*", k)
		}
		lines = append(lines,
			fmt.Sprintf("p%d@1.0.0", i), fmt.Sprintf("p%d@2.0.0", i),
			fmt.Sprintf("l%d@1.0.0 a%d@1 b%d@1%s", i, i, i, peers.String()),
			fmt.Sprintf("a%d@1.0.0 p%d@1 l%d@1%s", i, i, i+1, peers.String()),
			fmt.Sprintf("b%d@1.0.0 p%d@2 l%d@1%s", i, i, i+1, peers.String()))
	}
	lines = append(lines, fmt.Sprintf("l%d@1.0.0", levels))
	req := project("l0@1")
	req.Options.maxWork = 50_000
	_, err := Resolve(t.Context(), registry(t, lines...), req)
	if many := new(TooManyError); !errors.As(err, &many) {
		t.Errorf("got %v, want a TooManyError", err)
	}
}

// Unions of ranges multiply when they are intersected.
func TestRangeBomb(t *testing.T) {
	const dependents = 40
	var lines, wants []string
	for i := range dependents {
		var alternatives []string
		for k := range 40 {
			alternatives = append(alternatives, fmt.Sprintf(">=%d.%d.0<%d.0.0", k, i, k+1+i))
		}
		lines = append(lines, fmt.Sprintf("u%d@1.0.0 peer:p@%s", i, strings.Join(alternatives, "||")))
		wants = append(wants, fmt.Sprintf("u%d@1", i))
	}
	lines = append(lines, "p@39.99.0")
	if _, err := Resolve(t.Context(), registry(t, lines...), project(wants...)); err != nil {
		t.Fatal(err)
	}
}

// What a name may do to a path is decided where packuments are asked for and
// where directories are made; here it is an error like any other.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{"../../etc", "..", ".", "a/b", "@/x", "node_modules", "a\x00b", strings.Repeat("x", 300)} {
		req := project("a@1")
		req.Importers[0].Manifest.Dependencies[0].Alias = name
		if _, err := Resolve(t.Context(), registry(t, "a@1.0.0"), req); err == nil {
			t.Errorf("%.20q is accepted as the name of a dependency", name)
		}
		reg := registry(t, "a@1.0.0 b@1", "b@1.0.0")
		m, err := reg["a"].Manifest("1.0.0")
		if err != nil {
			t.Fatal(err)
		}
		m.Dependencies[0].Alias = name
		if _, err := Resolve(t.Context(), reg, project("a@1")); err == nil {
			t.Errorf("%.20q is accepted as the name of a dependency of a dependency", name)
		}
	}
}

func TestErrorNamesTheWay(t *testing.T) {
	_, err := Resolve(t.Context(), registry(t, "a@1.0.0 b@1", "b@1.0.0 c@^9", "c@1.0.0"), project("a@1"))
	if err == nil || !strings.Contains(err.Error(), "app > a@1.0.0 > b@1.0.0 > c") {
		t.Errorf("%v does not name the way", err)
	}
	if !errors.Is(err, ErrNoVersion) {
		t.Errorf("%v is not ErrNoVersion", err)
	}
}

func TestPicked(t *testing.T) {
	req := project("a@1")
	seen := map[graph.Key]int{}
	req.Picked = func(id graph.Key, _ graph.Resolution) { seen[id]++ }
	if _, err := Resolve(t.Context(), registry(t, "a@1.0.0 b@1 c@1", "b@1.0.0 c@1", "c@1.0.0"), req); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(seen) != "map[a@1.0.0:1 b@1.0.0:1 c@1.0.0:1]" {
		t.Errorf("picked %v", seen)
	}
}

// A dependency is removed: nothing is asked of the registry, and what stays is
// announced as if it had been picked.
func TestPrunedIsPicked(t *testing.T) {
	reg := registry(t, "a@1.0.0 b@1", "b@1.0.0", "c@1.0.0")
	res, err := Resolve(t.Context(), reg, project("a@1", "c@1"))
	if err != nil {
		t.Fatal(err)
	}
	req := project("a@1")
	req.Locked = res.Graph
	seen := map[graph.Key]int{}
	req.Picked = func(id graph.Key, _ graph.Resolution) { seen[id]++ }
	res, err = Resolve(t.Context(), registry(t), req)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Graph.Packages) != 2 || fmt.Sprint(seen) != "map[a@1.0.0:1 b@1.0.0:1]" {
		t.Errorf("%d packages, picked %v", len(res.Graph.Packages), seen)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Resolve(ctx, registry(t, "a@1.0.0"), project("a@1")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
