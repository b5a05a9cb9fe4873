package lockfile

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/lockfile/npmlock"
)

// HiddenName is the file of npm's copy of its lockfile in node_modules.
const HiddenName = npmlock.HiddenName

// WriteHidden writes the copy of its lockfile that npm keeps in the project's
// node_modules. installed says which directories of the lockfile are there. npm
// trusts the copy, and does not look at node_modules itself, while nothing there
// is newer: so it is written last.
func WriteHidden(modules string, d *Document, installed func(dir string) bool, now time.Time) error {
	file := filepath.Join(modules, HiddenName)
	err := os.MkdirAll(modules, 0o755)
	if err == nil {
		err = fsys.WriteFile(file, d.Npm.AppendHidden(nil, installed), fsys.WriteOptions{})
	}
	if err == nil {
		// The rename that put it there made the directory newer.
		err = os.Chtimes(file, now, now)
	}
	if err != nil {
		return fmt.Errorf("record what was installed: %w", err)
	}
	return nil
}
