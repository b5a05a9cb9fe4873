package pnpmlock

import (
	"cmp"
	"slices"

	"godwit/internal/lockfile/pnpmlock/yamltree"
)

// The orders of keys in a lockfile (pnpm's yaml_emit.rs). Keys that are in a
// list come first, in its order; the others follow by their bytes. pnpm sorts
// whole entries like that, so that a dependency called "version" comes before
// one called "a". Only overrides keep the order they have.
var (
	rootOrder = ranks("lockfileVersion", "settings", "catalogs", "overrides",
		"packageExtensionsChecksum", "pnpmfileChecksum", "patchedDependencies", "importers", "packages")
	entryOrder = ranks("resolution", "id", "name", "version", "engines", "cpu", "os", "libc",
		"deprecated", "hasBin", "prepare", "requiresBuild", "bundleDependencies",
		"peerDependencies", "peerDependenciesMeta", "dependencies", "optionalDependencies",
		"transitivePeerDependencies", "dev", "optional")
	plainOrder map[string]int // no list
)

// ranks makes a list a map; what is not in it has rank 0, the last has -1.
func ranks(keys ...string) map[string]int {
	m := make(map[string]int, len(keys))
	for i, k := range keys {
		m[k] = i - len(keys)
	}
	return m
}

func sortLockfile(root *yamltree.Node) {
	for _, it := range root.Items {
		switch it.Key {
		case "importers":
			sortEntries(it.Value, rootOrder)
		case "packages", "snapshots":
			sortEntries(it.Value, entryOrder)
		case "catalogs":
			sortDeep(it.Value, plainOrder)
		case "time", "patchedDependencies":
			sortKeys(it.Value.Items, plainOrder)
		}
	}
	sortKeys(root.Items, rootOrder)
}

// sortEntries sorts a section by its keys and every entry by the given order.
func sortEntries(section *yamltree.Node, order map[string]int) {
	sortKeys(section.Items, plainOrder)
	for _, it := range section.Items {
		sortDeep(it.Value, order)
	}
}

func sortDeep(n *yamltree.Node, order map[string]int) {
	if n.Kind == yamltree.Map {
		sortKeys(n.Items, order)
	}
	for _, it := range n.Items {
		if it.Value.Kind != yamltree.Scalar {
			sortDeep(it.Value, order)
		}
	}
}

func sortKeys(items []yamltree.Item, order map[string]int) {
	compare := func(a, b yamltree.Item) int { return cmp.Compare(a.Key, b.Key) }
	if order != nil {
		compare = func(a, b yamltree.Item) int {
			return cmp.Or(cmp.Compare(order[a.Key], order[b.Key]), cmp.Compare(a.Key, b.Key))
		}
	}
	if !slices.IsSortedFunc(items, compare) {
		slices.SortFunc(items, compare)
	}
}
