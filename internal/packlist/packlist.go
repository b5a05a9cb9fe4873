// Package packlist tells which files of a directory are the package in it:
// those that a publication would have.
//
// All is one list of rules for each directory, of which a later one overrules
// those before it, and those of a directory those of the one above:
//
//	never, by default       editors' files, version control, .npmrc
//	package.json "files"    all but what it names; or, without it, of the
//	.npmignore, .gitignore  directory, the first of the two that there is
//	always                  package.json, README*, LICENSE*, main and bin
//	never                   node_modules, lockfiles
//
// What bundleDependencies names comes out of node_modules all the same. The
// algorithm is that of npm-packlist 10 and ignore-walk 8, which pnpm 12 follows.
// Nothing here looks at a disk.
package packlist

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/jsonscan"
)

// Tree is the files of a directory.
type Tree struct {
	Files []string // slash paths of all files, in any order
	// Read is asked for package.json files and ignore files in Files.
	Read func(path string) ([]byte, error)
}

// Select lists the files of the package in t, sorted.
func Select(t Tree) ([]string, error) {
	files := slices.Clone(t.Files)
	slices.Sort(files)
	s := &selection{tree: t, files: files, chosen: map[string]bool{}}
	m, err := s.own("")
	if err != nil {
		return nil, err
	}
	if err := s.bundles(m); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(files, func(f string) bool { return !s.chosen[f] }), nil
}

// selection is one Select.
type selection struct {
	tree   Tree
	files  []string // sorted
	chosen map[string]bool
}

func (s *selection) has(file string) bool {
	_, ok := slices.BinarySearch(s.files, file)
	return ok
}

// below reports whether there is a file below dir, which ends with a slash.
func (s *selection) below(dir string) bool {
	i, _ := slices.BinarySearch(s.files, dir)
	return i < len(s.files) && strings.HasPrefix(s.files[i], dir)
}

// manifest is what packing needs of a package.json.
type manifest struct {
	npm.Manifest
	files []string // nil where there is no list
	main  string
}

// manifest reads the package.json in dir. One that is missing or broken says
// nothing.
func (s *selection) manifest(dir string) (*manifest, error) {
	m := &manifest{}
	file := dir + "package.json"
	if !s.has(file) {
		return m, nil
	}
	data, err := s.tree.Read(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	decoded, err := npm.DecodeManifest(data)
	if err != nil {
		return m, nil
	}
	m.Manifest = *decoded
	scan := jsonscan.New(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))) // a byte order mark
	for key := range scan.Members() {
		switch value := scan.Value(); string(key) {
		case "main":
			m.main, _ = jsonscan.String(value)
		case "files":
			m.files = list(value)
		}
	}
	return m, nil
}

// list reads an array of strings; what else is in it is left out.
func list(raw []byte) []string {
	s := jsonscan.New(raw)
	if s.Kind() != '[' {
		return nil
	}
	out := []string{}
	for range s.Elements() {
		if text, ok := jsonscan.String(s.Value()); ok {
			out = append(out, text)
		}
	}
	return out
}

// own chooses the files of the package in dir ("" or a path with a slash at its
// end), without what it bundles.
func (s *selection) own(dir string) (*manifest, error) {
	m, err := s.manifest(dir)
	if err != nil {
		return nil, err
	}
	w := &walk{read: s.tree.Read, has: s.has, below: s.below, root: dir, dirs: map[string]*dirRules{}}
	if err := w.load(s.files, m); err != nil {
		return nil, err
	}
	from, _ := slices.BinarySearch(s.files, dir)
	for _, file := range s.files[from:] {
		rel, below := strings.CutPrefix(file, dir)
		if !below {
			break
		}
		if w.includes(rel) {
			s.chosen[file] = true
		}
	}
	return m, nil
}
