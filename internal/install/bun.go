package install

import (
	"context"
	"slices"

	"godwit/internal/lockfile"
)

// BunSource is asked for what a bun.lock lacks.
type BunSource interface {
	// Choose finds the versions that bun would take.
	Choose(ctx context.Context, wants []lockfile.BunWant) ([]lockfile.BunFound, error)
	// Usual reports whether bun would not write a tarball's URL.
	Usual(tarball string) bool
}

// renewBun makes a bun.lock that fits the projects. Where they are edited it gets
// the specifiers that are recorded when all is chosen.
func (e *engine) renewBun(present *lockfile.Document) (*lockfile.Document, error) {
	path := e.lockfilePath()
	renewal := lockfile.BunRenewal{
		All: e.UpdateAll, Usual: e.Bun.Usual, Dedupe: e.Dedupe, Hoists: e.PreferHoisted,
		Choose: func(wants []lockfile.BunWant) ([]lockfile.BunFound, error) { return e.Bun.Choose(e.ctx, wants) },
	}
	if e.Update != nil {
		renewal.Update = func(dir, alias string) bool { return e.selected(dir) && e.Update(alias, true) }
		renewal.Named = func(alias string) bool { return e.Update(alias, true) }
	}
	doc, err := lockfile.RenewBun(path, present, e.projects(), renewal, e.Hoisted)
	if err == nil && e.Editor != nil {
		if err = e.Editor.Chosen(doc.Graph, e.importers); err == nil {
			doc, err = lockfile.Respecify(path, doc, e.projects(), e.Hoisted)
		}
	}
	return doc, err
}

// selected reports whether the project in a directory is one that the call is about.
func (e *engine) selected(dir string) bool {
	return slices.ContainsFunc(e.importers, func(im Importer) bool { return im.Dir == dir && !im.Unselected })
}
