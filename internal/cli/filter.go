package cli

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/resolve"
	"godwit/internal/workspace"
)

// filtered reports whether the call may be for some projects only.
func (c *call) filtered() bool {
	s := &c.cfg.Settings.Workspace
	return c.workspace.globs != nil && (len(s.Filter)+len(s.FilterProd) > 0 || s.Root || !s.InstallAll && !s.Recursive)
}

// selectProjects marks the projects that the call is not for. The root of the
// workspace always is among them with pnpm, and with npm if it is named. The error is a *NoMatchError if
// the call is for none.
func (c *call) selectProjects(importers []install.Importer) error {
	s := &c.cfg.Settings.Workspace
	if len(s.Filter)+len(s.FilterProd) == 0 {
		only := c.workspace.here // recursive-install=false
		if s.Root {
			only = "."
		}
		for i := range importers {
			importers[i].Unselected = importers[i].Dir != only
		}
		return nil
	}
	dirs, err := c.matching(importers)
	if err != nil {
		return err
	}
	for i := range importers {
		root := importers[i].Dir == "." && c.lock.Format != lockfile.Npm
		importers[i].Unselected = !root && !dirs[importers[i].Dir]
	}
	return nil
}

// targets is the directories of the projects that a command is for which is
// about one project unless told otherwise. With -r and nothing else the root is
// one of them only where root is set.
func (c *call) targets(importers []install.Importer, root bool) (map[string]bool, error) {
	s := &c.cfg.Settings.Workspace
	switch {
	case len(s.Filter)+len(s.FilterProd) > 0:
		return c.matching(importers)
	case s.Root:
		return map[string]bool{".": true}, nil
	case !s.Recursive || c.workspace.globs == nil:
		return map[string]bool{c.workspace.here: true}, nil
	}
	root = root || slices.Equal(c.workspace.globs, []string{"."}) // else there would be nothing
	dirs := map[string]bool{}
	for _, im := range importers {
		dirs[im.Dir] = root || im.Dir != "."
	}
	return dirs, nil
}

// matching is the directories of the projects that --filter and --filter-prod
// select. The error is a *NoMatchError if there are none.
func (c *call) matching(importers []install.Importer) (map[string]bool, error) {
	s := &c.cfg.Settings.Workspace
	here, selectors, err := c.selectors()
	if err != nil {
		return nil, err
	}
	g, prod := c.projectGraph(importers, false), c.projectGraph(importers, true)
	selection, err := workspace.Select(g, prod, selectors, workspace.Matchers{
		Name: npm.Wildcard, Dir: project.MatchDir, Changed: c.changedSince,
	})
	if err != nil {
		return nil, err
	}
	if len(selection.Dirs) == 0 {
		return nil, &NoMatchError{Filters: append(s.Filter, s.FilterProd...), Dir: here}
	}
	return selection.Dirs, nil
}

// selectors reads --filter and --filter-prod; paths are relative to here.
func (c *call) selectors() (here string, out []workspace.Selector, err error) {
	s := &c.cfg.Settings.Workspace
	here = c.args.Dir(c.Dir, c.Home)
	rel, err := filepath.Rel(c.workspace.root, here)
	if err != nil {
		return here, nil, fmt.Errorf("find %s in the workspace: %w", here, err)
	}
	for _, part := range []struct {
		raw  []string
		prod bool
	}{{s.Filter, false}, {s.FilterProd, true}} {
		for _, raw := range part.raw {
			selector, err := workspace.ParseSelector(raw, filepath.ToSlash(rel))
			if err != nil {
				return here, nil, err
			}
			selector.Prod = part.prod
			out = append(out, selector)
		}
	}
	return here, out, nil
}

func (c *call) projectGraph(importers []install.Importer, prod bool) *workspace.Graph {
	projects := make([]workspace.Project, len(importers))
	for i, im := range importers {
		projects[i] = workspace.Project{Dir: im.Dir, Manifest: im.Manifest}
	}
	return workspace.NewGraph(projects, workspace.GraphOptions{Prod: prod, LinkRanges: c.linking() != resolve.LinkNone})
}

// changedSince lists the files below dir that differ from a git ref. Git gives
// paths from the root of the repository.
func (c *call) changedSince(ref, dir string) ([]string, error) {
	root := c.workspace.root
	abs := filepath.Join(root, filepath.FromSlash(dir))
	// "--end-of-options": a ref that begins with a dash is a ref all the same.
	out, err := c.Output(root, "git", "-c", "core.quotePath=false", "diff", "--name-only", "-z", "--relative", "--end-of-options", ref, "--", abs)
	if err != nil {
		e := &ChangedError{Ref: ref, Err: err}
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			e.Said = strings.TrimSpace(string(failed.Stderr))
		}
		return nil, e
	}
	return strings.FieldsFunc(out, func(r rune) bool { return r == 0 }), nil
}

// checkNames warns of projects that "workspace:" cannot tell apart.
func checkNames(importers []install.Importer, sink event.Sink) {
	dirs := map[string]string{}
	for _, im := range importers {
		if im.Manifest.Name == "" {
			continue
		}
		id := string(im.Manifest.Name) + "@" + workspace.Version(im.Manifest)
		if first, taken := dirs[id]; taken {
			sink.Emit(event.Warning{Code: "WORKSPACE_TWINS", Message: fmt.Sprintf(
				"%s and %s are both called %s: dependents get %s", first, im.Dir, id, im.Dir)})
		}
		dirs[id] = im.Dir
	}
}

// checkCycles warns of projects that depend on each other in circles, or
// refuses them.
func (c *call) checkCycles(importers []install.Importer, sink event.Sink) error {
	s := &c.cfg.Settings.Workspace
	if len(importers) < 2 || s.IgnoreCycles && !s.NoCycles {
		return nil
	}
	cycles := c.projectGraph(importers, false).Cycles()
	if len(cycles) == 0 {
		return nil
	}
	if s.NoCycles {
		return &CycleError{cycles}
	}
	sink.Emit(event.Warning{Code: "WORKSPACE_CYCLE", Message: (&CycleError{cycles}).Error()})
	return nil
}

// NoMatchError is a call for none of the projects.
type NoMatchError struct {
	Filters []string
	Dir     string
}

func (e *NoMatchError) Error() string {
	return fmt.Sprintf("no projects match the filters %s in %s", strings.Join(e.Filters, ", "), e.Dir)
}

// Code is the code of this error.
func (e *NoMatchError) Code() string { return "ERR_GODWIT_NO_PROJECTS" }

// Hint is what the user can do.
func (e *NoMatchError) Hint() string {
	return "check the names, and that paths are written from the working directory"
}

// ChangedError is a git ref that projects could not be compared with.
type ChangedError struct {
	Ref, Said string // what git said
	Err       error
}

func (e *ChangedError) Error() string {
	if e.Said != "" {
		return fmt.Sprintf("compare with the git ref %q: %s", e.Ref, e.Said)
	}
	return fmt.Sprintf("compare with the git ref %q: %v", e.Ref, e.Err)
}

func (e *ChangedError) Unwrap() error { return e.Err }

// Code is pnpm's code for this error.
func (e *ChangedError) Code() string { return "ERR_PNPM_FILTER_CHANGED" }

// Hint is what the user can do.
func (e *ChangedError) Hint() string { return "name a commit, branch or tag that this repository has" }

// shownDirs is how many projects of a circle a message names: enough to find it.
const shownDirs = 10

// CycleError is projects that depend on each other in circles.
type CycleError struct{ Cycles [][]string }

func (e *CycleError) Error() string {
	parts := make([]string, len(e.Cycles))
	for i, dirs := range e.Cycles {
		more := ""
		if n := len(dirs) - shownDirs; n > 0 {
			dirs, more = dirs[:shownDirs], fmt.Sprintf(" and %d more", n)
		}
		parts[i] = strings.Join(dirs, ", ") + more
	}
	return "projects of the workspace depend on each other in a circle: " + strings.Join(parts, "; ")
}

// Code is pnpm's code for this error.
func (e *CycleError) Code() string { return "ERR_PNPM_DISALLOW_WORKSPACE_CYCLES" }

// Hint is what the user can do.
func (e *CycleError) Hint() string {
	return "move what they share to a project of its own, or set disallow-workspace-cycles=false"
}
