// Package plan decides what an install has to do. It is pure: what is wanted,
// what node_modules holds and what the store holds go in, and the work comes
// out as a value that can be printed before it is done.
package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/layout"
)

// Held is what a modules directory holds: what the last install left there, as
// far as it is still in place. All paths are relative to the lockfile's
// directory and have slashes.
type Held struct {
	Slots map[string]Slot   // by Dir, which is absolute for a shared slot
	Links map[string]string // outside of slots: link -> target
	Bins  map[string]bool   // directories of commands outside of slots; false for one that may lack some
}

func newHeld() Held {
	return Held{Slots: map[string]Slot{}, Links: map[string]string{}, Bins: map[string]bool{}}
}

// Slot says what is in a slot.
type Slot struct {
	ID    string // of the files
	Links string // digest of the links beside them
	// Shared says that other projects use the slot, too: it is never changed
	// or removed for one project.
	Shared bool
	// Hoisted is the version of the package, where the slot is nothing but the
	// directory of its files; "" for a slot in a virtual store.
	Hoisted string
}

// Root is the directory that goes with the slot at dir.
func (s Slot) Root(dir string) string {
	if s.Hoisted != "" {
		return dir
	}
	return SlotRoot(dir)
}

// Directory is a slot of a hoisted layout that has nothing but its files.
func Directory(id, version string) Slot {
	return Slot{ID: id, Links: digest(nil), Hoisted: cmp.Or(version, "0.0.0")}
}

// unsure stands in for the ID of files and the target of a link that an
// install is about to change. It equals nothing that is ever wanted.
const unsure = "?"

// Unsure reports whether the slot was being changed by an install that did not
// end: there may be anything in it, or nothing.
func (s Slot) Unsure() bool { return s.ID == unsure }

// IDs are those of the files in all slots.
func (h Held) IDs() map[string]bool {
	out := make(map[string]bool, len(h.Slots))
	for _, slot := range h.Slots {
		out[slot.ID] = true
	}
	return out
}

// AnyShared reports whether there are slots that other projects use, too.
func (h Held) AnyShared() bool {
	for _, slot := range h.Slots {
		if slot.Shared {
			return true
		}
	}
	return false
}

// Target is where a link leads; "" if there is none, or nobody knows.
func (h Held) Target(at string) string {
	if target := h.Links[at]; target != unsure {
		return target
	}
	return ""
}

// Doubt is held with nothing relied upon: a plan from it makes everything anew,
// and knows what has to go first.
func (h Held) Doubt() Held {
	out := newHeld()
	for dir := range h.Slots {
		if !h.Slots[dir].Shared {
			out.Slots[dir] = Slot{ID: unsure, Hoisted: h.Slots[dir].Hoisted}
		}
	}
	for at := range h.Links {
		out.Links[at] = unsure
	}
	for dir := range h.Bins {
		out.Bins[dir] = false
	}
	return out
}

// Unsure is held with anything at all in the slots of dirs.
func (h Held) Unsure(dirs []string) Held {
	h.Slots = maps.Clone(h.Slots)
	for _, dir := range dirs {
		h.Slots[dir] = Slot{ID: unsure, Hoisted: h.Slots[dir].Hoisted} // which says what goes with it
	}
	return h
}

// During is what can be said of the modules directory from the first change of
// the plan to the last, and after a kill in between: what the plan leaves alone
// is there, what it makes or removes may be there.
func (p *Plan) During(held Held) Held {
	out := newHeld()
	for dir, slot := range held.Slots {
		if p.After.Slots[dir] != slot && !slot.Shared {
			slot = Slot{ID: unsure, Hoisted: slot.Hoisted}
		}
		out.Slots[dir] = slot
	}
	for _, place := range slices.Concat(p.Warm, p.Cold) {
		if place.Shared == "" {
			out.Slots[place.Dir] = Slot{ID: unsure, Hoisted: p.After.Slots[place.Dir].Hoisted}
		}
	}
	for at, target := range held.Links {
		if p.After.Links[at] != target {
			target = unsure
		}
		out.Links[at] = target
	}
	for _, l := range p.Links {
		out.Links[l.At] = unsure
	}
	for _, bins := range []map[string]bool{held.Bins, p.After.Bins} {
		for dir := range bins {
			out.Bins[dir] = false
		}
	}
	return out
}

// Place is a slot to fill.
type Place struct {
	layout.Slot
	ID string // of the files in the store; "" if only a fetch will tell
	// Fresh says that another package, or other links, are in the way.
	Fresh bool
	// Wait says that the slot's parent is to be filled, too, and first.
	Wait bool
}

// Plan is the work of an install, in no particular order but for Remove, which
// comes first.
type Plan struct {
	Remove  []string // directories and links
	Warm    []Place  // their files are in the store
	Cold    []Place  // their files have to be fetched
	Found   []Place  // shared slots that some other project made
	Skipped int      // slots that are in place
	Links   []layout.Link
	Bins    []layout.Bins
	Slots   []layout.Slot // all that will be, those in place too
	After   Held          // what is held when all is done

	missingBins bool            // a directory of commands is not there, or lacks some
	placed      map[string]bool // directories of slots to fill that others are in
}

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool {
	return len(p.Remove)+len(p.Warm)+len(p.Cold)+len(p.Links) == 0 && !p.missingBins
}

// Changes counts the packages that are new to held and those that go from it.
func (p *Plan) Changes(held Held) (added, removed int) {
	for dir := range p.After.Slots {
		if was, there := held.Slots[dir]; !there || was.Unsure() {
			added++
		}
	}
	for dir := range held.Slots {
		if _, stays := p.After.Slots[dir]; !stays {
			removed++
		}
	}
	return added, removed
}

// Store tells what is known about the files of packages without fetching them.
type Store interface {
	// ID names the files of a package, as patches and scripts make them; "" if
	// they are not in the store's care.
	ID(*graph.Package) string
	// Has reports whether the store has the files.
	Has(id string) bool
	// HasSlot reports whether a shared slot is there and can be used.
	HasSlot(layout.Slot) bool
}

// Make plans the way from held to l.
func Make(l *layout.Layout, held Held, s Store) *Plan {
	p := &Plan{Slots: l.Slots, After: newHeld(), placed: map[string]bool{}}
	for _, slot := range l.Slots {
		p.slot(slot, held, s)
	}
	for _, link := range l.Links() {
		p.After.Links[link.At] = link.Target
		if held.Links[link.At] != link.Target {
			p.Links = append(p.Links, link)
		}
	}
	p.bins(l, held)
	p.remove(held)
	return p
}

func (p *Plan) slot(slot layout.Slot, held Held, s Store) {
	want := Slot{ID: s.ID(slot.Package), Links: digest(slot.Links), Shared: slot.Shared != ""}
	if slot.Hoisted() {
		want.Hoisted = Directory("", slot.Package.Version).Hoisted
	}
	want.Links += styled(slot)
	p.After.Slots[slot.Dir] = want
	have, there := held.Slots[slot.Dir]
	// What is in a directory goes with it.
	wait := slot.Parent != "" && p.placed[slot.Parent]
	if there && have == want && want.ID != "" && !wait {
		p.Skipped++
		return
	}
	if len(slot.Nested) > 0 {
		p.placed[slot.Dir] = true
	}
	place := Place{Slot: slot, ID: want.ID, Fresh: there && !want.Shared, Wait: wait}
	switch {
	case want.Shared && s.HasSlot(slot):
		p.Found = append(p.Found, place)
	case want.ID != "" && s.Has(want.ID):
		p.Warm = append(p.Warm, place)
	default:
		p.Cold = append(p.Cold, place)
	}
	if len(slot.Bins.From) > 0 && !want.Shared {
		p.Bins = append(p.Bins, slot.Bins)
	}
}

// styled is what stands for commands that are made in another way than usual: a
// package that has some is placed anew when that changes.
func styled(slot layout.Slot) string {
	if !slot.Package.HasBin || slot.Bins.Style == layout.Shims {
		return ""
	}
	return fmt.Sprint("+", slot.Bins.Style)
}

// bins plans the commands outside of slots. They are looked at whenever
// anything is done: there are few, and one that is right costs one read.
func (p *Plan) bins(l *layout.Layout, held Held) {
	dirs := []layout.Bins{l.HoistBins}
	for _, im := range l.Importers {
		dirs = append(dirs, im.Bins)
	}
	dirs = append(dirs, l.Bins...)
	for _, b := range dirs {
		if len(b.From) > 0 {
			p.Bins = append(p.Bins, b)
			p.After.Bins[b.Dir] = true
			p.missingBins = p.missingBins || !held.Bins[b.Dir]
		}
	}
	for dir := range held.Bins {
		if !p.After.Bins[dir] {
			p.Remove = append(p.Remove, dir)
		}
	}
}

// remove plans the end of what is not wanted any more. A slot goes with its
// links.
func (p *Plan) remove(held Held) {
	for dir, slot := range held.Slots {
		if _, wanted := p.After.Slots[dir]; !wanted && !slot.Shared {
			p.Remove = append(p.Remove, slot.Root(dir))
		}
	}
	for _, place := range slices.Concat(p.Warm, p.Cold) {
		if place.Fresh {
			p.Remove = append(p.Remove, held.Slots[place.Dir].Root(place.Dir))
		}
	}
	for at := range held.Links {
		if _, wanted := p.After.Links[at]; !wanted {
			p.Remove = append(p.Remove, at)
		}
	}
	slices.Sort(p.Remove)
	p.Remove = slices.Compact(p.Remove)
}

// SlotRoot is the directory that holds a slot and the links beside it:
// ".pnpm/a@1.0.0" of ".pnpm/a@1.0.0/node_modules/@scope/a". It is "." for what
// is in no slot.
func SlotRoot(dir string) string {
	for path.Base(dir) != layout.ModulesDir {
		if above := path.Dir(dir); above != dir {
			dir = above
			continue
		}
		return "."
	}
	return path.Dir(dir)
}

// InModules reports whether a path is below a modules directory, as all are that
// a plan names.
func InModules(p string) bool { return strings.Contains("/"+p, "/"+layout.ModulesDir+"/") }

// digest sums up the links of a slot.
func digest(links []layout.Link) string {
	if len(links) == 0 {
		return "-"
	}
	h := sha256.New()
	for _, l := range links {
		io.WriteString(h, l.At+"\x00"+l.Target+"\x00")
	}
	return hex.EncodeToString(h.Sum(nil)[:8]) // 64 bits tell some thousand slots apart
}

// Unfinished is what is held before the scripts of the packages in dirs have run.
func (p *Plan) Unfinished(dirs []string) Held { return p.After.Unsure(dirs) }

// Transition is what becomes of the package in one directory of a hoisted layout.
type Transition struct {
	Dir      string
	Old, New string // versions; "" for none
}

// Transitions lists the directories that get another package than they hold, or none,
// in the order of their names.
func (p *Plan) Transitions(held Held) []Transition {
	var out []Transition
	for dir, was := range held.Slots {
		if is := p.After.Slots[dir]; was.Hoisted != "" && was != is {
			out = append(out, Transition{dir, was.Hoisted, is.Hoisted})
		}
	}
	for dir, is := range p.After.Slots {
		if is.Hoisted != "" && held.Slots[dir].Hoisted == "" {
			out = append(out, Transition{dir, "", is.Hoisted})
		}
	}
	slices.SortFunc(out, func(a, b Transition) int { return strings.Compare(a.Dir, b.Dir) })
	return out
}

// Print writes the plan for a reader.
func (p *Plan) Print(w io.Writer) {
	for _, dir := range p.Remove {
		fmt.Fprintln(w, "remove", dir)
	}
	for _, place := range p.Cold {
		fmt.Fprintln(w, "fetch", place.Package.Key)
	}
	for _, place := range slices.Concat(p.Warm, p.Cold) {
		fmt.Fprintln(w, "place", place.Package.Key, "in", place.Dir)
	}
	for _, place := range p.Found {
		fmt.Fprintln(w, "share", place.Package.Key, "in", place.Dir)
	}
	for _, l := range p.Links {
		fmt.Fprintln(w, "link", l.At, "to", l.Target)
	}
	fmt.Fprintf(w, "warm=%d cold=%d skipped=%d\n", len(p.Warm), len(p.Cold), p.Skipped+len(p.Found))
}
