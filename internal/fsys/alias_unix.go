//go:build unix

package fsys

import (
	"errors"
	"io/fs"
	"os"
)

// Alias gives a program, whose path is absolute, another name: at, without the
// ending that programs have on Windows. One that is there stays.
func Alias(program, at string) error {
	if err := os.Symlink(program, at); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
