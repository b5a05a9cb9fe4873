package pkgdiff

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// What stayed, came and went makes the new text of the old one.
func FuzzCompare(f *testing.F) {
	f.Add("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc")
	f.Add("", "x\n")
	f.Add("x", "")
	f.Add("same\n", "same\n")
	f.Fuzz(func(t *testing.T, old, now string) {
		a, b := lines(old), lines(now)
		x, y := 0, 0
		for _, r := range compare(a, b, func(a, b string) bool { return a == b }, 100) {
			switch r.sign {
			case ' ':
				for range r.count {
					if a[x] != b[y] {
						t.Fatalf("line %d of the old is not line %d of the new", x, y)
					}
					x, y = x+1, y+1
				}
			case '-':
				x += r.count
			case '+':
				y += r.count
			}
		}
		if x != len(a) || y != len(b) {
			t.Fatalf("%d of %d and %d of %d lines", x, len(a), y, len(b))
		}
	})
}

// What has nothing in common takes no time that grows with its square.
func TestTooDifferent(t *testing.T) {
	many := func(text string) []string { return lines(strings.Repeat(text, 300)) }
	runs := compare(many("a\n"), many("b\n"), func(a, b string) bool { return a == b }, 100)
	if len(runs) != 2 || runs[0].count != 300 || runs[1].count != 300 {
		t.Errorf("%d runs", len(runs))
	}
}

func TestDiff(t *testing.T) {
	a, b := New("1.0.0"), New("1.1.0")
	a.add("x", 0o644, []byte("one\ntwo\t\n"))
	b.add("x", 0o755, []byte("one\nthree"))
	b.add("p.PNG", 0o644, []byte("x"))
	b.add("p.png", 0o644, []byte("x"))
	const want = `diff --git a/x b/x
old mode 100644
new mode 100755
index v1.0.0..v1.1.0 
--- a/x
+++ b/x
@@ -1,2 +1,2 @@
 one
-two
+three
\ No newline at end of file
diff --git a/p.PNG b/p.PNG
new file mode 100644
index v1.0.0..v1.1.0 
--- a/p.PNG
+++ b/p.PNG
@@ -0,0 +1,1 @@
+x
\ No newline at end of file
diff --git a/p.png b/p.png
new file mode 100644
index v1.0.0..v1.1.0 
--- a/p.png
+++ b/p.png`
	if got := Diff(a, b, Options{Context: 3, VersionMark: "v"}); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := Diff(a, b, Options{NameOnly: true}); got != "x\np.PNG\np.png" {
		t.Error(got)
	}
}

func TestCounts(t *testing.T) {
	for _, tt := range []struct {
		name, pattern string
		want          bool
	}{
		{"package/lib/a.js", "*.js", true}, {"package/lib/a.ts", "*.js", false}, {"package/lib/a.js", "lib", true},
		{"package/lib/a.js", "./lib/", true}, {"package/lib/a.js", "src/", false}, {"package/lib/a.js", "lib/**", true},
		{"package/lib/a.js", "a.js", false}, {"package/.npmignore", ".npmignore", false}, // npm takes the dot for that of "./"
		{"package/lib/a.js", `lib\a.js`, true},
	} {
		if got := counts(tt.name, []string{tt.pattern}); got != tt.want {
			t.Errorf("%s, %s: %t", tt.name, tt.pattern, got)
		}
	}
}

func TestRead(t *testing.T) {
	var plain, zipped bytes.Buffer
	w := tar.NewWriter(&plain)
	for name, text := range map[string]string{"package/a": "\xff\xfe", "package/dir/b": "b"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o664, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(text))
	}
	w.WriteHeader(&tar.Header{Name: "package/link", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink})
	w.Close()
	z := gzip.NewWriter(&zipped)
	z.Write(plain.Bytes())
	z.Close()
	for _, data := range [][]byte{plain.Bytes(), zipped.Bytes()} {
		p, err := Read("1.0.0", data, nil)
		if err != nil || len(p.names) != 2 || p.Text("a") != "\ufffd\ufffd" || p.files["dir/b"].mode != "100664" {
			t.Errorf("%+v, %v", p, err)
		}
	}
	if _, err := Read("", zipped.Bytes()[:20], nil); err == nil {
		t.Error("half an archive was read")
	}
}

// Files come before what is in directories, and links lead nowhere.
func TestAddDir(t *testing.T) {
	dir := t.TempDir()
	files := fstest.MapFS{"z": {Data: []byte("z")}, "a/b": {Data: []byte("b")}, "node_modules/x/y": {}, "a/node_modules/c": {}}
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	p := New("1.0.0")
	if err := p.AddDir(dir, nil, func(name string) bool { return name == "z" }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.names, " "); got != "z a/b a/node_modules/c" || p.files["z"].mode != "100755" {
		t.Errorf("%s, %+v", got, p.files)
	}
}
