package link

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
)

// Symlink is a link to a directory: a symbolic link with a relative path, or an
// absolute one to another root, or a junction on Windows.
type Symlink struct {
	At     string // absolute, clean, below a root
	Target string // absolute, clean; need not exist, may be outside of the roots (link:)
}

// Symlinks makes links. What is in the way, a directory too, is replaced: an
// alias that was a package of the hoisted layout may become a link.
func (l *Linker) Symlinks(ctx context.Context, links []Symlink) error {
	// Links come sorted by directory more often than not, so each worker takes
	// a run of them and opens few directories. 64 links are 0.3 ms of work.
	const run = 64
	runs := (len(links) + run - 1) / run
	return l.each(ctx, runs, func(ctx context.Context, i int) error {
		batch := links[i*run : min((i+1)*run, len(links))]
		open := map[*root]*dirs{}
		defer func() {
			for _, d := range open {
				d.close()
			}
		}()
		for j := range batch {
			r, _, err := l.within(batch[j].At)
			if err == nil {
				if open[r] == nil {
					open[r] = r.dirs()
				}
				err = l.symlink(open[r], &batch[j])
			}
			if err != nil {
				return fmt.Errorf("link %s: %w", batch[j].At, err)
			}
		}
		return nil
	})
}

// symlink makes one link, in a directory below the root of open.
func (l *Linker) symlink(open *dirs, s *Symlink) error {
	rel, err := open.root.below(s.At)
	if err != nil {
		return err
	}
	parent, base, err := open.parent(open.root.stage(rel))
	if err != nil {
		return err
	}
	target := l.route(filepath.Dir(s.At), s.Target)
	changed, err := parent.PointTo(base, target)
	if fsys.Exists(err) {
		// A directory: it vanishes at once and is removed after.
		old := fsys.TempName(base)
		if err = parent.Rename(base, parent, old); err == nil {
			changed, err = parent.PointTo(base, target)
			err = errors.Join(err, parent.RemoveAll(old))
		}
	}
	if err != nil {
		return err
	}
	if changed {
		l.counts.symlinks.Add(1)
	}
	return nil
}

// relative is the path from dir to target, both absolute and clean: what
// filepath.Rel returns at a fifth of its cost. On two volumes it is target.
func relative(dir, target string) string {
	if filepath.VolumeName(dir) != filepath.VolumeName(target) {
		return target
	}
	from, to := withSeparator(dir), withSeparator(target)
	same := 0 // length of the directories they have in common
	for i := 0; i < min(len(from), len(to)) && from[i] == to[i]; i++ {
		if os.IsPathSeparator(from[i]) {
			same = i + 1
		}
	}
	rel := strings.Repeat(".."+separator, strings.Count(from[same:], separator)) + to[same:]
	if rel == "" {
		return "."
	}
	return rel[:len(rel)-1]
}

const separator = string(filepath.Separator)

// withSeparator puts a separator behind a path, unless it is a root.
func withSeparator(path string) string {
	if os.IsPathSeparator(path[len(path)-1]) {
		return path
	}
	return path + separator
}
