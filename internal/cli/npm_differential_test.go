package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNpmDifferential compares package-lock.json, and now and then the tree, with
// what npm makes of projects that are made up of the packages of a registry:
//
//	GODWIT_REGISTRY=http://127.0.0.1:4921/ GODWIT_PROJECT=dir:dir GODWIT_NPM_PROJECTS=0-200 \
//	  go test ./internal/cli -run NpmDifferential
//
// The dependencies of the projects in GODWIT_PROJECT are what to begin with.
// GODWIT_NPM_ANSWERS is a directory to remember what npm made in. With
// GODWIT_NPM_ACCEPTS npm has to accept what we make, too, which takes ten seconds
// for each project.
func TestNpmDifferential(t *testing.T) {
	d := newNpmDifferential(t, "GODWIT_NPM_PROJECTS")
	d.each(t, "GODWIT_NPM_PROJECTS", 3, func(g *generator, seed uint64) (*generated, string, string) {
		p := g.npmProject()
		verdict, diff := d.compare(t, p, seed%treeEach == 0)
		if verdict == "same" && os.Getenv("GODWIT_NPM_ACCEPTS") != "" {
			if verdict, diff = "accepted", d.refused(t, p); diff != "" {
				verdict = "differs"
			}
		}
		return p, verdict, diff
	})
}

// npmDifferential runs npm and us.
type npmDifferential struct {
	*generator
	answers string
	home    string   // of both: stores and caches
	more    []string // environment
}

// newNpmDifferential is skipped unless the variables say what to compare.
func newNpmDifferential(t *testing.T, variables ...string) *npmDifferential {
	return &npmDifferential{
		generator: newGenerator(t, variables...),
		answers:   os.Getenv("GODWIT_NPM_ANSWERS"), home: t.TempDir(),
	}
}

// npmMade is what a tool made of a project.
type npmMade struct {
	First, Last []byte // lockfiles
	Tree        string // what npm ls says of it, and what is in it
	Err         string
}

func (d *npmDifferential) compare(t *testing.T, p *generated, tree bool) (verdict, diff string) {
	theirs := d.remembered(t, p, tree)
	if theirs.Err != "" && len(theirs.First) == 0 && len(p.edited) > 0 {
		return "unusable", npmCode(theirs.Err)
	}
	ours := d.run(t, p, tree, theirs.First, d.godwit)
	switch {
	case theirs.Err != "" && ours.Err != "":
		if a, b := npmCode(theirs.Err), npmCode(ours.Err); a == "ERESOLVE" && b != a {
			return "differs", "npm: " + theirs.Err + "\ngodwit: " + ours.Err
		}
		return "unusable", npmCode(theirs.Err)
	case theirs.Err != "" || ours.Err != "":
		return "differs", fmt.Sprintf("npm: %s\ngodwit: %s", theirs.Err, ours.Err)
	case !bytes.Equal(theirs.Last, ours.Last):
		return "differs", cmp.Diff(string(theirs.Last), string(ours.Last))
	case theirs.Tree != ours.Tree:
		return "differs", cmp.Diff(theirs.Tree, ours.Tree)
	}
	return "same", ""
}

// npmCode is the code of the error that npm or we printed.
func npmCode(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if code, ok := strings.CutPrefix(line, "npm error code "); ok {
			return code
		}
		if code, _, ok := strings.Cut(line, "  "); ok && strings.HasPrefix(code, "E") && !strings.Contains(code, " ") {
			return code
		}
	}
	return text
}

func (d *npmDifferential) remembered(t *testing.T, p *generated, tree bool) *npmMade {
	return remembered(t, d.answers, "n", fmt.Sprintf("%s %v", p, tree), func() *npmMade { return d.run(t, p, tree, nil, d.npm) })
}

// run makes a project, perhaps beginning with a lockfile, and its change.
func (d *npmDifferential) run(t *testing.T, p *generated, tree bool, first []byte, install func(dir string, args []string) error) *npmMade {
	base, err := os.MkdirTemp(d.home, "project")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	dir := filepath.Join(base, "project")
	lock := filepath.Join(dir, "package-lock.json")
	writeFiles(t, dir, map[string]string{".npmrc": "registry=" + d.registry + "\naudit=false\nfund=false\nupdate-notifier=false\n" + p.settings})
	writeFiles(t, dir, p.files)
	args := []string{"install", "--ignore-scripts", "--package-lock-only"}
	m := &npmMade{First: first}
	if len(p.edited) > 0 && first == nil {
		if err := install(dir, args); err != nil {
			return &npmMade{Err: err.Error()}
		}
		m.First, _ = os.ReadFile(lock)
	} else if len(p.edited) > 0 {
		writeFiles(t, dir, map[string]string{"package-lock.json": string(first)})
	}
	writeFiles(t, dir, p.edited)
	if tree {
		args = args[:len(args)-1]
	}
	if err := install(dir, args); err != nil {
		m.Err = err.Error()
		return m
	}
	m.Last, _ = os.ReadFile(lock)
	if tree {
		m.Tree = d.list(dir) + contents(t, filepath.Join(dir, "node_modules"))
	}
	return m
}

// contents lists what is in a directory, and what links in it say.
func contents(t *testing.T, dir string) string {
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.Name() == ".godwit" { // what we remember
			return fs.SkipDir
		}
		rel, _ := filepath.Rel(dir, path)
		target, _ := os.Readlink(path)
		fmt.Fprintf(&out, "%s %s %s\n", e.Type(), rel, target)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out.String()
}

// list is what npm finds in node_modules. What it says of versions and places
// counts, not where the project is.
func (d *npmDifferential) list(dir string) string {
	cmd := exec.Command("npm", "ls", "--all", "--json")
	cmd.Dir, cmd.Env = dir, d.env()
	out, err := cmd.Output()
	text := strings.ReplaceAll(strings.ReplaceAll(string(out), dir, ""), filepath.Dir(dir), "")
	if err != nil {
		text += err.Error()
	}
	return text
}

func (d *npmDifferential) env() []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.home, "CI="}, d.more...)
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func (d *npmDifferential) npm(dir string, args []string) error {
	cmd := exec.Command("npm", args...)
	cmd.Dir, cmd.Env = dir, d.env()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

func (d *npmDifferential) godwit(dir string, args []string) error {
	return runGodwit(dir, d.home, args, d.more...)
}

// npmManifest is the package.json of a project of npm's.
type npmManifest struct {
	manifestJSON
	Manager    string   `json:"packageManager,omitempty"`
	Workspaces []string `json:"workspaces,omitempty"`
	Bundle     []string `json:"bundleDependencies,omitempty"`
	Overrides  any      `json:"overrides,omitempty"`
}

// npmProject makes up one project of npm's.
func (g *generator) npmProject() *generated {
	p := &generated{files: map[string]string{}, edited: map[string]string{}}
	root := &npmManifest{Manager: "npm@11.0.0"}
	root.Name, root.Version = "root", "1.0.0"
	members, dirs := []*npmManifest{root}, []string{"."}
	if g.IntN(4) == 0 {
		root.Workspaces = []string{"packages/*"}
		for i, name := range g.memberNames() {
			m := &npmManifest{}
			m.Name, m.Version = name, "1.0.0"
			members, dirs = append(members, m), append(dirs, fmt.Sprintf("packages/m%d", i))
		}
	}
	for i, m := range members {
		g.dependencies(&m.manifestJSON, 1+g.IntN(5))
		if i > 1 && g.IntN(2) == 0 {
			m.Deps = with(m.Deps, members[1+g.IntN(i-1)].Name, []string{"*", "^1.0.0", "1.0.0"}[g.IntN(3)])
		}
	}
	if g.IntN(5) == 0 {
		root.Overrides = g.npmOverrides()
	}
	if names := slices.Sorted(maps.Keys(root.Deps)); len(names) > 0 && g.IntN(12) == 0 {
		root.Bundle = []string{names[g.IntN(len(names))]}
	}
	for i, dir := range dirs {
		p.files[filepath.Join(dir, "package.json")] = manifestText(members[i])
	}
	if g.IntN(3) == 0 {
		i := g.IntN(len(members))
		g.edit(&members[i].manifestJSON)
		p.edited[filepath.Join(dirs[i], "package.json")] = manifestText(members[i])
	}
	return p
}

// npmOverrides are rules in all their forms.
func (g *generator) npmOverrides() any {
	rules := map[string]any{}
	for range 1 + g.IntN(2) {
		name := g.name()
		switch value := g.specifier(name); g.IntN(6) {
		case 0:
			rules[name] = map[string]any{".": value}
		case 1:
			below := g.name()
			rules[name] = map[string]any{below: g.specifier(below)}
		case 2:
			rules[name+"@^"+g.version(name)] = value
		case 3:
			below := g.name()
			rules[name] = map[string]any{".": value, below: g.specifier(below)}
		default:
			rules[name] = value
		}
	}
	return rules
}
