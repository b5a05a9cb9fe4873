package pack

import (
	"fmt"
	"testing"

	"godwit/internal/npm"
	"godwit/internal/project"
)

var workspace = Workspace{
	Member: func(name string) (string, bool) { return "2.1.0", name == "b" },
	At:     func(path string) (npm.Name, string, bool) { return "b", "2.1.0", path == "../b" },
	Catalog: func(alias, spec string) (string, error) {
		if spec == "catalog:" {
			return "^1.1.0", nil
		}
		return "", fmt.Errorf("no %s", spec)
	},
}

// The wanted documents are what pnpm 12.21 packs.
func TestPublishable(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{"name": "a", "packageManager": "pnpm@1", "pnpm": {}, "scripts": {"prepare": "x", "test": "y"}, "version": "1.50"}`,
			`{"name": "a", "version": "1.50", "scripts": {"test": "y"}}`},
		{`{"name": "@s/a", "bin": "x.js", "n": 1.50, "l": [], "m": {}}`, `{"name": "@s/a", "bin": {"a": "x.js"}, "n": 1.50, "l": [], "m": {}}`},
		{`{"dependencies": {"b": "workspace:*", "bb": "workspace:b@^", "p": "workspace:../b", "c": "catalog:", "j": "jsr:@std/x@^1", "k": "link:../b", "r": "workspace:^3"}}`,
			`{"dependencies": {"b": "2.1.0", "bb": "npm:b@^2.1.0", "p": "npm:b@2.1.0", "c": "^1.1.0", "j": "npm:@jsr/std__x@^1", "k": "link:../b", "r": "^3"}}`},
		{`{"devDependencies": {"b": "workspace:~"}, "peerDependencies": {"b": "workspace:^ || ^0.9", "z": "workspace:>=1"}, "optionalDependencies": {"b": "workspace:b@*"}}`,
			`{"devDependencies": {"b": "~2.1.0"}, "peerDependencies": {"b": "^2.1.0 || ^0.9", "z": ">=1"}, "optionalDependencies": {"b": "2.1.0"}}`},
		{`{"main": "a", "publishConfig": {"main": "b", "exports": {".": "c"}, "access": "public"}, "x": 1}`,
			`{"main": "b", "publishConfig": {"access": "public"}, "x": 1, "exports": {".": "c"}}`},
		{`{"publishConfig": {"main": "b"}, "bin": {"x": "y"}}`, `{"bin": {"x": "y"}, "main": "b"}`},
		{`{"publishConfig": "odd", "scripts": 1}`, `{"publishConfig": "odd"}`},
	} {
		in, err := project.Parse("package.json", []byte(test.in))
		if err != nil {
			t.Fatal(err)
		}
		want, err := project.Parse("package.json", []byte(test.want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Publishable(in.Document, workspace)
		if err != nil {
			t.Errorf("%s: %v", test.in, err)
		} else if string(got.JSON()) != string(want.Document.JSON()) {
			t.Errorf("%s\nbecomes %s\nwant    %s", test.in, got.JSON(), want.Document.JSON())
		}
	}
	for _, in := range []string{`{"dependencies": {"nope": "workspace:*"}}`, `{"dependencies": {"b": "catalog:old"}}`, `{"peerDependencies": {"nope": "workspace:^"}}`, `{"dependencies": {"b": "workspace:../c"}}`} {
		m, err := project.Parse("package.json", []byte(in))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Publishable(m.Document, workspace); err == nil {
			t.Errorf("%s becomes %s", in, got.JSON())
		}
	}
}

func TestJSON(t *testing.T) {
	const text = "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b<\": \"\u2028<\\u0007é/\",\n  \"c\": null,\n  \"d\": []\n}"
	m, err := project.Parse("package.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(m.Document.JSON()); got != text {
		t.Errorf("%q, want %q", got, text)
	}
}
