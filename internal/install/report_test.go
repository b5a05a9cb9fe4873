package install

import "testing"

func TestHeldVersion(t *testing.T) {
	for target, want := range map[string]string{
		"": "",
		"node_modules/.pnpm/a@1.0.0/node_modules/a":              "1.0.0",
		"node_modules/.pnpm/@s+a@1.0.0-beta.1/node_modules/@s/a": "1.0.0-beta.1",
		"node_modules/.pnpm/a@1.0.0_react@18.2.0/node_modules/a": "1.0.0",
		"node_modules/.pnpm/lib@file+lib/node_modules/lib":       "file+lib",
		"lib":       "link:lib",
		"../up/lib": "link:../up/lib",
	} {
		if got := heldVersion(target); got != want {
			t.Errorf("%q holds %q, not %q", target, got, want)
		}
	}
}

func TestDirectAlias(t *testing.T) {
	for _, test := range []struct {
		at, dir, alias string
		direct         bool
	}{
		{"node_modules/a", ".", "a", true},
		{"node_modules/@s/a", ".", "@s/a", true},
		{"node_modules/.pnpm/node_modules/a", "", "", false},
		{"node_modules/.bin/a", "", "", false},
		{"packages/x/node_modules/a", "packages/x", "a", true},
		{"packages/x/lib", "", "", false},
	} {
		dir, alias, direct := directAlias(test.at)
		if direct != test.direct || alias != test.alias || dir != test.dir {
			t.Errorf("%s: %q in %q, %v", test.at, alias, dir, direct)
		}
	}
}

func TestOwnLitter(t *testing.T) {
	for name, want := range map[string]bool{
		".node_modules.0123456789abcdef.tmp":   true,
		".pnpm-lock.yaml.0123456789abcdef.tmp": true,
		".package.json.0123456789abcdef.tmp":   true,
		".bun.lock.0123456789abcdef.tmp":       false, // not this project's
		".mine.0123456789abcdef.tmp":           false,
		".node_modules.tmp":                    false,
		"node_modules":                         false,
		".node_modules.backup":                 false,
	} {
		e := engine{Request: &Request{}}
		if got := e.ownLitter(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
