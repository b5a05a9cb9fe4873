package cli_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBerryDifferential compares yarn.lock, byte by byte, with what yarn 4 makes of
// projects that are made up of the packages of a registry, some with a yarn.lock
// and an edit:
//
//	GODWIT_REGISTRY=http://127.0.0.1:4921/ GODWIT_UPSTREAM=REGISTRY GODWIT_PROJECT=dir:dir \
//	  GODWIT_YARN4=/path/to/yarn.js GODWIT_YARN4_PROJECTS=0-200 go test ./internal/cli -run BerryDifferential
//
// GODWIT_UPSTREAM is a registry that has yarn's own packages.
func TestBerryDifferential(t *testing.T) {
	d := &berryDifferential{newNpmDifferential(t, "GODWIT_YARN4", "GODWIT_YARN4_PROJECTS"), os.Getenv("GODWIT_YARN4")}
	d.each(t, "GODWIT_YARN4_PROJECTS", 4, func(g *generator, _ uint64) (*generated, string, string) {
		p := g.berryProject()
		verdict, diff := d.compare(t, p)
		return p, verdict, diff
	})
}

type berryDifferential struct {
	*npmDifferential
	yarn string
}

func (d *berryDifferential) compare(t *testing.T, p *generated) (verdict, diff string) {
	theirs := d.run(t, p, "", d.berry)
	if theirs.Err != "" {
		return "unusable", theirs.Err
	}
	ours := d.run(t, p, theirs.first, d.godwit)
	switch {
	case ours.Err != "":
		return "differs", ours.Err
	case theirs.last != ours.last:
		return "differs", cmp.Diff(theirs.last, ours.last)
	}
	return "same", ""
}

// berryMade is what a tool made of a project: its lockfiles before and after the
// edit.
type berryMade struct{ first, last, Err string }

func (d *berryDifferential) run(t *testing.T, p *generated, first string, install func(dir string, args []string) error) (m berryMade) {
	dir, err := os.MkdirTemp(d.home, "project")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	rc := fmt.Sprintf("nodeLinker: node-modules\nnpmRegistryServer: %q\nunsafeHttpWhitelist: [\"127.0.0.1\"]\nenableTelemetry: false\nnpmMinimalAgeGate: 0\n", d.registry)
	npmrc := "registry=" + d.registry + "\n@yarnpkg:registry=" + os.Getenv("GODWIT_UPSTREAM") + "\n"
	writeFiles(t, dir, map[string]string{".yarnrc.yml": rc, ".npmrc": npmrc, "yarn.lock": first})
	writeFiles(t, dir, p.files)
	lock := func() string {
		if err := install(dir, nil); err != nil {
			m.Err = err.Error()
		}
		return lockOf(t, dir)
	}
	if len(p.edited) == 0 {
		m.last = lock()
		return m
	}
	if m.first = first; first == "" {
		if m.first = lock(); m.Err != "" {
			return m
		}
	}
	writeFiles(t, dir, p.edited)
	m.last = lock()
	return m
}

func (d *berryDifferential) berry(dir string, _ []string) error {
	cmd := exec.Command("node", d.yarn, "install", "--mode=update-lockfile")
	cmd.Dir, cmd.Env = dir, d.env()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

func (d *berryDifferential) godwit(dir string, _ []string) error {
	return d.npmDifferential.godwit(dir, []string{"install", "--lockfile-only"})
}

// berryManifest is the package.json of a project of yarn's.
type berryManifest struct {
	manifestJSON
	Manager     string            `json:"packageManager,omitempty"`
	Workspaces  []string          `json:"workspaces,omitempty"`
	Resolutions map[string]string `json:"resolutions,omitempty"`
}

// berryProject makes up one project of yarn's.
func (g *generator) berryProject() *generated {
	p := &generated{files: map[string]string{}, edited: map[string]string{}}
	root := &berryManifest{Manager: "yarn@4.18.1"}
	root.Name, root.Version = "root", "1.0.0"
	members, dirs := []*berryManifest{root}, []string{"."}
	if g.IntN(4) == 0 {
		root.Workspaces = []string{"packages/*"}
		for i, name := range g.memberNames() {
			m := &berryManifest{}
			m.Name, m.Version = name, "1.0.0"
			members, dirs = append(members, m), append(dirs, fmt.Sprintf("packages/m%d", i))
		}
	}
	for i, m := range members {
		g.dependencies(&m.manifestJSON, 1+g.IntN(5))
		if g.IntN(4) == 0 { // what yarn patches
			name := []string{"typescript", "resolve", "fsevents"}[g.IntN(3)]
			m.Deps = with(m.Deps, name, g.specifier(name))
		}
		if i > 1 && g.IntN(2) == 0 {
			m.Deps = with(m.Deps, members[1+g.IntN(i-1)].Name, []string{"workspace:^", "^1.0.0", "workspace:*"}[g.IntN(3)])
		}
	}
	if g.IntN(5) == 0 {
		root.Resolutions = map[string]string{}
		for range 1 + g.IntN(2) {
			name := g.name()
			key := []string{name, name + "@npm:^" + g.version(name), g.name() + "/" + name}[g.IntN(3)]
			root.Resolutions[key] = g.specifier(name)
		}
	}
	for i, dir := range dirs {
		p.files[filepath.Join(dir, "package.json")] = manifestText(members[i])
	}
	if g.IntN(3) == 0 {
		i := g.IntN(len(members))
		g.edit(&members[i].manifestJSON)
		if names := slices.Sorted(maps.Keys(members[i].Deps)); len(names) > 1 && g.IntN(2) == 0 {
			delete(members[i].Deps, names[g.IntN(len(names))])
		}
		p.edited[filepath.Join(dirs[i], "package.json")] = manifestText(members[i])
	}
	return p
}
