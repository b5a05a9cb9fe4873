package install

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/install/extract"
	"godwit/internal/npm"
	"godwit/internal/pack"
	"godwit/internal/packlist"
	"godwit/internal/store"
)

// A repository is no package yet: of its files, or those of one directory in
// it, the package has what a publication would have, and what a script
// "prepare" makes of them. That is so for a commit that git checked out and for
// an archive that a host made of it alike.

// packedID names the files that packing yields. Without scripts they are others
// than with them.
func (t *tasks) packedID(algo string, of ...string) string {
	if t.req.IgnoreScripts {
		algo += "unbuilt"
	}
	return madeID(algo, of...)
}

// madeID names files that are made of something in one way only.
func madeID(algo string, of ...string) string {
	h := sha256.New()
	for _, s := range of {
		io.WriteString(h, strconv.Quote(s))
	}
	id, err := store.NewID(algo, hex.EncodeToString(h.Sum(nil)))
	if err != nil {
		panic("install: " + err.Error())
	}
	return id.String()
}

// Subdir is a directory in a repository as a slash path below its root, "." for
// the root itself.
func Subdir(dir string) (string, error) {
	rel := strings.TrimLeft(filepath.ToSlash(dir), `/\`)
	if rel == "" {
		return ".", nil
	}
	if !filepath.IsLocal(filepath.FromSlash(rel)) {
		return "", &SubdirError{dir}
	}
	return filepath.ToSlash(filepath.Clean(filepath.FromSlash(rel))), nil
}

// SubdirError is a directory that a repository does not have.
type SubdirError struct{ Path string }

func (e *SubdirError) Error() string {
	return fmt.Sprintf("%q is no directory of the repository", e.Path)
}

// Code is pnpm's code for this error.
func (e *SubdirError) Code() string { return "ERR_PNPM_INVALID_PATH" }

// Hint is what the user can do.
func (e *SubdirError) Hint() string {
	return "correct what follows path: in the specifier; it starts at the root of the repository"
}

// packCheckout fills a tree with the package in a checkout.
func (t *tasks) packCheckout(w *store.Writer, f *fetched) error {
	dir, err := Subdir(f.res.Path)
	if err != nil {
		return err
	}
	checkout, err := os.OpenRoot(f.checkout)
	if err != nil {
		return err
	}
	defer checkout.Close()
	root, err := checkout.OpenRoot(filepath.FromSlash(dir))
	if err != nil {
		return &SubdirError{f.res.Path}
	}
	defer root.Close()
	manifest, err := pack.ReadSmall(root, "package.json")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	has := func(file string) bool {
		_, err := root.Stat(filepath.FromSlash(file))
		return err == nil
	}
	if prepare, err := t.checkPrepared(f.id, manifest, has); err != nil {
		return err
	} else if prepare {
		if err := t.prepare(f, filepath.Join(f.checkout, filepath.FromSlash(dir))); err != nil {
			return err
		}
	}
	return packRoot(w, root)
}

// packRoot writes what a publication of root would have.
func packRoot(w *store.Writer, root *os.Root) error {
	files, err := pack.List(root)
	if err != nil {
		return err
	}
	return copyFiles(w, root, files)
}

// packArchive fills a tree with the package in the archive of a commit.
func (t *tasks) packArchive(w *store.Writer, f *fetched, data []byte, scratch *extract.Scratch) error {
	a, err := readArchive(data, f.res.Path, scratch)
	if err != nil {
		return err
	}
	has := func(file string) bool { return a.names[file] }
	if prepare, err := t.checkPrepared(f.id, a.small["package.json"], has); err != nil {
		return err
	} else if prepare {
		return t.packPrepared(w, f, a, data, scratch)
	}
	files, err := packlist.Select(packlist.Tree{Files: a.list(), Read: func(p string) ([]byte, error) { return a.small[p], nil }})
	if err != nil {
		return err
	}
	chosen := make(map[string]bool, len(files))
	for _, file := range files {
		chosen[file] = true
	}
	stats, err := eachFile(data, scratch, func(file string, exec bool, r io.Reader, size int64) error {
		rel, below := a.rel(file)
		if !below || !chosen[rel] {
			return nil
		}
		return w.FileFrom(strings.Clone(rel), exec, r, size)
	})
	t.oddities(f.id, &stats)
	return err
}

// archive is what packing needs to know of an archive before it writes.
type archive struct {
	prefix string // of the package's files: "" or a path with a slash at its end
	names  map[string]bool
	small  map[string][]byte // contents of package.json and ignore files
}

// maxSmall bounds what is kept of an archive to select its files by: real ones
// have a few hundred kilobytes of such files.
const maxSmall = 64 << 20

func readArchive(data []byte, dir string, scratch *extract.Scratch) (*archive, error) {
	dir, err := Subdir(dir)
	if err != nil {
		return nil, err
	}
	a := &archive{names: map[string]bool{}, small: map[string][]byte{}}
	if dir != "." {
		a.prefix = dir + "/"
	}
	kept := int64(0)
	_, err = eachFile(data, scratch, func(file string, _ bool, r io.Reader, size int64) error {
		rel, below := a.rel(file)
		if !below {
			return nil
		}
		rel = strings.Clone(rel)
		a.names[rel] = true
		switch filepath.Base(rel) {
		case "package.json", ".npmignore", ".gitignore":
			if kept += size; kept > maxSmall {
				return fmt.Errorf("its package.json and ignore files are larger than %d bytes", maxSmall)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			a.small[rel] = text
		}
		return nil
	})
	if err == nil && len(a.names) == 0 && a.prefix != "" {
		err = &SubdirError{dir}
	}
	return a, err
}

func (a *archive) rel(file string) (string, bool) { return strings.CutPrefix(file, a.prefix) }

func (a *archive) list() []string {
	out := make([]string, 0, len(a.names))
	for name := range a.names {
		out = append(out, name)
	}
	return out
}

// eachFile reads an archive of any size.
func eachFile(data []byte, scratch *extract.Scratch, file func(path string, exec bool, r io.Reader, size int64) error) (extract.Stats, error) {
	stats, err := extract.Tarball(data, scratch, extract.Limits{}, func(path string, exec bool, data []byte) error {
		return file(path, exec, bytes.NewReader(data), int64(len(data)))
	})
	if errors.Is(err, extract.ErrTooBig) {
		stats, err = extract.Large(data, scratch, extract.Limits{}, file)
	}
	return stats, err
}

// PackedManifest is the text of the package.json in a directory of a tarball
// ("" is its root), or nil if there is none.
func PackedManifest(tgz []byte, dir string) ([]byte, error) {
	a, err := readArchive(tgz, dir, new(extract.Scratch))
	if err != nil {
		return nil, err
	}
	return a.small["package.json"], nil
}

// PackedFiles lists the files of a tarball, in its order.
func PackedFiles(tgz []byte) ([]pack.File, error) {
	var files []pack.File
	_, err := eachFile(tgz, new(extract.Scratch), func(file string, exec bool, _ io.Reader, size int64) error {
		files = append(files, pack.File{Path: strings.Clone(file), Exec: exec, Size: size})
		return nil
	})
	return files, err
}

// checkPrepared reports whether scripts have to make a package of a repository
// first, and refuses that if they must not run.
func (t *tasks) checkPrepared(id graph.Key, manifest []byte, has func(file string) bool) (prepare bool, err error) {
	m, err := npm.DecodeManifest(manifest)
	if err != nil || t.req.IgnoreScripts || !needsBuild(m, manifest, has) {
		return false, nil
	}
	if !t.mayPrepare(id) {
		return false, &PrepareError{ID: id, Name: m.Name, Version: m.Version}
	}
	return true, nil
}

// mayPrepare reports whether the scripts of a repository may run.
func (t *tasks) mayPrepare(id graph.Key) bool {
	p := &graph.Package{Key: id, Name: id.Name(), Resolution: graph.Resolution{Kind: graph.Git}}
	return t.req.Builds.verdict(p) == Allowed
}

// needsBuild reports whether the files of a repository are not what its package
// has: there is a script prepare, or one that runs before publication, and main
// is not there (pnpm; npm looks at the scripts alone).
func needsBuild(m *npm.Manifest, manifest []byte, has func(file string) bool) bool {
	if m.Scripts["prepare"] != "" {
		return true
	}
	if m.Scripts["prepublish"] == "" && m.Scripts["prepack"] == "" && m.Scripts["publish"] == "" {
		return false
	}
	main := npm.MainOf(manifest)
	if main == "" {
		main = "index.js"
	}
	return !has(main)
}

// PrepareError is a package that needs a script to run before it is one.
type PrepareError struct {
	ID      graph.Key
	Name    npm.Name
	Version string
}

func (e *PrepareError) Error() string {
	return fmt.Sprintf("the package %s@%s has to be built by its scripts, and allowBuilds does not allow that", e.Name, e.Version)
}

// Code is pnpm's code for this error.
func (e *PrepareError) Code() string {
	return "ERR_PNPM_GIT_DEP_PREPARE_NOT_ALLOWED"
}

// Hint is what the user can do.
func (e *PrepareError) Hint() string {
	return fmt.Sprintf("to allow it, write to pnpm-workspace.yaml: allowBuilds: {%q: true}; to take its files as they are, install with --ignore-scripts", string(e.ID))
}
