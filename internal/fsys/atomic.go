package fsys

import (
	"io/fs"
	"os"
	"path/filepath"
)

// WriteOptions say how [WriteFile] writes.
type WriteOptions struct {
	Mode fs.FileMode // of a new file, before the umask; 0 means 0644. An existing file keeps its own
	// Settle makes a power cut leave the old bytes or the new ones, too; which of
	// them, nobody knows for the next seconds.
	Settle bool
}

// WriteFile replaces the file at path, or makes it: a reader sees the old bytes
// or the new ones, a killed process leaves one or the other (and perhaps a file
// ".name.*.tmp" beside it). A path that is a symbolic link stays one; the file
// it leads to is replaced.
func WriteFile(path string, data []byte, opts WriteOptions) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	perm := opts.Mode
	if perm == 0 {
		perm = fileMode
	}
	info, err := os.Stat(path)
	exists := err == nil
	if exists {
		perm = info.Mode().Perm()
	}
	f, err := createTemp(filepath.Dir(path), filepath.Base(path), perm)
	if err != nil {
		return err
	}
	err = fill(f, data, opts.Settle)
	if err == nil && exists {
		err = os.Chmod(f.Name(), perm) // what the umask took away
	}
	if err == nil {
		err = rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// createTemp makes a new file beside base.
func createTemp(dir, base string, perm fs.FileMode) (*os.File, error) {
	for {
		f, err := os.OpenFile(filepath.Join(dir, TempName(base)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !os.IsExist(err) {
			return f, err
		}
	}
}

// fill writes data to f and closes it.
func fill(f *os.File, data []byte, settled bool) error {
	_, err := f.Write(data)
	if err == nil && settled {
		err = settle(f)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
