package install

import (
	"context"
	"fmt"
	"slices"

	"godwit/internal/event"
	"godwit/internal/fsys"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/install/sched"
	"godwit/internal/store"
)

// A tree that is in the store is taken for whole: to look at each file before it
// is linked would double the work. Only when a link fails the trees are looked
// at. What cannot be read goes and is fetched again, once in an install, so that
// a power cut or somebody's rm costs a download.

// linkOrRenew is link for places that were not linked before.
func (t *tasks) linkOrRenew(ctx context.Context, linker *link.Linker, batch []plan.Place, f *fetched) error {
	err := t.link(ctx, linker, batch, f)
	if err == nil || ctx.Err() != nil {
		return err
	}
	renewed, err := t.renew(batch, err)
	if err != nil {
		return err
	}
	rest := slices.Clone(batch)
	for _, place := range renewed {
		rest = slices.DeleteFunc(rest, func(p plan.Place) bool { return p.Dir == place.Dir })
		drop := t.droppable(place)
		f, ready, _ := t.bring(place.Package, drop)
		t.sched.Add(sched.Task{
			Key: sched.Key("link again " + place.Dir), Lane: disk, Needs: []sched.Key{ready}, Group: string(event.LinkCold), Drop: drop,
			Run: func(ctx context.Context, _ int) error { return t.link(ctx, linker, []plan.Place{place}, f) },
		})
	}
	if len(rest) == 0 {
		return nil
	}
	return t.link(ctx, linker, rest, f)
}

// shareOrRenew is makeSlots for slots that were not tried before. All places
// have the same files.
func (t *tasks) shareOrRenew(ctx context.Context, linker *link.Linker, p *plan.Plan, places []plan.Place) error {
	err := t.makeSlots(ctx, linker, p, places)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if _, err := t.renew(places[:1], err); err != nil {
		return err
	}
	first := places[0]
	_, ready, _ := t.bring(first.Package, t.droppable(first))
	t.sched.Add(sched.Task{
		Key: sched.Key("share again " + first.ID), Lane: disk, Needs: []sched.Key{ready}, Group: string(event.LinkCold),
		Run: func(ctx context.Context, _ int) error { return t.makeSlots(ctx, linker, p, places) },
	})
	return nil
}

// readable makes cold what is warm in a plan and has an index that cannot be
// read. Shared slots need that before any of them is made, since a slot has the
// commands of what it depends on.
func (t *tasks) readable(p *plan.Plan) error {
	var warm []plan.Place
	for i, place := range p.Warm {
		_, err := t.tree(place.ID)
		if err == nil {
			warm = append(warm, place)
			continue
		}
		if _, err := t.renew(p.Warm[i:i+1], err); err != nil {
			return err
		}
		p.Cold = append(p.Cold, place)
	}
	p.Warm = warm
	return nil
}

// renew looks at the trees of places whose link failed for the reason given.
// What cannot be read is removed from the store, and the next fetch of it goes
// to the network. It returns the places that have to wait for such a fetch; if
// there are none, the trees are not to blame, and it returns cause.
func (t *tasks) renew(places []plan.Place, cause error) (waiting []plan.Place, err error) {
	if fsys.TooManyFiles(cause) {
		return nil, cause // which could not be looked at either
	}
	for _, place := range places {
		id, err := store.ParseID(t.builds.from(place.ID))
		if err != nil {
			continue // the store never had it under that name
		}
		damage := t.req.Store.Verify(id)
		if fsys.TooManyFiles(damage) {
			return nil, damage
		}
		first, known := t.doubt(place, damage != nil)
		if !known {
			continue
		}
		if first && damage != nil {
			if err := t.req.Store.Remove(id); err != nil {
				return nil, fmt.Errorf("replace the files of %s, which cannot be read (%w): %w", place.Package.Key.ID(), damage, err)
			}
			t.toldDamage(place, damage)
		}
		waiting = append(waiting, place)
	}
	if len(waiting) == 0 {
		return nil, cause
	}
	return waiting, nil
}

// doubt notes that the files of a place cannot be read, if they are damaged, so
// that they are fetched again. known is whether that was noted now or before,
// first that it was now.
func (t *tasks) doubt(place plan.Place, damaged bool) (first, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known = t.renewed[place.ID]
	first = damaged && !known
	if first {
		// What was read of its index stays: others list its commands.
		t.renewed[place.ID] = true
	}
	if known = known || first; !known {
		return false, false
	}
	p := place.Package
	res := t.forHere(p.Resolution)
	again := []string{whatIs(p.Key, res)}
	if p.Patch != "" {
		again = append(again, whatIsPatched(p))
	}
	for _, what := range again {
		if f := t.fetched[what]; f == nil || !f.again {
			t.fetched[what] = &fetched{id: p.Key.ID(), res: res, again: true}
		}
	}
	return first, true
}

// toldDamage says that the store is damaged, once in an install.
func (t *tasks) toldDamage(place plan.Place, damage error) {
	t.mu.Lock()
	told := t.damaged
	t.damaged = true
	t.mu.Unlock()
	if !told {
		t.req.Sink.Emit(event.Warning{Code: "REPAIR", Message: fmt.Sprintf(
			"the store is damaged: %s cannot be read and is fetched again, like all that is in that state (%v)", place.Package.Key.ID(), damage)})
	}
}
