// Package bundled tells npm's resolver which packages come in the tarball of
// another one, here and on a resolve server.
package bundled

import (
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm/integrity"
	"godwit/internal/resolve/npmtree"
)

// Look reads a tarball, which has to have the integrity, unless that is "".
func Look(tarball []byte, sri string) (*npmtree.Bundle, error) {
	if sri != "" {
		if err := integrity.Check(sri, tarball); err != nil {
			return nil, err
		}
	}
	packed, err := install.PackedBundle(tarball)
	if err != nil {
		return nil, err
	}
	out := &npmtree.Bundle{Packages: packed.Packages}
	if packed.Shrinkwrap != nil {
		out.Shrinkwrap, err = lockfile.Shrinkwrap(packed.Shrinkwrap)
	}
	return out, err
}
