package yarnzip

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"strings"
	"testing"

	"godwit/internal/lockfile/yarnlock/yarnpatch"
)

// odd is a tarball with all that yarn treats in its own way.
func odd(t testing.TB) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, h := range []struct {
		name, data string
		kind       byte
		mode       int64
	}{
		{"package/", "", tar.TypeDir, 0o700},
		{"package/package.json", `{"name":"@s/odd","version":"1.0.0"}`, tar.TypeReg, 0o600},
		{"package/lib/", "", tar.TypeDir, 0o755},
		{"package/lib/a.js", "1\n2\n3\n", tar.TypeReg, 0o644},
		{"package/z/y/x.js", "", tar.TypeReg, 0o755},
		{"package/bin/run", "#!/bin/sh\n", tar.TypeReg, 0o750},
		{"package/lib/a.js", "one\ntwo\nthree\n", tar.TypeReg, 0o755},
		{"package/lib/ünï.txt", "ü", tar.TypeReg, 0o644},
		{"package/lib/b.js", "", tar.TypeSymlink, 0o777},
		{"package/lib/hard.js", "", tar.TypeLink, 0o644},
		{"package/./dot/../../out.js", "out", tar.TypeReg, 0o644},
		{"package//twice.js", "twice", tar.TypeReg, 0o644},
		{"beside.js", "out", tar.TypeReg, 0o644},
		{"/abs/file.js", "out", tar.TypeReg, 0o644},
		{"other/root.js", "root", tar.TypeReg, 0o644},
		{"package/" + strings.Repeat("long/", 30) + "path.js", "long", tar.TypeReg, 0o644},
	} {
		header := &tar.Header{Name: h.name, Typeflag: h.kind, Mode: h.mode, Size: int64(len(h.data)), Format: tar.FormatPAX}
		if h.kind == tar.TypeSymlink {
			header.Linkname = "a.js"
		}
		if h.kind == tar.TypeLink {
			header.Linkname = "package/lib/a.js"
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(h.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What yarn 4.18 wrote for the tarball, and for it with the patch.
const (
	oddSum     = "132b74c26595816bbc39248665d9973c14e0c0eaf88c80c74260a2a93579401f5e86ab3b1a77962449d6a69b699c40bb928443c1090570c72891afa48dcab276"
	patchedSum = "73c1509ef087ca8842a29891e9525fe3b8831369bf16c6b8c612b3b104134faacd36543bfb28f27498d22123d128fbbc83bc17825c7f22ab428221639e484cd3"
	patchHash  = "c9173c"
)

func TestSumIsYarns(t *testing.T) {
	a, err := Of("@s/odd", odd(t))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Sum(); err != nil || got != oddSum {
		t.Errorf("got %s (%v), want %s", got, err, oddSum)
	}
	text, err := os.ReadFile("../yarnpatch/testdata/all.patch")
	if err != nil {
		t.Fatal(err)
	}
	p, err := yarnpatch.Parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Hash("1.0.0"); got != patchHash {
		t.Errorf("the patch has the hash %s, want %s", got, patchHash)
	}
	patched := a.Copy()
	if err := p.Apply(patched, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	if got, err := patched.Sum(); err != nil || got != patchedSum {
		t.Errorf("got %s (%v), want %s with the patch", got, err, patchedSum)
	}
	if got, _ := a.Sum(); got != oddSum {
		t.Error("the archive changed with its copy")
	}
}

func TestRefusesWhatIsNoTarball(t *testing.T) {
	for _, data := range []string{"", "no tarball", "\x1f\x8bno gzip", string(odd(t)[:200])} {
		a, err := Of("a", []byte(data))
		if err == nil && len(a.entries) > 0 {
			t.Errorf("%.20q is an archive", data)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add(odd(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := Of("a", data)
		if err != nil {
			return
		}
		if _, err := a.Copy().Sum(); err != nil {
			t.Error(err)
		}
		for _, e := range a.entries {
			if e.path != "node_modules" && !strings.HasPrefix(e.path, "node_modules/a") {
				t.Errorf("%q is beside the package", e.path)
			}
		}
	})
}
