package install

import (
	"cmp"
	"time"

	"godwit/internal/install/state"
	"godwit/internal/layout"
)

// Tree is what installs made of a project.
type Tree struct {
	Root    string    // as that of a [Request]
	Modules string    // as that of its Layout
	Outside []Outside // as that of a [Request]
}

func (t *Tree) place() state.Place {
	p := state.Place{Base: t.Root, Modules: cmp.Or(t.Modules, layout.ModulesDir)}
	for _, o := range t.Outside {
		p.Outside = append(p.Outside, o.Dir)
	}
	return p
}

// Compare reports whether the tree is what the last install made, of the same files
// and with settings that are right, and whole. It costs a few
// stat calls, and neither waits for installs nor begins one. The error wraps
// fs.ErrNotExist where no install of ours came to its end.
func (t *Tree) Compare(now func() time.Time, right func(settings string) bool) (same bool, err error) {
	_, same, err = state.Open(t.place(), now).Compare(right)
	return same, err
}

// AwaitingApproval lists packages of a project whose install scripts did not run since
// nobody decided about them. The error wraps fs.ErrNotExist if nothing is
// installed.
func (t *Tree) AwaitingApproval() ([]string, error) { return state.Ignored(t.place()) }

// SharedSlots lists the directories of the shared slots that the node_modules of
// a project leads to, as [store.PruneOptions] asks.
func SharedSlots(root string) ([]string, error) {
	return state.SharedSlots(root, layout.ModulesDir)
}
