package install

import (
	"context"

	"godwit/internal/lockfile"
)

// YarnSource is asked for what a yarn.lock lacks; see [lockfile.YarnSource].
type YarnSource interface {
	// Choose finds the versions that yarn would take; chosen are those of direct
	// dependencies, by alias, that shall stay where they will do.
	Choose(ctx context.Context, chosen map[string]string, wants []lockfile.Want) ([]lockfile.Found, error)
	Patch(ctx context.Context, name string) (string, error)
	Open(ctx context.Context, tarballs []lockfile.Tarball, each func(i int, tgz []byte) error) error
}

// yarnAsker asks in one install.
type yarnAsker struct {
	ctx  context.Context
	from YarnSource
	// chosen are the versions that were found for direct dependencies before, and
	// direct those that are found now.
	chosen, direct map[string]string
}

// Choose implements lockfile.YarnSource.
func (a *yarnAsker) Choose(wants []lockfile.Want) ([]lockfile.Found, error) {
	found, err := a.from.Choose(a.ctx, a.chosen, wants)
	for i, f := range found {
		if f.Manifest != nil && wants[i].Direct {
			a.direct[wants[i].Alias] = f.Version
		}
	}
	return found, err
}

// Patch implements lockfile.YarnSource.
func (a *yarnAsker) Patch(name string) (string, error) { return a.from.Patch(a.ctx, name) }

// Open implements lockfile.YarnSource.
func (a *yarnAsker) Open(tarballs []lockfile.Tarball, each func(int, []byte) error) error {
	return a.from.Open(a.ctx, tarballs, each)
}

// renewYarn makes a yarn.lock that fits the projects, but for checksums. Where they
// are edited it is made twice: as they ask for packages, and with the specifiers
// that are recorded, which mean the versions that were chosen.
func (e *engine) renewYarn(present *lockfile.Document) (*lockfile.Document, error) {
	asker := &yarnAsker{ctx: e.ctx, from: e.Yarn, direct: map[string]string{}}
	make := func() (*lockfile.Document, error) {
		return lockfile.Renew(e.lockfilePath(), present, lockfile.Renewal{
			Projects: e.projects(), Settings: e.Lockfile, Update: e.Update, Source: asker,
		})
	}
	doc, err := make()
	if err == nil && e.Editor != nil {
		if err = e.Editor.Chosen(doc.Graph, e.importers); err == nil {
			asker.chosen = asker.direct
			doc, err = make()
		}
	}
	return doc, err
}
