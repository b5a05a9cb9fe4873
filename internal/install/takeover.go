package install

import (
	"os"
	"path/filepath"

	"godwit/internal/install/plan"
	"godwit/internal/install/state"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
)

// look finds out what is in node_modules. A tree that npm made in a project of
// npm's is taken over as far as npm itself would trust its record of it: what fits
// stays, and what does not is replaced where it is. Packages that may be built are
// placed anew, since npm does not record whether it ran their scripts.
func (e *engine) look() state.Found {
	was := e.modules.Look()
	if was.Ours || !e.npm() || !e.Hoisted || e.Force {
		return was
	}
	g := lockfile.ReadHidden(filepath.Join(e.Root, layout.ModulesDir))
	if g == nil {
		return was
	}
	held := plan.Held{Slots: map[string]plan.Slot{}, Links: map[string]string{}, Bins: map[string]bool{}}
	for _, p := range g.Packages {
		info, err := os.Lstat(e.tasks.abs(p.Dir))
		if id := e.tasks.base(p.Key, p.Resolution); id != "" && err == nil && info.IsDir() && !p.Inside {
			held.Slots[p.Dir] = plan.Directory(id, p.Version)
		}
	}
	for _, l := range g.Links {
		if info, err := os.Lstat(e.tasks.abs(l.At)); err == nil && !info.IsDir() {
			held.Links[l.At] = l.Target
		}
	}
	e.warn("TAKEN_OVER", "%s was made by npm; what fits in it is kept", filepath.Join(e.Root, layout.ModulesDir))
	return state.Found{Held: held, Ours: true, Ended: true, Whole: true}
}
