package install

import "godwit/internal/lockfile"

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
	e.frozen = true
	if e.Lockfile.ExcludeLinks {
		e.addLinks(present.Graph)
	}
	return present, e.complete(present)
}

// renewed is the lockfile of yarn's or bun's that fits the projects, with all that
// the install needs to know of it. The present one may be nil.
func (e *engine) renewed(present *lockfile.Document) (*lockfile.Document, error) {
	renew := e.renewYarn
	if e.Choice.Other.Format == lockfile.Bun {
		renew = e.renewBun
	}
	doc, err := renew(present)
	if err == nil && e.Verify != nil {
		err = e.Verify(e.ctx, doc.Graph)
	}
	if err == nil && doc.Yarn != nil { // from tarballs, so of what is admitted only
		err = lockfile.Sum(doc, &yarnAsker{ctx: e.ctx, from: e.Yarn})
	}
	if err != nil || e.LockfileOnly {
		return doc, err
	}
	return doc, e.complete(doc)
}

// complete finds out what a lockfile does not say, and starts the downloads.
func (e *engine) complete(doc *lockfile.Document) error {
	if e.Complete != nil {
		if err := e.Complete(e.ctx, doc.Graph); err != nil {
			return err
		}
	}
	e.seed(doc.Graph)
	return nil
}

// recorded is the document that stays in node_modules: in pnpm's format, whichever
// tool's the lockfile is, so that commands that look at what is installed read one
// format only.
func (e *engine) recorded(doc *lockfile.Document) *lockfile.Document {
	if !e.foreign() && !e.npm() {
		return doc
	}
	return lockfile.New(lockfile.Pnpm, doc.Graph, e.projects(), e.Lockfile, nil)
}
