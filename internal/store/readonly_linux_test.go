package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"godwit/internal/fsys"
)

// TestReadOnly uses a store as a user who may not write to it: what is there
// serves, and an Add says what to do.
func TestReadOnly(t *testing.T) {
	writable := openTemp(t)
	id := idOf("a")
	_, err := writable.Add(id, files("f", "text"))
	check(t, err)
	for _, dir := range []string{"", "/tmp", "/trees"} {
		check(t, os.Chmod(writable.Dir()+dir, 0o555))
	}
	// The directories of a test are for its user only.
	above := filepath.Dir(filepath.Dir(writable.Dir()))
	check(t, os.Chmod(above, 0o755))
	check(t, os.Chmod(filepath.Dir(above), 0o755))
	t.Cleanup(func() { os.Chmod(writable.Dir(), 0o755) })
	done := make(chan struct{})
	go func() {
		defer close(done)
		if os.Geteuid() == 0 {
			// Root may do anything until this thread is somebody else to the
			// file system. The thread ends with the goroutine.
			runtime.LockOSThread()
			const nobody = 65534
			if err := unix.Setfsuid(nobody); err != nil {
				t.Error(err)
			}
		}
		s, err := Open(writable.Dir())
		if err != nil {
			t.Error(err)
			return
		}
		defer s.Close()
		if _, err := s.Load(id); err != nil || !s.Has(id) {
			t.Errorf("Load: %v", err)
		}
		_, err = s.Add(idOf("b"), files("f", ""))
		if err == nil || !strings.Contains(said(err), "cannot be written to") || !strings.Contains(said(err), "store-dir") {
			t.Errorf("Add = %v", err)
		}
	}()
	<-done
}

// said is an error with what to do about it.
func said(err error) string {
	if e := (*Error)(nil); errors.As(err, &e) {
		return err.Error() + "; " + e.Hint()
	}
	return err.Error()
}

func TestExplain(t *testing.T) {
	s := openTemp(t)
	for errno, want := range map[syscall.Errno]string{
		unix.EROFS: "cannot be written to", unix.EACCES: "cannot be written to", unix.ENOTDIR: "is not a directory",
		unix.ENOSPC: "no space left", unix.EDQUOT: "no space left", unix.EIO: "input/output error",
	} {
		err := s.explain(&fs.PathError{Op: "mkdir", Path: "x", Err: errno})
		if !strings.Contains(said(err), want) || !strings.Contains(said(err), s.Dir()) {
			t.Errorf("%v: %v", errno, err)
		}
	}
	for path, explained := range map[string]bool{s.Dir() + "/tmp/x": true, "/elsewhere": false} {
		_, err := s.Add(idOf("a"), func(*Writer) error { return &fs.PathError{Op: "write", Path: path, Err: unix.ENOSPC} })
		if got := strings.Contains(err.Error(), " has no space left: "); got != explained {
			t.Errorf("disk full at %s: %v", path, err)
		}
	}
}

// Who cannot open a file says so: of a tree that is taken for damaged nothing would
// be left in the store.
func TestNoFilesLeft(t *testing.T) {
	s := openTemp(t)
	id := idOf("a")
	_, err := s.Add(id, files("f", "text"))
	check(t, err)
	var was unix.Rlimit
	check(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &was))
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &was)
	const few = 64
	check(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: few, Max: was.Max}))
	var open []*os.File
	defer func() {
		for _, f := range open {
			f.Close()
		}
	}()
	for len(open) < few {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		open = append(open, f)
	}
	if err := s.Verify(id); !fsys.TooManyFiles(err) {
		t.Errorf("Verify without a file to open: %v", err)
	}
}
