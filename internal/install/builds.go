package install

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install/plan"
	"godwit/internal/layout"
	"godwit/internal/store"
)

// A package whose scripts may run has other files than its tarball, so it has
// another ID: a hash of all that goes into a build. A slot with that ID was
// built; who allows a package, or takes that back, changes the ID that is wanted
// and with it the plan. Under the same ID the store keeps what the scripts made,
// and then none has to run.

// builds says which packages are built, and of what. It is immutable.
type builds struct {
	ids    map[graph.Key]string // the ID of what scripts make
	source map[string]string    // ... -> the ID of the files they make that of
	made   map[string]bool      // ... that the store has
	stays  map[string]bool      // ... that no other project can use
}

// from is the ID of the tree to link for an ID.
func (b *builds) from(id string) string {
	if source := b.source[id]; source != "" && !b.made[id] {
		return source
	}
	return id
}

// toMake reports whether scripts make what the ID is of, and have yet to run.
func (b *builds) toMake(id string) bool { return b.source[id] != "" && !b.made[id] }

// builds decides which packages are built.
func (e *engine) builds(g *graph.Graph) builds {
	b := builds{ids: map[graph.Key]string{}, source: map[string]string{}, made: map[string]bool{}, stays: map[string]bool{}}
	if e.IgnoreScripts || e.Builds.Verdict == nil {
		return b
	}
	scope := e.scope(g)
	scope.Skip = e.leaveOut
	reach := g.Reachable(scope)
	var allowed []*graph.Package
	for key := range reach {
		if p := g.Packages[key]; e.Builds.verdict(p) == Allowed {
			allowed = append(allowed, p)
		}
	}
	if len(allowed) == 0 {
		return b
	}
	hashes := layout.Hashes(g, reach, func(p *graph.Package) string { return e.tasks.base(p.Key, p.Resolution) })
	machine := fmt.Sprintf("%s node %d", e.Builds.Machine(), e.node.Major)
	for _, p := range allowed {
		e.addBuild(&b, p, machine, hashes[p.Key])
	}
	return b
}

// addBuild notes that p is built on a machine. hash says what it and all it
// depends on are; "" if only this project knows.
func (e *engine) addBuild(b *builds, p *graph.Package, machine, hash string) {
	files := e.tasks.files(p)
	if files == "" {
		return // it cannot be read, which the fetch of it tells
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q %q", files, hash, machine, p.Key)
	id, err := store.NewID("built", hex.EncodeToString(sum.Sum(nil)))
	if err != nil {
		panic("install: " + err.Error())
	}
	name := id.String()
	b.ids[p.Key], b.source[name], b.stays[name] = name, files, hash == ""
	b.made[name] = e.Builds.Cached && !e.Force && !e.again(p) && hash != "" && e.Store.Has(id)
}

// again reports whether the scripts of p are to run even if they ran.
func (e *engine) again(p *graph.Package) bool { return e.Builds.Again != nil && e.Builds.Again(p) }

// rerun is what node_modules holds but for what is to be built again.
func (e *engine) rerun(held plan.Held, l *layout.Layout) plan.Held {
	if e.Builds.Again == nil {
		return held
	}
	var dirs []string
	for _, slot := range l.Slots {
		if _, there := held.Slots[slot.Dir]; there && e.tasks.builds.ids[slot.Package.Key] != "" && e.again(slot.Package) {
			dirs = append(dirs, slot.Dir)
		}
	}
	return held.Unsure(dirs)
}

// unbuilt lists the packages in place that have install scripts which did not
// run: those that nobody decided about, and others. What was in place before is
// looked at only if the last install did not record it.
func (e *engine) unbuilt(p *plan.Plan) (undecided, others []string) {
	placed := map[string]bool{}
	for _, place := range slices.Concat(p.Warm, p.Cold, p.Found) {
		placed[place.Dir] = true
	}
	for _, slot := range p.Slots {
		id := string(slot.Package.Key.ID())
		wants := false
		switch {
		case e.tasks.builds.ids[slot.Package.Key] != "":
			continue
		case e.was.Ended && !placed[slot.Dir]:
			wants = slices.Contains(e.was.Ignored, id) || slices.Contains(e.was.Unbuilt, id)
		case slot.Shared != "":
			wants = e.Store.SlotBuilds(storeSlot(slot))
		default:
			tree, err := e.tasks.tree(p.After.Slots[slot.Dir].ID)
			wants = err == nil && tree.Meta.Builds()
		}
		if wants && !e.IgnoreScripts && e.Builds.verdict(slot.Package) == Undecided {
			undecided = append(undecided, id)
		} else if wants {
			others = append(others, id)
		}
	}
	slices.Sort(undecided)
	slices.Sort(others)
	return slices.Compact(undecided), slices.Compact(others)
}

// undecided ends an install that left scripts out since nobody decided about
// them.
func (e *engine) undecided() error {
	switch {
	case len(e.ignored) == 0:
		return nil
	case e.Builds.Strict:
		return &IgnoredBuildsError{e.ignored}
	}
	e.Sink.Emit(event.IgnoredScripts{Keys: e.ignored})
	return nil
}
