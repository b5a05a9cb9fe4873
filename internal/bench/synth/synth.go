// Package synth makes up projects of any size: packages with dependencies,
// versions and files in the proportions of real ones, and the same bytes at
// every call. What an install costs as a project grows is measured with them,
// since of real projects no two differ in size alone.
//
// Packages are numbered. The first are the project's own dependencies; each
// other one has some package before it for a parent, whichever, so that the
// tree becomes as deep as the logarithm of its size times three. Further edges
// lead to packages behind, most of them to a few that everybody uses.
package synth

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
)

// Base is what tarball URLs in documents begin with.
const Base = "https://registry.example/"

// The proportions, and in brackets those of the project alotta-modules with its
// 1,345 packages.
const (
	directShare = 12   // one package in 12 is a dependency of the project [12]
	extraEdges  = 1.1  // edges of a package beside the one from its parent, on average [1.1]
	popularity  = 3    // exponent: half of those lead to the last eighth of the packages
	peerShare   = 0.09 // packages with a peer [0.09]
	cycleShare  = 0.01 // packages that depend on their parent
	binShare    = 0.05 // packages with a command [0.05]
	scopeShare  = 0.06 // packages with a scope [0.06]
	majorEvery  = 7    // every 7th package is another version of the one before [202 of 1,345]
	frameworks  = 3    // the first packages: what peers ask for, and without dependencies
)

// World is a project and all its packages.
type World struct {
	packages []pkg
	direct   int
}

// pkg is one version of a package that gets installed.
type pkg struct {
	name   string
	major  int
	minors int   // older versions of this major, and this one
	deps   []int // numbers of packages
	peers  []int
	bin    bool
}

// Package is all that a registry has of one name.
type Package struct {
	Name     string
	Document []byte            // the full packument
	Tarballs map[string][]byte // of what gets installed, by path below Base
}

// New makes a project that installs n packages, at least 50: with fewer the
// proportions mean nothing.
func New(n int) (*World, error) {
	const least, most = 50, 1_000_000
	if n < least || n > most {
		return nil, fmt.Errorf("a project of %d packages: want %d to %d", n, least, most)
	}
	w := &World{packages: make([]pkg, n), direct: n / directShare}
	for i := range w.packages {
		r := random(i, forShape)
		p := &w.packages[i]
		p.name, p.major = name(i, r), 1
		p.minors = lognormal(r, 2.7, 1.4, 1, 1000) // median 15 [15], mean 40 [46]
		p.bin = r.Float64() < binShare
		if i > w.direct && i%majorEvery == 0 {
			p.name, p.major = w.packages[i-1].name, 2
		}
		if i >= w.direct {
			w.adopt(i, r)
		}
	}
	for i := frameworks; i < n; i++ {
		w.further(i, random(i, forEdges))
	}
	return w, nil
}

// What random numbers are for: each has its own, so that one can change without
// the others.
const (
	forShape = iota
	forEdges
	forFiles
)

func random(i int, use uint64) *rand.Rand { return rand.New(rand.NewPCG(uint64(i), use)) }

// lognormal draws a whole number whose logarithm is normally distributed.
func lognormal(r *rand.Rand, mean, deviation float64, least, most int) int {
	x := math.Exp(mean + deviation*r.NormFloat64())
	return max(least, min(most, int(x)))
}

// adopt gives package i a parent, and perhaps a peer.
func (w *World) adopt(i int, r *rand.Rand) {
	parent := frameworks + r.IntN(i-frameworks)
	for !w.depend(parent, i) {
		parent = frameworks + r.IntN(i-frameworks)
	}
	switch x := r.Float64(); {
	case x < peerShare:
		w.packages[i].peers = []int{r.IntN(frameworks)}
	case x < peerShare+cycleShare:
		w.depend(i, parent)
	}
}

// further gives package i edges to packages behind it.
func (w *World) further(i int, r *rand.Rand) {
	behind := len(w.packages) - 1 - i
	for range int(r.ExpFloat64()*extraEdges + 0.5) {
		if behind > 0 {
			w.depend(i, len(w.packages)-1-int(float64(behind)*math.Pow(r.Float64(), popularity)))
		}
	}
}

// depend makes package i depend on package to, and reports whether it can: it
// may depend on one version of a name only.
func (w *World) depend(i, to int) bool {
	p := &w.packages[i]
	if i == to || w.packages[to].name == p.name {
		return false
	}
	if slices.ContainsFunc(p.deps, func(d int) bool { return w.packages[d].name == w.packages[to].name }) {
		return false
	}
	p.deps = append(p.deps, to)
	return true
}

var words = []string{
	"array", "async", "babel", "buffer", "cache", "color", "core", "debug", "event", "fetch", "file", "glob", "hash",
	"http", "json", "lazy", "load", "map", "merge", "node", "object", "parse", "path", "plugin", "promise", "query",
	"render", "route", "schema", "shim", "stream", "string", "style", "token", "tree", "type", "util", "value", "watch",
}

// name is the name of package i; the number in it keeps names apart.
func name(i int, r *rand.Rand) string {
	base := fmt.Sprintf("%s-%s-%d", words[r.IntN(len(words))], words[r.IntN(len(words))], i)
	if r.Float64() < scopeShare {
		return "@" + words[r.IntN(len(words))] + "/" + base
	}
	return base
}

// Manifest is the project's package.json.
func (w *World) Manifest() []byte {
	deps := map[string]string{}
	for i := range w.direct {
		deps[w.packages[i].name] = w.packages[i].wanted()
	}
	return encode(map[string]any{
		"name": fmt.Sprintf("synthetic-%d", len(w.packages)), "version": "1.0.0", "private": true, "dependencies": deps,
	})
}

// Packages yields what a registry needs to have, name by name.
func (w *World) Packages() iter.Seq[Package] {
	return func(yield func(Package) bool) {
		for i := range w.packages {
			majors := []int{i}
			if w.packages[i].major > 1 {
				continue // comes with the first
			}
			if i+1 < len(w.packages) && w.packages[i+1].name == w.packages[i].name {
				majors = append(majors, i+1)
			}
			if !yield(w.publish(majors)) {
				return
			}
		}
	}
}

// wanted is the range that dependents ask for.
func (p *pkg) wanted() string { return fmt.Sprintf("^%d.0.0", p.major) }

// version is that with the given minor number.
func (p *pkg) version(minor int) string { return fmt.Sprintf("%d.%d.0", p.major, minor) }

// encode writes JSON; maps come out in the order of their keys.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("synth: " + err.Error()) // maps of strings and numbers
	}
	return b
}
