package patch

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"godwit/internal/npm"
)

const text = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n"

func load(t *testing.T, keys ...string) (*Set, error) {
	t.Helper()
	dir := t.TempDir()
	var entries npm.Deps
	for i, key := range keys {
		name := string(rune('a'+i)) + ".patch"
		// Different texts, so that the hash tells which one was taken.
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name+"\n"+text), 0o644); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, npm.Dep{Alias: key, Specifier: name})
	}
	return Load(entries, dir)
}

func TestFor(t *testing.T) {
	s, err := load(t, "foo@1.2.3", "foo@^1", "foo@*", "foo", "@s/bar@2", "baz@>=2 <3", "qux@*")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    npm.Name
		version string
		want    string
	}{
		{"foo", "1.2.3", "foo@1.2.3"}, {"foo", "1.9.0", "foo@^1"}, {"foo", "2.0.0", "foo"}, {"foo", "not a version", "foo"},
		{"@s/bar", "2.5.0", "@s/bar@2"}, {"@s/bar", "3.0.0", ""}, {"baz", "2.1.0", "baz@>=2 <3"}, {"qux", "1.0.0", "qux@*"},
		{"other", "1.0.0", ""},
	} {
		p, err := s.For(test.name, test.version)
		got := ""
		if p != nil {
			got = p.Key
		}
		if err != nil || got != test.want {
			t.Errorf("%s@%s: %q, %v", test.name, test.version, got, err)
		}
		if hash, _ := s.Hash(test.name, test.version); p != nil && s.Find(hash) != p {
			t.Errorf("%s@%s: hash %q", test.name, test.version, hash)
		}
	}
	unused, err := s.Unused([]Package{{"foo", "1.2.3"}, {"foo", "1.0.0"}, {"qux", "3.0.0"}})
	if want := []string{"foo@*", "foo", "@s/bar@2", "baz@>=2 <3"}; err != nil || !reflect.DeepEqual(unused, want) {
		t.Errorf("unused %q, %v", unused, err)
	}
}

func TestErrors(t *testing.T) {
	code := func(err error) string {
		var e interface{ Code() string }
		if !errors.As(err, &e) {
			return ""
		}
		return e.Code()
	}
	if _, err := load(t, "foo@what"); code(err) != "ERR_PNPM_PATCH_NON_SEMVER_RANGE" {
		t.Error(err)
	}
	s, err := load(t, "foo@^1", "foo@>0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Hash("foo", "1.0.0"); code(err) != "ERR_PNPM_PATCH_KEY_CONFLICT" {
		t.Error(err)
	}
	if _, err := s.Hash("foo", "2.0.0"); err != nil {
		t.Error(err)
	}
	if _, err := Load(npm.Deps{{Alias: "a", Specifier: "none.patch"}}, t.TempDir()); code(err) != "ERR_PNPM_PATCH_NOT_FOUND" {
		t.Error(err)
	}
}

// The hash does not depend on line ends, which git may change.
func TestHash(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"lf": text, "crlf": "--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-1\r\n+2\r\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(npm.Deps{{Alias: "a", Specifier: "lf"}, {Alias: "b", Specifier: filepath.Join(dir, "crlf")}}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if h := s.Hashes(); h["a"] != h["b"] || len(h["a"]) != 64 {
		t.Errorf("hashes %v", h)
	}
	if none := (*Set)(nil); none.Hashes() != nil || none.Find("x") != nil {
		t.Error("the nil set has patches")
	}
}
