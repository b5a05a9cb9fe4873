package fsys

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// Names tells which file is at path, and how many names it has: hard links.
func Names(path string) (FileID, int, error) {
	f, err := os.Open(path)
	if err != nil {
		return FileID{}, 0, err
	}
	defer f.Close()
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return FileID{}, 0, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	id := FileID{uint64(info.VolumeSerialNumber), uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)}
	return id, int(info.NumberOfLinks), nil
}
