//go:build !unix

package host

import (
	"os"
	"os/exec"
)

// isolate does nothing: children of a process that is killed may survive it.
func isolate(*exec.Cmd) {}

func usage(p *os.ProcessState) Usage {
	return Usage{User: p.UserTime(), Sys: p.SystemTime()}
}

func identity(os.FileInfo) (fileID, uint64, bool) { return fileID{}, 1, false }

// Sync does nothing: there is no call for it.
func Sync() {}
