package cli_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/cli"
	"godwit/internal/testreg"
)

// TestDifferential installs projects made up of a recorded registry's packages
// with pnpm 12 and with us, and compares the lockfiles byte by byte, for every
// tenth project node_modules as well:
//
//	godwit-bench serve --data RECORDING --listen 127.0.0.1:PORT
//	GODWIT_REGISTRY=http://127.0.0.1:PORT/ GODWIT_PROJECT=DIR:DIR GODWIT_PNPM=/path/to/pnpm \
//		GODWIT_PROJECTS=150 go test ./internal/cli -run Differential -v -timeout 2h
//
// GODWIT_PROJECT are directories of projects whose dependencies are in the
// recording. GODWIT_PROJECTS is how many, or FIRST-LAST of the seeds;
// GODWIT_FEATURES leaves out features ("-workspaces"), or gives overrides to all
// projects ("+overrides") and not to every third. A project that neither tool can
// resolve, since the recording ends somewhere, does not count. With "+hoisted" all
// have a hoisted node_modules, which is compared each time, with its commands; with
// "+hooks" all have a pnpmfile.
// GODWIT_PNPM_ANSWERS names a directory that keeps what pnpm wrote.
func TestDifferential(t *testing.T) {
	d := newDifferential(t)
	d.each(t, "GODWIT_PROJECTS", 2, func(g *generator, seed uint64) (*generated, string, string) {
		p := g.project()
		verdict, diff := d.compare(t, p, seed%treeEach == 0 || d.always["hoisted"])
		return p, verdict, diff
	})
}

// each makes up a project of each seed that a variable names, of the stream'th
// sequence of numbers, and tells what became of it.
func (g *generator) each(t *testing.T, variable string, stream uint64, compare func(g *generator, seed uint64) (p *generated, verdict, diff string)) {
	first, last, err := testreg.Seeds(os.Getenv(variable))
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	count := map[string]int{}
	for seed := first; seed < last; seed++ {
		g := *g
		g.Rand = rand.New(rand.NewPCG(seed, stream))
		p, verdict, diff := compare(&g, seed)
		count[verdict]++
		if verdict == "differs" {
			t.Errorf("seed %d:\n%s\n%s", seed, p, diff)
		} else if verdict != "same" {
			t.Logf("seed %d: %s %s", seed, verdict, diff)
		}
	}
	t.Logf("%v", count)
}

// treeEach: a tree takes a second, a lockfile a tenth of one.
const treeEach = 10

// String shows what a project is made of.
func (p *generated) String() string {
	var b strings.Builder
	for _, files := range []map[string]string{p.files, p.edited} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			fmt.Fprintf(&b, "-- %s --\n%s", name, files[name])
		}
	}
	return b.String()
}

type differential struct {
	*generator
	pnpm    string
	answers string
	home    string // of both tools: stores and caches
}

func newDifferential(t *testing.T) *differential {
	d := &differential{pnpm: os.Getenv("GODWIT_PNPM"), answers: os.Getenv("GODWIT_PNPM_ANSWERS"), home: t.TempDir()}
	d.generator = newGenerator(t, "GODWIT_PROJECTS", "GODWIT_PNPM")
	for f := range strings.SplitSeq(os.Getenv("GODWIT_FEATURES"), ",") {
		if off, ok := strings.CutPrefix(f, "-"); ok {
			d.features[off] = false
		}
		if on, ok := strings.CutPrefix(f, "+"); ok {
			d.always[on] = true
		}
	}
	return d
}

// newGenerator makes up projects of what those in GODWIT_PROJECT depend on, unless
// a variable is missing that says what to compare with what.
func newGenerator(t *testing.T, variables ...string) *generator {
	for _, v := range append(variables, "GODWIT_REGISTRY", "GODWIT_PROJECT") {
		if os.Getenv(v) == "" {
			t.Skip(v + " does not say what to compare")
		}
	}
	g := &generator{registry: os.Getenv("GODWIT_REGISTRY"), known: map[string]*record{}, features: map[string]bool{}, always: map[string]bool{}}
	dirs := os.Getenv("GODWIT_PROJECT")
	var err error
	if g.roots, err = rootsOf(dirs); err != nil || len(g.roots) == 0 {
		t.Fatalf("no dependencies in %s (%v)", dirs, err)
	}
	for _, f := range features {
		g.features[f] = true
	}
	return g
}

// made is what a tool made of a project, after its first and its last step.
type made struct {
	First, Last []byte            // lockfiles
	Tree        map[string]string // path -> target of a link, or ""
	Err         string
}

// compare gives a verdict in one word, and why.
func (d *differential) compare(t *testing.T, p *generated, tree bool) (verdict, diff string) {
	theirs := d.remembered(t, p, tree)
	if theirs.Err != "" && len(theirs.First) == 0 && len(p.edited) > 0 {
		return "unusable", firstLine(theirs.Err)
	}
	ours := d.run(t, p, tree, theirs.First, d.godwit)
	switch {
	case strings.Contains(ours.Err, "ERR_GODWIT_UNSUPPORTED"):
		return "unsupported", firstLine(ours.Err)
	case theirs.Err != "" && ours.Err != "":
		return "unusable", firstLine(theirs.Err)
	case theirs.Err != "" || ours.Err != "":
		return "differs", fmt.Sprintf("pnpm: %s\ngodwit: %s", theirs.Err, ours.Err)
	case !bytes.Equal(theirs.Last, ours.Last):
		return "differs", cmp.Diff(string(theirs.Last), string(ours.Last))
	case !maps.Equal(theirs.Tree, ours.Tree):
		return "differs", cmp.Diff(theirs.Tree, ours.Tree)
	}
	return "same", ""
}

func firstLine(s string) string {
	for line := range strings.Lines(s) {
		if strings.Contains(line, "ERR_") {
			return strings.TrimSpace(line)
		}
	}
	return s
}

func (d *differential) remembered(t *testing.T, p *generated, tree bool) *made {
	return remembered(t, d.answers, "p", fmt.Sprintf("%s %v", p, tree), func() *made { return d.run(t, p, tree, nil, d.runPnpm) })
}

// remembered is what a tool made of a project, from the last time if it was asked
// before and answers is a directory to keep that in.
func remembered[M any](t *testing.T, answers, tool, project string, run func() *M) *M {
	sum := sha256.Sum256([]byte(project))
	file := filepath.Join(answers, tool+hex.EncodeToString(sum[:16]))
	var m M
	if raw, err := os.ReadFile(file); answers != "" && err == nil && json.Unmarshal(raw, &m) == nil {
		return &m
	}
	m = *run()
	if raw, err := json.Marshal(&m); answers != "" && err == nil {
		if err := errors.Join(os.MkdirAll(answers, 0o755), os.WriteFile(file, raw, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return &m
}

// run makes a project, perhaps beginning with a lockfile, and its change.
func (d *differential) run(t *testing.T, p *generated, tree bool, first []byte, install func(dir string, args []string) error) *made {
	dir, err := os.MkdirTemp(d.home, "project")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	lock := filepath.Join(dir, "pnpm-lock.yaml")
	writeFiles(t, dir, map[string]string{".npmrc": "registry=" + d.registry + "\n"})
	writeFiles(t, dir, p.files)
	args := []string{"install", "--ignore-scripts", "--no-frozen-lockfile", "--lockfile-only"}
	m := &made{First: first}
	if len(p.edited) > 0 && first == nil {
		if err := install(dir, args); err != nil {
			return &made{Err: err.Error()}
		}
		m.First, _ = os.ReadFile(lock)
	} else if len(p.edited) > 0 {
		writeFiles(t, dir, map[string]string{"pnpm-lock.yaml": string(first)})
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
		m.Tree = treeOf(t, dir, d.always["hoisted"])
	}
	return m
}

func (d *differential) runPnpm(dir string, args []string) error {
	cmd := exec.Command(d.pnpm, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.home, "XDG_CACHE_HOME=" + filepath.Join(d.home, "cache"), "CI="}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

func (d *differential) godwit(dir string, args []string) error { return runGodwit(dir, d.home, args) }

// runGodwit runs us with stores and caches in home, and env beside the least there is.
func runGodwit(dir, home string, args []string, env ...string) error {
	_, err := godwitOutput(dir, home, args, env...)
	return err
}

// godwitOutput is what that printed.
func godwitOutput(dir, home string, args []string, env ...string) (string, error) {
	var out, errs bytes.Buffer
	p := process()
	p.Dir, p.Home, p.Stdout, p.Stderr = dir, home, &out, &errs
	p.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}, env...)
	p.Args = append(args, "--store-dir", filepath.Join(home, "our-store"), "--cache-dir", filepath.Join(home, "our-cache"))
	if cli.Run(context.Background(), p) != 0 {
		return out.String(), errors.New(errs.String())
	}
	return out.String(), nil
}

// treeOf lists every node_modules below dir without what is in packages: paths
// and where links lead. What a tool notes for itself is left out, and the commands
// unless the tree is hoisted.
func treeOf(t *testing.T, dir string, hoisted bool) map[string]string {
	tree := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		i := strings.LastIndex(rel, "node_modules"+string(filepath.Separator))
		switch name := e.Name(); {
		case i < 0:
			return nil
		case name == ".bin" && hoisted:
			return nil
		case slices.Contains([]string{".modules.yaml", ".godwit", "lock.yaml", ".pnpm-workspace-state-v1.json", ".bin"}, name):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.Type()&fs.ModeSymlink != 0:
			tree[rel], err = os.Readlink(path)
			return err
		}
		inside := strings.Split(rel[i+len("node_modules/"):], string(filepath.Separator))
		scoped := strings.HasPrefix(inside[0], "@")
		if parent := filepath.Base(filepath.Dir(rel)); hoisted && parent != ".pnpm" && (e.IsDir() || parent == ".bin") {
			if slices.Contains([]string{"node_modules", ".bin"}, parent) || strings.HasPrefix(parent, "@") {
				tree[rel] = ""
			}
			return nil
		}
		if e.IsDir() && strings.Contains(rel, ".pnpm") && inside[0] != ".pnpm" && (!scoped && len(inside) == 1 || scoped && len(inside) == 2) {
			tree[rel] = ""
			return fs.SkipDir // the files of a package
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}
