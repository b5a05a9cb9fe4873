package pnpmlock

import (
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock/yamltree"
)

// packages writes the section that has one entry for all the peer variants of
// a package. The keys are sorted, and variants of one package follow each
// other except where a suffix sorts past another version, hence the set.
func (e *encoder) packages(keys []graph.Key) *yamltree.Node {
	n := newMap(len(keys))
	seen := make(map[graph.Key]bool, len(keys))
	for _, k := range keys {
		if id := k.ID(); !seen[id] {
			seen[id] = true
			n.Put(string(id), e.describe(id, e.doc.Graph.Packages[k]))
		}
	}
	return n
}

func (e *encoder) describe(id graph.Key, p *graph.Package) *yamltree.Node {
	n := newMap(8)
	if p.Resolution.Kind != graph.Custom { // which is among what was kept
		n.Put("resolution", e.resolution(p))
	}
	if kept := e.doc.packages[id]; recordsVersion(p) && !slices.ContainsFunc(kept, func(it yamltree.Item) bool { return it.Key == "version" }) {
		putText(n, "version", p.Version)
	}
	putMap(n, "engines", encodeDeps(p.Engines))
	putList(n, "cpu", p.CPU)
	putList(n, "os", p.OS)
	if p.LibcText && len(p.Libc) == 1 {
		putText(n, "libc", p.Libc[0])
	} else {
		putList(n, "libc", p.Libc)
	}
	putText(n, "deprecated", p.Deprecated)
	if _, ref := id.Split(); p.HasBin || p.Resolution.Kind == graph.Directory && strings.HasPrefix(ref, absolutePath) {
		n.Put("hasBin", yamltree.Bool(p.HasBin))
	}
	if p.Bundled.All {
		n.Put("bundledDependencies", yamltree.Bool(true))
	}
	putList(n, "bundledDependencies", p.Bundled.Names)
	putMap(n, "peerDependencies", encodeDeps(p.Peers))
	meta := newMap(len(p.OptionalPeers))
	for name, optional := range p.OptionalPeers {
		v := newMap(1)
		v.Put("optional", yamltree.Bool(optional))
		meta.Put(name, v)
	}
	putMap(n, "peerDependenciesMeta", meta)
	n.Items = append(n.Items, e.doc.packages[id]...)
	return n
}

func putList(n *yamltree.Node, key string, list []string) {
	if len(list) > 0 {
		n.Put(key, yamltree.List(list))
	}
}

func (e *encoder) snapshots(keys []graph.Key) *yamltree.Node {
	n := newMap(len(keys))
	for _, k := range keys {
		p := e.doc.Graph.Packages[k]
		v := newMap(2)
		deps, optional := newMap(len(p.Edges)), newMap(0)
		for _, edge := range p.Edges {
			m := deps
			if edge.Optional {
				m = optional
			}
			m.Put(edge.Alias, yamltree.Str(refOf(edge.Alias, edge.Target)))
		}
		putMap(v, "dependencies", deps)
		putMap(v, "optionalDependencies", optional)
		putList(v, "transitivePeerDependencies", p.TransitivePeers)
		if p.Optional {
			v.Put("optional", yamltree.Bool(true))
		}
		v.Items = append(v.Items, e.doc.snapshots[k]...)
		n.Put(string(k), v)
	}
	return n
}

// resolution of a package. The URL of a registry's tarball is left out where
// it can be told from name and version (pnpm's to_lockfile_form); without an
// integrity it stays, since then nothing else identifies the bytes.
func (e *encoder) resolution(p *graph.Package) *yamltree.Node {
	res := p.Resolution
	if res.Kind == graph.Registry && e.opts.TarballURL != nil {
		version := p.Version
		if _, ref := p.Key.ID().Split(); strings.Contains(ref, ":") && isVersionRef(ref) {
			version = ref // of a registry with a prefix
		}
		canonical := e.opts.TarballURL(p.Name, version)
		switch {
		case res.Tarball == "" && e.opts.IncludeTarballURL:
			res.Tarball = canonical
		case res.Integrity != "" && !res.GitHosted && !e.opts.IncludeTarballURL && SameTarball(res.Tarball, canonical, p.Name):
			res.Tarball = ""
		}
	}
	return encodeResolution(res)
}

func encodeResolution(res graph.Resolution) *yamltree.Node {
	n := newMap(3)
	switch res.Kind {
	case graph.Directory:
		n.Put("directory", yamltree.Str(res.Directory))
		n.Put("type", yamltree.Str("directory"))
	case graph.Git:
		n.Put("commit", yamltree.Str(res.Commit))
		putText(n, "path", res.Path)
		n.Put("repo", yamltree.Str(res.Repo))
		n.Put("type", yamltree.Str("git"))
	case graph.Binary:
		n.Put("archive", yamltree.Str(res.Exec.Archive))
		n.Put("bin", encodeBin(res.Exec.Bin))
		n.Put("integrity", yamltree.Str(res.Integrity))
		putText(n, "prefix", res.Exec.Prefix)
		n.Put("type", yamltree.Str("binary"))
		n.Put("url", yamltree.Str(res.Tarball))
	case graph.Variations:
		n.Put("type", yamltree.Str("variations"))
		n.Put("variants", encodeVariants(res.Variants))
	default:
		if res.GitHosted {
			n.Put("gitHosted", yamltree.Bool(true))
		}
		putText(n, "integrity", res.Integrity)
		putText(n, "path", res.Path)
		putText(n, "tarball", res.Tarball)
	}
	return n
}

func encodeBin(bin map[string]string) *yamltree.Node {
	if path, ok := bin[""]; ok && len(bin) == 1 {
		return yamltree.Str(path)
	}
	return encodeStrings(bin)
}

func encodeVariants(variants []graph.Variant) *yamltree.Node {
	list := &yamltree.Node{Kind: yamltree.Seq}
	for _, v := range variants {
		targets := &yamltree.Node{Kind: yamltree.Seq}
		for _, p := range v.Platforms {
			t := newMap(3)
			t.Put("cpu", yamltree.Str(p.CPU))
			t.Put("os", yamltree.Str(p.OS))
			putText(t, "libc", p.Libc)
			targets.Put("", t)
		}
		m := newMap(2)
		m.Put("resolution", encodeResolution(v.Resolution))
		m.Put("targets", targets)
		list.Put("", m)
	}
	return list
}
