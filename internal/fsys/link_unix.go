//go:build !windows

package fsys

import "os"

func rename(from, to string) error { return os.Rename(from, to) }
