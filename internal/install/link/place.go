package link

import (
	"context"
	"errors"
	"path"
	"strings"

	"godwit/internal/fsys"
)

// placement is a slot on its way into parent.
type placement struct {
	*Linker
	root    *root
	parent  *fsys.Dir
	base    string
	slot    *Slot
	method  *method
	replace bool // a directory that is not the slot is in its place
}

// manifest is the file that is placed last where a slot is filled in place.
const manifest = "package.json"

func (p *placement) place(ctx context.Context) error {
	if p.inPlace() {
		err := p.parent.Mkdir(p.base)
		if err == nil {
			return p.fillInPlace(ctx)
		}
		if !fsys.Exists(err) {
			return err
		}
	}
	there, err := p.there()
	if there {
		p.counts.kept.Add(1)
	}
	if there || err != nil {
		return err
	}
	return p.viaStage(ctx)
}

// inPlace reports whether the slot can be filled where it is: nobody else makes
// it, and its last file tells when it is whole.
func (p *placement) inPlace() bool {
	return !p.root.shared && p.slot.Tree.Find(manifest) >= 0 && !p.clonesTree()
}

// clonesTree reports whether the system may clone all files in one call: not out
// of a shared slot, which has more in it than the tree.
func (p *placement) clonesTree() bool {
	return fsys.CloneFirst && p.method.now() == byClone && !p.slot.Tree.InSlot()
}

func (p *placement) fillInPlace(ctx context.Context) error {
	if err := p.fill(ctx, p.base); err != nil {
		return errors.Join(err, p.parent.RemoveAll(p.base))
	}
	p.counts.slots.Add(1)
	return nil
}

// there reports whether the slot is there, and removes a file or link in its
// place.
func (p *placement) there() (bool, error) {
	info, err := p.parent.Lstat(p.base)
	if err != nil {
		return false, ignoreAbsent(err)
	}
	if !info.IsDir() {
		return false, p.parent.Remove(p.base)
	}
	p.replace = p.slot.Replace
	if !p.replace && p.slot.Tree.Find(manifest) >= 0 {
		// Without it a kill came in between, or the directory was made for the
		// sake of a slot nested in it.
		_, err := p.parent.Lstat(p.base + "/" + manifest)
		p.replace = err != nil
	}
	return !p.replace, nil
}

// viaStage fills a staging directory and renames it.
func (p *placement) viaStage(ctx context.Context) error {
	stage, err := p.makeStage()
	if err != nil {
		return err
	}
	err = p.fill(ctx, stage)
	if err == nil {
		err = p.reveal(stage)
	}
	if err != nil {
		return errors.Join(err, p.parent.RemoveAll(stage))
	}
	return nil
}

// stagingName is the directory beside a slot in which it is made. It starts
// with a dot, so that nothing takes it for a package.
func stagingName(base string) string { return "." + base + ".godwit" }

// IsStaging reports whether a name in a node_modules directory is litter: what
// a killed process was making or removing there.
func IsStaging(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".godwit") || fsys.IsTempName(name)
}

// makeStage makes a staging directory. Below a root of our own its name is
// always the same, and what is there was left by a kill.
func (p *placement) makeStage() (string, error) {
	if p.root.shared {
		stage := fsys.TempName(p.base)
		return stage, p.parent.Mkdir(stage)
	}
	stage := stagingName(p.base)
	err := p.parent.Mkdir(stage)
	if fsys.Exists(err) {
		if err := p.parent.RemoveAll(stage); err != nil {
			return "", err
		}
		err = p.parent.Mkdir(stage)
	}
	return stage, err
}

// fill places all files in the empty directory name of the parent, package.json
// last.
func (p *placement) fill(ctx context.Context, name string) error {
	tree := p.slot.Tree
	from, err := tree.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	if p.clonesTree() {
		if done, err := p.cloneTree(name, from); done || err != nil {
			return err
		}
	}
	to, err := p.parent.Open(name)
	if err != nil {
		return err
	}
	defer to.Close()
	if err := to.MkdirAll(tree.Dirs); err != nil {
		return err
	}
	last := tree.Find(manifest)
	for i := range tree.Files {
		if i == last {
			continue
		}
		// A look at the context is 5 ns, a link 3 µs or more.
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := p.file(p.method, to, from, &tree.Files[i]); err != nil {
			return err
		}
	}
	if last < 0 {
		return nil
	}
	return p.file(p.method, to, from, &tree.Files[last])
}

// cloneTree clones all files in one call in place of the empty directory name,
// or reports that it cannot be done.
func (p *placement) cloneTree(name string, from *fsys.Dir) (done bool, err error) {
	if err := p.parent.Remove(name); err != nil {
		return false, err
	}
	err = p.parent.CloneTree(name, from, ".")
	if err == nil {
		p.counts.files[byClone].Add(int64(len(p.slot.Tree.Files)))
		return true, nil
	}
	if !fsys.Unsupported(err) {
		return false, err
	}
	return false, p.parent.Mkdir(name) // file by file: the first will tell what can be done
}

// reveal makes the staging directory the slot.
func (p *placement) reveal(stage string) error {
	err := p.parent.Rename(stage, p.parent, p.base)
	if fsys.Exists(err) {
		if !p.replace {
			// Somebody else was faster, and theirs is as good.
			p.counts.kept.Add(1)
			return p.parent.RemoveAll(stage)
		}
		err = p.supplant(stage)
	}
	if err == nil {
		p.counts.slots.Add(1)
	}
	return err
}

// supplant puts the staging directory in the place of another directory.
func (p *placement) supplant(stage string) error {
	if err := p.moveNested(stage); err != nil {
		return err
	}
	old := fsys.TempName(p.base)
	if err := p.parent.Rename(p.base, p.parent, old); err != nil {
		return err
	}
	if err := p.parent.Rename(stage, p.parent, p.base); err != nil {
		return errors.Join(err, p.parent.Rename(old, p.parent, p.base))
	}
	return p.parent.RemoveAll(old)
}

// moveNested moves what other slots own from the old directory to the new one.
func (p *placement) moveNested(stage string) error {
	for _, rel := range p.slot.Nested {
		if err := fsys.CheckPath(rel); err != nil {
			return err
		}
		dir, name := path.Split(rel)
		from, err := p.parent.Open(path.Join(p.base, dir))
		if err != nil {
			continue // the slot is not there, so its own task will make it
		}
		to, err := p.parent.OpenAll(path.Join(stage, dir))
		if err == nil {
			err = moveOver(from, to, name)
			to.Close()
		}
		from.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// moveOver moves name, if it is there, in place of what the tarball brought.
func moveOver(from, to *fsys.Dir, name string) error {
	if _, err := from.Lstat(name); err != nil {
		return nil
	}
	if err := to.RemoveAll(name); err != nil {
		return err
	}
	return from.Rename(name, to, name)
}
