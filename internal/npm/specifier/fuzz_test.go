package specifier

import (
	"strings"
	"testing"

	"godwit/internal/npm"
)

func FuzzParse(f *testing.F) {
	verdicts, splits := loadVerdicts(f)
	n := 0
	for raw := range verdicts {
		if n++; n%10 == 0 {
			f.Add("a", raw)
		}
	}
	for _, row := range splits {
		f.Add("", *row[0])
	}
	f.Add("a", "ssh://gitlab.com///0")
	for _, raw := range []string{"workspace:b@*", "catalog:x", "jsr:@s/n@^1", "link:../x", "patch:x", "0/%000000", "git@h.example:o/r#semver:1&path:/a"} {
		f.Add("@s/n", raw)
	}
	f.Fuzz(func(t *testing.T, alias, raw string) {
		left, right := Split(raw)
		if left != "" {
			if _, err := npm.ParseName(left); err != nil {
				t.Fatalf("Split(%q) has the alias %q: %v", raw, left, err)
			}
			if !strings.HasPrefix(raw, left) || !strings.HasSuffix(raw, right) {
				t.Fatalf("Split(%q) = %q, %q", raw, left, right)
			}
		}
		s, err := Parse(alias, raw)
		if err != nil {
			if s != (Specifier{}) {
				t.Fatalf("Parse(%q, %q) has an error and %+v", alias, raw, s)
			}
			return
		}
		check(t, s)
	})
}

// check holds whatever the input was.
func check(t *testing.T, s Specifier) {
	t.Helper()
	if s.Name != "" {
		if _, err := npm.ParseName(string(s.Name)); err != nil {
			t.Fatalf("%+v: %v", s, err)
		}
	}
	set := map[Kind]bool{
		Version: s.Range != "", Range: true, Tag: s.Range != "", Workspace: s.Path == "" || s.Range == "",
		Catalog: s.Catalog != "", Directory: s.Path != "", Archive: s.Path != "", Link: s.Path != "",
		Git: s.Git.URL != "", Tarball: s.URL != "",
	}
	if !set[s.Kind] {
		t.Fatalf("%s without its fields: %+v", s.Kind, s)
	}
	if s.Kind == Git && (strings.HasPrefix(s.Git.URL, "-") || strings.HasPrefix(s.Git.Committish, "-") || strings.Contains(s.Git.Dir, "../")) {
		t.Fatalf("dangerous: %+v", s.Git)
	}
	if s.Git.Host != "" {
		again, err := Parse(s.Alias, s.Git.Shortcut())
		if err != nil || again.Git.Host != s.Git.Host || again.Git.Project != s.Git.Project {
			t.Fatalf("%q is %s, which is read as %+v (%v)", s.Raw, s.Git.Shortcut(), again.Git, err)
		}
	}
}
