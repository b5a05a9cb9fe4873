package extract

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"godwit/internal/inflate"
	"godwit/internal/install/extract/untar"
)

// pack makes a tar of a package with the files given as path, content, ...
// Paths ending in "*" are executable.
func pack(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		name, mode := files[i], int64(0o644)
		if strings.HasSuffix(name, "*") {
			name, mode = name[:len(name)-1], 0o755
		}
		if err := w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: mode, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, files[i+1])
	}
	w.Close()
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// ways are the three ways into an archive, each returning "path[*]=content".
func ways(s *Scratch, tgz []byte, lim Limits) map[string]func() ([]string, Stats, error) {
	line := func(path string, exec bool, data []byte) string {
		if exec {
			path += "*"
		}
		return path + "=" + string(data)
	}
	streamed := func(files *[]string) func(string, bool, io.Reader, int64) error {
		return func(path string, exec bool, r io.Reader, size int64) error {
			data, err := io.ReadAll(r)
			*files = append(*files, line(path, exec, data))
			if err == nil && int64(len(data)) != size {
				err = fmt.Errorf("%s: %d bytes of %d", path, len(data), size)
			}
			return err
		}
	}
	return map[string]func() ([]string, Stats, error){
		"Tarball": func() (files []string, st Stats, err error) {
			st, err = Tarball(tgz, s, lim, func(path string, exec bool, data []byte) error {
				files = append(files, line(path, exec, data))
				return nil
			})
			return files, st, err
		},
		"Large": func() (files []string, st Stats, err error) {
			st, err = Large(tgz, s, lim, streamed(&files))
			return files, st, err
		},
	}
}

func TestTheWaysAgree(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 50_000) // more than a window
	plain := pack(t, "package.json", "{}", "bin/cli.js*", "#!", "lib/big.js", big, "empty", "")
	half := len(plain) / 2
	tests := map[string][]byte{
		"gzip":                 gzipped(t, plain),
		"no gzip":              plain,
		"two members":          append(gzipped(t, plain[:half]), gzipped(t, plain[half:])...),
		"garbage behind":       append(gzipped(t, plain), "garbage"...),
		"zeros behind":         append(gzipped(t, plain), make([]byte, 100)...),
		"garbage in its place": gzipped(t, append(bytes.Clone(plain), "garbage"...)),
	}
	want := []string{"package.json={}", "bin/cli.js*=#!", "lib/big.js=" + big, "empty="}
	var s Scratch
	for name, data := range tests {
		for way, read := range ways(&s, data, Limits{}) {
			files, stats, err := read()
			if err != nil || !reflect.DeepEqual(files, want) || stats.Files != 4 || stats.Bytes != int64(len(big)+4) {
				t.Errorf("%s, %s: %d files, %+v, %v", name, way, len(files), stats, err)
			}
		}
	}
}

func TestBadArchives(t *testing.T) {
	good := gzipped(t, pack(t, "a", strings.Repeat("some text ", 1000), "b", "b"))
	changed := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	var pathErr *PathError
	tests := []struct {
		name string
		data []byte
		want func(error) bool
	}{
		{"cut", good[:len(good)/2], func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		{"no trailer", good[:len(good)-8], func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		{"wrong checksum", changed(len(good) - 8), func(err error) bool {
			return errors.Is(err, inflate.ErrChecksum) || errors.Is(err, gzip.ErrChecksum)
		}},
		{"no archive", []byte("<html>not found</html>"), func(err error) bool { return errors.Is(err, untar.ErrFormat) }},
		{"nothing", nil, func(err error) bool { return errors.Is(err, untar.ErrFormat) }},
		{"hostile", gzipped(t, pack(t, "a", "a", "../../x", "x")), func(err error) bool { return errors.As(err, &pathErr) }},
	}
	var s Scratch
	for _, tt := range tests {
		for way, read := range ways(&s, tt.data, Limits{}) {
			files, _, err := read()
			if !tt.want(err) {
				t.Errorf("%s, %s: error %v", tt.name, way, err)
			}
			if way == "Tarball" && len(files) > 0 {
				t.Errorf("%s: yielded %q of a bad archive", tt.name, files)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	isLimit := func(err error) bool { var e *LimitError; return errors.As(err, &e) }
	tooBig := func(err error) bool { return errors.Is(err, ErrTooBig) }
	ok := func(err error) bool { return err == nil }
	tgz := gzipped(t, pack(t, "a", strings.Repeat("a", 100_000), "b", "b"))
	lying := bytes.Clone(tgz)
	binary.LittleEndian.PutUint32(lying[len(lying)-4:], 5)
	tests := []struct {
		name         string
		data         []byte
		lim          Limits
		whole, large func(error) bool
	}{
		{"fits", tgz, Limits{}, ok, ok},
		{"too big to hold", tgz, Limits{Whole: 99_999}, tooBig, ok},
		{"too big to hold, and lying", lying, Limits{Whole: 99_999}, tooBig, func(err error) bool { return err != nil }},
		{"too big", tgz, Limits{Unpacked: 99_999}, isLimit, isLimit},
		{"too big, and lying", lying, Limits{Unpacked: 99_999}, isLimit, isLimit},
		{"too many entries", tgz, Limits{Entries: 1}, isLimit, isLimit},
		{"path too long", tgz, Limits{Path: 8}, isLimit, isLimit},
	}
	var s Scratch
	for _, tt := range tests {
		for way, read := range ways(&s, tt.data, tt.lim) {
			want := tt.large
			if way == "Tarball" {
				want = tt.whole
			}
			if _, _, err := read(); !want(err) {
				t.Errorf("%s, %s: error %v", tt.name, way, err)
			}
		}
	}
}

// A bomb of 20 MB in 20 KB is met by each way's limit, not by memory.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	tw := tar.NewWriter(zw)
	tw.WriteHeader(&tar.Header{Name: "package/zeros", Mode: 0o644, Size: 20 << 20})
	for range 20 {
		tw.Write(make([]byte, 1<<20))
	}
	tw.Close()
	zw.Close()
	var s Scratch
	if _, err := Tarball(b.Bytes(), &s, Limits{Whole: 8 << 20}, nil); !errors.Is(err, ErrTooBig) || cap(s.tar) > 16<<20 {
		t.Errorf("Tarball: %v, keeps %d bytes", err, cap(s.tar))
	}
	var read int64
	_, err := Large(b.Bytes(), &s, Limits{Unpacked: 10 << 20}, func(_ string, _ bool, r io.Reader, _ int64) error {
		n, err := io.Copy(io.Discard, r)
		read = n
		return err
	})
	var limit *LimitError
	if !errors.As(err, &limit) || read > 10<<20 {
		t.Errorf("Large: %v after %d bytes", err, read)
	}
}

func TestScratchIsUsedAgain(t *testing.T) {
	var files []string
	for i := range 200 {
		files = append(files, fmt.Sprintf("lib/file%d.js", i), strings.Repeat("x", i))
	}
	tgz := gzipped(t, pack(t, files...))
	var s Scratch
	run := func() {
		if _, err := Tarball(tgz, &s, Limits{}, func(string, bool, []byte) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(10, run); n > 1 {
		t.Errorf("%v allocations for a package of 200 files", n)
	}
}
