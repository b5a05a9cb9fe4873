package pnpmlock

import (
	"slices"

	"godwit/internal/lockfile/pnpmlock/yamltree"
)

// ConfigDep is a dependency of a workspace's configuration, as the first of a
// lockfile's two documents has it.
type ConfigDep struct {
	Name, Specifier, Version string
	Integrity                string
	Tarball                  string // where the registry would not be expected to have it; else ""
}

func (d *ConfigDep) key() string { return d.Name + "@" + d.Version }

// ConfigDeps are those of an env document; of "" there are none.
func ConfigDeps(env string) ([]ConfigDep, error) {
	root, err := yamltree.Parse(env, 2)
	if err != nil || root == nil {
		return nil, err
	}
	var out []ConfigDep
	for _, it := range below(root, "importers", ".", "configDependencies").Items {
		dep := ConfigDep{Name: it.Key, Specifier: below(it.Value, "specifier").Text, Version: below(it.Value, "version").Text}
		resolution := below(root, "packages", dep.key(), "resolution")
		dep.Integrity, dep.Tarball = below(resolution, "integrity").Text, below(resolution, "tarball").Text
		out = append(out, dep)
	}
	return out, nil
}

// below is the value at the end of keys; an empty one where there is none.
func below(n *yamltree.Node, keys ...string) *yamltree.Node {
	for _, key := range keys {
		if n = n.At(key); n == nil {
			return &yamltree.Node{}
		}
	}
	return n
}

// WithConfigDeps is an env document with other such dependencies. In what it says of
// pnpm itself nothing changes.
func WithConfigDeps(env string, deps []ConfigDep) (string, error) {
	was, err := ConfigDeps(env)
	if err != nil {
		return "", err
	}
	root, err := yamltree.Parse(env, 2)
	if err != nil {
		return "", err
	}
	if root == nil || root.Kind != yamltree.Map {
		root = &yamltree.Node{Kind: yamltree.Map}
		root.Put("lockfileVersion", yamltree.Str("9.0"))
	}
	packages, snapshots := child(root, "packages"), child(root, "snapshots")
	for _, d := range was {
		drop(packages, d.key())
		drop(snapshots, d.key())
	}
	listed := &yamltree.Node{Kind: yamltree.Map}
	for _, d := range deps {
		entry, resolution, pkg := &yamltree.Node{Kind: yamltree.Map}, &yamltree.Node{Kind: yamltree.Map}, &yamltree.Node{Kind: yamltree.Map}
		entry.Put("specifier", yamltree.Str(d.Specifier))
		entry.Put("version", yamltree.Str(d.Version))
		listed.Put(d.Name, entry)
		resolution.Put("integrity", yamltree.Str(d.Integrity))
		putText(resolution, "tarball", d.Tarball)
		pkg.Put("resolution", resolution)
		packages.Put(d.key(), pkg)
		snapshots.Put(d.key(), &yamltree.Node{Kind: yamltree.Map})
	}
	im := child(child(root, "importers"), ".")
	drop(im, "configDependencies")
	im.Items = slices.Insert(im.Items, 0, yamltree.Item{Key: "configDependencies", Value: listed})
	sortLockfile(root)
	return string(yamltree.Append(nil, root)), nil
}

// child is the map under key, which is made where it is missing.
func child(n *yamltree.Node, key string) *yamltree.Node {
	if at := n.At(key); at != nil && at.Kind == yamltree.Map {
		return at
	}
	drop(n, key)
	made := &yamltree.Node{Kind: yamltree.Map}
	n.Put(key, made)
	return made
}

func drop(n *yamltree.Node, key string) {
	n.Items = slices.DeleteFunc(n.Items, func(it yamltree.Item) bool { return it.Key == key })
}

// Env is the env document in front of a lockfile's text; "" where there is none, or
// where git left a conflict.
func Env(data []byte) string {
	env, main, _ := split(normalize(data))
	if root, err := yamltree.Parse(main, 1); env == "" && err == nil && root != nil && isEnv(root) {
		return main
	}
	return env
}

// WithEnv is a lockfile's text with another env document.
func WithEnv(data []byte, env string) []byte {
	_, main, _ := split(normalize(data))
	return []byte("---\n" + env + "\n---\n" + main)
}
