package install

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install/build"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/install/sched"
	"godwit/internal/layout"
)

// job is a package to build.
type job struct {
	*graph.Package
	place plan.Place
	needs []*job
}

// build runs the scripts of packages that were placed and may run them.
func (e *engine) build(g *graph.Graph, linker *link.Linker, p *plan.Plan) error {
	jobs, late, err := e.jobs(p)
	if err != nil || len(jobs) == 0 {
		return err
	}
	runner, err := e.tasks.runner()
	if err != nil {
		return err
	}
	orderJobs(g, jobs)
	var dirs []string
	for _, places := range jobs {
		for _, j := range places {
			dirs = append(dirs, j.place.Dir)
		}
	}
	if err := e.modules.Begin(p.Unfinished(dirs)); err != nil {
		return err
	}
	s := sched.New(e.ctx, sched.Options{
		Now: e.Now, Trace: e.tasks.trace(),
		Lanes: []sched.LaneOptions{network: {Name: "network", Width: 1}, cpu: {Name: "build", Width: max(1, e.Builds.Width)}},
	})
	for _, key := range slices.Sorted(maps.Keys(jobs)) {
		for _, j := range jobs[key] {
			task := sched.Task{
				Key: j.task(), Lane: cpu, Group: string(event.Build), Label: "build " + string(j.Key.ID()),
				Run: func(ctx context.Context, _ int) error { return e.tasks.build(ctx, runner, linker, j) },
			}
			for _, need := range j.needs {
				task.Needs = append(task.Needs, need.task())
			}
			s.Add(task)
		}
	}
	counts, err := s.Wait(context.Background())
	if err != nil {
		return taskError(err)
	}
	e.summary.StageMillis[event.Build] = millis(counts.Groups[string(event.Build)].Busy)
	if !late {
		return nil
	}
	return e.tasks.bins(e.ctx, linker, p)
}

// runner is where the scripts of this install run.
func (t *tasks) runner() (*build.Runner, error) {
	req := t.req
	r := &build.Runner{Host: req.Builds.Host()}
	if !req.Builds.Jail {
		return r, nil
	}
	r.Jail = &build.Jail{Read: []string{t.abs(req.Layout.ModulesOf("."))}}
	if req.Layout.VirtualStore != "" {
		r.Jail.Read = append(r.Jail.Read, t.abs(req.Layout.VirtualStore))
	}
	if req.Layout.Shared != nil {
		r.Jail.Read = append(r.Jail.Read, req.Store.Links())
	}
	return r, build.CheckJail()
}

func (j *job) task() sched.Key { return sched.Key("build " + j.place.Dir) }

// jobs lists what is to be built, by key; in a hoisted layout a package may be in
// several places. late says that some have commands, which
// a script may make, or make anew.
func (e *engine) jobs(p *plan.Plan) (jobs map[graph.Key][]*job, late bool, err error) {
	jobs = map[graph.Key][]*job{}
	for _, place := range slices.Concat(p.Warm, p.Cold) {
		if !e.tasks.builds.toMake(place.ID) || e.tasks.isDropped(place) {
			continue
		}
		tree, err := e.tasks.tree(place.ID)
		if err != nil {
			return nil, false, err
		}
		if !tree.Meta.Builds() {
			continue
		}
		jobs[place.Package.Key] = append(jobs[place.Package.Key], &job{Package: place.Package, place: place})
		late = late || len(tree.Meta.Bins) > 0
	}
	return jobs, late, nil
}

// orderJobs lets each job need those that its package leads to. Packages that
// lead to each other have no order; there the walk's decides, which begins at
// the first key and goes along the aliases, so that it is always the same.
func orderJobs(g *graph.Graph, jobs map[graph.Key][]*job) {
	order := map[graph.Key]int{}
	for _, key := range slices.Sorted(maps.Keys(jobs)) {
		postOrder(g, key, order)
	}
	for key, places := range jobs {
		var needs []*job
		seen := map[graph.Key]bool{key: true}
		open := []graph.Key{key}
		for len(open) > 0 {
			p := g.Packages[open[len(open)-1]]
			open = open[:len(open)-1]
			for _, e := range p.Edges {
				to := e.Target.Key
				if seen[to] || g.Packages[to] == nil {
					continue
				}
				seen[to] = true
				if need := jobs[to]; need != nil && order[to] < order[key] {
					needs = append(needs, need...) // what that one leads to, it needs itself
					continue
				}
				open = append(open, to)
			}
		}
		for _, j := range places {
			j.needs = needs
		}
	}
}

// postOrder numbers all that is reached from a key and has no number, what is
// depended on first. The walk has its own stack: graphs of hostile lockfiles are
// deeper than goroutine stacks should grow.
func postOrder(g *graph.Graph, from graph.Key, order map[graph.Key]int) {
	type frame struct {
		key  graph.Key
		next int
	}
	if _, numbered := order[from]; numbered {
		return
	}
	met := map[graph.Key]bool{from: true}
	open := []frame{{key: from}}
	for len(open) > 0 {
		f := &open[len(open)-1]
		edges := g.Packages[f.key].Edges
		if f.next == len(edges) {
			order[f.key] = len(order) + 1
			open = open[:len(open)-1]
			continue
		}
		to := edges[f.next].Target.Key
		f.next++
		if _, numbered := order[to]; !numbered && !met[to] && g.Packages[to] != nil {
			met[to] = true
			open = append(open, frame{key: to})
		}
	}
}

// build runs the scripts of one package, and keeps what they made. An optional
// package whose scripts fail stays as they left it (pnpm).
func (t *tasks) build(ctx context.Context, runner *build.Runner, linker *link.Linker, j *job) error {
	id := string(j.Key.ID())
	dir := t.abs(j.place.Dir)
	if err := linker.Own(filepath.Join(dir, layout.ModulesDir)); err != nil { // its own files are copies already
		return err
	}
	err := runner.Run(ctx, build.Package{ID: id, Dir: dir}, build.Stages)
	switch {
	case err == nil:
		t.keep(j, dir)
		return nil
	case j.Optional && ctx.Err() == nil:
		t.warn("OPTIONAL_BUILD_FAILED", "the optional dependency %s could not be built, which is tolerated: %v", id, err)
		return nil
	}
	return &PackageError{Action: "build", ID: j.Key.ID(), Err: err}
}

func (t *tasks) warn(code, format string, args ...any) {
	t.req.Sink.Emit(event.Warning{Code: code, Message: fmt.Sprintf(format, args...)})
}

// IgnoredBuildsError is packages whose scripts did not run, where that has to be
// decided (strict-dep-builds).
type IgnoredBuildsError struct{ Keys []string }

func (e *IgnoredBuildsError) Error() string {
	return "ignored build scripts: " + strings.Join(e.Keys, ", ")
}

// Code is pnpm's code for this error.
func (e *IgnoredBuildsError) Code() string { return "ERR_PNPM_IGNORED_BUILDS" }

// Hint is what the user can do.
func (e *IgnoredBuildsError) Hint() string {
	return "run godwit approve-builds to decide which of them may run, or leave out strict-dep-builds to be told only"
}
