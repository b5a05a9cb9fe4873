//go:build !linux && !darwin

package fsys

import "errors"

// CloneFirst is true as pnpm has it outside Linux, though no clone is written
// for this system yet: the first attempt moves on to hard links.
const CloneFirst = true

// CloneTree is for systems that clone a directory in one call.
func (d *Dir) CloneTree(rel string, from *Dir, fromRel string) error {
	return linkError("clone", from, fromRel, d, rel, errors.ErrUnsupported)
}

func clone(from, to string) error { return errors.ErrUnsupported }
