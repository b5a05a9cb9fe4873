package install

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"godwit/internal/install/extract"
	"godwit/internal/layout"
)

// Bundle is what a tarball has of other packages.
type Bundle struct {
	Packages   map[string][]byte // package.json by directory: "node_modules/a/node_modules/b"
	Shrinkwrap []byte            // npm-shrinkwrap.json; nil if it has none
}

// PackedBundle looks for packages in the node_modules of a tarball.
func PackedBundle(tgz []byte) (*Bundle, error) {
	b := &Bundle{Packages: map[string][]byte{}}
	kept := int64(0)
	var files []string // of bundled packages
	_, err := eachFile(tgz, new(extract.Scratch), func(file string, _ bool, r io.Reader, size int64) error {
		dir := path.Dir(file)
		if strings.HasPrefix(file, layout.ModulesDir+"/") {
			files = append(files, strings.Clone(file))
		}
		bundled := path.Base(file) == "package.json" && isPackageDir(dir)
		if !bundled && file != "npm-shrinkwrap.json" {
			return nil
		}
		if kept += size; kept > maxSmall {
			return fmt.Errorf("what it bundles has package.json files of more than %d bytes", maxSmall)
		}
		text, err := io.ReadAll(r)
		switch {
		case err != nil:
			return err
		case bundled:
			b.Packages[strings.Clone(dir)] = text
		default:
			b.Shrinkwrap = text
		}
		return nil
	})
	slices.Sort(files)
	for dir, text := range b.Packages {
		b.Packages[dir] = withBins(dir, text, files)
	}
	return b, err
}

// withBins is a package.json that names the commands in its directories.bin, as npm
// reads one that has no bin (@npmcli/package-json, binDir). files are all that there
// are, sorted.
func withBins(dir string, manifest []byte, files []string) []byte {
	var m struct {
		Bin         json.RawMessage
		Directories struct{ Bin string }
	}
	if err := json.Unmarshal(manifest, &m); err != nil || m.Bin != nil || m.Directories.Bin == "" {
		return manifest // what is wrong with it others will say
	}
	below := strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(m.Directories.Bin, `\`, "/")), "/")
	bins := map[string]string{}
	for _, file := range files {
		rest, ok := strings.CutPrefix(file, path.Join(dir, below)+"/")
		if ok && !strings.Contains("/"+rest, "/.") {
			bins[path.Base(rest)] = path.Join(below, rest)
		}
	}
	text, err := json.Marshal(bins)
	if at := bytes.IndexByte(manifest, '{'); err == nil && at >= 0 && len(bins) > 0 {
		return slices.Concat(manifest[:at], []byte(`{"bin":`), text, []byte(","), manifest[at+1:])
	}
	return manifest
}

// isPackageDir reports whether a directory is that of a package in node_modules,
// all the way: "node_modules/a/node_modules/@s/b".
func isPackageDir(dir string) bool {
	for dir != "" {
		rest, ok := strings.CutPrefix(dir, layout.ModulesDir+"/")
		if !ok {
			return false
		}
		name, below, _ := strings.Cut(rest, "/")
		if strings.HasPrefix(name, "@") {
			var base string
			if base, below, _ = strings.Cut(below, "/"); base == "" {
				return false
			}
		}
		if name == "" || name[0] == '.' {
			return false
		}
		dir = below
	}
	return true
}
