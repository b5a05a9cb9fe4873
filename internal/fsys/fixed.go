package fsys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LostAndFound is in the root of every ext file system, and root's.
const LostAndFound = "lost+found"

// Mounts is what was mounted where this process sees it when ReadMounts was called.
type Mounts struct{ table mountTable }

// ReadMounts reads it; to ask about a thousand directories takes one look.
func ReadMounts() Mounts { return Mounts{readMounts()} }

// Fixed reports whether the directory dir has to stay where it is, as a volume of
// a container does: something is mounted there or below it, or the directory above
// cannot be written to.
func (m Mounts) Fixed(dir string) bool {
	return m.table.mounted(dir) || !writable(filepath.Dir(dir))
}

// MoveEntries moves what is in the directory from to the directory to, which is
// made if it is not there; it may be in from, and stays there. What somebody
// mounted in from stays, too.
func MoveEntries(from, to string) error {
	if err := os.Mkdir(to, dirMode); err != nil && !Exists(err) {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		at := filepath.Join(from, e.Name())
		if at == to || e.Name() == LostAndFound {
			continue
		}
		err := rename(at, filepath.Join(to, e.Name()))
		if err != nil && !busy(err) && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("empty %s: %w", from, err)
		}
	}
	return nil
}
