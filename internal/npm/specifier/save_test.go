package specifier

import "testing"

// What pnpm 12.21 writes for the same calls of add and update.
func TestSave(t *testing.T) {
	tests := []struct {
		alias, raw, name, version string
		add, update               string
	}{
		{"a", "latest", "a", "1.2.3", "^1.2.3", "latest"},
		{"a", "^1.0.0", "a", "1.2.3", "^1.2.3", "^1.2.3"},
		{"a", "~1.2", "a", "1.2.3", "~1.2.3", "~1.2.3"},
		{"a", "1", "a", "1.2.3", "^1.2.3", "^1.2.3"},
		{"a", "1.2", "a", "1.2.3", "~1.2.3", "~1.2.3"},
		{"a", "1.x", "a", "1.2.3", "~1.2.3", "~1.2.3"},
		{"a", "1.2.x", "a", "1.2.3", "1.2.3", "1.2.3"},
		{"a", "1.2.0", "a", "1.2.3", "1.2.3", "1.2.3"},
		{"a", "v1.2.3", "a", "1.2.3", "1.2.3", "1.2.3"},
		{"a", "=1.2.3", "a", "1.2.3", "=1.2.3", "=1.2.3"},
		{"a", "*", "a", "1.2.3", "^1.2.3", "^1.2.3"},
		{"a", ">=1", "a", "1.2.3", "^1.2.3", ">=1"},
		{"a", "1 || 2", "a", "2.0.0", "^2.0.0", "1 || 2"},
		{"a", "1 || 2", "a", "3.0.0", "^3.0.0", "^3.0.0"},
		{"a", "^1.0.0-b.1", "a", "1.0.0-b.2", "1.0.0-b.2", "^1.0.0-b.2"},
		{"b", "npm:a@~1.2.0", "a", "1.2.3", "npm:a@~1.2.3", "npm:a@~1.2.3"},
		{"@s/a", "jsr:^1.0.0", "@jsr/s__a", "1.2.3", "jsr:^1.2.3", "jsr:^1.2.3"},
		{"b", "jsr:@s/a@1", "@jsr/s__a", "1.2.3", "jsr:@s/a@^1.2.3", "jsr:@s/a@^1.2.3"},
		{"a", "github:x/y#semver:^1", "a", "1.2.3", "github:x/y#semver:^1", "github:x/y#semver:^1"},
	}
	for _, tt := range tests {
		s, err := Parse(tt.alias, tt.raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Save{Prefix: "^"}).Chosen(s, tt.name, tt.version); got != tt.add {
			t.Errorf("add %s@%s: %q, want %q", tt.alias, tt.raw, got, tt.add)
		}
		if got := (Save{Prefix: "^", Update: true}).Chosen(s, tt.name, tt.version); got != tt.update {
			t.Errorf("update %s@%s: %q, want %q", tt.alias, tt.raw, got, tt.update)
		}
	}
	for raw, want := range map[string]string{
		"workspace:*": "workspace:*", "workspace:^": "workspace:^", "workspace:~1.0.0": "workspace:~", "workspace:^1": "workspace:^",
		"workspace:1.2.3": "workspace:*", "workspace:b@^1": "workspace:b@^1", "workspace:./b": "workspace:./b",
	} {
		s, err := Parse("a", raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := Rolling(s); got != want {
			t.Errorf("rolling %s: %q, want %q", raw, got, want)
		}
	}
}

func TestByNpm(t *testing.T) {
	for _, test := range []struct{ alias, raw, name, version, want string }{
		{"a", "*", "a", "1.2.3", "^1.2.3"},
		{"a", "", "a", "1.2.3", "^1.2.3"},
		{"a", "1", "a", "1.2.3", "^1.2.3"},
		{"a", "~1.2.0", "a", "1.2.3", "~1.2.0"},
		{"a", "1.2.3", "a", "1.2.3", "^1.2.3"},
		{"a", "latest", "a", "2.0.0", "^2.0.0"},
		{"a", "<2", "a", "1.2.3", "^1.2.3"},
		{"a", "1.2.3 - 1.2.5", "a", "1.2.4", "1.2.3 - 1.2.5"},
		{"a", ">=1", "a", "1.2.3", "^1.2.3"},
		{"x", "npm:a@^1", "a", "1.2.3", "npm:a@^1.2.3"},
		{"x", "npm:a@~1", "a", "1.2.3", "npm:a@^1.2.3"},
		{"a", "file:../a", "a", "1.2.3", "file:../a"},
		{"a", "owner/a#v1", "a", "1.2.3", "github:owner/a#v1"},
	} {
		s, err := Parse(test.alias, test.raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Save{Prefix: "^"}).ByNpm(s, test.name, test.version); got != test.want {
			t.Errorf("%s@%s: %s, want %s", test.alias, test.raw, got, test.want)
		}
	}
}
