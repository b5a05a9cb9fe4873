package cli_test

import (
	"os"
	"os/exec"
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
// it, see testreg), a project, and perhaps its change, below "edited/". One that
// npm refuses has a section "refused" with the code.
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
	for _, f := range txtar.Parse(raw).Files {
		switch name, ofRegistry := strings.CutPrefix(f.Name, "reg/"); {
		case ofRegistry:
			registry.Files = append(registry.Files, txtar.File{Name: name, Data: f.Data})
		case f.Name == "refused":
			refused = strings.TrimSpace(string(f.Data))
		case strings.HasPrefix(f.Name, "edited/"):
			p.edited[strings.TrimPrefix(f.Name, "edited/")] = string(f.Data)
		default:
			p.files[f.Name] = string(f.Data)
		}
	}
	reg := testreg.New(t, txtar.Format(&registry))
	d := &npmDifferential{generator: &generator{registry: reg.URL + "/"}, home: t.TempDir()}
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

// unhashed takes the integrity out of copies of lockfiles: "unhashed FILE…" makes
// FILE.unhashed. What it is depends on the bytes of tarballs, which scripts do
// not know.
func unhashed(ts *testscript.TestScript, _ bool, files []string) {
	for _, file := range files {
		text := regexp.MustCompile(`,\n *"integrity": "[^"]*"`).ReplaceAllString(ts.ReadFile(file), "")
		ts.Check(os.WriteFile(ts.MkAbs(file)+".unhashed", []byte(text), 0o644))
	}
}
