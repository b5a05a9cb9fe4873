package install

import (
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"godwit/internal/pack"
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
func hashDirectory(dir string) (root *os.Root, files []pack.File, id store.ID, err error) {
	if root, err = os.OpenRoot(dir); err != nil {
		return nil, nil, store.ID{}, err
	}
	if files, err = pack.List(root); err == nil {
		id, err = hashFiles(root, files)
	}
	if err != nil {
		root.Close()
		return nil, nil, store.ID{}, err
	}
	return root, files, id, nil
}

// hashFiles sums up paths, modes and contents; the lengths between them keep
// two lists apart whose texts run together to the same.
func hashFiles(root *os.Root, files []pack.File) (store.ID, error) {
	h := sha512.New()
	for _, f := range files {
		var head [9]byte
		binary.LittleEndian.PutUint64(head[:8], uint64(f.Size))
		if f.Exec {
			head[8] = 1
		}
		io.WriteString(h, f.Path+"\x00")
		h.Write(head[:])
		if err := f.Open(root, func(r io.Reader) error { _, err := io.Copy(h, r); return err }); err != nil {
			return store.ID{}, err
		}
	}
	return store.NewID("directory", hex.EncodeToString(h.Sum(nil)))
}

func copyFiles(w *store.Writer, root *os.Root, files []pack.File) error {
	for _, f := range files {
		err := f.Open(root, func(r io.Reader) error { return w.FileFrom(f.Path, f.Exec, r, f.Size) })
		if err != nil {
			return err
		}
	}
	return nil
}
