package git

import (
	"strings"
	"testing"
)

func TestPick(t *testing.T) {
	sha := func(c string) string { return strings.Repeat(c, 40) }
	refs := parseRefs(sha("1") + "\tHEAD\n" + sha("1") + "\trefs/heads/main\n" + sha("2") + "\trefs/heads/v1\n" +
		sha("3") + "\trefs/tags/v1.0.0\n" + sha("4") + "\trefs/tags/v1.0.0^{}\n" + sha("5") + "\trefs/tags/1.2.0\n" +
		sha("6") + "\trefs/tags/2.0.0-rc.1\n" + sha("7") + "\trefs/tags/not-a-version\n" + sha("8") + "\trefs/heads/abcdef0\n" +
		sha("9") + "\trefs/pull/1/head\nnonsense\n-x\trefs/heads/evil\n")
	for _, c := range []struct{ ref, rng, want string }{
		{"", "", sha("1")},
		{"main", "", sha("1")},
		{"v1", "", sha("2")},
		{"v1.0.0", "", sha("4")}, // the commit, not the tag's own object
		{"heads/v1", "", sha("2")},
		{"pull/1/head", "", sha("9")},
		{"5555555", "", sha("5")},
		{"none", "", ""},
		{"evil", "", ""},
		{"0000000", "", ""},
		{"abcdef0", "", ""}, // a branch that is called like a commit
		{"", "^1.0.0", sha("5")},
		{"", "1.0.x", sha("4")},
		{"", ">=2.0.0-rc.0", sha("6")},
		{"", "^3", ""},
		{"", "nonsense", ""},
	} {
		ref := c.ref
		if ref == "" {
			ref = "HEAD"
		}
		got, err := pick(refs, Wanted{URL: "https://me:hunter2@git.example/r", Ref: c.ref, Range: c.rng}, ref)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q %q: %s, %v; want %s", c.ref, c.rng, got, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", c.ref, err)
		}
	}
}

func TestHostileNames(t *testing.T) {
	c := New(Options{Dir: t.TempDir()})
	defer c.Close()
	for _, url := range []string{"", "-u", "--upload-pack=x", "a\nb", "a\x00"} {
		if _, err := c.Resolve(t.Context(), Wanted{URL: url}); err == nil {
			t.Errorf("%q is taken for a repository", url)
		}
		if _, err := c.Checkout(t.Context(), url, strings.Repeat("1", 40)); err == nil {
			t.Errorf("%q is checked out", url)
		}
	}
	for _, commit := range []string{"", "-x", "main", strings.Repeat("1", 39), strings.Repeat("g", 40)} {
		if _, err := c.Checkout(t.Context(), "file:///none", commit); err == nil || !strings.Contains(err.Error(), "is no commit") {
			t.Errorf("%q: %v", commit, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	env := strings.Join(environment([]string{"HOME=/h", "GIT_DIR=/evil", "GIT_ALLOW_PROTOCOL=https:ext", "GIT_CONFIG_COUNT=1"}), "\n")
	for _, want := range []string{"HOME=/h", "GIT_CONFIG_COUNT=1", "GIT_TERMINAL_PROMPT=0", "GIT_ALLOW_PROTOCOL=https", "SSH_ASKPASS=false"} {
		if !strings.Contains("\n"+env+"\n", "\n"+want+"\n") {
			t.Errorf("%s is not in\n%s", want, env)
		}
	}
	if strings.Contains(env, "/evil") || strings.Contains(env, "ext") {
		t.Errorf("%s", env)
	}
	if env := strings.Join(environment([]string{"SSH_ASKPASS=mine"}), "\n"); strings.Contains(env, "SSH_ASKPASS=false") {
		t.Errorf("the user's own answers are replaced:\n%s", env)
	}
}

func TestMaskURLs(t *testing.T) {
	for in, want := range map[string]string{
		"fatal: unable to access 'https://me:hunter2@git.example/r/': x": "fatal: unable to access 'https://***@git.example/r/': x",
		"https://token@git.example/r":                                    "https://***@git.example/r",
		"https://a:b/c@git.example/r and ssh://git@h/x":                  "https://***@git.example/r and ssh://git@h/x",
		"https://git.example/@scope/r":                                   "https://git.example/@scope/r",
		"no url":                                                         "no url",
	} {
		if got := maskURLs(in); got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
}
