package fsys

import (
	"os"
	"path/filepath"
	"strings"
)

// SameDevice reports whether two existing paths are on one device, which is
// needed for renames and hard links between them, and not always enough.
func SameDevice(a, b string) (bool, error) {
	var volumes [2]string
	for i, p := range []string{a, b} {
		if _, err := os.Stat(p); err != nil {
			return false, err
		}
		real, err := filepath.EvalSymlinks(p)
		if err != nil {
			return false, err
		}
		if real, err = filepath.Abs(real); err != nil {
			return false, err
		}
		volumes[i] = filepath.VolumeName(real)
	}
	return strings.EqualFold(volumes[0], volumes[1]), nil
}
