//go:build !windows

package fsys

import "os"

func linkDir(target, at string) error { return os.Symlink(target, at) }

// LinkDir makes at, an absolute path, a link to the directory target: relative
// text if target is relative. It fails if at exists. Only a junction, on
// Windows, needs target to be a directory.
func LinkDir(target, at string) error { return linkDir(target, at) }

func rename(from, to string) error { return os.Rename(from, to) }
