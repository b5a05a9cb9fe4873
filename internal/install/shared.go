package install

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/install/sched"
	"godwit/internal/layout"
	"godwit/internal/store"
)

// settle, with shared slots, waits for the optional packages before anything is
// placed. A slot's name says what is in it, so an optional package that cannot
// be had changes the names of all that would lead to it: they are laid out again.
func (e *engine) settle(g *graph.Graph, p *plan.Plan) (*plan.Plan, error) {
	if e.Layout.Shared != nil {
		if err := e.tasks.readable(p); err != nil {
			return nil, err
		}
	}
	for e.Layout.Shared != nil && len(p.Cold) > 0 {
		if err := e.tasks.fetchOptional(e.ctx, p.Cold); err != nil {
			return nil, e.explain(g, err)
		}
		if len(e.tasks.dropped) == 0 {
			break
		}
		for _, place := range e.tasks.dropped {
			e.out[place.Package.Key] = true
		}
		e.tasks.dropped = nil
		var err error
		if _, p, err = e.lay(g); err != nil { // what now is cold may be more, but there is one package less
			return nil, err
		}
	}
	return p, nil
}

// fetchOptional begins to fetch the files of all places, optional ones first,
// and waits for these.
func (t *tasks) fetchOptional(ctx context.Context, cold []plan.Place) error {
	var tickets []sched.Ticket
	for _, optional := range []bool{true, false} {
		for _, place := range cold {
			if place.Package.Optional != optional {
				continue
			}
			_, _, ticket := t.bring(place.Package, t.droppable(place))
			if optional {
				tickets = append(tickets, ticket)
			}
		}
	}
	for _, ticket := range tickets {
		if err := ticket.Wait(ctx); err != nil && !errors.Is(err, sched.ErrDropped) {
			_, err = t.wait() // the error that ended the run, as users know it
			return err
		}
	}
	return nil
}

// HasSlot reports whether a shared slot is there and can be used.
func (t *tasks) HasSlot(s layout.Slot) bool { return !t.req.Force && t.req.Store.HasSlot(storeSlot(s)) }

func storeSlot(s layout.Slot) store.Slot {
	return store.Slot{Path: s.Shared, Name: string(s.Package.Name)}
}

// share adds the tasks that make shared slots. Those with the same files are one
// task, since all but the first get links to the files of the first.
func (t *tasks) share(linker *link.Linker, p *plan.Plan) {
	if t.req.Layout.Shared == nil {
		return // and nothing waits for arrivals
	}
	arrivals := t.arrivals(p)
	for _, kind := range []struct {
		group  event.Stage
		places []plan.Place
	}{{event.LinkWarm, p.Warm}, {event.LinkCold, p.Cold}} {
		same := map[string][]plan.Place{}
		var ids []string
		for _, place := range kind.places {
			if place.Shared == "" {
				continue
			}
			if same[place.ID] == nil {
				ids = append(ids, place.ID)
			}
			same[place.ID] = append(same[place.ID], place)
		}
		for _, id := range ids {
			t.sched.Add(sched.Task{
				Key: sched.Key("share " + id), Lane: disk, Group: string(kind.group),
				Needs: arrivals.of(same[id]), After: arrivals.local[id],
				Run: func(ctx context.Context, _ int) error { return t.shareOrRenew(ctx, linker, p, same[id]) },
			})
		}
	}
}

// arrivals says what the slots of a plan wait for.
type arrivals struct {
	cold  map[string]sched.Key   // by the directory of the files: the task that brings them
	local map[string][]sched.Key // by ID: tasks that place the same files in the project, and show them first
}

func (t *tasks) arrivals(p *plan.Plan) arrivals {
	a := arrivals{map[string]sched.Key{}, map[string][]sched.Key{}}
	for _, place := range p.Cold {
		_, a.cold[place.Dir], _ = t.bring(place.Package, t.droppable(place))
		if place.Shared == "" {
			a.local[place.ID] = append(a.local[place.ID], linkKey(place))
		}
	}
	return a
}

// of is what the places wait for: their own files, and those of the packages
// whose commands stand beside them.
func (a arrivals) of(places []plan.Place) []sched.Key {
	var keys []sched.Key
	add := func(dir string) {
		if key, cold := a.cold[dir]; cold && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	for _, place := range places {
		add(place.Dir)
		for _, c := range place.Bins.From {
			add(c.Dir)
		}
	}
	return keys
}

// makeSlots makes shared slots with the same files.
func (t *tasks) makeSlots(ctx context.Context, linker *link.Linker, p *plan.Plan, places []plan.Place) error {
	for _, place := range places {
		tree, err := t.tree(place.ID)
		if err == nil {
			if !t.isNew(place.ID) {
				t.sched.Tally("reused", 1)
				t.req.Sink.Emit(event.Reused{Key: string(place.Package.Key.ID())})
			}
			err = t.makeSlot(ctx, linker, p, place, tree)
		}
		if err != nil {
			return fmt.Errorf("link %s: %w", place.Package.Key, err)
		}
		t.req.Sink.Emit(event.Linked{Key: string(place.Package.Key)})
	}
	return nil
}

// isNew reports whether this install fetched the files.
func (t *tasks) isNew(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.added[id]
}

// makeSlot makes one slot, links and commands included, and shows it when it is
// whole.
func (t *tasks) makeSlot(ctx context.Context, linker *link.Linker, p *plan.Plan, place plan.Place, tree *store.Tree) error {
	stage, err := t.req.Store.BeginSlot(storeSlot(place.Slot), tree)
	if err != nil {
		return err
	}
	if err := t.fillSlot(ctx, linker, p, place, tree, stage); err != nil {
		stage.Discard()
		return err
	}
	tree, err = stage.Reveal(t.req.Force)
	if err == nil {
		t.remember(tree)
	}
	return err
}

func (t *tasks) fillSlot(ctx context.Context, linker *link.Linker, p *plan.Plan, place plan.Place, tree *store.Tree, stage *store.SlotStage) error {
	root := t.abs(plan.SlotRoot(place.Dir))
	staged := func(path string) string {
		if rest, inside := strings.CutPrefix(path, root+string(filepath.Separator)); inside {
			return filepath.Join(stage.Dir(), rest)
		}
		return path
	}
	links := make([]link.Symlink, len(place.Links))
	for i, l := range place.Links {
		links[i] = link.Symlink{At: staged(t.abs(l.At)), Target: t.abs(l.Target)}
	}
	var err error
	if stage.Filled() {
		t.sched.Tally("adopted", 1)
		err = linker.Symlinks(ctx, links)
	} else {
		err = linker.Slots(ctx, []link.Slot{{Dir: staged(t.abs(place.Dir)), Tree: tree, Links: links}})
	}
	if err != nil || len(place.Bins.From) == 0 {
		return err
	}
	bins, err := t.commands(place.Bins, p)
	if err != nil {
		return err
	}
	hidden := t.abs(t.hidden())
	for i := range bins {
		b := &bins[i]
		b.Dir, b.Target = staged(b.Dir), staged(b.Target)
		var search []string
		for _, dir := range b.NodePath {
			if dir != hidden { // that of one project
				search = append(search, staged(dir))
			}
		}
		b.NodePath = search
	}
	return linker.Bins(ctx, link.Shims, bins)
}

// publish shows what was staged and is in no slot: for places in the project,
// and what was fetched for an install that failed or needed it no more.
func (t *tasks) publish(id string) error {
	t.mu.Lock()
	tree := t.trees[id]
	t.mu.Unlock()
	if tree == nil || !tree.Staged() {
		return nil
	}
	visible, err := t.req.Store.Publish(tree)
	if err == nil {
		t.remember(visible)
	}
	return err
}
