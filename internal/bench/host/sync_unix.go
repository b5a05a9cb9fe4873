//go:build unix

package host

import "syscall"

// Sync writes out what file systems have in memory.
func Sync() { syscall.Sync() }
