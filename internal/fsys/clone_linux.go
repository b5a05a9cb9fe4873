package fsys

import "errors"

// CloneFirst is false where a hard link is cheaper than a clone and both may
// work: 0.48 s against 0.85 s for 39,000 files on btrfs (pnpm's measurement).
const CloneFirst = false

// CloneTree is for systems that clone a directory in one call.
func (d *Dir) CloneTree(rel string, from *Dir, fromRel string) error {
	return linkError("clone", from, fromRel, d, rel, errors.ErrUnsupported)
}
