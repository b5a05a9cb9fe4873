package pnpmlock

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock/yamltree"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// Merge unites two lockfiles of one project by the rules of pnpm's
// merge_lockfile_changes: what one side has is taken, where both have
// something the higher version wins, and theirs where versions do not decide.
// The result may hold packages that nothing needs and specifiers that no
// package.json has; an install sorts that out.
func Merge(a, b *Document) *Document {
	d := &Document{Graph: mergeGraphs(a.Graph, b.Graph), Record: mergeRecords(&a.Record, &b.Record)}
	for key, optional := range d.Graph.Reachable(graph.Scope{}) {
		d.Graph.Packages[key].Optional = optional
	}
	return d
}

func mergeRecords(a, b *Record) Record {
	r := *a
	if newer(b.Version, a.Version) {
		r.Version = b.Version
	}
	r.Settings = mergeSettings(a.Settings, b.Settings)
	r.Catalogs = mergeCatalogs(a.Catalogs, b.Catalogs)
	r.Overrides = mergeDeps(a.Overrides, b.Overrides)
	r.PackageExtensionsChecksum = cmp.Or(a.PackageExtensionsChecksum, b.PackageExtensionsChecksum)
	r.PnpmfileChecksum = cmp.Or(a.PnpmfileChecksum, b.PnpmfileChecksum)
	for _, name := range b.IgnoredOptional {
		if !slices.Contains(r.IgnoredOptional, name) {
			r.IgnoredOptional = append(slices.Clip(r.IgnoredOptional), name)
		}
	}
	r.Patched = mergeMaps(a.Patched, b.Patched)
	r.Time = mergeMaps(a.Time, b.Time)
	r.Importers = mergeMaps(a.Importers, b.Importers)
	r.packages = mergeMaps(a.packages, b.packages)
	r.snapshots = mergeMaps(a.snapshots, b.snapshots)
	r.extra = mergeItems(b.extra, a.extra)
	return r
}

// newer compares versions of the format, "9.0".
func newer(v, w string) bool {
	parse := func(s string) (major, minor int) {
		head, tail, _ := strings.Cut(s, ".")
		major, _ = strconv.Atoi(head)
		minor, _ = strconv.Atoi(tail)
		return major, minor
	}
	vMajor, vMinor := parse(v)
	wMajor, wMinor := parse(w)
	return cmp.Or(cmp.Compare(vMajor, wMajor), cmp.Compare(vMinor, wMinor)) > 0
}

// mergeMaps is the union; b wins.
func mergeMaps[K comparable, V any](a, b map[K]V) map[K]V {
	if len(a) == 0 {
		return b
	}
	m := maps.Clone(a)
	maps.Copy(m, b)
	return m
}

// mergeItems is the union in a's order; b wins.
func mergeItems(a, b []yamltree.Item) []yamltree.Item {
	return mergeLists(a, b, func(it yamltree.Item) string { return it.Key })
}

func mergeDeps(a, b npm.Deps) npm.Deps {
	return mergeLists(a, b, func(d npm.Dep) string { return d.Alias })
}

func mergeLists[S ~[]E, E any](a, b S, key func(E) string) S {
	list := slices.Clone(a)
	at := make(map[string]int, len(a))
	for i, e := range a {
		at[key(e)] = i
	}
	for _, e := range b {
		if i, ok := at[key(e)]; ok {
			list[i] = e
		} else {
			list = append(list, e)
		}
	}
	return list
}

func mergeSettings(a, b *Settings) *Settings {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	return &Settings{
		AutoInstallPeers:     a.AutoInstallPeers || b.AutoInstallPeers,
		DedupePeers:          a.DedupePeers || b.DedupePeers,
		ExcludeLinks:         a.ExcludeLinks || b.ExcludeLinks,
		InjectWorkspace:      a.InjectWorkspace || b.InjectWorkspace,
		PeersSuffixMaxLength: cmp.Or(a.PeersSuffixMaxLength, b.PeersSuffixMaxLength),
		Resolution:           mergeMaps(b.Resolution, a.Resolution),
		extra:                mergeItems(b.extra, a.extra),
	}
}

func mergeCatalogs(a, b Catalogs) Catalogs {
	merged := mergeMaps(b, a)
	for name, entries := range b {
		if a[name] == nil {
			continue
		}
		m := maps.Clone(a[name])
		for alias, theirs := range entries {
			if ours, ok := m[alias]; ok && !wins(theirs.Version, ours.Version) {
				theirs.Version = ours.Version
			}
			m[alias] = theirs
		}
		merged[name] = m
	}
	return merged
}

// wins reports whether the ref theirs replaces ours: unless ours is the higher
// version. Peer suffixes are not compared, and what is no version loses.
func wins(theirs, ours string) bool {
	version := func(ref string) (semver.Version, error) {
		ref, _, _ = strings.Cut(ref, "(")
		return semver.Parse(ref, semver.Options{})
	}
	a, errA := version(ours)
	b, errB := version(theirs)
	return errA != nil || errB != nil || a.Compare(b) <= 0
}

func mergeGraphs(a, b *graph.Graph) *graph.Graph {
	g := &graph.Graph{Packages: maps.Clone(a.Packages)}
	for key, theirs := range b.Packages {
		if ours := g.Packages[key]; ours != nil {
			theirs = mergePackages(ours, theirs)
		}
		g.Packages[key] = theirs
	}
	g.Importers = unite(a.Importers, b.Importers,
		func(a, b *graph.Importer) int { return cmp.Compare(a.Dir, b.Dir) },
		func(a, b *graph.Importer) *graph.Importer {
			return &graph.Importer{Dir: a.Dir, Deps: mergeDirects(a.Deps, b.Deps)}
		})
	return g
}

// mergePackages merges two packages of one key. They are the same published
// version, so that only their edges are likely to differ.
func mergePackages(ours, theirs *graph.Package) *graph.Package {
	p := *theirs
	p.Edges = unite(ours.Edges, theirs.Edges,
		func(a, b graph.Edge) int { return cmp.Compare(a.Alias, b.Alias) },
		func(a, b graph.Edge) graph.Edge {
			if wins(refOf(b.Alias, b.Target), refOf(a.Alias, a.Target)) {
				return b
			}
			return a
		})
	if p.TransitivePeers == nil {
		p.TransitivePeers = ours.TransitivePeers
	}
	return &p
}

func mergeDirects(ours, theirs []graph.Direct) []graph.Direct {
	return unite(ours, theirs,
		func(a, b graph.Direct) int {
			return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Alias, b.Alias))
		},
		func(a, b graph.Direct) graph.Direct {
			if !wins(refOf(b.Alias, b.Target), refOf(a.Alias, a.Target)) {
				b.Target = a.Target
			}
			return b
		})
}

// unite is the union of two sorted lists; pick chooses where both have an
// element.
func unite[E any](a, b []E, compare func(a, b E) int, pick func(a, b E) E) []E {
	out := make([]E, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch c := compare(a[0], b[0]); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, pick(a[0], b[0])), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}
