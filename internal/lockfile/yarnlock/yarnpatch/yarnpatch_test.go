package yarnpatch

import (
	"errors"
	"maps"
	"os"
	"testing"
)

// files are those of a package, in memory.
type files map[string]string

func (f files) Read(path string) ([]byte, bool) { text, ok := f[path]; return []byte(text), ok }

func (f files) Write(path string, data []byte, _ bool) { f[path] = string(data) }

func diff(path, body string) string {
	return "diff --git a/" + path + " b/" + path + "\n--- a/" + path + "\n+++ b/" + path + "\n" + body
}

func TestApply(t *testing.T) {
	for name, c := range map[string]struct{ before, patch, after string }{
		"moved":             {"x\ny\na\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n", "x\ny\na\nc\n"},
		"two hunks":         {"a\nb\nc\nd\n", "@@ -1,1 +1,2 @@\n a\n+a2\n@@ -4,1 +5,1 @@\n-d\n+D\n", "a\na2\nb\nc\nD\n"},
		"white space":       {"a  \nb\r\n", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n", "a  \nc\n"},
		"end of line given": {"a\nb", "@@ -2,1 +2,1 @@\n-b\n\\ No newline at end of file\n+c\n", "a\nc\n"},
		"end of line taken": {"a\nb\n", "@@ -2,1 +2,1 @@\n-b\n+c\n\\ No newline at end of file\n", "a\nc"},
		"none before":       {"a\nb", "@@ -2,1 +2,1 @@\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n", "a\nc"},
	} {
		p, err := Parse(diff("f.js", c.patch))
		if err != nil {
			t.Fatal(name, err)
		}
		got := files{"f.js": c.before}
		if err := p.Apply(got, "1.0.0"); err != nil || got["f.js"] != c.after {
			t.Errorf("%s: got %q (%v), want %q", name, got["f.js"], err, c.after)
		}
	}
}

func TestMismatchChangesNothing(t *testing.T) {
	p, err := Parse(diff("a.js", "@@ -1,1 +1,1 @@\n-a\n+b\n") + diff("b.js", "@@ -1,1 +1,1 @@\n-a\n+b\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, before := range []files{{"a.js": "a\n", "b.js": "other\n"}, {"a.js": "a\n"}} {
		got := maps.Clone(before)
		if err := p.Apply(got, "1.0.0"); !errors.As(err, new(*MismatchError)) || !maps.Equal(got, before) {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		rng, version string
		want         bool
	}{
		{"", "1.0.0", true},
		{">=5.7.1-rc <7.0.0-0", "5.9.3", true},
		{">=5.7.1-rc <7.0.0-0", "7.0.0", false},
		{">=5.7.1-rc <7.0.0-0", "5.7.1-rc", true},
		{">=5.7.0-beta <5.7.1-rc", "5.7.1", false},
		{">=5.7.0-beta <5.7.1-rc", "5.7.0-dev.1", true}, // without its prerelease
		{">=3.2 <3.5", "3.4.0", true},
	} {
		if f := (file{versions: c.rng}); f.fits(c.version) != c.want {
			t.Errorf("%s in %q: got %t", c.version, c.rng, !c.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, text := range []string{
		"", "text\n", "diff --git a/x b/x\n", "diff --git a/x b/x\nrename from x\n", "diff --git a/x b/x\ndeleted file mode 100644\n",
		diff("x", "@@ -1,2 +1,1 @@\n a\n"), diff("x", "@@ nothing @@\n a\n"), diff("x", "@@ -1 +1 @@\n\\ No newline\n"),
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q is a patch", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("diff --git a/ b/\n@@ -0,0 +2,2 @@\n+\n+", "0") // lines behind the end of the file
	text, err := os.ReadFile("testdata/all.patch")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), "one\ntwo\nthree\n")
	f.Fuzz(func(t *testing.T, text, content string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		p.Hash("1.0.0")
		in := files{}
		for _, f := range p.files {
			in[f.path] = content
		}
		_ = p.Apply(in, "1.0.0")
	})
}
