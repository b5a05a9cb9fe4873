package resolve

import (
	"sort"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// pkg is one resolved package before peers are looked at: what a name and a
// version (or a directory, a tarball) have for everyone who depends on them.
type pkg struct {
	id         graph.Key // without peer suffix; for a link "link:" and the path from the lockfile
	name       npm.Name
	version    string
	manifest   *npm.Manifest // the registry's, if it was asked; else the lockfile's
	listing    *npm.Manifest // the one whose peers it has; nil for manifest
	listedBy   *place        // of the occurrence that listing is of; nil without a lockfile
	remembered bool          // only the lockfile was asked so far
	kept       bool          // edges are those that the lockfile has
	deprecated string
	resolution graph.Resolution
	patch      string          // hash of the patch it gets, or ""
	peers      []peerDep       // sorted by name
	edges      []edge          // sorted by alias; set once, by the occurrence that owns them
	owner      *node           // the occurrence whose children edges[i].node are
	leaf       *node           // the one occurrence of a package without dependencies or peers
	cycle      int             // dependency cycle it is part of (an SCC number), 0 for none
	scanned    bool            // edges are set
	depth      int             // of claimed
	shadowed   map[string]bool // see shadowedByPeers; for owner
	settled    bool            // by an occurrence that the lockfile has, too
	broken     *Error          // a dependency that it cannot do without is not to be had
	needed     bool            // by a package that is, past optional ones that do not fit
	member     *Member         // set for a member of the workspace
	claimed    *place          // of the nearest occurrence; nil for a leaf
	first      *firstMissing   // nil until an importer has looked
}

// key is the id with the patch: what every key of the package begins with.
func (p *pkg) key() graph.Key {
	if p.patch == "" {
		return p.id
	}
	return p.id + graph.Key(graph.PatchSuffix(p.patch))
}

// linkPrefix is what the id of a directory begins with that is linked in place.
const linkPrefix = "link:"

func (p *pkg) isLink() bool {
	return p.resolution.Kind == graph.Directory && strings.HasPrefix(string(p.id), linkPrefix)
}

// declares reports whether name is a peer of p itself.
func (p *pkg) declares(name string) bool {
	i := sort.Search(len(p.peers), func(i int) bool { return p.peers[i].name >= name })
	return i < len(p.peers) && p.peers[i].name == name
}

// isLeaf reports whether every occurrence of p looks the same.
func isLeaf(m *npm.Manifest) bool {
	return len(m.Dependencies) == 0 && len(m.OptionalDependencies) == 0 &&
		len(m.PeerDependencies) == 0 && len(m.OptionalPeers) == 0
}

// edge is a dependency of a package as its owner resolved it.
type edge struct {
	alias    string
	to       *pkg
	optional bool
	node     *node // the child occurrence below the owner
}

// node is an occurrence of a package: one place in the dependency tree. Peers
// are matched per occurrence because they depend on what is above it.
type node struct {
	pkg   *pkg
	depth int  // 0 for a direct dependency, -1 for a link
	temp  bool // of one walk of the peers, not of the tree pass
}

// direct is a dependency of an importer, wanted by its manifest or added to
// provide a peer.
type direct struct {
	alias string
	node  *node
	// provided marks an occurrence inside the tree that is only visible at
	// the importer so that others can use it as a peer; its own peers are
	// matched where it is.
	provided bool
}

type peerDep struct {
	name     string
	wanted   string // as written, without "workspace:"
	raw      string // as written
	optional bool
}

// peersOf lists the peers p must find above itself. A name that is also a
// dependency is supplied by that dependency, unless peers are auto-installed:
// then the dependency gives way to the peer.
func peersOf(m *npm.Manifest, shadowed map[string]bool) []peerDep {
	own := map[string]bool{string(m.Name): true}
	for _, d := range m.Dependencies {
		own[d.Alias] = own[d.Alias] || !shadowed[d.Alias]
	}
	for _, d := range m.OptionalDependencies {
		own[d.Alias] = true
	}
	var out []peerDep
	declared := map[string]bool{}
	for _, d := range m.PeerDependencies {
		declared[d.Alias] = true
		if !own[d.Alias] {
			out = append(out, peerDep{d.Alias, withoutWorkspace(d.Specifier), d.Specifier, m.OptionalPeers[d.Alias]})
		}
	}
	// peerDependenciesMeta may name a peer that peerDependencies does not:
	// then any version will do, and none as well.
	for name, optional := range m.OptionalPeers {
		if optional && !declared[name] && !own[name] {
			out = append(out, peerDep{name, "*", "*", true})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// shadowedByPeers names the dependencies of m that its own peerDependencies
// replace: the peer is installed beside m anyway, or somebody above m has it.
func shadowedByPeers(m *npm.Manifest, autoInstall bool, inScope func(string) bool) map[string]bool {
	var out map[string]bool
	for _, d := range m.Dependencies {
		_, peer := m.PeerDependencies.Lookup(d.Alias)
		if peer && (autoInstall && !m.OptionalPeers[d.Alias] || inScope(d.Alias)) {
			if out == nil {
				out = map[string]bool{}
			}
			out[d.Alias] = true
		}
	}
	return out
}
