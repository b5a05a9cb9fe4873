package install

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/install/plan"
	"godwit/internal/layout"
	"godwit/internal/npm"
)

// foreseen is what the plan would do to the directories of a hoisted layout, links
// to the projects of the workspace included. A tree of which nothing is known is
// looked at: what it has already does not change.
func (e *engine) foreseen(p *plan.Plan) ([]Transition, error) {
	out := e.foreseenLinks(p)
	for _, t := range p.Transitions(e.was.Held) {
		if t.Old == "" {
			t.Old = e.versionAt(t.Dir)
		}
		if t.Old != t.New {
			out = append(out, t)
		}
	}
	found, err := e.extraneous(p, e.foreseenDirs(p))
	if err != nil {
		return nil, err
	}
	for _, at := range found {
		if !slices.ContainsFunc(out, func(t Transition) bool { return t.Dir == at }) {
			out = append(out, Transition{Dir: at, Old: e.versionAt(at)})
		}
	}
	slices.SortFunc(out, func(a, b Transition) int { return strings.Compare(a.Dir, b.Dir) })
	return out, nil
}

// foreseenDirs are the directories from whose node_modules goes what is not the
// plan's: those of projects with prune, and all where the tree is made anew.
func (e *engine) foreseenDirs(p *plan.Plan) (dirs []string) {
	anew := len(e.was.Held.Slots) == 0
	if anew || e.Prune {
		for _, im := range e.importers {
			dirs = append(dirs, im.Dir)
		}
	}
	if anew {
		dirs = slices.AppendSeq(dirs, maps.Keys(p.After.Slots))
	}
	return dirs
}

func (e *engine) foreseenLinks(p *plan.Plan) (out []Transition) {
	versions := map[string]string{}
	for _, im := range e.importers {
		versions[im.Dir] = im.Manifest.Version
	}
	for at, target := range p.After.Links {
		if e.was.Held.Links[at] != target && isPackageLink(at) && e.versionAt(at) != versions[target] {
			out = append(out, Transition{Dir: at, New: versions[target]})
		}
	}
	for at, target := range e.was.Held.Links {
		if p.After.Links[at] == "" && isPackageLink(at) {
			out = append(out, Transition{Dir: at, Old: versions[target]})
		}
	}
	return out
}

func isPackageLink(at string) bool {
	_, _, ok := directAlias(at)
	return ok && !strings.Contains(at, layout.ModulesDir+"/.")
}

// versionAt is the version of the package in a directory, or "".
func (e *engine) versionAt(dir string) string {
	raw, err := os.ReadFile(filepath.Join(e.tasks.abs(dir), "package.json"))
	if err != nil {
		return ""
	}
	m, err := npm.DecodeManifest(raw)
	if err != nil {
		return ""
	}
	return m.Version
}
