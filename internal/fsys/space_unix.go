//go:build unix

package fsys

import "golang.org/x/sys/unix"

// Free is how many bytes this user can still write to the file system of dir.
func Free(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}
