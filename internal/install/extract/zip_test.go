package extract

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"
)

// zipped makes an archive of pairs of names and contents; a name that ends in "*" is
// executable, in "@" a link.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		name, mode := files[i], fs.FileMode(0o644)
		switch name[len(name)-1] {
		case '*':
			name, mode = name[:len(name)-1], 0o755
		case '@':
			name, mode = name[:len(name)-1], fs.ModeSymlink|0o777
		}
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, files[i+1])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unzipped(data []byte, prefix string, lim Limits) (out []string, err error) {
	err = Zip(data, prefix, lim, func(path string, exec bool, r io.Reader, size int64) error {
		text, err := io.ReadAll(r)
		if err == nil && int64(len(text)) != size {
			err = errors.New("another size")
		}
		if exec {
			path += "*"
		}
		out = append(out, path+"="+string(text))
		return err
	})
	return out, err
}

func TestZip(t *testing.T) {
	data := zipped(t, "bun-1/", "", "bun-1/bun*", "program", "bun-1/doc/a", "text", "bun-1/link@", "/etc", "other/b", "x", "bun-12/c", "y")
	for _, test := range []struct {
		prefix string
		want   []string
	}{
		{"bun-1", []string{"bun*=program", "doc/a=text"}},
		{"", []string{"bun-1/bun*=program", "bun-1/doc/a=text", "other/b=x", "bun-12/c=y"}},
		{"none", nil},
	} {
		if got, err := unzipped(data, test.prefix, Limits{}); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, %v", test.prefix, got, err)
		}
	}
}

func TestZipLimits(t *testing.T) {
	data := zipped(t, "a", "12345", "b", "67890")
	for what, lim := range map[string]Limits{"bytes": {Unpacked: 9}, "entries": {Entries: 1}} {
		var limit *LimitError
		if _, err := unzipped(data, "", lim); !errors.As(err, &limit) || limit.What != what {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := unzipped([]byte("<html>"), "", Limits{}); err == nil {
		t.Error("no zip: no error")
	}
	// An entry that claims fewer bytes than it has.
	lies := bytes.ReplaceAll(data, []byte{5, 0, 0, 0, 1, 0}, []byte{4, 0, 0, 0, 1, 0})
	if bytes.Equal(lies, data) {
		t.Fatal("the archive has another form than the test knows")
	}
	if got, err := unzipped(lies, "", Limits{}); err == nil {
		t.Errorf("a false size: %q", got)
	}
}

func FuzzZip(f *testing.F) {
	f.Add(zipped(f, "p/a*", "text", "p/b@", "c"), "p")
	f.Fuzz(func(t *testing.T, data []byte, prefix string) {
		unzipped(data, prefix, Limits{Unpacked: 1 << 20})
	})
}
