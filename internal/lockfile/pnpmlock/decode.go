package pnpmlock

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock/yamltree"
	"godwit/internal/npm"
)

// missingError is a ref that leads nowhere.
type missingError struct{ at *yamltree.Error }

func (e *missingError) Error() string { return e.at.Error() }

// decoder turns a tree into a document. Its errors are *yamltree.Error or
// *missingError.
type decoder struct {
	doc   *Document
	bases map[graph.Key]*graph.Package // by ID: what the section "packages" says
	names map[string]bool              // aliases that passed npm.ParseName
	key   []byte                       // buffer of target

	tolerant bool // entries that are wrong are left out
}

func (d *decoder) document(root *yamltree.Node) error {
	rec := &d.doc.Record
	var importers, packages, snapshots *yamltree.Node
	for _, it := range root.Items {
		var err error
		switch n := it.Value; it.Key {
		case "lockfileVersion":
			rec.Version = n.Text
		case "settings":
			rec.Settings, err = decodeSettings(n)
		case "catalogs":
			rec.Catalogs, err = decodeCatalogs(n)
		case "overrides":
			rec.Overrides, err = decodeDeps(n)
		case "packageExtensionsChecksum":
			rec.PackageExtensionsChecksum, err = text(n)
		case "pnpmfileChecksum":
			rec.PnpmfileChecksum, err = text(n)
		case "ignoredOptionalDependencies":
			rec.IgnoredOptional, err = decodeList(n)
		case "patchedDependencies":
			rec.Patched, err = decodePatched(n)
		case "time":
			rec.Time, err = decodeStrings(n)
		case "importers":
			importers = n
		case "packages":
			packages = n
		case "snapshots":
			snapshots = n
		default:
			rec.extra = append(rec.extra, it)
		}
		if err != nil {
			return err
		}
	}
	return d.graph(importers, packages, snapshots)
}

// graph reads the three big sections. Packages come first, since edges are
// checked against them.
func (d *decoder) graph(importers, packages, snapshots *yamltree.Node) error {
	d.names = map[string]bool{}
	if err := d.packages(packages); err != nil {
		return err
	}
	if err := d.snapshots(snapshots); err != nil {
		return err
	}
	items, err := entries(importers)
	if err != nil {
		return err
	}
	for _, it := range items {
		im, err := d.importer(it)
		if err != nil && d.tolerant {
			continue
		}
		if err != nil {
			return err
		}
		d.doc.Graph.Importers = append(d.doc.Graph.Importers, im)
	}
	slices.SortFunc(d.doc.Graph.Importers, func(a, b *graph.Importer) int { return cmp.Compare(a.Dir, b.Dir) })
	return nil
}

// groups are the names of the maps of an importer, by graph.Group.
var groups = [...]string{graph.Prod: "dependencies", graph.Dev: "devDependencies", graph.Optional: "optionalDependencies"}

func (d *decoder) importer(it yamltree.Item) (*graph.Importer, error) {
	if it.Key != path.Clean(it.Key) || path.IsAbs(it.Key) || path.Base(it.Key) == ".." ||
		strings.ContainsAny(it.Key, "\\\x00") {
		return nil, it.Value.Errorf("importer %q is not the path of a project's directory from the lockfile's", it.Key)
	}
	fields, err := entries(it.Value)
	if err != nil {
		return nil, err
	}
	im := &graph.Importer{Dir: it.Key}
	var rest Importer
	for _, f := range fields {
		var err error
		switch f.Key {
		case "dependencies", "devDependencies", "optionalDependencies":
			im.Deps, err = d.directs(im.Deps, f)
		case "dependenciesMeta":
			rest.DependenciesMeta, err = decodeMeta(f.Value)
		case "publishDirectory":
			rest.PublishDirectory, err = text(f.Value)
		case "linkDirectory":
			var link bool
			link, err = boolean(f.Value)
			rest.NoLinkDirectory = !link
		case "specifiers": // of older formats; every dependency has its own now
		default:
			rest.extra = append(rest.extra, f)
		}
		if err != nil {
			return nil, err
		}
	}
	if rest.DependenciesMeta != nil || rest.PublishDirectory != "" || rest.NoLinkDirectory || rest.extra != nil {
		put(&d.doc.Importers, it.Key, rest)
	}
	slices.SortFunc(im.Deps, func(a, b graph.Direct) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Alias, b.Alias))
	})
	return im, nil
}

// put stores into a map that may not be made yet.
func put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[k] = v
}

// directs reads one group of an importer.
func (d *decoder) directs(deps []graph.Direct, group yamltree.Item) ([]graph.Direct, error) {
	items, err := entries(group.Value)
	if err != nil {
		return nil, err
	}
	deps = slices.Grow(deps, len(items))
	for _, it := range items {
		dep, err := d.direct(it)
		if err != nil && d.tolerant {
			continue
		}
		if err != nil {
			return nil, err
		}
		dep.Group = graph.Group(slices.Index(groups[:], group.Key))
		deps = append(deps, dep)
	}
	return deps, nil
}

func (d *decoder) direct(it yamltree.Item) (graph.Direct, error) {
	specifier, version := it.Value.At("specifier"), it.Value.At("version")
	if specifier == nil || version == nil {
		return graph.Direct{}, it.Value.Errorf("dependency %q needs a specifier and a version", it.Key)
	}
	spec, err := text(specifier)
	if err != nil {
		return graph.Direct{}, err
	}
	target, err := d.target(it.Key, version)
	return graph.Direct{Alias: it.Key, Specifier: spec, Target: target}, err
}

// target reads the ref of a dependency and checks that it leads somewhere.
func (d *decoder) target(alias string, n *yamltree.Node) (graph.Target, error) {
	if !d.names[alias] {
		if _, err := npm.ParseName(alias); err != nil {
			return graph.Target{}, n.Errorf("%v", err)
		}
		d.names[alias] = true
	}
	ref, err := text(n)
	if err != nil {
		return graph.Target{}, err
	}
	if path, ok := strings.CutPrefix(ref, linkPrefix); ok {
		if path == "" {
			return graph.Target{}, n.Errorf("dependency %q links to no directory", alias)
		}
		return graph.Target{Link: path}, nil
	}
	// The buffer spares a string for each edge: all edges share those of the
	// packages they lead to.
	d.key = appendKey(d.key[:0], alias, ref)
	p := d.doc.Graph.Packages[graph.Key(d.key)]
	if p == nil {
		return graph.Target{}, &missingError{n.Errorf("dependency %q is %s, which the section \"snapshots\" does not have", alias, d.key)}
	}
	return graph.Target{Key: p.Key}, nil
}

func decodeSettings(n *yamltree.Node) (*Settings, error) {
	items, err := entries(n)
	if err != nil {
		return nil, err
	}
	s := &Settings{}
	for _, it := range items {
		var err error
		switch it.Key {
		case "autoInstallPeers":
			s.AutoInstallPeers, err = boolean(it.Value)
		case "dedupePeers":
			s.DedupePeers, err = boolean(it.Value)
		case "excludeLinksFromLockfile":
			s.ExcludeLinks, err = boolean(it.Value)
		case "injectWorkspacePackages":
			s.InjectWorkspace, err = boolean(it.Value)
		case "peersSuffixMaxLength":
			s.PeersSuffixMaxLength, err = strconv.Atoi(it.Value.Text)
			if err != nil || s.PeersSuffixMaxLength <= 0 {
				err = it.Value.Errorf("peersSuffixMaxLength %q is no positive number", it.Value.Text)
			}
		default:
			if slices.Contains(resolutionSettings, it.Key) && it.Value.Kind == yamltree.Scalar {
				put(&s.Resolution, it.Key, it.Value.Text)
			} else {
				s.extra = append(s.extra, it)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func decodeCatalogs(n *yamltree.Node) (Catalogs, error) {
	items, err := entries(n)
	if err != nil {
		return nil, err
	}
	catalogs := Catalogs{}
	for _, catalog := range items {
		aliases, err := entries(catalog.Value)
		if err != nil {
			return nil, err
		}
		m := make(map[string]CatalogEntry, len(aliases))
		for _, it := range aliases {
			specifier, version := it.Value.At("specifier"), it.Value.At("version")
			if specifier == nil || version == nil {
				return nil, it.Value.Errorf("catalog entry %q needs a specifier and a version", it.Key)
			}
			m[it.Key] = CatalogEntry{specifier.Text, version.Text}
		}
		catalogs[catalog.Key] = m
	}
	return catalogs, nil
}

// decodePatched reads a hash, or the {hash, path} of pnpm 9 and 10.
func decodePatched(n *yamltree.Node) (map[string]Patch, error) {
	items, err := entries(n)
	if err != nil {
		return nil, err
	}
	m := make(map[string]Patch, len(items))
	for _, it := range items {
		var p Patch
		if it.Value.Kind == yamltree.Map {
			f := fields{n: it.Value, id: graph.Key(it.Key)}
			p, err = Patch{Hash: f.need("hash"), Path: f.get("path")}, f.err
		} else {
			p.Hash, err = text(it.Value)
		}
		if err != nil {
			return nil, err
		}
		m[it.Key] = p
	}
	return m, nil
}

func decodeMeta(n *yamltree.Node) (map[string]map[string]string, error) {
	items, err := entries(n)
	if err != nil {
		return nil, err
	}
	meta := make(map[string]map[string]string, len(items))
	for _, it := range items {
		if meta[it.Key], err = decodeStrings(it.Value); err != nil {
			return nil, err
		}
	}
	return meta, nil
}

func decodeStrings(n *yamltree.Node) (map[string]string, error) {
	items, err := entries(n)
	if err != nil {
		return nil, err
	}
	m := make(map[string]string, len(items))
	for _, it := range items {
		if m[it.Key], err = text(it.Value); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func decodeDeps(n *yamltree.Node) (npm.Deps, error) {
	items, err := entries(n)
	if err != nil {
		return nil, err
	}
	deps := make(npm.Deps, len(items))
	for i, it := range items {
		if deps[i].Specifier, err = text(it.Value); err != nil {
			return nil, err
		}
		deps[i].Alias = it.Key
	}
	return deps, nil
}

// decodeList reads a list of strings, or one string as a list of one.
func decodeList(n *yamltree.Node) ([]string, error) {
	if n.Kind == yamltree.Scalar && !n.IsNull() {
		return []string{n.Text}, nil
	}
	if n.Kind != yamltree.Seq {
		return nil, n.Errorf("a list is expected here")
	}
	list := make([]string, len(n.Items))
	for i, it := range n.Items {
		s, err := text(it.Value)
		if err != nil {
			return nil, err
		}
		list[i] = s
	}
	return list, nil
}

// entries are the items of a map; an absent or empty section has none.
func entries(n *yamltree.Node) ([]yamltree.Item, error) {
	switch {
	case n == nil || n.IsNull():
		return nil, nil
	case n.Kind != yamltree.Map:
		return nil, n.Errorf("a map is expected here")
	}
	return n.Items, nil
}

// text is a scalar as it stands: 1.0 without quotes is "1.0" to us, who know
// from the place that it is a string.
func text(n *yamltree.Node) (string, error) {
	if n.Kind != yamltree.Scalar || n.IsNull() {
		return "", n.Errorf("a string is expected here")
	}
	return n.Text, nil
}

func boolean(n *yamltree.Node) (bool, error) {
	if n.Kind == yamltree.Scalar && n.Plain {
		switch n.Text {
		case "true", "True", "TRUE":
			return true, nil
		case "false", "False", "FALSE":
			return false, nil
		}
	}
	return false, n.Errorf("true or false is expected here%s", found(n))
}

func found(n *yamltree.Node) string {
	if n.Kind != yamltree.Scalar {
		return ""
	}
	return fmt.Sprintf(", not %q", n.Text)
}
