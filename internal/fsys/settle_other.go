//go:build !linux

package fsys

import "os"

// settle puts the bytes of a new file before the rename that follows.
func settle(f *os.File) error { return f.Sync() }
