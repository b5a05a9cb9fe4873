//go:build !windows && (!linux || fsys_portable)

package fsys

import "os"

// linkDir makes at, an absolute path, a link to the directory target: relative
// text if target is relative. It fails if at exists. Only a junction, on
// Windows, needs target to be a directory.
func linkDir(target, at string) error { return os.Symlink(target, at) }
