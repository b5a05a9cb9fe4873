package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"godwit/internal/cli"
)

// TestBunDifferential compares bun.lock with what bun makes of projects that are
// made up of the packages of a registry, and of a change of each:
//
//	GODWIT_REGISTRY=http://127.0.0.1:4911/ GODWIT_PROJECT=dir:dir GODWIT_BUN=/path/to/bun \
//	  GODWIT_BUN_PROJECTS=0-200 go test ./internal/cli -run BunDifferential
//
// The dependencies of the projects in GODWIT_PROJECT are what to begin with.
func TestBunDifferential(t *testing.T) {
	d := newBunDifferential(t)
	for _, step := range []string{"fresh", "changed"} {
		t.Run(step, func(t *testing.T) {
			d.each(t, "GODWIT_BUN_PROJECTS", 5, func(g *generator, _ uint64) (*generated, string, string) {
				p := g.bunProject()
				verdict, diff := d.compare(t, p, step)
				return p.generated, verdict, fmt.Sprintf("%v\n%s", p.call, diff)
			})
		})
	}
}

// bunDifferential runs bun and us.
type bunDifferential struct {
	*generator
	bun, home string
}

func newBunDifferential(t *testing.T) *bunDifferential {
	return &bunDifferential{newGenerator(t, "GODWIT_BUN", "GODWIT_BUN_PROJECTS"), os.Getenv("GODWIT_BUN"), t.TempDir()}
}

// bunGenerated is a project with the call that changes it.
type bunGenerated struct {
	*generated
	call []string
}

// bunManifest is the package.json of a project of bun's.
type bunManifest struct {
	manifestJSON
	Manager    string            `json:"packageManager,omitempty"`
	Workspaces any               `json:"workspaces,omitempty"`
	Overrides  map[string]string `json:"overrides,omitempty"`
}

// bunProject makes up one project of bun's.
func (g *generator) bunProject() *bunGenerated {
	p := &bunGenerated{&generated{files: map[string]string{}, edited: map[string]string{}}, []string{"install"}}
	root := &bunManifest{Manager: "bun@1.4.5"}
	root.Name, root.Version = "root", "1.0.0"
	members, dirs := []*bunManifest{root}, []string{"."}
	if g.IntN(3) == 0 {
		for i, name := range g.memberNames() {
			m := &bunManifest{}
			m.Name, m.Version = name, "1.0.0"
			members, dirs = append(members, m), append(dirs, fmt.Sprintf("packages/m%d", i))
		}
	}
	for i, m := range members {
		g.dependencies(&m.manifestJSON, 1+g.IntN(5))
		if i > 1 && g.IntN(2) == 0 {
			m.Deps = with(m.Deps, members[1+g.IntN(i-1)].Name, []string{"workspace:*", "workspace:^", "^1.0.0"}[g.IntN(3)])
		}
	}
	if g.IntN(5) == 0 {
		name := g.name()
		root.Overrides = map[string]string{name: g.specifier(name)}
	}
	if len(members) > 1 {
		root.Workspaces = g.bunWorkspaces(members)
	}
	for i, dir := range dirs {
		p.files[filepath.Join(dir, "package.json")] = manifestText(members[i])
	}
	g.bunChange(p, members, dirs)
	return p
}

// bunWorkspaces is the field of that name, with catalogs now and then.
func (g *generator) bunWorkspaces(members []*bunManifest) any {
	if g.IntN(3) > 0 {
		return []string{"packages/*"}
	}
	catalogs := map[string]map[string]string{"": {}, "other": {}}
	for _, m := range members {
		for _, deps := range []map[string]string{m.Deps, m.Dev} {
			for _, alias := range slices.Sorted(maps.Keys(deps)) {
				if strings.HasPrefix(deps[alias], "workspace:") || g.IntN(2) == 0 {
					continue
				}
				name := []string{"", "other"}[g.IntN(2)]
				if catalogs[name][alias] == "" {
					catalogs[name][alias] = deps[alias]
				}
				deps[alias] = "catalog:" + name
			}
		}
	}
	out := map[string]any{"packages": []string{"packages/*"}}
	if len(catalogs[""]) > 0 {
		out["catalog"] = catalogs[""]
	}
	if len(catalogs["other"]) > 0 {
		out["catalogs"] = map[string]any{"other": catalogs["other"]}
	}
	return out
}

// bunChange draws what happens to the project: an edit by hand, or a command.
func (g *generator) bunChange(p *bunGenerated, members []*bunManifest, dirs []string) {
	names := slices.Sorted(maps.Keys(members[0].Deps))
	switch g.IntN(6) {
	case 0:
		name := g.name()
		p.call = []string{"add", name + []string{"", "@" + g.version(name), "@^" + g.version(name), "@latest"}[g.IntN(4)]}
	case 1:
		if len(names) > 0 {
			p.call = []string{"remove", names[g.IntN(len(names))]}
		}
	case 2:
		if len(names) > 0 {
			p.call = []string{"update", names[g.IntN(len(names))]}
		}
	case 3:
		p.call = []string{"update"}
	default:
		i := g.IntN(len(members))
		g.edit(&members[i].manifestJSON)
		p.edited[filepath.Join(dirs[i], "package.json")] = manifestText(members[i])
	}
}

// bunMade is what a tool made of a project.
type bunMade struct{ first, lock, manifest, err string }

func (d *bunDifferential) compare(t *testing.T, p *bunGenerated, step string) (verdict, diff string) {
	theirs := d.run(t, p, step, "", d.theirs)
	if step == "changed" && theirs.first == "" {
		return "unusable", ""
	}
	ours := d.run(t, p, step, theirs.first, d.ours)
	switch {
	case theirs.err != "" && ours.err != "":
		return "unusable", strings.TrimSpace(ours.err)
	case theirs.err != "" || ours.err != "":
		return "differs", fmt.Sprintf("bun: %s\ngodwit: %s", theirs.err, ours.err)
	case theirs.lock != ours.lock:
		return "differs", lineDiff(theirs.lock, ours.lock)
	case theirs.manifest != ours.manifest:
		return "differs", lineDiff(theirs.manifest, ours.manifest)
	}
	return "same", ""
}

// lineDiff is the lines that one text alone has.
func lineDiff(theirs, ours string) string {
	var out strings.Builder
	alone := func(mark, text, other string) {
		has := map[string]bool{}
		for line := range strings.SplitSeq(other, "\n") {
			has[line] = true
		}
		for line := range strings.SplitSeq(text, "\n") {
			if !has[line] {
				fmt.Fprintln(&out, mark, line)
			}
		}
	}
	alone("-", theirs, ours)
	alone("+", ours, theirs)
	if out.Len() == 0 {
		return "the order of lines"
	}
	return out.String()
}

// run makes a project, and its change, beginning with a lockfile if there is one.
func (d *bunDifferential) run(t *testing.T, p *bunGenerated, step, first string, tool func(dir string, args []string) error) *bunMade {
	base, err := os.MkdirTemp(d.home, "project")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	dir := filepath.Join(base, "project")
	writeFiles(t, dir, p.files)
	m, call := &bunMade{}, []string{"install"}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return string(data)
	}
	if step == "changed" {
		if call = p.call; first != "" {
			writeFiles(t, dir, map[string]string{"bun.lock": first})
		} else if err := d.theirs(dir, []string{"install"}); err != nil {
			return m
		}
		m.first = read("bun.lock")
		writeFiles(t, dir, p.edited)
	}
	if err := tool(dir, call); err != nil {
		m.err = err.Error()
	}
	m.lock, m.manifest = read("bun.lock"), read("package.json")
	return m
}

func (d *bunDifferential) theirs(dir string, args []string) error {
	cmd := exec.Command(d.bun, append(args, "--lockfile-only", "--ignore-scripts", "--registry", d.registry)...)
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.home, "BUN_INSTALL_CACHE_DIR=" + filepath.Join(d.home, "bun")}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

func (d *bunDifferential) ours(dir string, args []string) error {
	var errs bytes.Buffer
	p := process()
	p.Dir, p.Stdout, p.Stderr = dir, &bytes.Buffer{}, &errs
	p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.home}
	p.Args = append(slices.Clone(args), "--lockfile-only", "--ignore-scripts", "--registry="+d.registry, "--store-dir", filepath.Join(d.home, "our-store"), "--cache-dir", filepath.Join(d.home, "our-cache"))
	if cli.Run(context.Background(), p) != 0 {
		return errors.New(errs.String())
	}
	return nil
}
