//go:build !windows

package fsys

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestErrorClassesOfUnix(t *testing.T) {
	link := func(op string, errno error) error {
		return fmt.Errorf("wrapped: %w", &os.LinkError{Op: op, Err: errno})
	}
	for _, tt := range []struct {
		err  error
		is   func(error) bool
		want bool
	}{
		{link("link", unix.EXDEV), Unsupported, true},
		{link("link", unix.EPERM), Unsupported, true},
		{link("clone", unix.EOPNOTSUPP), Unsupported, true},
		{link("clone", unix.EINVAL), Unsupported, true},
		{link("clone", unix.ENOTTY), Unsupported, true},
		{link("link", unix.EINVAL), Unsupported, false},
		{link("link", unix.EACCES), Unsupported, false},
		{link("link", unix.ENOSPC), Unsupported, false},
		{link("link", unix.EMLINK), Unsupported, false},
		{link("link", unix.EMLINK), TooManyLinks, true},
		{link("link", unix.ENOSPC), DiskFull, true},
		{link("link", unix.EDQUOT), DiskFull, true},
		{link("link", unix.EROFS), ReadOnly, true},
		{link("rename", unix.ENOTEMPTY), Exists, true},
		{link("rename", unix.EEXIST), Exists, true},
		{link("rename", unix.ENOENT), Exists, false},
	} {
		if got := tt.is(tt.err); got != tt.want {
			t.Errorf("%v: %v", tt.err, got)
		}
	}
}
