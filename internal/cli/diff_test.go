package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/testreg"
)

// TestDiffIsNpms compares what npm's diff prints with ours.
func TestDiffIsNpms(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not on PATH")
	}
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "project")
	reg := testreg.New(t, []byte(diffPackages))
	writeFiles(t, dir, map[string]string{
		".npmrc":                       "registry=" + reg.URL + "/\nupdate-notifier=false\n",
		"package.json":                 `{"name": "a", "version": "9.0.0", "packageManager": "npm@11.0.0", "files": ["text"], "dependencies": {"b": "^1.0.0"}}`,
		"text":                         "one\nzwei\nthree\n",
		"package-lock.json":            `{"name": "a", "version": "9.0.0", "lockfileVersion": 3, "packages": {"": {"name": "a", "version": "9.0.0", "dependencies": {"b": "^1.0.0"}}, "node_modules/b": {"version": "1.0.0"}}}`,
		"node_modules/b/package.json":  `{"name": "b", "version": "1.0.0", "bin": "b.js"}`,
		"node_modules/b/b.js":          "changed here\n",
		"node_modules/b/lib/deep/x.js": "x",
		"other/package.json":           `{"name": "a", "version": "8.0.0"}`,
		"other/index.js":               "one",
	})
	for _, args := range [][]string{
		{"--diff=1.0.0", "--diff=2.0.0", "--diff-unified=0"},
		{"--diff=a@1.0.0", "--diff=2.0.0", "--diff-ignore-all-space", "--diff-unified=1"},
		{"--diff=a@1.0.0", "--diff=a@2.0.0", "--diff-no-prefix", "text", "*.png"},
		{"--diff=a@1.0.0", "--diff=a@2.0.0", "--diff-name-only", "lib/"},
		{"--diff=a@1.0.0", "--diff=a@2.0.0", "--color=always", "--diff-src-prefix=x/", "--diff-dst-prefix=y/"},
		{}, {"--diff=b"}, {"--diff=b@2.0.0"}, {"--diff=./other"}, {"--diff=a@1.0.0", "--diff=b"}, {"--diff=a@3.0.0", "--diff=a@1.0.0"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel() // npm takes half a second each time
			var theirs bytes.Buffer
			cmd := exec.Command("npm", append([]string{"diff", "--loglevel=silent"}, args...)...)
			cmd.Dir, cmd.Stdout, cmd.Env = dir, &theirs, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
			failed := cmd.Run()
			ours, err := godwitOutput(dir, t.TempDir(), append([]string{"diff"}, args...))
			if (failed == nil) != (err == nil) {
				t.Fatalf("npm: %v\nwe: %v", failed, err)
			}
			if diff := cmp.Diff(theirs.String(), ours); diff != "" {
				t.Error(diff)
			}
			if err == nil && len(ours) < 5 {
				t.Errorf("nothing was compared: %q", ours)
			}
		})
	}
}

const diffPackages = `
-- packages --
a@1.0.0
a@2.0.0
b@1.0.0
b@1.2.0
b@2.0.0
-- a@1.0.0/text --
one
two
three
four
five
six
seven
eight
nine
	ten	
-- a@1.0.0/gone --
all of it
-- a@1.0.0/picture.png --
binary
-- a@1.0.0/lib/same --
same
-- a@1.0.0/lib/moved.js --
a
b
c
a
b
b
a
-- a@2.0.0/text --
one
  two
three
four
five
six
seven
acht
nine
	ten	
eleven
-- a@2.0.0/came --
all of that
-- a@2.0.0/picture.png --
other
-- a@2.0.0/lib/same --
same
-- a@2.0.0/lib/moved.js --
c
b
a
b
a
c
-- b@1.0.0/b.js --
first
-- b@1.2.0/b.js --
second
-- b@2.0.0/b.js --
third
`
