//go:build linux && !fsys_portable

package fsys

import (
	"errors"
	"testing"
)

// TestOpenSegments is TestOpenRefusesLinks where openat2 is not to be had.
func TestOpenSegments(t *testing.T) {
	d := openTemp(t)
	check(t, d.MkdirAll([]string{"a", "a/b", "a/b/c"}))
	check(t, d.Symlink(t.TempDir(), "a/away"))
	check(t, d.Symlink("b", "a/near"))
	check(t, d.WriteFile("a/file", nil, false))
	sub, err := d.openSegments("a/b/c")
	check(t, err)
	check(t, sub.Mkdir("x"))
	check(t, sub.Close())
	if _, err := d.Lstat("a/b/c/x"); err != nil {
		t.Error(err)
	}
	for _, rel := range []string{"a/away", "a/near/c", "a/near"} {
		if _, err := d.openSegments(rel); !errors.Is(err, ErrSymlink) {
			t.Errorf("openSegments(%s): %v", rel, err)
		}
	}
	for _, rel := range []string{"a/file", "a/file/x", "none"} {
		if _, err := d.openSegments(rel); err == nil || errors.Is(err, ErrSymlink) {
			t.Errorf("openSegments(%s): %v", rel, err)
		}
	}
}
