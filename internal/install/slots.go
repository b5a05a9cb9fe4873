package install

import (
	"godwit/internal/install/state"
	"godwit/internal/layout"
)

// SharedSlots lists the directories of the shared slots that the node_modules of
// a project leads to, as [store.PruneOptions] asks.
func SharedSlots(root string) ([]string, error) {
	return state.SharedSlots(root, layout.ModulesDir)
}
