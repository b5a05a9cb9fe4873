package fsys

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// HasOtherNames reports whether the file at path has other names: hard links.
func HasOtherNames(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return false, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	return info.NumberOfLinks > 1, nil
}
