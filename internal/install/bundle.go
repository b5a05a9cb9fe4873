package install

import (
	"fmt"
	"io"
	"path"
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
	_, err := eachFile(tgz, new(extract.Scratch), func(file string, _ bool, r io.Reader, size int64) error {
		dir := path.Dir(file)
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
	return b, err
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
