//go:build !windows

package fsys

import "os"

// syncDir makes a rename in dir outlive a power cut.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
