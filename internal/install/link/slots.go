package link

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"godwit/internal/store"
)

// Slot is a directory to fill with the files of a package.
type Slot struct {
	Dir  string      // absolute, clean, below a root
	Tree *store.Tree // its files

	// Links are made before the slot appears; in the isolated layout they are
	// the dependencies beside it.
	Links []Symlink

	// Private gives the slot files of its own, which may be written to: the
	// package has build scripts, or is patched.
	Private bool

	// Replace puts the files in the place of a directory that is there.
	// Otherwise such a directory is kept if it is whole, and replaced if not. A
	// file or link in the way is replaced in either case.
	Replace bool

	// Nested are slash paths below Dir that other slots own and that outlive
	// a replacement ("node_modules/b"). Whatever else the old directory has
	// goes with it. They move one by one: after a kill in between some may be
	// missing, never half there.
	Nested []string
}

// Slots places the files of packages. A slot that another slot of the batch is
// nested in comes first only if the caller sees to that. On an error the slots
// that were not done are as they were; calling it again with the same slots is
// the repair for that and for a kill.
func (l *Linker) Slots(ctx context.Context, slots []Slot) error {
	// The largest first: a package of 5,000 files that comes last would keep
	// one worker busy while the others have nothing left.
	order := make([]int, len(slots))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(len(slots[b].Tree.Files), len(slots[a].Tree.Files))
	})
	return l.each(ctx, len(slots), func(ctx context.Context, i int) error {
		s := &slots[order[i]]
		l.enter()
		defer l.leave()
		if err := l.slot(ctx, s); err != nil {
			return fmt.Errorf("link %s: %w", s.Dir, err)
		}
		return nil
	})
}

func (l *Linker) slot(ctx context.Context, s *Slot) error {
	r, rel, err := l.within(s.Dir)
	if err != nil {
		return err
	}
	open := r.dirs()
	defer open.close()
	parent, base, err := open.slotParent(rel)
	if err != nil {
		return err
	}
	for i := range s.Links {
		if err := l.symlink(open, &s.Links[i]); err != nil {
			return err
		}
	}
	p := &placement{Linker: l, root: r, parent: parent, base: base, slot: s, method: r.common}
	if s.Private {
		p.method = r.private
	}
	return p.place(ctx)
}
