package install

import (
	"time"

	"godwit/internal/install/state"
	"godwit/internal/layout"
)

// Compare reports whether the tree in a project is what the last install made,
// of the same files and with settings that are right, and whole. It costs a few
// stat calls, and neither waits for installs nor begins one. The error wraps
// fs.ErrNotExist where no install of ours came to its end.
func Compare(root string, now func() time.Time, right func(settings string) bool) (same bool, err error) {
	_, same, err = state.Open(root, layout.ModulesDir, now).Compare(right)
	return same, err
}
