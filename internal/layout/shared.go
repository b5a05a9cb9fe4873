package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"path"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/graph"
)

// Shared is where slots are that all projects of a user have in common. Such a
// slot is named by everything that is in it, so whoever wants that name wants
// that directory:
//
//	<Dir>/@/a/1.0.0/<hash>/node_modules/a          the files of a
//	<Dir>/@/a/1.0.0/<hash>/node_modules/@s/b -> ../../../../../@s/b/2.0.0/<hash>/node_modules/@s/b
//	<Dir>/@s/b/2.0.0/<hash>/node_modules/@s/b      the files of @s/b
//
// The shape is pnpm's; the hashes are ours.
type Shared struct {
	// Dir is the absolute directory of the slots, with slashes.
	Dir string
	// ID names the files of a package by their content; "" if nothing does.
	ID func(*graph.Package) string
}

// sharedHashLen is the digits of a hash: 160 bits, so that nobody finds two
// packages with one name by trying 2^80 of them.
const sharedHashLen = 40

// path is the directory of a slot below Dir.
func (s *Shared) path(p *graph.Package, hash string) string {
	name := string(p.Name)
	if name[0] != '@' {
		name = "@/" + name
	}
	return path.Join(name, versionDir(p.Version), hash)
}

// versionDir is a version as a directory. It is there for readers, the hash
// tells versions apart; so what a lockfile should not say gets one name.
func versionDir(v string) string {
	const plain = "0123456789.-+abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	// 64 bytes are twice the longest version in use, and leave Windows some of
	// its 260 for the files.
	if v == "" || len(v) > 64 || v[0] == '.' || strings.HasSuffix(v, ".") || strings.Trim(v, plain) != "" {
		return "other"
	}
	return v
}

// slotHashes computes the hash of each package: over its name, its files, and
// the aliases and hashes of what it depends on. Packages that depend on each
// other have no order in which that works, so a strongly connected component is
// hashed as one, and its members by their place in it. Tarjan's algorithm finds
// the components, those that others depend on first.
type slotHashes struct {
	g      *graph.Graph
	reach  graph.Reach // what is installed: other dependencies get no link
	id     func(*graph.Package) string
	sums   map[graph.Key]string // "" for a package that must stay in its project
	order  map[graph.Key]int    // in which packages were met, from 1
	low    map[graph.Key]int    // the first met that is reached from here
	open   []graph.Key          // met, and their component is not complete
	frames []frame
}

// frame is a package whose dependencies are being walked. The walk has its own
// stack, since graphs of hostile lockfiles are deeper than goroutine stacks
// should grow.
type frame struct {
	key  graph.Key
	next int // the edge to look at
}

// Hashes returns a hash of each package in reach, which says everything that its
// slot has in it. id is as in [Shared]. A package that contains or leads to
// something that only its project can name, such as a directory, has "".
func Hashes(g *graph.Graph, reach graph.Reach, id func(*graph.Package) string) map[graph.Key]string {
	h := &slotHashes{
		g: g, reach: reach, id: id,
		sums: map[graph.Key]string{}, order: map[graph.Key]int{}, low: map[graph.Key]int{},
	}
	for key := range reach {
		if h.order[key] == 0 {
			h.walk(key)
		}
	}
	return h.sums
}

func (h *slotHashes) walk(from graph.Key) {
	h.meet(from)
	for len(h.frames) > 0 {
		f := &h.frames[len(h.frames)-1]
		edges := h.g.Packages[f.key].Edges
		if f.next < len(edges) {
			to := edges[f.next].Target.Key
			f.next++
			h.follow(f.key, to)
			continue
		}
		key := f.key
		h.frames = h.frames[:len(h.frames)-1]
		if len(h.frames) > 0 {
			above := h.frames[len(h.frames)-1].key
			h.low[above] = min(h.low[above], h.low[key])
		}
		if h.low[key] == h.order[key] {
			i := len(h.open) - 1
			for h.open[i] != key {
				i--
			}
			h.component(slices.Clone(h.open[i:]))
			h.open = h.open[:i]
		}
	}
}

func (h *slotHashes) meet(key graph.Key) {
	h.order[key] = len(h.order) + 1
	h.low[key] = h.order[key]
	h.open = append(h.open, key)
	h.frames = append(h.frames, frame{key: key})
}

func (h *slotHashes) follow(from, to graph.Key) {
	if _, installed := h.reach[to]; !installed {
		return
	}
	if h.order[to] == 0 {
		h.meet(to)
	} else if _, complete := h.sums[to]; !complete {
		h.low[from] = min(h.low[from], h.order[to])
	}
}

// component hashes packages that all lead to each other, or a single one.
func (h *slotHashes) component(members []graph.Key) {
	slices.Sort(members)
	place := map[graph.Key]int{}
	for i, key := range members {
		place[key] = i
	}
	// The text names the format: a slot that is made otherwise is another one.
	sum, local := sha256.New(), false
	fields(sum, "godwit slot 1")
	for _, key := range members {
		if !h.describe(sum, h.g.Packages[key], place) {
			local = true
		}
	}
	whole := sum.Sum(nil)
	for i, key := range members {
		h.sums[key] = ""
		if !local {
			own := sha256.New()
			own.Write(whole)
			fields(own, strconv.Itoa(i))
			h.sums[key] = hex.EncodeToString(own.Sum(nil))[:sharedHashLen]
		}
	}
}

// describe writes all that decides what is in the slot of p. It is false if
// that depends on the project.
func (h *slotHashes) describe(sum hash.Hash, p *graph.Package, place map[graph.Key]int) bool {
	id := h.id(p)
	shared := id != "" && p.Resolution.Kind != graph.Directory
	fields(sum, "package", string(p.Name), p.Version, id, p.Patch, strconv.FormatBool(p.HasBin))
	edges := slices.Clone(p.Edges)
	slices.SortFunc(edges, func(a, b graph.Edge) int { return strings.Compare(a.Alias, b.Alias) })
	for _, e := range edges {
		key := e.Target.Key
		if _, installed := h.reach[key]; !installed {
			shared = shared && e.Target.Link == ""
			continue
		}
		if i, inside := place[key]; inside {
			fields(sum, "inside", e.Alias, strconv.Itoa(i))
			continue
		}
		fields(sum, "edge", e.Alias, h.sums[key])
		shared = shared && h.sums[key] != ""
	}
	return shared
}

// fields writes strings so that no two lists of them read the same.
func fields(sum hash.Hash, list ...string) {
	var line []byte
	for _, s := range list {
		line = append(strconv.AppendQuote(line, s), ' ')
	}
	sum.Write(append(line, '\n'))
}
