package specifier

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParse(t *testing.T) {
	github := Repository{URL: "https://github.com/o/r.git", Host: "github", Owner: "o", Project: "r"}
	with := func(r Repository, set func(*Repository)) Repository { set(&r); return r }
	for _, c := range []struct {
		alias, raw string
		want       Specifier // without Raw and Alias
	}{
		{"a", "^1.2.3", Specifier{Kind: Range, Name: "a", Range: "^1.2.3"}},
		{"a", " 1.2.3 ", Specifier{Kind: Version, Name: "a", Range: "1.2.3"}},
		{"a", "", Specifier{Kind: Range, Name: "a"}},
		{"a", "next", Specifier{Kind: Tag, Name: "a", Range: "next"}},
		{"", "^1", Specifier{Kind: Range, Range: "^1"}},

		{"a", "npm:b@^1", Specifier{Kind: Range, Name: "b", Range: "^1"}},
		{"a", "npm:@s/b@1.0.0", Specifier{Kind: Version, Name: "@s/b", Range: "1.0.0"}},
		{"a", "npm:@s/b", Specifier{Kind: Tag, Name: "@s/b", Range: "latest"}},
		{"a", "npm:b@", Specifier{Kind: Tag, Name: "b", Range: "latest"}},
		{"a", "npm:^1", Specifier{Kind: Range, Name: "a", Range: "^1"}},
		{"a", "npm:1.2.3", Specifier{Kind: Version, Name: "a", Range: "1.2.3"}},
		{"", "npm:b@^1", Specifier{Kind: Range, Name: "b", Range: "^1"}},

		{"a", "workspace:*", Specifier{Kind: Workspace, Name: "a", Range: "*"}},
		{"a", "workspace:^", Specifier{Kind: Workspace, Name: "a", Range: "^"}},
		{"a", "workspace:~", Specifier{Kind: Workspace, Name: "a", Range: "~"}},
		{"a", "workspace:", Specifier{Kind: Workspace, Name: "a"}},
		{"a", "workspace:^1.2 || 2", Specifier{Kind: Workspace, Name: "a", Range: "^1.2 || 2"}},
		{"a", "workspace:b@*", Specifier{Kind: Workspace, Name: "b", Range: "*"}},
		{"a", "workspace:@s/b@^1", Specifier{Kind: Workspace, Name: "@s/b", Range: "^1"}},
		{"a", "workspace:../b", Specifier{Kind: Workspace, Path: "../b"}},
		{"a", "workspace:packages/b", Specifier{Kind: Workspace, Path: "packages/b"}},

		{"a", "catalog:", Specifier{Kind: Catalog, Catalog: "default"}},
		{"a", "catalog: react17 ", Specifier{Kind: Catalog, Catalog: "react17"}},

		{"a", "jsr:^1", Specifier{}}, // an error, see below
		{"@std/path", "jsr:^1", Specifier{Kind: Range, Name: "@jsr/std__path", JSR: "@std/path", Range: "^1"}},
		{"a", "jsr:@std/path@1.0.0", Specifier{Kind: Version, Name: "@jsr/std__path", JSR: "@std/path", Range: "1.0.0"}},
		{"a", "jsr:@std/path", Specifier{Kind: Tag, Name: "@jsr/std__path", JSR: "@std/path", Range: "latest"}},

		{"a", "file:../b", Specifier{Kind: Directory, Path: "../b"}},
		{"a", "file:b.tgz", Specifier{Kind: Archive, Path: "b.tgz"}},
		{"a", "./b.tar.gz", Specifier{Kind: Archive, Path: "./b.tar.gz"}},
		{"a", "file:///abs/b.tar", Specifier{Kind: Archive, Path: "/abs/b.tar"}},
		{"a", "~/b", Specifier{Kind: Link, Path: "~/b"}},
		{"a", `..\b`, Specifier{Kind: Link, Path: "../b"}},
		{"a", "link:../b", Specifier{Kind: Link, Path: "../b"}},
		{"a", "link:/abs/b.tgz", Specifier{Kind: Link, Path: "/abs/b.tgz"}},

		{"a", "o/r", Specifier{Kind: Git, Git: github}},
		{"a", "github:o/r.git#main", Specifier{Kind: Git, Git: with(github, func(r *Repository) { r.Committish = "main" })}},
		{"a", "o/r#semver:^1&path:/packages/a", Specifier{Kind: Git, Git: with(github, func(r *Repository) { r.Range, r.Dir = "^1", "/packages/a" })}},
		{"a", "o/r#main::path:packages/a", Specifier{Kind: Git, Git: with(github, func(r *Repository) { r.Committish, r.Dir = "main", "packages/a" })}},
		{"a", "https://github.com/o/r.git", Specifier{Kind: Git, Git: github}},
		{"a", "https://github.com/o/r/tree/dev", Specifier{Kind: Git, Git: with(github, func(r *Repository) { r.Committish = "dev" })}},
		{"a", "git@github.com:o/r.git", Specifier{Kind: Git, Git: with(github, func(r *Repository) { r.URL = "ssh://git@github.com/o/r.git" })}},
		{"a", "ssh://git@github.com/o/r", Specifier{Kind: Git, Git: with(github, func(r *Repository) { r.URL = "ssh://git@github.com/o/r.git" })}},
		{"a", "git@git.example:o/r.git#v1", Specifier{Kind: Git, Git: Repository{URL: "git@git.example:o/r.git", Committish: "v1"}}},
		{"a", "git+ssh://git@git.example:2222/o/r.git", Specifier{Kind: Git, Git: Repository{URL: "ssh://git@git.example:2222/o/r.git"}}},
		{"a", "git+file:///srv/r.git#v1", Specifier{Kind: Git, Git: Repository{URL: "file:///srv/r.git", Committish: "v1"}}},
		{"a", "ssh://git.example/r", Specifier{Kind: Git, Git: Repository{URL: "ssh://git.example/r"}}},
		{"a", "gitlab:g/sub/r", Specifier{Kind: Git, Git: Repository{URL: "https://gitlab.com/g/sub/r.git", Host: "gitlab", Owner: "g/sub", Project: "r"}}},
		{"a", "gist:0badf00d", Specifier{Kind: Git, Git: Repository{URL: "https://gist.github.com/0badf00d.git", Host: "gist", Project: "0badf00d"}}},

		{"a", "https://example.com/a.tgz?x=1", Specifier{Kind: Tarball, URL: "https://example.com/a.tgz?x=1"}},
		{"a", "https://git.example/o/r.git", Specifier{Kind: Git, Git: Repository{URL: "https://git.example/o/r.git"}}},
		{"a", "https://github.com/o/r/archive/v1.tar.gz", Specifier{Kind: Tarball, URL: "https://github.com/o/r/archive/v1.tar.gz"}},
	} {
		got, err := Parse(c.alias, c.raw)
		if c.want.Kind == Invalid {
			if err == nil {
				t.Errorf("Parse(%q, %q) = %+v", c.alias, c.raw, got)
			}
			continue
		}
		if err != nil {
			t.Errorf("Parse(%q, %q): %v", c.alias, c.raw, err)
			continue
		}
		c.want.Raw, c.want.Alias = c.raw, c.alias
		if diff := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(Repository{})); diff != "" {
			t.Errorf("Parse(%q, %q): (-want +got)\n%s", c.alias, c.raw, diff)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ alias, raw, want string }{
		{"a", "patch:b@npm%3A1#x.patch", `unsupported protocol "patch:"`},
		{"a", "portal:../b", `unsupported protocol "portal:": want a semver range, a dist-tag, a path, or one of npm: workspace: catalog:`},
		{"a", "path:../b", `unsupported protocol "path:"`},
		{"a", "PATCH:x", `unsupported protocol "patch:"`},
		{"a", "npm:", "npm:name@range"},
		{"a", "npm:b@npm:c@1", "not another protocol"},
		{"a", "npm:../b@1", "invalid package name"},
		{"a", "npm:b@../c", "neither a semver range nor a dist-tag"},
		{"../a", "1", "invalid package name"},
		{"a", "workspace:@s/b", "workspace:@s/b@*"},
		{"a", "workspace:../../b\x00", "NUL"},
		{"a", "workspace:é", "want workspace: followed by"},
		{"a", "jsr:b@1", "have a scope"},
		{"a", "jsr:^1", "have a scope"},
		{"a", "jsr:@s@1", "invalid package name"},
		{"a", "link:", "path is missing"},
		{"a", "file:", "path is missing"},
		{"a", "é", "neither a semver range"},
		{"a", "https://", "malformed URL"},
		{"a", "git+ssh://h.example", "malformed URL of a git repository: want git+ssh://host/path"},
		{"a", "github:o", "want github:owner/project"},
		{"a", "gist:", "want gist:id"},
		{"a", "o/r#a::b", "a second commit-ish"},
		{"a", "o/r#a::semver:1", "exclude each other"},
		{"a", "o/r#path:../x", "leaves the repository"},
		{"a", `o/r#path:a%2f..%2f..\x`, "leaves the repository"},
		{"a", "o/r#--upload-pack=x", "hyphen"},
		{"a", "-o/r", "want github:owner/project"},
		{"a", "https://github.com/%2e%2e/r", "want github:owner/project"},
		{"a", "o/r#%zz", "malformed escape"},
		{"a", strings.Repeat("1", maxLength+1), "longer than"},
	} {
		_, err := Parse(c.alias, c.raw)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q, %.60q): %v, want %q in it", c.alias, c.raw, err, c.want)
		} else if len(err.Error()) > 600 {
			t.Errorf("Parse(%q, %.60q): an error of %d bytes", c.alias, c.raw, len(err.Error()))
		}
	}
}

func TestCredentialsStayOutOfErrors(t *testing.T) {
	for _, raw := range []string{
		"https://user:hunter2@",
		"https://hunter2@/x",
		"git+https://user:hunter2@h.example",
		"user:hunter2@h.example/x",
		"foo://user:hunter2@h.example/x",
		"workspace:user:hunter2@h.example é",
		"npm:b@https://user:hunter2@h.example/",
		"workspace:https://user:hunter2@h.example/ é",
		"user:hunter2@github.com:o/..",
		"https://user:hunter2@github.com/o/r#a::b",
		"https://user:hun@ter2/hunter2@github.com/..",
		"https://" + strings.Repeat("u", 190) + ":hunter2@h.example:x",
	} {
		if _, err := Parse("a", raw); err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}

func TestRepositoryURLs(t *testing.T) {
	s, err := Parse("a", "https://user:token@github.com/o/r#v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{s.Git.URL, "https://user:token@github.com/o/r.git"},
		{s.Git.HTTPS(), "https://user:token@github.com/o/r.git"},
		{s.Git.SSH(), "ssh://git@github.com/o/r.git"},
		{s.Git.Shortcut(), "github:o/r"},
		{s.Git.Tarball("a/b c"), "https://codeload.github.com/o/r/tar.gz/a%2Fb%20c"},
		{Repository{URL: "x"}.HTTPS() + Repository{}.SSH() + Repository{}.Shortcut() + Repository{}.Tarball("c"), ""},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

func TestAliased(t *testing.T) {
	for raw, want := range map[string]bool{"npm:b@1": true, "npm:a@1": false, "^1": false, "o/r": false, "workspace:b@*": true} {
		s, err := Parse("a", raw)
		if err != nil || s.Aliased() != want {
			t.Errorf("%q: Aliased() = %v (%v)", raw, s.Aliased(), err)
		}
	}
}
