package pnpmlock

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock/yamltree"
	"godwit/internal/npm"
)

// WriteOptions say what else a lockfile holds.
type WriteOptions struct {
	// TarballURL is the URL a registry is expected to have a tarball at. A
	// package whose tarball is there is written without URL. With nil, URLs
	// are written as the graph has them.
	TarballURL func(name npm.Name, version string) string
	// IncludeTarballURL is the setting lockfile-include-tarball-url: every
	// package of a registry is written with the URL of its tarball.
	IncludeTarballURL bool
	// KeepEnv writes the env document that was read in front of the project's.
	KeepEnv bool
}

// resolutionSettings are the optional settings (pnpm's resolution_settings.rs).
var resolutionSettings = []string{"autoDedupe", "dedupeInjectedDeps", "dedupePeerDependents", "linkWorkspacePackages"}

// Append writes the document to dst.
func (d *Document) Append(dst []byte, opts WriteOptions) []byte {
	if opts.KeepEnv && d.Env != "" {
		dst = append(append(append(dst, "---\n"...), d.Env...), "\n---\n"...)
	}
	e := encoder{doc: d, opts: opts}
	root := e.root()
	sortLockfile(root)
	return yamltree.Append(dst, root)
}

// encoder turns a document into a tree; sortLockfile orders it.
type encoder struct {
	doc  *Document
	opts WriteOptions
}

func (e *encoder) root() *yamltree.Node {
	d, root := e.doc, &yamltree.Node{Kind: yamltree.Map}
	version := d.Version
	if version == "" {
		version = "9.0"
	}
	root.Put("lockfileVersion", yamltree.Str(version))
	if d.Settings != nil {
		root.Put("settings", encodeSettings(d.Settings))
	}
	putMap(root, "catalogs", encodeCatalogs(d.Catalogs))
	putMap(root, "overrides", encodeDeps(d.Overrides))
	putText(root, "packageExtensionsChecksum", d.PackageExtensionsChecksum)
	putText(root, "pnpmfileChecksum", d.PnpmfileChecksum)
	if len(d.IgnoredOptional) > 0 {
		root.Put("ignoredOptionalDependencies", yamltree.List(d.IgnoredOptional))
	}
	putMap(root, "patchedDependencies", encodePatched(d.Patched))
	keys := slices.Sorted(maps.Keys(d.Graph.Packages))
	putMap(root, "importers", e.importers())
	putMap(root, "packages", e.packages(keys))
	putMap(root, "snapshots", e.snapshots(keys))
	putMap(root, "time", e.time())
	root.Items = append(root.Items, d.extra...)
	return root
}

func putText(n *yamltree.Node, key, s string) {
	if s != "" {
		n.Put(key, yamltree.Str(s))
	}
}

// putMap leaves out empty maps, as pnpm does.
func putMap(n *yamltree.Node, key string, m *yamltree.Node) {
	if len(m.Items) > 0 {
		n.Put(key, m)
	}
}

func newMap(capacity int) *yamltree.Node {
	return &yamltree.Node{Kind: yamltree.Map, Items: make([]yamltree.Item, 0, capacity)}
}

func encodeSettings(s *Settings) *yamltree.Node {
	n := newMap(4)
	n.Put("autoInstallPeers", yamltree.Bool(s.AutoInstallPeers))
	if s.DedupePeers {
		n.Put("dedupePeers", yamltree.Bool(true))
	}
	n.Put("excludeLinksFromLockfile", yamltree.Bool(s.ExcludeLinks))
	if s.InjectWorkspace {
		n.Put("injectWorkspacePackages", yamltree.Bool(true))
	}
	if s.PeersSuffixLen() != DefaultPeersSuffixMaxLength {
		n.Put("peersSuffixMaxLength", yamltree.Raw(strconv.Itoa(s.PeersSuffixMaxLength)))
	}
	for _, name := range resolutionSettings {
		if v, ok := s.Resolution[name]; ok {
			n.Put(name, scalar(v))
		}
	}
	n.Items = append(n.Items, s.extra...)
	sortKeys(n.Items, plainOrder)
	return n
}

// scalar is true and false as such, and everything else as a string.
func scalar(s string) *yamltree.Node {
	if s == "true" || s == "false" {
		return yamltree.Raw(s)
	}
	return yamltree.Str(s)
}

func encodeCatalogs(c Catalogs) *yamltree.Node {
	n := newMap(len(c))
	for name, entries := range c {
		m := newMap(len(entries))
		for alias, entry := range entries {
			v := newMap(2)
			v.Put("specifier", yamltree.Str(entry.Specifier))
			v.Put("version", yamltree.Str(entry.Version))
			m.Put(alias, v)
		}
		putMap(n, name, m)
	}
	return n
}

func encodeDeps(deps npm.Deps) *yamltree.Node {
	n := newMap(len(deps))
	for _, d := range deps {
		n.Put(d.Alias, yamltree.Str(d.Specifier))
	}
	return n
}

func encodePatched(patched map[string]Patch) *yamltree.Node {
	n := newMap(len(patched))
	for key, p := range patched {
		v := yamltree.Str(p.Hash)
		if p.Path != "" {
			v = newMap(2)
			v.Put("hash", yamltree.Str(p.Hash))
			v.Put("path", yamltree.Str(p.Path))
		}
		n.Put(key, v)
	}
	return n
}

func encodeStrings(m map[string]string) *yamltree.Node {
	n := newMap(len(m))
	for k, v := range m {
		n.Put(k, yamltree.Str(v))
	}
	return n
}

// time keeps the packages that an importer depends on itself, as pnpm does, so
// that the section does not grow with the graph.
func (e *encoder) time() *yamltree.Node {
	n := newMap(len(e.doc.Time))
	if len(e.doc.Time) == 0 {
		return n
	}
	direct := map[string]bool{}
	for _, im := range e.doc.Graph.Importers {
		for _, d := range im.Deps {
			direct[string(d.Target.Key.ID())] = true
		}
	}
	for k, v := range e.doc.Time {
		if direct[k] {
			n.Put(k, yamltree.Str(v))
		}
	}
	return n
}

func (e *encoder) importers() *yamltree.Node {
	n := newMap(len(e.doc.Graph.Importers))
	for _, im := range e.doc.Graph.Importers {
		n.Put(im.Dir, e.importer(im))
	}
	return n
}

func (e *encoder) importer(im *graph.Importer) *yamltree.Node {
	n := newMap(3)
	for g, name := range groups {
		deps := newMap(len(im.Deps))
		for _, d := range im.Deps {
			if int(d.Group) == g && !(e.doc.Settings != nil && e.doc.Settings.ExcludeLinks && strings.HasPrefix(d.Specifier, linkPrefix)) {
				v := newMap(2)
				v.Put("specifier", yamltree.Str(d.Specifier))
				v.Put("version", yamltree.Str(refOf(d.Alias, d.Target)))
				deps.Put(d.Alias, v)
			}
		}
		putMap(n, name, deps)
	}
	rest := e.doc.Importers[im.Dir]
	meta := newMap(len(rest.DependenciesMeta))
	for alias, m := range rest.DependenciesMeta {
		v := newMap(len(m))
		for k, s := range m {
			v.Put(k, scalar(s))
		}
		meta.Put(alias, v)
	}
	putMap(n, "dependenciesMeta", meta)
	putText(n, "publishDirectory", rest.PublishDirectory)
	if rest.NoLinkDirectory {
		n.Put("linkDirectory", yamltree.Bool(false))
	}
	n.Items = append(n.Items, rest.extra...)
	return n
}
