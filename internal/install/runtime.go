package install

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/install/extract"
	"godwit/internal/store"
)

// A JavaScript runtime is no package: for each platform there is an archive, of which
// the package is made with a package.json that names its commands.

// forHere is the resolution of a package for this machine: of several variants the one
// that fits. It is res itself where there is nothing to choose, or none fits.
func (t *tasks) forHere(res graph.Resolution) graph.Resolution {
	if res.Kind != graph.Variations {
		return res
	}
	for _, v := range res.Variants {
		if slices.ContainsFunc(v.Platforms, t.runs) {
			return v.Resolution
		}
	}
	return res
}

// archiveCPU are words of Node's archives that are not those of process.arch.
var archiveCPU = map[string]string{"x86": "ia32", "armv7l": "arm", "ppc64le": "ppc64"}

// runs reports whether what was built for a platform runs here. Without a word on the
// C library it is glibc's.
func (t *tasks) runs(p graph.Platform) bool {
	cpu := []string{p.CPU}
	if word := archiveCPU[p.CPU]; word != "" {
		cpu = append(cpu, word)
	}
	var libc []string
	switch {
	case p.Libc != "":
		libc = []string{p.Libc}
	case p.OS == "linux":
		libc = []string{"!musl"}
	}
	return t.req.Platform([]string{p.OS}, cpu, libc)
}

// runtimeID names the files that are made of an archive.
func runtimeID(id graph.Key, res graph.Resolution) string {
	return madeID("runtime", res.Integrity, res.Exec.Archive, res.Exec.Prefix, string(runtimeManifest(id, res)))
}

// runtimeManifest is the package.json of a runtime, as pnpm makes it.
func runtimeManifest(id graph.Key, res graph.Resolution) []byte {
	name, ref := id.ID().Split()
	m := struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Bin     any    `json:"bin"`
	}{string(name), strings.TrimPrefix(ref, graph.RuntimePrefix), res.Exec.Bin}
	if bin, ok := res.Exec.Bin[""]; ok && len(res.Exec.Bin) == 1 {
		m.Bin = bin
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic("install: " + err.Error()) // strings
	}
	return text
}

// isNodeExtra reports whether a file of Node's archives is of the package managers in
// them, which pnpm leaves out (its NODE_EXTRAS_IGNORE_PATTERN, MIT): they would not be of
// the versions that a project wants.
func isNodeExtra(path string) bool {
	if rest, ok := strings.CutPrefix(strings.TrimPrefix(path, "lib/"), "node_modules/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		return name == "npm" || name == "corepack"
	}
	name, unix := strings.CutPrefix(path, "bin/")
	if !unix {
		name = strings.TrimSuffix(strings.TrimSuffix(path, ".cmd"), ".ps1")
	}
	return name == "npm" || name == "npx" || name == "corepack"
}

// unpackRuntime writes the files of a runtime.
func (t *tasks) unpackRuntime(w *store.Writer, f *fetched, data []byte, scratch *extract.Scratch) error {
	bins := slices.Collect(maps.Values(f.res.Exec.Bin))
	node := f.id.Name() == "node"
	file := func(path string, exec bool, r io.Reader, size int64) error {
		if path == "package.json" || node && isNodeExtra(path) {
			return nil
		}
		return w.FileFrom(strings.Clone(path), exec || slices.Contains(bins, path), r, size)
	}
	err := w.File("package.json", false, runtimeManifest(f.id, f.res))
	if err != nil {
		return err
	}
	switch archive := f.res.Exec.Archive; archive {
	case "tarball":
		var stats extract.Stats
		stats, err = eachFile(data, scratch, file)
		t.oddities(f.id, &stats)
	case "zip":
		err = extract.Zip(data, f.res.Exec.Prefix, extract.Limits{}, file)
	default:
		err = fmt.Errorf("%.80q is no form of archive: want tarball or zip", archive)
	}
	return err
}
