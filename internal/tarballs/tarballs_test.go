package tarballs

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var (
	long  = "sha512-" + strings.Repeat("ab", 64)
	short = "sha1-" + strings.Repeat("0c", 20)
)

func room(size int64) []byte { return make([]byte, 0, size+1) }

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.tar")
	for _, order := range [][]string{{long, short}, {short, long, short}} {
		w, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for _, id := range order {
			all.Go(func() {
				if err := w.Add(id, []byte("bytes of "+id)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		n, size, err := w.Finish()
		w.Abort()
		if info, statErr := os.Stat(path); err != nil || statErr != nil || n != 2 || info.Size() != size {
			t.Fatal(n, size, err, statErr)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, id := range []string{long, short} {
		if data, err := f.Tarball(id, room); err != nil || string(data) != "bytes of "+id || !f.Has(id) {
			t.Errorf("%s: %q, %v", id, data, err)
		}
	}
	if _, err := f.Tarball("sha512-x", room); err == nil || f.Has("sha512-x") || f.Len() != 2 {
		t.Error("there is what nobody put there")
	}
}

func TestAborted(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(filepath.Join(dir, "c.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add(long, []byte("x")); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// archive is a tar of one header and no contents but what is given.
func archive(h tar.Header, contents string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&h)
	w.Write([]byte(contents))
	w.Flush()
	return b.Bytes()
}

func TestHostile(t *testing.T) {
	for name, data := range map[string][]byte{
		"no tar":             []byte(strings.Repeat("no tar", 200)),
		"another name":       archive(tar.Header{Name: "../../etc/passwd", Typeflag: tar.TypeReg}, ""),
		"name in one part":   archive(tar.Header{Name: short + ".tgz", Typeflag: tar.TypeReg}, ""),
		"name of nothing":    archive(tar.Header{Name: "/.tgz", Typeflag: tar.TypeReg}, ""),
		"a link":             archive(tar.Header{Name: nameOf(short), Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, ""),
		"longer than it is":  archive(tar.Header{Name: nameOf(short), Typeflag: tar.TypeReg, Size: 1 << 20}, "short"),
		"longer than can be": archive(tar.Header{Name: nameOf(short), Typeflag: tar.TypeReg, Size: 1 << 40}, "short"),
	} {
		path := filepath.Join(t.TempDir(), "c.tar")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if f, err := Open(path); !errors.As(err, new(*Error)) {
			t.Errorf("%s: %v", name, err)
			f.Close()
		}
	}
	if _, err := Open(t.TempDir()); !errors.As(err, new(*Error)) {
		t.Errorf("a directory: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(archive(tar.Header{Name: nameOf(long), Typeflag: tar.TypeReg, Size: 5}, "short"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "c.tar")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		file, err := Open(path)
		if err != nil {
			return
		}
		defer file.Close()
		for id, s := range file.at {
			if got, err := file.Tarball(id, room); err == nil && int64(len(got)) != s.size {
				t.Errorf("%s: %d bytes, not %d", id, len(got), s.size)
			}
		}
	})
}
