package npmlock

import (
	"strings"

	"godwit/internal/lockfile/npmlock/nicejson"
)

// readOld makes entries of the tree of version 1. What it says of a package is
// what is known; the commands of one for example only its tarball tells.
func (r *Record) readOld(file string) error {
	root, err := NewEntry([]byte("{}")) // package.json says it, the lockfile does not
	if err != nil {
		return err
	}
	r.Entries[""] = root
	return r.readOldTree(file, "", r.legacy)
}

func (r *Record) readOldTree(file, dir string, deps nicejson.Value) error {
	for _, f := range deps.Fields {
		at := child(dir, f.Name)
		entry := oldEntry(&f.Value, f.Name)
		if err := r.add(file, at, entry.Append(nil, nicejson.DefaultStyle, nil)); err != nil {
			return err
		}
		if target := r.Entries[at]; target.Link {
			at = target.Resolved // what is below a link is below its target
			if r.Entries[at] == nil {
				if err := r.add(file, at, []byte("{}")); err != nil {
					return err
				}
			}
		}
		below, _ := f.Value.Lookup("dependencies")
		if err := r.readOldTree(file, at, below); err != nil {
			return err
		}
	}
	return nil
}

// oldEntry is one package of version 1 in the words of version 3.
func oldEntry(old *nicejson.Value, alias string) nicejson.Value {
	out := nicejson.Object()
	for _, name := range []string{"resolved", "integrity", "dev", "optional", "peer", "devOptional"} {
		if v, ok := old.Lookup(name); ok {
			out.Set(name, v)
		}
	}
	if v, ok := old.Lookup("bundled"); ok {
		out.Set("inBundle", v)
	}
	if v, ok := old.Lookup("requires"); ok && v.Kind == '{' {
		out.Set("dependencies", v)
	}
	oldVersion(&out, text(old, "version"), alias)
	return out
}

// text is a member that is a string, or "".
func text(v *nicejson.Value, name string) string {
	if m, ok := v.Lookup(name); ok && m.Kind == '"' {
		return m.Text
	}
	return ""
}

// oldVersion takes apart what version 1 calls a version: it may be an alias, a
// directory, an archive or a repository.
func oldVersion(out *nicejson.Value, version, alias string) {
	if rest, ok := strings.CutPrefix(version, "npm:"); ok {
		if i := strings.LastIndexByte(rest, '@'); i > 0 && rest[:i] != alias {
			out.Set("name", nicejson.String(rest[:i]))
			version = rest[i+1:]
		}
	}
	path, isFile := strings.CutPrefix(version, "file:")
	switch {
	case isFile && !isArchive(path):
		out.Set("link", nicejson.True())
		out.Set("resolved", nicejson.String(strings.TrimPrefix(path, "./")))
	case strings.Contains(version, ":"):
		out.Set("resolved", nicejson.String(version))
	default:
		out.Set("version", nicejson.String(version))
	}
}

func isArchive(path string) bool {
	return strings.HasSuffix(path, ".tgz") || strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tar")
}
