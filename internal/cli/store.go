package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/install"
	"godwit/internal/store"
)

// runStore is the command store: one word says what of it.
func runStore(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	if words[0] == "add" {
		return c.addAll(ctx, words[1:])
	}
	st, err := c.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	switch words[0] {
	case "path":
		_, err = fmt.Fprintln(c.Stdout, st.Dir())
	case "status", "verify":
		err = c.storeStatus(ctx, st)
	case "prune":
		err = c.storePrune(ctx, st)
	case "dedupe":
		err = c.storeDedupe(ctx, st)
	default:
		panic("cli: store " + words[0] + " is in the table of commands and nowhere else")
	}
	return err
}

// storePrune removes what no project uses, and tells how much that was.
func (c *call) storePrune(ctx context.Context, st *store.Store) error {
	p, err := st.Prune(ctx, store.PruneOptions{
		SlotsOf: install.SharedSlots,
		Waiting: func() { fmt.Fprintf(c.Stderr, "installs are at work in %s; waiting for them\n", st.Dir()) },
	})
	if err == nil || p != (store.Pruned{}) {
		tellPruned(c.Stdout, p)
	}
	if err != nil {
		return err
	}
	n, err := c.pruneDlx()
	if n > 0 {
		fmt.Fprintf(c.Stdout, "Removed %s that dlx will not use again\n", ui.Count(n, "install"))
	}
	if err != nil {
		return err
	}
	if n, err = c.globals().prune(); n > 0 {
		fmt.Fprintf(c.Stdout, "Removed %s that killed calls left among the global packages\n", ui.Count(n, "thing"))
	}
	return err
}

func tellPruned(w io.Writer, p store.Pruned) {
	if p == (store.Pruned{}) {
		fmt.Fprintln(w, "Nothing to remove: all that is in the store is in use")
		return
	}
	if p.Trees+p.Slots > 0 {
		fmt.Fprintf(w, "Removed %s and %s that no project uses or that were damaged\n", ui.Count(p.Trees, "package"), ui.Count(p.Slots, "shared slot"))
	}
	if p.Litter > 0 {
		fmt.Fprintf(w, "Removed %s that killed installs left\n", ui.Count(p.Litter, "thing"))
	}
	if p.Forgotten > 0 {
		fmt.Fprintf(w, "Forgot %s that use no shared slots any more\n", ui.Count(p.Forgotten, "project"))
	}
	fmt.Fprintf(w, "Freed %.1f MB\n", float64(p.Bytes)/1e6)
}

// storeDedupe makes equal files one, and tells how much that gave.
func (c *call) storeDedupe(ctx context.Context, st *store.Store) error {
	d, err := st.Dedupe(ctx, c.waitForPrune(st))
	if err != nil && d == (store.Deduped{}) {
		return err
	}
	if d.Files == 0 {
		fmt.Fprintln(c.Stdout, "Nothing to do: no two files in the store are equal")
		return err
	}
	fmt.Fprintf(c.Stdout, "Made %s one with an equal one\nFreed %.1f MB\n", ui.Count(d.Files, "file"), float64(d.Bytes)/1e6)
	if d.Held > 0 {
		fmt.Fprintf(c.Stdout, "%.1f MB more are free once the projects that have them are installed anew\n", float64(d.Held)/1e6)
	}
	return err
}

// waitForPrune says that a pruning has to end first.
func (c *call) waitForPrune(st *store.Store) func() {
	return func() { fmt.Fprintf(c.Stderr, "%s is being pruned; waiting for that\n", st.Dir()) }
}

// storeStatus compares every package of the store with what was extracted.
func (c *call) storeStatus(ctx context.Context, st *store.Store) error {
	whole, err := c.verifyStore(ctx, st)
	if err == nil {
		fmt.Fprintf(c.Stdout, "%s in %s, all as they were extracted\n", ui.Count(whole, "package"), st.Dir())
	}
	return err
}

// verifyStore counts the packages of the store, and fails if one is not as it was
// extracted.
func (c *call) verifyStore(ctx context.Context, st *store.Store) (whole int, err error) {
	lock, err := st.Use(ctx, c.waitForPrune(st))
	if err != nil {
		return 0, err
	}
	if lock != nil {
		defer lock.Unlock()
	}
	ids, err := st.List()
	if err != nil {
		return 0, err
	}
	modified := &modifiedError{dir: st.Dir()}
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return 0, context.Cause(ctx)
		}
		switch err := st.Verify(id); {
		case err == nil:
			whole++
		case errors.Is(err, store.ErrAbsent): // its slot was removed: no harm
		default:
			modified.damage = append(modified.damage, err)
		}
	}
	if len(modified.damage) > 0 {
		return 0, modified
	}
	return whole, nil
}

// modifiedError is what is wrong with packages of the store.
type modifiedError struct {
	dir    string
	damage []error
}

func (e *modifiedError) Error() string {
	const most = 20 // as many as one reads
	lines := make([]string, 0, most+1)
	for i, err := range e.damage {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %d more", len(e.damage)-most))
			break
		}
		lines = append(lines, err.Error())
	}
	return fmt.Sprintf("%s in %s not as extracted:\n  %s", ui.Count(len(e.damage), "package"), e.dir, strings.Join(lines, "\n  "))
}

// Code is pnpm's code for this error.
func (e *modifiedError) Code() string { return "ERR_PNPM_MODIFIED_DEPENDENCY" }

// Hint is what the user can do.
func (e *modifiedError) Hint() string {
	return "run godwit store prune, which removes them, then godwit install --force in the projects that use them"
}
