package graph

import (
	"godwit/internal/npm"
)

// Placed is what is in one directory of a hoisted tree, before anything is known
// about how it is reached: a package, a project or a link to one.
type Placed struct {
	Dir  string // slash path from the lockfile's directory
	Link string // what a link leads to, the same; "" is no link

	Manifest   *npm.Manifest // nil of a link
	JSON       []byte        // its package.json, as published
	Resolved   string        // URL of its tarball; "" is not known
	Integrity  string
	Bundled    bool // it comes with the tarball of another package
	Shrinkwrap bool // its tarball has a lockfile
	Short      bool // what the short form of a packument lacks is not recorded

	Kept bool // the lockfile has it already, and as it is
}

// Alias is what the directory is called in the node_modules that it is in; one
// that is in none has its whole path.
func (p *Placed) Alias() string {
	if _, alias, found := npm.CutModules(p.Dir); found {
		return alias
	}
	return p.Dir
}
