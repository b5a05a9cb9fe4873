package fsys

import (
	"errors"
	"os"
)

// Usable is about other systems: here a user has a profile.
func Usable(string) bool { return true }

// OwnDir is about other systems, too.
func OwnDir(in, name string) (string, error) {
	return "", &os.PathError{Op: "make", Path: in, Err: errors.ErrUnsupported}
}
