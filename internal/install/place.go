package install

import (
	"context"
	"fmt"
	"slices"

	"godwit/internal/event"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/install/sched"
)

// placeOurs adds the tasks of the places in the project. A slot in another one
// comes after the task that fills that, whatever becomes of it: if the outer one
// is dropped, both are taken back.
func (t *tasks) placeOurs(linker *link.Linker, p *plan.Plan) {
	warm, cold := ours(p.Warm), ours(p.Cold)
	filledBy := map[string]sched.Key{} // slots that others wait for
	for n := 0; len(warm)+len(cold) > 0; {
		left := len(warm) + len(cold)
		var now []plan.Place
		now, warm = ready(warm, filledBy)
		for batch := range slices.Chunk(now, warmBatch) {
			key := sched.Key(fmt.Sprint("warm ", n))
			n++
			t.sched.Add(sched.Task{
				Key: key, Lane: disk, Group: string(event.LinkWarm), After: parents(batch, filledBy),
				Run: func(ctx context.Context, _ int) error { return t.linkOrRenew(ctx, linker, batch, nil) },
			})
			note(filledBy, batch, func(plan.Place) sched.Key { return key })
		}
		now, cold = ready(cold, filledBy)
		for _, place := range now {
			t.cold(linker, place, parents([]plan.Place{place}, filledBy))
		}
		note(filledBy, now, linkKey)
		if len(warm)+len(cold) == left {
			panic("install: slots that wait for none of the plan")
		}
	}
}

// ready parts the places whose parents have tasks from the others.
func ready(places []plan.Place, filledBy map[string]sched.Key) (now, later []plan.Place) {
	waits := func(p plan.Place) bool { return p.Wait && filledBy[p.Parent] == "" }
	if !slices.ContainsFunc(places, waits) {
		return places, nil
	}
	for _, p := range places {
		if waits(p) {
			later = append(later, p)
		} else {
			now = append(now, p)
		}
	}
	return now, later
}

// note notes which task fills the slots that others are in.
func note(filledBy map[string]sched.Key, places []plan.Place, key func(plan.Place) sched.Key) {
	for _, p := range places {
		if len(p.Nested) > 0 {
			filledBy[p.Dir] = key(p)
		}
	}
}

// parents are the tasks that fill the slots which places are in.
func parents(places []plan.Place, filledBy map[string]sched.Key) []sched.Key {
	var out []sched.Key
	for _, p := range places {
		if key := filledBy[p.Parent]; p.Wait && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}
