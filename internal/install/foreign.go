package install

import (
	"godwit/internal/lockfile"
	"godwit/internal/npm"
)

// foreign reports whether the lockfile is yarn's or bun's.
func (e *engine) foreign() bool { return e.Choice.Other.Format != "" }

// join gives a lockfile of yarn's or bun's its graph.
func (e *engine) join(present *lockfile.Document) error {
	if present == nil {
		return nil
	}
	return lockfile.Join(e.lockfilePath(), present, e.projects(), e.Lockfile, e.Hoisted)
}

// joinAlone gives a lockfile its graph where nothing else looks at the projects: a
// yarn.lock means nothing without them.
func (e *engine) joinAlone(present *lockfile.Document) (err error) {
	if e.importers, err = e.Projects(); err != nil {
		return err
	}
	if err = e.join(present); err == nil && e.Complete != nil {
		err = e.Complete(e.ctx, present.Graph)
	}
	return err
}

// take installs from a lockfile as it is.
func (e *engine) take(present *lockfile.Document) (*lockfile.Document, error) {
	if e.Complete != nil {
		if err := e.Complete(e.ctx, present.Graph); err != nil {
			return nil, err
		}
	}
	e.frozen = true
	if e.Lockfile.ExcludeLinks {
		e.addLinks(present.Graph)
	}
	e.seed(present.Graph)
	return present, nil
}

// renew makes a yarn.lock that fits the projects. Where they are edited it is made
// twice: as they ask for packages, and with the specifiers that are recorded, which
// mean the versions that were chosen.
func (e *engine) renew(present *lockfile.Document) (*lockfile.Document, error) {
	direct := map[string]string{} // what the first time was chosen for an alias
	make := func(before map[string]string) (*lockfile.Document, error) {
		return lockfile.Renew(e.lockfilePath(), present, lockfile.Renewal{
			Projects: e.projects(), Settings: e.Lockfile, Update: e.Update,
			Choose: func(wants []lockfile.Want) ([]*npm.Manifest, error) {
				found, err := e.Choose(e.ctx, before, wants)
				for i, m := range found {
					if m != nil && wants[i].Direct {
						direct[wants[i].Alias] = m.Version
					}
				}
				return found, err
			},
		})
	}
	doc, err := make(nil)
	if err == nil && e.Editor != nil {
		if err = e.Editor.Chosen(doc.Graph, e.importers); err == nil {
			doc, err = make(direct)
		}
	}
	return doc, err
}

// renewed is the lockfile of yarn's or bun's that fits the projects, with all that
// the install needs to know of it.
func (e *engine) renewed(present *lockfile.Document) (*lockfile.Document, error) {
	renew := e.renew
	if e.Choice.Other.Format == lockfile.Bun {
		renew = e.renewBun
	}
	doc, err := renew(present)
	if err != nil {
		return nil, err
	}
	if e.Verify != nil {
		if err := e.Verify(e.ctx, doc.Graph); err != nil {
			return nil, err
		}
	}
	if e.LockfileOnly {
		return doc, nil
	}
	if e.Complete != nil {
		if err := e.Complete(e.ctx, doc.Graph); err != nil {
			return nil, err
		}
	}
	e.seed(doc.Graph)
	return doc, nil
}

// recorded is the document that stays in node_modules: in pnpm's format, whichever
// tool's the lockfile is, so that commands that look at what is installed read one
// format only.
func (e *engine) recorded(doc *lockfile.Document) *lockfile.Document {
	if !e.foreign() {
		return doc
	}
	return lockfile.New(lockfile.Pnpm, doc.Graph, e.projects(), e.Lockfile, nil)
}
