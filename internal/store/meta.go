package store

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/npm"
	"godwit/internal/npm/jsonscan"
)

// manifestName is the file that tells about all others.
const manifestName = "package.json"

// describe derives Meta from a package.json and the tree it came with. A
// package.json that cannot be read describes nothing: the tarball is what its
// integrity says, and whoever published it so gets a package without commands.
func describe(manifest []byte, t *Tree, shebangs map[string]string) Meta {
	var meta Meta
	meta.Gyp = t.Find("binding.gyp") >= 0
	m, err := npm.DecodeManifest(manifest)
	if err != nil {
		return meta
	}
	meta.Name, meta.Version = string(m.Name), m.Version
	meta.Bundled = m.Bundled.All || len(m.Bundled.Names) > 0
	for i, name := range []string{"preinstall", "install", "postinstall", "prepare"} {
		if m.Scripts[name] != "" {
			meta.Scripts |= Preinstall << i
		}
	}
	bins := m.Bin
	if len(bins) == 0 {
		bins = binsBelow(binDirectory(manifest), t.Files)
	}
	for name, file := range bins {
		if validBinName(name) && fsys.CheckPath(file) == nil {
			meta.Bins = append(meta.Bins, Bin{Name: name, Path: file, Absent: t.Find(file) < 0, Shebang: shebangs[file]})
		}
	}
	slices.SortFunc(meta.Bins, func(a, b Bin) int { return cmp.Compare(a.Name, b.Name) })
	return meta
}

// validBinName reports whether a command can be a file in node_modules/.bin and
// nothing else.
func validBinName(name string) bool {
	return fsys.CheckPath(name) == nil && !strings.ContainsAny(name, `/\`)
}

// binDirectory is directories.bin, which makes a command of every file below,
// or "".
func binDirectory(manifest []byte) string {
	directories := member(manifest, "directories")
	bin, ok := jsonscan.String(member(directories, "bin"))
	if !ok {
		return ""
	}
	// As path.join("/", bin) does, so that no number of ".." leads out.
	return strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(bin, `\`, "/")), "/")
}

// member is the raw value of a member of a JSON object, or nil.
func member(object []byte, key string) (value []byte) {
	if len(object) == 0 {
		return nil
	}
	s := jsonscan.New(object)
	if s.Kind() != '{' {
		return nil
	}
	for k := range s.Members() {
		if v := s.Value(); string(k) == key {
			value = v
		}
	}
	return value
}

// binsBelow makes a command of every file below dir whose name, and whose
// directories' names, do not start with a dot (@npmcli/package-json, binDir).
func binsBelow(dir string, files []File) map[string]string {
	if dir == "" {
		return nil
	}
	bins := make(map[string]string)
	for _, f := range files {
		below, ok := strings.CutPrefix(f.Path, dir+"/")
		if ok && !strings.HasPrefix(below, ".") && !strings.Contains(below, "/.") {
			bins[path.Base(below)] = f.Path
		}
	}
	return bins
}
