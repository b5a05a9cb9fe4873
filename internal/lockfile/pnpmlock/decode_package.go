package pnpmlock

import (
	"cmp"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock/yamltree"
)

// packages reads the section of that name, which has what does not depend on
// peers.
func (d *decoder) packages(n *yamltree.Node) error {
	items, err := entries(n)
	if err != nil {
		return err
	}
	d.bases = make(map[graph.Key]*graph.Package, len(items))
	slab := make([]graph.Package, len(items))
	for i, it := range items {
		p := &slab[i]
		err := d.base(p, it)
		if err != nil && d.tolerant {
			continue
		}
		if err != nil {
			return err
		}
		d.bases[p.Key] = p
	}
	return nil
}

func (d *decoder) base(p *graph.Package, it yamltree.Item) error {
	id := graph.Key(it.Key)
	name, why := checkKey(id)
	if why == "" && id.Suffix() != "" {
		why = "the section \"packages\" has no peer suffixes"
	}
	if why != "" {
		return it.Value.Errorf("package key %.200q: %s", it.Key, why)
	}
	p.Key, p.Name = id, name
	return d.describe(p, it.Value)
}

// describe reads one entry of the section packages into p.
func (d *decoder) describe(p *graph.Package, n *yamltree.Node) error {
	items, err := entries(n)
	if err != nil {
		return err
	}
	for _, it := range items {
		if err := d.field(p, it); err != nil {
			return err
		}
	}
	_, ref := p.Key.Split()
	res := n.At("resolution")
	switch {
	case res == nil:
		return n.Errorf("package %s has no resolution", p.Key)
	case p.Resolution.Kind == graph.Registry && !isVersionRef(ref):
		return res.Errorf("package %s is not of a registry, and its resolution says nothing else", p.Key)
	case p.Version != "" && !recordsVersion(p):
		d.keep(p.Key, yamltree.Item{Key: "version", Value: n.At("version")})
	case p.Version == "" && p.Resolution.Kind == graph.Registry:
		_, p.Version = cutRegistry(ref)
	}
	return nil
}

// cutRegistry splits "work:1.0.0".
func cutRegistry(ref string) (registry, version string) {
	if registry, version, ok := strings.Cut(ref, ":"); ok {
		return registry, version
	}
	return "", ref
}

// recordsVersion reports whether pnpm writes the version of p: where the key
// does not tell it, and not for directories, whose version changes under way.
func recordsVersion(p *graph.Package) bool {
	_, ref := p.Key.ID().Split()
	if p.Resolution.Kind == graph.Registry {
		// pnpm 12.21 looks for the prefix of a registry in the peers, too.
		return !strings.Contains(ref, ":") && hasPrefixedPeer(p.Key, 0)
	}
	return strings.Contains(ref, ":") && p.Resolution.Kind != graph.Directory
}

// maxNested bounds how deep suffixes are looked into, which a hostile lockfile nests.
const maxNested = 100

// hasPrefixedPeer reports whether a package of a registry with a prefix is among the
// peers of a key, or theirs.
func hasPrefixedPeer(key graph.Key, depth int) bool {
	return depth < maxNested && strings.Contains(key.Suffix(), ":") && slices.ContainsFunc(key.Peers(), func(peer graph.Key) bool {
		return peer.ID().Registry() != "" || hasPrefixedPeer(peer, depth+1)
	})
}

func (d *decoder) keep(id graph.Key, it yamltree.Item) {
	put(&d.doc.packages, id, append(d.doc.packages[id], it))
}

func (d *decoder) field(p *graph.Package, it yamltree.Item) (err error) {
	switch n := it.Value; it.Key {
	case "resolution":
		if p.Resolution, err = decodeResolution(p.Key, n); p.Resolution.Kind == graph.Custom {
			d.keep(p.Key, it)
		}
	case "version":
		p.Version, err = text(n)
	case "engines":
		p.Engines, err = decodeDeps(n)
	case "os":
		p.OS, err = decodeList(n)
	case "cpu":
		p.CPU, err = decodeList(n)
	case "libc":
		p.LibcText = n.Kind == yamltree.Scalar
		p.Libc, err = decodeList(n)
	case "deprecated":
		p.Deprecated, err = text(n)
	case "hasBin":
		p.HasBin, err = boolean(n)
	case "bundledDependencies":
		if n.Kind == yamltree.Scalar {
			p.Bundled.All, err = boolean(n)
		} else {
			p.Bundled.Names, err = decodeList(n)
		}
	case "peerDependencies":
		p.Peers, err = decodeDeps(n)
	case "peerDependenciesMeta":
		p.OptionalPeers, err = decodePeersMeta(n)
	default:
		d.keep(p.Key, it)
	}
	return err
}

func decodePeersMeta(n *yamltree.Node) (map[string]bool, error) {
	items, err := entries(n)
	if err != nil {
		return nil, err
	}
	m := make(map[string]bool, len(items))
	for _, it := range items {
		optional := it.Value.At("optional")
		if optional == nil {
			m[it.Key] = false
			continue
		}
		if m[it.Key], err = boolean(optional); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// snapshots reads the section of that name: first all keys, then the edges.
func (d *decoder) snapshots(n *yamltree.Node) error {
	items, err := entries(n)
	if err != nil {
		return err
	}
	packages := make(map[graph.Key]*graph.Package, len(items))
	d.doc.Graph.Packages = packages
	list := make([]*graph.Package, len(items))
	for i, it := range items {
		p, err := d.instance(it)
		if err != nil && d.tolerant {
			continue
		}
		if err != nil {
			return err
		}
		list[i], packages[p.Key] = p, p
	}
	for i, it := range items {
		if list[i] == nil { // left out
			continue
		}
		if err := d.wire(list[i], it.Value); err != nil {
			return err
		}
	}
	return nil
}

// instance is the package of a snapshot, without edges: the base itself for
// the key that is its ID, a copy for every peer variant.
func (d *decoder) instance(it yamltree.Item) (*graph.Package, error) {
	key := graph.Key(it.Key)
	if base := d.bases[key]; base != nil {
		return base, nil
	}
	if _, why := checkKey(key); why != "" {
		return nil, it.Value.Errorf("snapshot key %.200q: %s", it.Key, why)
	}
	base := d.bases[key.ID()]
	if base == nil {
		var err error
		if base, err = directoryOf(key, it.Value); err != nil {
			return nil, err
		}
	}
	p := *base
	p.Key, p.Patch = key, key.Patch()
	return &p, nil
}

// directoryOf stands in for a base that a pruned lockfile lost (turbo prune):
// the key of a local directory says where it is.
func directoryOf(key graph.Key, n *yamltree.Node) (*graph.Package, error) {
	id := key.ID()
	name, ref := id.Split()
	dir, ok := strings.CutPrefix(ref, "file:")
	if !ok || isLocalTarball(dir) {
		return nil, &missingError{n.Errorf("snapshot %s has no entry %s in the section \"packages\"", key, id)}
	}
	return &graph.Package{Key: id, Name: name, Resolution: graph.Resolution{Kind: graph.Directory, Directory: dir}}, nil
}

// isLocalTarball goes by the file name, as pnpm does.
func isLocalTarball(path string) bool {
	return strings.HasSuffix(path, ".tgz") || strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tar")
}

// wire reads what a snapshot says into p.
func (d *decoder) wire(p *graph.Package, n *yamltree.Node) error {
	items, err := entries(n)
	if err != nil {
		return err
	}
	for _, it := range items {
		switch it.Key {
		case "dependencies":
			p.Edges, err = d.edges(p.Edges, it.Value, false)
		case "optionalDependencies":
			p.Edges, err = d.edges(p.Edges, it.Value, true)
		case "transitivePeerDependencies":
			p.TransitivePeers, err = decodeList(it.Value)
		case "optional":
			p.Optional, err = boolean(it.Value)
		default:
			put(&d.doc.snapshots, p.Key, append(d.doc.snapshots[p.Key], it))
		}
		if err != nil {
			return err
		}
	}
	p.Edges = sortEdges(p.Edges)
	return nil
}

func (d *decoder) edges(edges []graph.Edge, n *yamltree.Node, optional bool) ([]graph.Edge, error) {
	items, err := entries(n)
	if err != nil {
		return nil, err
	}
	edges = slices.Grow(edges, len(items))
	for _, it := range items {
		target, err := d.target(it.Key, it.Value)
		if err != nil && d.tolerant {
			continue
		}
		if err != nil {
			return nil, err
		}
		edges = append(edges, graph.Edge{Alias: it.Key, Target: target, Optional: optional})
	}
	return edges, nil
}

// sortEdges sorts by alias. Of an alias that is in both maps the optional edge
// stays, as npm's rule for package.json is.
func sortEdges(edges []graph.Edge) []graph.Edge {
	compare := func(a, b graph.Edge) int {
		switch c := cmp.Compare(a.Alias, b.Alias); {
		case c != 0 || a.Optional == b.Optional:
			return c
		case a.Optional:
			return -1
		}
		return 1
	}
	if !slices.IsSortedFunc(edges, compare) {
		slices.SortFunc(edges, compare)
	}
	return slices.CompactFunc(edges, func(a, b graph.Edge) bool { return a.Alias == b.Alias })
}
