package fsys

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Alias gives a program, whose path is absolute, another name: at, without the
// ending that programs have on Windows. One that is there stays. Symbolic links
// want a privilege here, and hard links end at the volume.
func Alias(program, at string) error {
	at += ".exe"
	if err := os.Link(program, at); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	from, err := os.Open(program)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(at), "new-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	err = errors.Join(err, to.Close())
	if err == nil {
		err = os.Rename(to.Name(), at)
	}
	if err != nil {
		os.Remove(to.Name())
	}
	return err
}
