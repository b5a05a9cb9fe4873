package fsys

import (
	"path"
	"strings"
	"testing"
)

func TestCheckPath(t *testing.T) {
	for _, good := range []string{"a", "a/b.c", ".bin/x", "...", "a b", "ü", "node_modules/@s/p/index.js"} {
		if err := CheckPath(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a\x00b", "./a"} {
		if CheckPath(bad) == nil {
			t.Errorf("CheckPath(%q) accepts", bad)
		}
	}
	if err := CheckPath(strings.Repeat("x", 5000) + "/.."); err == nil || len(err.Error()) > 400 {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

func TestCheckWindowsName(t *testing.T) {
	for _, good := range []string{"a", "index.js", "console", "com", "com10", "nul_", "a.nul", "é"} {
		if err := checkWindowsName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{`a\b`, `..\x`, "c:", "f:stream", "a?", "a*", "a|b", "<", "a.", "a ", "NUL", "nul.txt", "aux.c", "Com1", "lpt9.log", "CON .x", "conin$", "a\x01"} {
		if checkWindowsName(bad) == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestTempName(t *testing.T) {
	long := TempName(strings.Repeat("é", 200))
	if len(long) > 255 || !strings.HasPrefix(long, ".é") || strings.ToValidUTF8(long, "?") != long {
		t.Errorf("TempName = %q", long)
	}
	for name, want := range map[string]bool{long: true, TempName(""): true, ".a.tmp": false, "a.0123456789abcdef.tmp": false, ".tmp": false, "": false} {
		if IsTempName(name) != want {
			t.Errorf("IsTempName(%q) = %v", name, !want)
		}
	}
	if first, second := TempName("a"), TempName("a"); first == second {
		t.Error("not random")
	}
}

func FuzzCheckPath(f *testing.F) {
	for _, s := range []string{"a/b", "../x", "a/./b", "a//b", "/x", "", "a/..", "..."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if CheckPath(p) == nil && (path.Clean("/"+p) != "/"+p || strings.Contains(p, "\x00")) {
			t.Errorf("CheckPath(%q) accepts what Clean changes", p)
		}
	})
}
