package lockfile

import (
	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock"
	"godwit/internal/npm"
)

// SourceError is an entry of a pnpm-lock.yaml whose files are from the wrong place.
type SourceError = pnpmlock.SourceError

// CheckSources is [pnpmlock.CheckSources], for the graph of a pnpm-lock.yaml.
func CheckSources(g *graph.Graph, canonical func(name npm.Name, version string) string) (foreign []*graph.Package, err error) {
	return pnpmlock.CheckSources(g, canonical)
}

// SameTarball reports whether two URLs of a package's tarball count as one, as with
// pnpm.
func SameTarball(a, b string, name npm.Name) bool { return pnpmlock.SameTarball(a, b, name) }
