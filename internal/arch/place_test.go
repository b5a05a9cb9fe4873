package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayUse lists the functions that put something into a directory of packages,
// and the files, or directories with a slash at the end, that may use them. The
// files of packages get into node_modules, and into shared slots, in one way:
// link.Slots. They get into the store in one way: store.Writer.
var mayUse = []struct {
	what      string
	functions []string
	in        []string
}{
	{
		"places files of packages",
		[]string{dirMethod + "Link", dirMethod + "Clone", dirMethod + "CloneTree", dirMethod + "Copy", "os.Link", "os.CopyFS"},
		// Within the store equal files become one.
		[]string{"internal/install/link/method.go", "internal/install/link/place.go", "internal/install/link/link.go", "internal/store/dedupe.go"},
	},
	{
		"begins to place a slot",
		[]string{"(*godwit/internal/install/link.placement).place", "(*godwit/internal/install/link.placement).fill"},
		[]string{"internal/install/link/slots.go", "internal/install/link/place.go"},
	},
	{
		"places slots",
		[]string{"(*godwit/internal/install/link.Linker).Slots"},
		[]string{"internal/install/tasks.go", "internal/install/shared.go"},
	},
	{
		"makes links to directories",
		[]string{dirMethod + "Symlink", dirMethod + "LinkDir", dirMethod + "PointTo", dirMethod + "Repoint", "os.Symlink"},
		// doctor tries whether there are any; a link says which group of global
		// packages counts.
		[]string{"internal/install/link/", "internal/store/slot.go", "internal/store/project.go", "internal/cli/doctor/disks.go", "internal/cli/globalchange.go"},
	},
	{
		"writes files",
		[]string{dirMethod + "WriteFile", dirMethod + "WriteFrom", dirMethod + "WriteParts", dirMethod + "Create"},
		[]string{"internal/store/", "internal/install/link/bins.go", "internal/registry/entry.go"},
	},
	{
		"writes files by path",
		[]string{"os.WriteFile", "os.Create", "os.CreateTemp", "os.OpenFile", "godwit/internal/fsys.WriteFile"},
		// What stands in node_modules there is our own record of it.
		[]string{
			"internal/install/state/state.go", "internal/install/state/owner.go", "internal/lockfile/lockfile.go", "internal/lockfile/hidden.go", "internal/registry/",
			"internal/config/ask.go", "internal/cli/", "internal/tarballs/writer.go",
		},
	},
}

const dirMethod = "(*godwit/internal/fsys.Dir)."

// TestOneWayToPlaceFiles looks at every use of those functions in what the CLI
// is made of, by type and not by name: a method value counts, and a Link of
// something else does not.
func TestOneWayToPlaceFiles(t *testing.T) {
	seen := map[string]bool{}
	eachUse(t, func(file, function string, pos token.Position) {
		seen[function] = true
		for _, rule := range mayUse {
			allowed := func(in string) bool { return strings.HasPrefix(file, in) }
			if slices.Contains(rule.functions, function) && !slices.ContainsFunc(rule.in, allowed) {
				t.Errorf("%s: %s %s and may not stand here", pos, function, rule.what)
			}
		}
	})
	for _, rule := range mayUse {
		if !slices.ContainsFunc(rule.functions, func(f string) bool { return seen[f] }) {
			t.Errorf("nothing %s: the rule is out of date", rule.what)
		}
	}
}

// eachUse calls found for every use of a function or method in the packages of
// the CLI, but for those in fsys. file is the slash path in the repository.
func eachUse(t *testing.T, found func(file, function string, pos token.Position)) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	own, exports := exported(t, root)
	files := token.NewFileSet()
	imports := importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, p := range own {
		if p.ImportPath == "godwit/internal/fsys" {
			continue
		}
		var parsed []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, f)
		}
		info := types.Info{Uses: map[*ast.Ident]types.Object{}}
		if _, err := (&types.Config{Importer: imports}).Check(p.ImportPath, files, parsed, &info); err != nil {
			t.Fatal(err)
		}
		for id, object := range info.Uses {
			if f, ok := object.(*types.Func); ok {
				pos := files.Position(id.Pos())
				rel, err := filepath.Rel(root, pos.Filename)
				if err != nil {
					t.Fatal(err)
				}
				found(filepath.ToSlash(rel), f.FullName(), pos)
			}
		}
	}
}

// exported lists the packages of the module that the CLI is made of, and the
// files with the types of all packages that they import.
func exported(t *testing.T, root string) (own []listed, exports map[string]string) {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export", "./cmd/godwit")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports = map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			listed
			Export string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return own, exports
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, "godwit/") {
			own = append(own, p.listed)
		}
	}
}
