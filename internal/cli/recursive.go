package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"godwit/internal/install"
	"godwit/internal/project"
	"godwit/internal/spawn"
)

// task is what runs in one project: scripts at one time, or a command.
type task struct {
	dir  string // slash path from the root of the workspace
	runs []func(label string) error
}

// everywhere runs the scripts that name means in the projects selected.
func (r *runner) everywhere(ctx context.Context, name string, args []string) error {
	projects, levels, err := r.selection()
	if err != nil {
		return r.noneIsFine(err)
	}
	total := 0
	var tasks [][]task
	for _, level := range levels {
		var at []task
		for _, dir := range level {
			p := projects[dir]
			names, err := scriptNames(&p.Manifest, name)
			if err != nil {
				return err
			}
			t := task{dir: dir}
			for _, n := range names {
				t.runs = append(t.runs, func(label string) error { return r.script(ctx, p, n, args, label) })
			}
			total += len(names)
			at = append(at, t)
		}
		tasks = append(tasks, at)
	}
	if total == 0 && !r.cfg.Settings.Run.IfPresent && name != "test" {
		return &noScriptError{Name: name, Where: "any of the projects selected", ID: "ERR_PNPM_RECURSIVE_RUN_NO_SCRIPT"}
	}
	return r.summarized(tasks)
}

// several runs some scripts of one project, at one time.
func (r *runner) several(ctx context.Context, p *project.Project, names, args []string) error {
	t := task{dir: "."}
	for _, name := range names {
		t.runs = append(t.runs, func(label string) error { return r.script(ctx, p, name, args, label) })
	}
	return r.levels([][]task{{t}})
}

// noneIsFine makes a filter that selects nothing a success, unless the settings
// want otherwise.
func (c *call) noneIsFine(err error) error {
	if errors.As(err, new(*NoMatchError)) && !c.cfg.Settings.Workspace.FailIfNone {
		fmt.Fprintln(c.Stderr, err)
		return nil
	}
	return err
}

// selection is the projects that the call is for, in the order in which to work
// on them.
func (r *runner) selection() (map[string]*project.Project, [][]string, error) {
	s := &r.cfg.Settings
	if err := r.workspace.list(); err != nil {
		return nil, nil, err
	}
	projects := map[string]*project.Project{}
	var importers []install.Importer
	for _, dir := range r.workspace.dirs {
		p, err := project.Read(filepath.Join(r.workspace.root, filepath.FromSlash(dir)))
		if dir == "." && errors.As(err, new(*project.NotFoundError)) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		projects[dir] = p
		importers = append(importers, importer(dir, &p.Manifest))
	}
	s.Workspace.Recursive = true
	dirs, err := r.targets(importers, s.Workspace.IncludeRoot)
	if err != nil {
		return nil, nil, err
	}
	levels := [][]string{nil}
	if s.Run.Sort && !s.Run.Parallel {
		g := r.projectGraph(importers, false)
		levels, r.needs = g.Levels(dirs), g.Needs
		if s.Run.Reverse {
			r.needs = g.Dependents
		}
	} else {
		for _, im := range importers {
			if dirs[im.Dir] {
				levels[0] = append(levels[0], im.Dir)
			}
		}
	}
	if s.Run.Reverse {
		slices.Reverse(levels)
	}
	levels, err = resume(levels, s.Run.ResumeFrom, projects)
	return projects, levels, err
}

// resume leaves out the levels before that of the project called from.
func resume(levels [][]string, from string, projects map[string]*project.Project) ([][]string, error) {
	if from == "" {
		return levels, nil
	}
	for i, level := range levels {
		for _, dir := range level {
			if string(projects[dir].Manifest.Name) == from {
				return levels[i:], nil
			}
		}
	}
	return nil, &resumeError{from}
}

// levels runs the tasks of one level after those of the one before. Where they do
// not stop at the first that fails, what would have come after one that did is left
// out (pnpm 12).
func (r *runner) levels(levels [][]task) error {
	s := &r.cfg.Settings.Run
	width := s.Concurrency
	if width == 0 {
		width = min(4, r.Cores) // pnpm's default
	}
	if s.Parallel {
		width = 1 << 20 // all of them
	}
	labelled := s.Stream || s.Parallel || width > 1 && slices.ContainsFunc(levels, func(level []task) bool {
		runs := 0
		for _, t := range level {
			runs += len(t.runs)
		}
		return runs > 1
	})
	stuck := map[string]bool{} // projects that failed, or are behind one that did
	failed := 0
	var first error
	for _, level := range levels {
		runs := r.free(level, stuck)
		err := spawn.Each(len(runs), width, s.Bail, func(i int) error {
			label := ""
			if labelled {
				label = runs[i].dir
			}
			began := r.Now()
			err := runs[i].runs[0](label)
			r.output.Lock()
			defer r.output.Unlock()
			r.ran(runs[i].dir, r.Now().Sub(began), err)
			if err != nil {
				stuck[runs[i].dir] = true
				failed++
			}
			return err
		})
		if err != nil && first == nil {
			first = err
		}
		if err != nil && s.Bail {
			break
		}
	}
	if first == nil {
		return nil
	}
	return &recursiveError{Failed: failed, Bail: s.Bail, Err: first}
}

// free is what of a level can run, each as a task of its own. What is behind a
// stuck project is stuck as well.
func (r *runner) free(level []task, stuck map[string]bool) []task {
	var out []task
	for _, t := range level {
		behind := r.needs != nil && slices.ContainsFunc(r.needs(t.dir), func(dir string) bool { return stuck[dir] })
		if behind {
			stuck[t.dir] = true
		}
		if behind || len(t.runs) == 0 {
			r.skipped(t.dir)
			continue
		}
		for _, run := range t.runs {
			out = append(out, task{t.dir, []func(string) error{run}})
		}
	}
	return out
}

// recursiveError is a script that failed in one of several projects. Its exit
// status is 1, whatever that of the script.
type recursiveError struct {
	Failed int
	Bail   bool
	Err    error
}

func (e *recursiveError) Error() string {
	if e.Failed == 1 {
		return e.Err.Error()
	}
	return fmt.Sprintf("%d scripts failed; the first: %v", e.Failed, e.Err)
}

// Unwrap hides what would be our exit status, but for signals.
func (e *recursiveError) Unwrap() error {
	if exit, ok := errors.AsType[*spawn.ExitError](e.Err); ok && exit.Signal != nil {
		return e.Err
	}
	return nil
}

// Code is pnpm's code for this error.
func (e *recursiveError) Code() string {
	if e.Bail {
		return "ERR_PNPM_RECURSIVE_RUN_FIRST_FAIL"
	}
	return "ERR_PNPM_RECURSIVE_FAIL"
}

// resumeError is --resume-from with a project that is not selected.
type resumeError struct{ name string }

func (e *resumeError) Error() string {
	return fmt.Sprintf("--resume-from %s: no project selected is called that", e.name)
}

// Code is pnpm's code for this error.
func (e *resumeError) Code() string { return "ERR_PNPM_RESUME_FROM_NOT_FOUND" }
