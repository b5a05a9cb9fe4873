package fsys

import "golang.org/x/sys/unix"

// CloneFirst is true: APFS serialises metadata operations of a volume, and
// clones a whole directory in one of them.
const CloneFirst = true

// CloneTree makes rel a copy of the directory fromRel of from that shares its
// blocks.
func (d *Dir) CloneTree(rel string, from *Dir, fromRel string) error {
	if err := clone(from.abs(fromRel), d.abs(rel)); err != nil {
		return linkError("clone", from, fromRel, d, rel, err)
	}
	return nil
}

func clone(from, to string) error { return unix.Clonefile(from, to, unix.CLONE_NOFOLLOW) }
