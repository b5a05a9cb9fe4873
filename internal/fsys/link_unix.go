//go:build !windows

package fsys

import "os"

func rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return moveLayered(from, to, err)
	}
	return nil
}

// renameOnce is rename where the file system does it at once.
func renameOnce(from, to string) error { return os.Rename(from, to) }
