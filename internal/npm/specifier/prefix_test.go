package specifier

import "testing"

func TestParsePrefixed(t *testing.T) {
	known := func(prefix string) bool { return prefix == "work" }
	for _, tt := range []struct {
		alias, raw string
		kind       Kind
		name, rng  string
		registry   string
	}{
		{"a", "work:^1", Range, "a", "^1", "work"},
		{"a", "work:1.0.0", Version, "a", "1.0.0", "work"},
		{"a", "work:@s/b@next", Tag, "@s/b", "next", "work"},
		{"", "work:b", Tag, "b", "latest", "work"},
		{"a", "^1", Range, "a", "^1", ""},
		{"a", "npm:b@1", Range, "b", "1", ""},
	} {
		s, err := ParsePrefixed(tt.alias, tt.raw, known)
		if err != nil || s.Kind != tt.kind || string(s.Name) != tt.name || s.Range != tt.rng || s.Registry != tt.registry || s.Raw != tt.raw {
			t.Errorf("%s@%s: %+v, %v", tt.alias, tt.raw, s, err)
		}
	}
	for _, raw := range []string{"other:^1", "work:", "work:file:../x", "work:https://h.example/x.tgz", "work:../x"} {
		if s, err := ParsePrefixed("a", raw, known); err == nil {
			t.Errorf("%s: %+v", raw, s)
		}
	}
	for prefix, want := range map[string]bool{"work": false, "gh": false, "npm": true, "github": true, "git+ssh": true, "runtime": true, "c": true, "Work": true, "a b": true, "": true} {
		if got := Reserved(prefix); got != want {
			t.Errorf("Reserved(%q) is %t", prefix, got)
		}
	}
	s, _ := ParsePrefixed("a", "work:b@^1", known)
	if got := (Save{Prefix: "^"}).Chosen(s, "b", "1.2.3"); got != "work:b@^1.2.3" {
		t.Error(got)
	}
}
