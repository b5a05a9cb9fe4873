package install

import (
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"godwit/internal/npm"
	"godwit/internal/packlist"
	"godwit/internal/store"
)

// pack brings a directory ("file:lib") into the store, as if it had come as a
// tarball. Its name there is the hash of what is in it.
func (t *tasks) pack(f *fetched) error {
	dir := t.abs(f.res.Directory)
	root, files, id, err := hashDirectory(dir)
	if err != nil {
		return fmt.Errorf("read the directory of %s: %w", f.id, err)
	}
	defer root.Close()
	f.tree, err = t.req.Store.Add(id, func(w *store.Writer) error { return copyFiles(w, root, files) })
	if err != nil {
		return fmt.Errorf("pack %s: %w", f.id, err)
	}
	t.remember(f.tree)
	return nil
}

// hashDirectory lists the files of the package in a directory and names them.
// The caller closes root.
func hashDirectory(dir string) (root *os.Root, files []packedFile, id store.ID, err error) {
	if root, err = os.OpenRoot(dir); err != nil {
		return nil, nil, store.ID{}, err
	}
	if files, err = listPackage(root); err == nil {
		id, err = hashFiles(root, files)
	}
	if err != nil {
		root.Close()
		return nil, nil, store.ID{}, err
	}
	return root, files, id, nil
}

// packedFile is a file of a directory.
type packedFile struct {
	path string // slash path below the directory
	exec bool
	size int64
}

// Bounds of what is packed: those of a tarball (extract.Limits).
const (
	maxPackedFiles = 1 << 20
	maxPackedBytes = 4 << 30
)

var errTooManyFiles = fmt.Errorf("it has more than %d files", maxPackedFiles)

// listPackage lists the files of the package in root.
func listPackage(root *os.Root) ([]packedFile, error) {
	all, err := listFiles(root)
	if err != nil {
		return nil, err
	}
	byPath := make(map[string]packedFile, len(all))
	tree := packlist.Tree{Read: func(file string) ([]byte, error) { return readSmall(root, file) }}
	for _, f := range all {
		byPath[f.path] = f
		tree.Files = append(tree.Files, f.path)
	}
	names, err := packlist.Select(tree)
	if err != nil {
		return nil, err
	}
	out, bytes := make([]packedFile, len(names)), int64(0)
	for i, name := range names {
		out[i] = byPath[name]
		if bytes += out[i].size; bytes > maxPackedBytes {
			return nil, fmt.Errorf("it has more than %d bytes", int64(maxPackedBytes))
		}
	}
	return out, nil
}

// listFiles lists the files below root, and the links to files below it. What
// is never published is not looked at, nor is node_modules, unless something in
// it is bundled.
func listFiles(root *os.Root) ([]packedFile, error) {
	bundles := false
	if data, err := readSmall(root, "package.json"); err == nil {
		if m, err := npm.DecodeManifest(data); err == nil {
			bundles = m.Bundled.All || len(m.Bundled.Names) > 0
		}
	}
	l := fileList{root: root}
	err := fs.WalkDir(root.FS(), ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return l.add(file, d)
		case d.Name() == ".git" || file == "node_modules" && !bundles:
			return fs.SkipDir
		}
		return nil
	})
	return l.files, err
}

// maxRead bounds a package.json or ignore file, as the store does.
const maxRead = 16 << 20

func readSmall(root *os.Root, file string) ([]byte, error) {
	f, err := root.Open(filepath.FromSlash(file))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRead+1))
	if err == nil && len(data) > maxRead {
		err = fmt.Errorf("%s is larger than %d bytes", path.Base(file), maxRead)
	}
	return data, err
}

// hashFiles sums up paths, modes and contents; the lengths between them keep
// two lists apart whose texts run together to the same.
func hashFiles(root *os.Root, files []packedFile) (store.ID, error) {
	h := sha512.New()
	for _, f := range files {
		var head [9]byte
		binary.LittleEndian.PutUint64(head[:8], uint64(f.size))
		if f.exec {
			head[8] = 1
		}
		io.WriteString(h, f.path+"\x00")
		h.Write(head[:])
		if err := withFile(root, f, func(r io.Reader) error { _, err := io.Copy(h, r); return err }); err != nil {
			return store.ID{}, err
		}
	}
	return store.NewID("directory", hex.EncodeToString(h.Sum(nil)))
}

func copyFiles(w *store.Writer, root *os.Root, files []packedFile) error {
	for _, f := range files {
		err := withFile(root, f, func(r io.Reader) error { return w.FileFrom(f.path, f.exec, r, f.size) })
		if err != nil {
			return err
		}
	}
	return nil
}

func withFile(root *os.Root, f packedFile, do func(io.Reader) error) error {
	file, err := root.Open(filepath.FromSlash(f.path))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := do(io.LimitReader(file, f.size)); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	return nil
}
