package unidiff

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// folder is the files of a package.
type folder map[string]string

func (f folder) Read(path string) ([]byte, bool, error) {
	text, ok := f[path]
	return []byte(text), ok, nil
}

// after is the folder with the changes; executable files have a "*" behind
// their path.
func (f folder) after(changes []Change) folder {
	out := maps.Clone(f)
	for _, c := range changes {
		delete(out, c.Path)
		if !c.Removed {
			path := c.Path
			if c.Mode != nil && *c.Mode {
				path += "*"
			}
			out[path] = string(c.Data)
		}
	}
	return out
}

func head(path string) string { return "--- a/" + path + "\n+++ b/" + path + "\n" }

func TestApply(t *testing.T) {
	old := folder{"a": "1\n2\n3\n4\n5\n", "crlf": "1\r\n2\r\n3\r\n", "open": "1\n2"}
	with := func(path, text string) folder {
		out := maps.Clone(old)
		out[path] = text
		return out
	}
	for _, test := range []struct {
		name, patch string
		want        folder
	}{
		{"change", head("a") + "@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n", with("a", "1\ntwo\n3\n4\n5\n")},
		{"text around it", "From: somebody\n\ndiff --git a/a b/a\nindex 1..2 100644\n" + head("a") + "@@ -1 +1 @@ f()\n-1\n+one\n-- \n2.40\n", with("a", "one\n2\n3\n4\n5\n")},
		{"times", "--- a/a\t2020-01-01 00:00\n+++ b/a\t2020-01-02\n@@ -1 +1 @@\n-1\n+one\n", with("a", "one\n2\n3\n4\n5\n")},
		{"without a context", head("a") + "@@ -3,0 +4 @@\n+new\n", with("a", "1\n2\n3\nnew\n4\n5\n")},
		{"two hunks", head("a") + "@@ -1 +1,2 @@\n+0\n 1\n@@ -5 +6 @@\n-5\n+five\n", with("a", "0\n1\n2\n3\n4\nfive\n")},
		{"moved", head("a") + "@@ -15,2 +15,2 @@\n 4\n-5\n+five\n", with("a", "1\n2\n3\n4\nfive\n")},
		{"patched already", head("a") + "@@ -1,2 +1,2 @@\n-one\n+1\n 2\n", old},
		{"patch with CRLF", strings.ReplaceAll(head("a")+"@@ -1,2 +1,2 @@\n 1\n-2\n+two\n", "\n", "\r\n"), with("a", "1\ntwo\r\n3\n4\n5\n")},
		{"file with CRLF", head("crlf") + "@@ -1,2 +1,2 @@\n 1\n-2\n+two\n", with("crlf", "1\r\ntwo\n3\r\n")},
		{"no last line end", head("open") + "@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+two\n\\ No newline at end of file\n", with("open", "1\ntwo")},
		{"last line end comes", head("open") + "@@ -2 +2 @@\n-2\n\\ No newline at end of file\n+2\n", with("open", "1\n2\n")},
		{"last line end goes", head("a") + "@@ -5 +5 @@\n-5\n+5\n\\ No newline at end of file\n", with("a", "1\n2\n3\n4\n5")},
		{"blanks that editors cut", head("a") + "@@ -1,2 +1,3 @@\n 1   \n+\n 2\n", with("a", "1\n\n2\n3\n4\n5\n")},
		{"new file", "--- /dev/null\n+++ b/d/n\n@@ -0,0 +1,2 @@\n+x\n+y\n", with("d/n", "x\ny\n")},
		{"new executable file", "diff --git a/n b/n\nnew file mode 100755\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n", with("n*", "x\n")},
		{"new empty file", "diff --git a/n b/n\nnew file mode 100644\nindex 0..0\n", with("n", "")},
		{"a file that is there already", "--- /dev/null\n+++ b/open\n@@ -0,0 +1,2 @@\n+1\n+2\n\\ No newline at end of file\n", old},
		{"quoted name", "--- /dev/null\n+++ \"b/\\303\\244\"\n@@ -0,0 +1 @@\n+x\n", with("ä", "x\n")},
		{"deleted", "--- a/open\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-1\n-2\n\\ No newline at end of file\n", folder{"a": old["a"], "crlf": old["crlf"]}},
		{"deleted, whatever it was", "diff --git a/a b/a\ndeleted file mode 100644\nindex 1..0\n", folder{"open": old["open"], "crlf": old["crlf"]}},
		{"deleted before", "diff --git a/none b/none\ndeleted file mode 100644\n", old},
		{"renamed", "diff --git a/open b/to\nsimilarity index 100%\nrename from open\nrename to to\n", folder{"a": old["a"], "crlf": old["crlf"], "to": "1\n2"}},
		{"renamed and changed", "diff --git a/a b/b\nrename from a\nrename to b\n--- a/a\n+++ b/b\n@@ -1 +1 @@\n-1\n+one\n", folder{"b": "one\n2\n3\n4\n5\n", "open": old["open"], "crlf": old["crlf"]}},
		{"mode", "diff --git a/open b/open\nold mode 100644\nnew mode 100755\n", folder{"a": old["a"], "crlf": old["crlf"], "open*": "1\n2"}},
		{"one file twice", head("a") + "@@ -1 +1 @@\n-1\n+one\n" + head("a") + "@@ -1 +1 @@\n-one\n+uno\n", with("a", "uno\n2\n3\n4\n5\n")},
		{"a line that looks like a head", head("a") + "@@ -1,2 +1,2 @@\n 1\n-2\n+++ b/x\n", with("a", "1\n++ b/x\n3\n4\n5\n")},
	} {
		d, err := Parse([]byte(test.patch))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		changes, err := d.Apply(old)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := old.after(changes); test.name == "mode" {
			delete(got, "open")
			if !maps.Equal(got, test.want) {
				t.Errorf("%s: %q", test.name, got)
			}
		} else if !maps.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestErrors(t *testing.T) {
	old := folder{"a": "1\n2\n3\n", "b": "b\n"}
	for _, test := range []struct{ patch, want string }{
		{"", "line 1 begins"},
		{"nothing\n", "line 1 begins"},
		{head("a") + "@@ -1,2 +1,2 @@\n 1\n-two\n+2b\n", `"a": hunk 1 (line 3 of the patch) does not match the file`},
		{head("a") + "@@ -1 +1 @@\n-1\n+one\n@@ -40 +40 @@\n-3\n+three\n", `"a": hunk 2 (line 6 of the patch) does not match the file`},
		{head("c") + "@@ -1 +1 @@\n-1\n+one\n", `"c": line 1 changes a file that the package does not have`},
		{"--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n", `"a": line 1 makes a file that is there already`},
		{"--- a/a\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-1\n-2\n", `"a": line 1 removes a file that has more in it`},
		{"--- a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", `"b": hunk 1 (line 3 of the patch) does not match the file`},
		{"diff --git a/a b/b\nrename from a\nrename to b\n", `"b": line 1 renames a file to one that is there`},
		{"diff --git a/a b/a\nnew mode 120000\n", "something else than a plain file"},
		{"diff --git a/a b/a\nindex 1..2\nGIT binary patch\n", "binary patch"},
		{"diff --git a/a b/c\ncopy from a\ncopy to c\n", "is copied"},
		{head("a") + "@@ -1,9 +1 @@\n-1\n", "where the patch ends, within a hunk"},
		{head("a") + "@@ -x +1 @@\n-1\n", "no head of a hunk"},
		{head("a") + "@@ -1 +1 @@\n-1\n?2\n", "no line of a hunk"},
		{head("a") + "@@ -1 +1 @@\n-1\n-2\n+1\n", "more than the head"},
		{head("../a") + "@@ -1 +1 @@\n-1\n+2\n", `"../a": line 1 names a file outside`},
		{"--- /dev/null\n+++ /etc/passwd\n@@ -0,0 +1 @@\n+2\n", "etc/passwd"}, // strips to a path inside
		{"--- /dev/null\n+++ b//etc/passwd\n@@ -0,0 +1 @@\n+2\n", "outside"},
		{"--- /dev/null\n+++ b/x\\..\\y\n@@ -0,0 +1 @@\n+2\n", "outside"},
		{"--- /dev/null\n+++ /dev/null\n", "names no file"},
	} {
		d, err := Parse([]byte(test.patch))
		var changes []Change
		if err == nil {
			changes, err = d.Apply(old)
		}
		if err == nil {
			if len(changes) != 1 || changes[0].Path != test.want {
				t.Errorf("%q: applied: %+v", test.patch, changes)
			}
			continue
		}
		if !errors.As(err, new(*Error)) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %s", test.patch, err, test.want)
		}
	}
}

// Whatever a patch says, no path leads out, and what applies can be undone.
func FuzzApply(f *testing.F) {
	f.Add(head("a")+"@@ -1,2 +1,2 @@\n 1\n-2\n+two\n", "1\n2\n3\n")
	f.Add("diff --git a/a b/b\nrename from a\nrename to b\n", "1")
	f.Add("--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n\\ No newline\n", "")
	f.Fuzz(func(t *testing.T, patch, text string) {
		d, err := Parse([]byte(patch))
		if err != nil {
			return
		}
		changes, err := d.Apply(folder{"a": text})
		if err != nil {
			return
		}
		for _, c := range changes {
			if strings.HasPrefix(c.Path, "/") || slices.Contains(strings.Split(c.Path, "/"), "..") {
				t.Fatalf("path %q", c.Path)
			}
		}
	})
}
