//go:build !unix

package host

import (
	"errors"
	"os"
	"os/exec"
)

// isolate does nothing: children of a process that is killed may survive it.
func isolate(*exec.Cmd) {}

func usage(p *os.ProcessState) Usage {
	return Usage{User: p.UserTime(), Sys: p.SystemTime()}
}

func identity(os.FileInfo) (fileID, uint64, bool) { return fileID{}, 1, false }

// Free is the room left on the file system of dir, in bytes.
func Free(string) (int64, error) { return 0, errors.ErrUnsupported }

// Sync does nothing: there is no call for it.
func Sync() {}
