package project

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMemberDirs(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{
		".", "packages/a", "packages/a-b", "packages/a/nested", "packages/b", "packages/.hidden", "packages/node_modules/x",
		"apps/web", "apps/web/test/fixture", "tools", "deep/1/2/3", "deep/node_modules/x",
	} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, dir, "package.json"), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "packages/empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ patterns, want string }{
		{"", "."},
		{".", "."},
		{"packages/*", ". packages/a packages/b packages/a-b"},
		{"./packages/*/", ". packages/a packages/b packages/a-b"},
		{"packages/**", ". packages/a packages/a/nested packages/b packages/a-b"},
		{"packages/a/**", ". packages/a packages/a/nested"},
		{"packages/.hidden tools", ". packages/.hidden tools"},
		{"packages/.*", ". packages/.hidden"},
		{"{apps,packages}/{web,b}", ". apps/web packages/b"},
		{"packages/[ab]", ". packages/a packages/b"},
		{"packages/? !packages/b", ". packages/a"},
		{"!packages/b packages/?", ". packages/a"},
		{"** !**/test/** !packages/**", ". apps/web deep/1/2/3 tools"},
		{"**/3", ". deep/1/2/3"},
		{"nowhere/* packages/a/package.json/*", "."},
		{"packages/node_modules/x", "."},
		{"!/packages/a packages/a", ". packages/a"},
	} {
		got, _, err := MemberDirs(root, strings.Fields(tt.patterns))
		want := strings.Fields(tt.want)
		if err != nil {
			t.Errorf("%s: %v", tt.patterns, err)
		}
		if diff := cmp.Diff(sortedDirs(want), got); diff != "" {
			t.Errorf("%s: %s", tt.patterns, diff)
		}
		for _, dir := range got {
			if !IsMember(dir, strings.Fields(tt.patterns)) {
				t.Errorf("%s: IsMember(%s) is false", tt.patterns, dir)
			}
		}
	}
	if IsMember("packages/b", []string{"packages/*", "!packages/b"}) || IsMember("other", []string{"packages/*"}) {
		t.Error("IsMember finds what MemberDirs does not")
	}
}

func sortedDirs(dirs []string) []string {
	for i := range dirs {
		for k := i; k > 0 && compareDirs(dirs[k], dirs[k-1]) < 0; k-- {
			dirs[k], dirs[k-1] = dirs[k-1], dirs[k]
		}
	}
	return dirs
}

func TestMemberPatternsThatCannotBeUsed(t *testing.T) {
	root := t.TempDir()
	if err := os.Symlink("/", filepath.Join(root, "link")); err != nil {
		t.Skip(err)
	}
	for _, pattern := range []string{"..", "a/../..", "../..", "/abs", "[", "a/[z-", strings.Repeat("{a,b}", 20), "link/etc"} {
		if _, _, err := MemberDirs(root, []string{pattern}); err == nil {
			t.Errorf("%s: no error", pattern)
		} else if _, ok := errors.AsType[*PatternError](err); !ok {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func FuzzMemberPatterns(f *testing.F) {
	for _, seed := range []string{"**/a/**/b/**", "{a,b}/{c", "[!a]/*", "a//b/./c", "!**", "\\*"} {
		f.Add(seed, "a/b/c/d/a/b")
	}
	f.Fuzz(func(t *testing.T, pattern, dir string) {
		if len(pattern) < 200 && len(dir) < 200 {
			IsMember(dir, []string{pattern})
		}
	})
}
