package pnpmlock

import (
	"godwit/internal/graph"
	"godwit/internal/lockfile/pnpmlock/yamltree"
)

// decodeResolution reads how to get the package id. A type that only a hook of
// the project knows gives kind Custom.
func decodeResolution(id graph.Key, n *yamltree.Node) (graph.Resolution, error) {
	if n.Kind != yamltree.Map {
		return graph.Resolution{}, n.Errorf("the resolution of %s is a map", id)
	}
	f := fields{n: n, id: id}
	var res graph.Resolution
	switch kind := f.get("type"); kind {
	case "":
		res = f.tarball()
	case "directory":
		res = graph.Resolution{Kind: graph.Directory, Directory: f.need("directory")}
	case "git":
		// A recorded integrity is dropped: nothing can check a checkout by it.
		res = graph.Resolution{Kind: graph.Git, Repo: f.need("repo"), Commit: f.need("commit"), Path: f.get("path")}
	case "binary":
		res = f.binary()
	case "variations":
		return decodeVariations(id, n)
	default:
		res = graph.Resolution{Kind: graph.Custom}
	}
	return res, f.err
}

// fields takes strings from a map; the first fault stays in err.
type fields struct {
	n   *yamltree.Node
	id  graph.Key
	err error
}

func (f *fields) get(key string) string {
	v := f.n.At(key)
	if v == nil {
		return ""
	}
	s, err := text(v)
	if err != nil && f.err == nil {
		f.err = err
	}
	return s
}

func (f *fields) need(key string) string {
	s := f.get(key)
	if s == "" && f.err == nil {
		f.err = f.n.Errorf("%s of %s is missing", key, f.id)
	}
	return s
}

func (f *fields) tarball() graph.Resolution {
	res := graph.Resolution{Integrity: f.get("integrity"), Tarball: f.get("tarball"), Path: f.get("path")}
	_, ref := f.id.Split()
	switch {
	case res.Integrity == "" && res.Tarball == "":
		f.need("integrity")
	case res.Tarball != "" && !isVersionRef(ref):
		res.Kind = graph.Tarball
	}
	if hosted := f.n.At("gitHosted"); hosted != nil {
		var err error
		if res.GitHosted, err = boolean(hosted); err != nil && f.err == nil {
			f.err = err
		}
	} else {
		// Older versions of pnpm did not write the field; pnpm 12 adds it.
		res.GitHosted = graph.IsGitArchive(res.Tarball)
	}
	return res
}

func (f *fields) binary() graph.Resolution {
	exec := &graph.Exec{Archive: f.need("archive"), Prefix: f.get("prefix"), Bin: map[string]string{}}
	switch bin := f.n.At("bin"); {
	case bin == nil:
		f.need("bin")
	case bin.Kind == yamltree.Map:
		var err error
		if exec.Bin, err = decodeStrings(bin); err != nil && f.err == nil {
			f.err = err
		}
	default:
		exec.Bin[""] = f.get("bin")
	}
	return graph.Resolution{Kind: graph.Binary, Tarball: f.need("url"), Integrity: f.need("integrity"), Exec: exec}
}

func decodeVariations(id graph.Key, n *yamltree.Node) (graph.Resolution, error) {
	res := graph.Resolution{Kind: graph.Variations}
	variants := n.At("variants")
	if variants == nil || variants.Kind != yamltree.Seq {
		return res, n.Errorf("the resolution of %s has no list of variants", id)
	}
	for _, it := range variants.Items {
		inner, targets := it.Value.At("resolution"), it.Value.At("targets")
		if inner == nil || targets == nil || targets.Kind != yamltree.Seq {
			return res, it.Value.Errorf("a variant of %s needs a resolution and targets", id)
		}
		v := graph.Variant{}
		var err error
		if v.Resolution, err = decodeResolution(id, inner); err != nil {
			return res, err
		}
		if k := v.Resolution.Kind; k == graph.Variations || k == graph.Custom {
			return res, inner.Errorf("a variant of %s has a resolution of a type that variants cannot have", id)
		}
		for _, t := range targets.Items {
			f := fields{n: t.Value, id: id}
			v.Platforms = append(v.Platforms, graph.Platform{OS: f.need("os"), CPU: f.need("cpu"), Libc: f.get("libc")})
			if f.err != nil {
				return res, f.err
			}
		}
		res.Variants = append(res.Variants, v)
	}
	return res, nil
}
