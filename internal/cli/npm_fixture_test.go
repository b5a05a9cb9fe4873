package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/testreg"
)

// TestNpmFixture compares what we make of small projects with what npm makes of
// them. A file of testdata/npm has a registry ("packages" and what belongs to
// it, see testreg), a project, and perhaps its change, below "edited/", and
// "settings", which are lines of .npmrc. What is below "repository/NAME" is
// committed to a git repository at {repositories}/NAME, which is also
// github.com/NAME. A project that npm refuses has a section "refused" with the code.
func TestNpmFixture(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not on PATH")
	}
	files, err := filepath.Glob("testdata/npm/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel() // npm takes a second each time
			npmFixture(t, file)
		})
	}
}

func npmFixture(t *testing.T, file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var registry txtar.Archive
	p, refused := &generated{files: map[string]string{}, edited: map[string]string{}}, ""
	home, repositories := t.TempDir(), map[string]string{}
	places := strings.NewReplacer("{repositories}", "file://"+filepath.ToSlash(home)+"/repositories")
	for _, f := range txtar.Parse(raw).Files {
		switch name, ofRegistry := strings.CutPrefix(f.Name, "reg/"); {
		case ofRegistry:
			registry.Files = append(registry.Files, txtar.File{Name: name, Data: f.Data})
		case f.Name == "refused":
			refused = strings.TrimSpace(string(f.Data))
		case f.Name == "settings":
			p.settings = string(f.Data)
		case strings.HasPrefix(f.Name, "repository/"):
			owner, rest, _ := strings.Cut(strings.TrimPrefix(f.Name, "repository/"), "/")
			name, file, _ := strings.Cut(rest, "/")
			repositories[path.Join(owner, name+".git", file)] = string(f.Data)
		case strings.HasPrefix(f.Name, "edited/"):
			p.edited[strings.TrimPrefix(f.Name, "edited/")] = places.Replace(string(f.Data))
		default:
			p.files[f.Name] = places.Replace(string(f.Data))
		}
	}
	reg := testreg.New(t, txtar.Format(&registry))
	d := &npmDifferential{generator: &generator{registry: reg.URL + "/"}, home: home}
	if len(repositories) > 0 {
		d.more = commitAll(t, home, reg.URL[strings.LastIndexByte(reg.URL, ':')+1:], repositories)
	}
	if refused != "" {
		ours := d.run(t, p, true, nil, d.godwit)
		if theirs := d.run(t, p, true, nil, d.npm); npmCode(theirs.Err) != refused || npmCode(ours.Err) != refused {
			t.Errorf("want %s\nnpm: %s\ngodwit: %s", refused, theirs.Err, ours.Err)
		}
		return
	}
	if verdict, diff := d.compare(t, p, true); verdict != "same" {
		t.Errorf("%s: %s", verdict, diff)
	}
}

// commitAll makes repositories of files, owner/name.git/file, and yields the
// environment in which git, and what asks for archives, finds no others.
func commitAll(t *testing.T, home, port string, files map[string]string) []string {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not on PATH")
	}
	dir := filepath.Join(home, "repositories")
	writeFiles(t, dir, files)
	config := fmt.Sprintf("[user]\nname=n\nemail=n@example.org\n[url \"file://%s/\"]\ninsteadOf=https://github.com/\n", filepath.ToSlash(dir))
	// npm asks the host for an archive first, and for the repository if that is not there.
	writeFiles(t, home, map[string]string{"gitconfig": config, "offline.cjs": fmt.Sprintf(noArchives, port)})
	env := []string{
		"GIT_CONFIG_GLOBAL=" + filepath.Join(home, "gitconfig"), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_DATE=2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2024-01-01T00:00:00Z",
		"NODE_OPTIONS=--require=" + filepath.Join(home, "offline.cjs"),
	}
	repos := map[string]bool{}
	for name := range files {
		parts := strings.SplitN(name, "/", 3)
		repos[filepath.Join(dir, parts[0], parts[1])] = true
	}
	for repo := range repos {
		for _, args := range []string{"init -q -b main", "add -f .", "commit -q -m one", "tag v1.0.0"} {
			cmd := exec.Command("git", strings.Fields(args)...)
			cmd.Dir, cmd.Env = repo, append(env, "PATH="+os.Getenv("PATH"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("git %s: %v\n%s", args, err, out)
			}
		}
	}
	return env
}

// noArchives sends every request over TLS to a registry that has nothing of the
// kind.
const noArchives = `require('https').request = options => require('http').request({
  method: options.method, headers: options.headers, path: '/archives' + options.path, hostname: '127.0.0.1', port: %s,
})
`

// unhashed takes the integrity out of copies of lockfiles: "unhashed FILE…" makes
// FILE.unhashed. What it is depends on the bytes of tarballs, which scripts do
// not know.
func unhashed(ts *testscript.TestScript, _ bool, files []string) {
	for _, file := range files {
		text := regexp.MustCompile(`,\n *"integrity": "[^"]*"`).ReplaceAllString(ts.ReadFile(file), "")
		ts.Check(os.WriteFile(ts.MkAbs(file)+".unhashed", []byte(text), 0o644))
	}
}
