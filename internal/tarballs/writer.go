package tarballs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Writer makes an archive. Tarballs come in any order and go to a file beside it
// first, since their order in the archive must not depend on the network.
type Writer struct {
	path  string
	spool *os.File

	mu  sync.Mutex
	end int64
	at  map[string]span
}

// Create begins an archive that will be at path. The caller calls Abort in any
// case.
func Create(path string) (*Writer, error) {
	spool, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	return &Writer{path: path, spool: spool, at: map[string]span{}}, nil
}

// Add adds a tarball. Goroutines may call it side by side.
func (w *Writer) Add(id string, data []byte) error {
	w.mu.Lock()
	_, again := w.at[id]
	s := span{w.end, int64(len(data))}
	if !again {
		w.at[id] = s
		w.end += s.size
	}
	w.mu.Unlock()
	if again {
		return nil
	}
	if _, err := w.spool.WriteAt(data, s.start); err != nil {
		return fmt.Errorf("make %s: %w", w.path, err)
	}
	return nil
}

// Finish puts the archive in its place, and returns how many
// tarballs it has, and its size in bytes. What was
// there before is replaced in one step.
func (w *Writer) Finish() (n int, size int64, err error) {
	out, err := os.CreateTemp(filepath.Dir(w.path), filepath.Base(w.path)+".*.part")
	if err != nil {
		return 0, 0, fmt.Errorf("make %s: %w", w.path, err)
	}
	defer os.Remove(out.Name()) // which is gone if all went well
	err = w.assemble(out)
	if err == nil {
		size, err = out.Seek(0, io.SeekEnd)
	}
	if err == nil {
		err = out.Chmod(0o644) // others restore it: CreateTemp's is for its owner only
	}
	err = errors.Join(err, out.Close())
	if err == nil {
		err = os.Rename(out.Name(), w.path)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("make %s: %w", w.path, err)
	}
	return len(w.at), size, nil
}

func (w *Writer) assemble(out io.Writer) error {
	tw := tar.NewWriter(out)
	for _, id := range slices.Sorted(maps.Keys(w.at)) {
		s := w.at[id]
		h := &tar.Header{Name: nameOf(id), Size: s.size, Mode: 0o644, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		if _, err := io.Copy(tw, io.NewSectionReader(w.spool, s.start, s.size)); err != nil {
			return err
		}
	}
	return tw.Close()
}

// Abort removes what is left of the work.
func (w *Writer) Abort() {
	w.spool.Close()
	os.Remove(w.spool.Name())
}
