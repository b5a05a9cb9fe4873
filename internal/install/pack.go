package install

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/install/extract"
	"godwit/internal/store"
)

// pack brings a directory ("file:lib") into the store, as if it had come as a
// tarball. Its name there is the hash of what is in it.
func (t *tasks) pack(f *fetched) error {
	dir := t.abs(f.res.Directory)
	files, id, err := hashDirectory(dir)
	if err != nil {
		return fmt.Errorf("read the directory of %s: %w", f.id, err)
	}
	f.tree, err = t.req.Store.Add(id, func(w *store.Writer) error { return copyFiles(w, dir, files) })
	if err != nil {
		return fmt.Errorf("pack %s: %w", f.id, err)
	}
	t.remember(f.tree)
	return nil
}

// PackedManifest is the text of the package.json in a tarball.
func PackedManifest(tgz []byte) ([]byte, error) {
	var manifest []byte
	_, err := extract.Tarball(tgz, new(extract.Scratch), extract.Limits{}, func(path string, _ bool, data []byte) error {
		if path == "package.json" {
			manifest = bytes.Clone(data)
		}
		return nil
	})
	if err == nil && manifest == nil {
		err = errors.New("there is no package.json in it")
	}
	return manifest, err
}

// hashDirectory lists the files of a directory and names them.
func hashDirectory(dir string) ([]packedFile, store.ID, error) {
	files, err := listFiles(dir)
	if err != nil {
		return nil, store.ID{}, err
	}
	id, err := hashFiles(dir, files)
	return files, id, err
}

// packedFile is a file of a directory.
type packedFile struct {
	path string // slash path below the directory
	exec bool
	size int64
}

// listFiles lists the regular files below dir: not what is never published
// (node_modules and .git), and no links, which could lead anywhere.
func listFiles(dir string) ([]packedFile, error) {
	var out []packedFile
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && (d.Name() == "node_modules" || d.Name() == ".git"):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		out = append(out, packedFile{filepath.ToSlash(rel), info.Mode()&0o111 != 0, info.Size()})
		return nil
	})
	return out, err
}

// hashFiles sums up paths, modes and contents; the lengths between them keep
// two lists apart whose texts run together to the same.
func hashFiles(dir string, files []packedFile) (store.ID, error) {
	h := sha512.New()
	for _, f := range files {
		var head [9]byte
		binary.LittleEndian.PutUint64(head[:8], uint64(f.size))
		if f.exec {
			head[8] = 1
		}
		io.WriteString(h, f.path+"\x00")
		h.Write(head[:])
		if err := withFile(dir, f, func(r io.Reader) error { _, err := io.Copy(h, r); return err }); err != nil {
			return store.ID{}, err
		}
	}
	return store.NewID("directory", hex.EncodeToString(h.Sum(nil)))
}

func copyFiles(w *store.Writer, dir string, files []packedFile) error {
	for _, f := range files {
		err := withFile(dir, f, func(r io.Reader) error { return w.FileFrom(f.path, f.exec, r, f.size) })
		if err != nil {
			return err
		}
	}
	return nil
}

func withFile(dir string, f packedFile, do func(io.Reader) error) error {
	file, err := os.Open(filepath.Join(dir, filepath.FromSlash(f.path)))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := do(io.LimitReader(file, f.size)); err != nil {
		return fmt.Errorf("%s: %w", strings.TrimPrefix(f.path, "./"), err)
	}
	return nil
}
