package pages

import (
	"testing"

	"godwit/internal/project"
)

func TestOf(t *testing.T) {
	for _, c := range []struct{ manifest, docs, bugs, repo string }{
		{`{}`, "", "", ""},
		{`{"repository": "github:a/b"}`, "https://github.com/a/b#readme", "https://github.com/a/b/issues", "https://github.com/a/b"},
		{`{"repository": {"url": "git+ssh://git@gitlab.com/a/b.git", "directory": "c"}}`, "https://gitlab.com/a/b/tree/HEAD/c#readme", "https://gitlab.com/a/b/issues", "https://gitlab.com/a/b/tree/HEAD/c"},
		{`{"repository": {"url": "github:a/b", "directory": "../c"}}`, "https://github.com/a/b#readme", "https://github.com/a/b/issues", "https://github.com/a/b"},
		{`{"repository": "https://git.example/a/b.git"}`, "", "", "https://git.example/a/b"},
		{`{"homepage": "https://me:secret@home.example/", "bugs": {"url": "http://bugs.example"}}`, "https://home.example/", "http://bugs.example", ""},
		{`{"homepage": "javascript:alert(1)", "bugs": "file:///etc/passwd", "repository": "--version"}`, "", "", ""},
	} {
		m, err := project.ParseValue("package.json", c.manifest)
		if err != nil {
			t.Fatal(err)
		}
		for what, want := range map[string]string{"docs": c.docs, "bugs": c.bugs, "repo": c.repo} {
			if got := Of(what, m); got != want {
				t.Errorf("%s of %s is %q, not %q", what, c.manifest, got, want)
			}
		}
	}
}

func TestRepository(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "",
		"a/b":                               "git+https://github.com/a/b.git",
		"github:a/b#next":                   "git+https://github.com/a/b.git#next",
		" git+https://me:secret@x.example ": "git+https://x.example",
		"git+ssh://git@x.example/a":         "git+ssh://git@x.example/a",
		"git+ssh://git:secret@x.example/a":  "git+ssh://x.example/a",
		"nobody knows":                      "",
	} {
		if got := Repository(text); got != want {
			t.Errorf("%q is at %q, not %q", text, got, want)
		}
	}
}
