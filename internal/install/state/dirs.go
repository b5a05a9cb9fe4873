package state

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"godwit/internal/install/plan"
)

// Dir is a directory of which the tree owns entries. Its modification time
// changes when an entry comes, goes or is replaced, so a dozen of them tell in a
// dozen calls what 2,500 slots and links would tell in 2,500.
type Dir struct {
	Path  string // relative to the lockfile's directory
	MTime int64  // Unix nanoseconds
}

// dirsOf lists the directories that slots, links and commands are entries of.
func (m *Modules) dirsOf(held plan.Held) []Dir {
	paths := map[string]bool{}
	for dir, slot := range held.Slots {
		above := path.Dir(slot.Root(dir))
		if slot.Shared {
			above = path.Dir(dir) // no two of them are entries of one directory
		}
		paths[above] = true
	}
	for at := range held.Links {
		paths[path.Dir(at)] = true
	}
	for dir := range held.Bins {
		paths[path.Dir(dir)] = true
	}
	var out []Dir
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		if info, err := os.Stat(absolute(m.Base, p)); err == nil {
			out = append(out, Dir{p, info.ModTime().UnixNano()})
		}
	}
	return out
}

const (
	// tick is how long two changes may share a modification time: Linux stamps
	// with the time of its timer, every 10 ms at the slowest.
	tick = 20 * time.Millisecond
	// coarseTick is that of file systems that count in seconds: FAT counts in
	// two.
	coarseTick = 2 * time.Second
)

// undisturbed reports whether every directory has the time it was recorded with,
// and that time was long past by then: a change right after it was recorded
// might otherwise not show.
func (m *Modules) undisturbed(in *Inputs) bool {
	for _, d := range in.Dirs {
		info, err := os.Stat(absolute(m.Base, d.Path))
		if err != nil || info.ModTime().UnixNano() != d.MTime {
			return false
		}
		wait := tick
		if d.MTime%int64(time.Second) == 0 {
			wait = coarseTick
		}
		if in.Seen-d.MTime < int64(wait) {
			return false
		}
	}
	info, err := os.Stat(filepath.Join(m.dir, treeName))
	return err == nil && info.Size() == in.Tree && len(in.Dirs) > 0
}
