package install

import (
	"godwit/internal/install/state"
	"godwit/internal/layout"
)

// AwaitingApproval lists packages of a project whose install scripts did not run since
// nobody decided about them. The error wraps fs.ErrNotExist if nothing is
// installed.
func AwaitingApproval(root string) ([]string, error) { return state.Ignored(root, layout.ModulesDir) }

// SharedSlots lists the directories of the shared slots that the node_modules of
// a project leads to, as [store.PruneOptions] asks.
func SharedSlots(root string) ([]string, error) {
	return state.SharedSlots(root, layout.ModulesDir)
}
