package project

import "testing"

func TestSetBuilds(t *testing.T) {
	rules := []BuildRule{{"esbuild", true}, {"@s/a", false}}
	for name, tt := range map[string]struct{ raw, want string }{
		"no file":       {"", "allowBuilds:\n  '@s/a': false\n  esbuild: true\n"},
		"other keys":    {"packages:\n  - a # mine\n", "packages:\n  - a # mine\nallowBuilds:\n  '@s/a': false\n  esbuild: true\n"},
		"no end":        {"a: 1", "a: 1\nallowBuilds:\n  '@s/a': false\n  esbuild: true\n"},
		"in between":    {"allowBuilds:\n    a: true # why\n    zz: false\nb: 1\n", "allowBuilds:\n    '@s/a': false\n    a: true # why\n    esbuild: true\n    zz: false\nb: 1\n"},
		"last":          {"allowBuilds:\n  A: true\nb: 1\n", "allowBuilds:\n  '@s/a': false\n  A: true\n  esbuild: true\nb: 1\n"},
		"changed":       {"allowBuilds:\n  esbuild: set this to true or false\n  \"@s/a\": true # no\n", "allowBuilds:\n  esbuild: true\n  '@s/a': false # no\n"},
		"flow":          {"allowBuilds: {x: true}\nb: 1\n", "allowBuilds:\n  '@s/a': false\n  esbuild: true\n  x: true\nb: 1\n"},
		"empty":         {"allowBuilds: {}\n", "allowBuilds:\n  '@s/a': false\n  esbuild: true\n"},
		"null":          {"allowBuilds:\nb: 1\n", "allowBuilds:\n  '@s/a': false\n  esbuild: true\nb: 1\n"},
		"windows":       {"a: 1\r\nallowBuilds:\r\n  x: true\r\n", "a: 1\r\nallowBuilds:\r\n  '@s/a': false\r\n  esbuild: true\r\n  x: true\r\n"},
		"reserved name": {"allowBuilds:\n  'on': true\n", "allowBuilds:\n  '@s/a': false\n  esbuild: true\n  'on': true\n"},
	} {
		got, err := SetBuilds("pnpm-workspace.yaml", []byte(tt.raw), rules)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, tt.want)
		}
	}
}

func TestSetBuildsByHand(t *testing.T) {
	for _, raw := range []string{
		"allowBuilds: {x: true, # why\n  y: false}\n",
		"allowBuilds: &a\n  x: true\nb: *a\n",
		"allowBuilds: [x]\n",
		"allowBuilds\n",
	} {
		if got, err := SetBuilds("f", []byte(raw), []BuildRule{{"a", true}}); err == nil {
			t.Errorf("%q became %q", raw, got)
		}
	}
}

func FuzzSetBuilds(f *testing.F) {
	f.Add("allowBuilds:\n  a: true # x\nb: 1\n", "@s/x")
	f.Add("allowBuilds: {a: false}\r\n", "y")
	f.Fuzz(func(t *testing.T, raw, name string) {
		before, err := ParseWorkspace("f", []byte(raw))
		if err != nil {
			return
		}
		got, err := SetBuilds("f", []byte(raw), []BuildRule{{name, true}})
		if err != nil {
			return
		}
		after, err := ParseWorkspace("f", got)
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, got, err)
		}
		if len(after.Settings) != len(before.Settings) || len(after.Packages) != len(before.Packages) {
			t.Errorf("%q became %q, which has other settings", raw, got)
		}
	})
}
