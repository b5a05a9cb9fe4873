package cli_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/testreg"
)

// site is a registry, a store, a cache and projects, for tests that start
// several processes or kill them.
type site struct {
	t        *testing.T
	registry *testreg.Registry // nil where it is another process
	url      string            // of the registry
	dir      string
	store    string
	cache    string
	env      []string // settings beyond those
}

func newSite(t *testing.T, packages string) *site {
	t.Helper()
	reg, err := testreg.Start([]testreg.File{{Name: "packages", Data: []byte(packages)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reg.Close)
	s := siteAt(t, reg.URL)
	s.registry = reg
	return s
}

// siteAt is a site of a registry that somebody else runs.
func siteAt(t *testing.T, url string) *site {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &site{t: t, url: url, dir: dir, store: filepath.Join(dir, "store"), cache: filepath.Join(dir, "cache")}
}

// project makes a project that depends on the packages named.
func (s *site) project(name string, deps ...string) string {
	s.t.Helper()
	dir := filepath.Join(s.dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.depend(dir, deps...)
	return dir
}

func (s *site) depend(dir string, deps ...string) {
	s.t.Helper()
	quoted := make([]string, len(deps))
	for i, d := range deps {
		quoted[i] = fmt.Sprintf("%q: %q", d, "*")
	}
	text := fmt.Sprintf(`{"name": "app", "dependencies": {%s}}`, strings.Join(quoted, ", "))
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// command is a godwit process that was not started yet.
func (s *site) command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command("godwit", args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir(),
		"npm_config_registry=" + s.url, "npm_config_store_dir=" + s.store,
		"npm_config_cache_dir=" + s.cache, raceEnv,
	}
	cmd.Env = append(cmd.Env, s.env...)
	return cmd
}

// install runs an install to its end and returns what it says.
func (s *site) install(dir string, args ...string) string {
	s.t.Helper()
	out, err := s.command(dir, append([]string{"install"}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("install %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// interrupt starts an install, and calls stop when it has told of that many
// events. It returns how many there were, and what is on stderr.
func (s *site) interrupt(dir string, events int, stop func(*os.Process)) (int, string, error) {
	s.t.Helper()
	cmd := s.command(dir, "install", "--reporter", "ndjson")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	n, lines := 0, bufio.NewScanner(out)
	for ; n < events && lines.Scan(); n++ {
	}
	if n == events {
		stop(cmd.Process)
	}
	for lines.Scan() {
		n++
	}
	err = cmd.Wait()
	return n, stderr.String(), err
}

// longContent is the size in bytes from which a snapshot has the hash of a file
// in place of what is in it: a difference in more than that is not read.
const longContent = 4 << 10

// snapshot is every file below dir with its mode and its content or target.
// What says when the install was is left out, and where it was.
func (s *site) snapshot(dir string) map[string]string {
	s.t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Base(path) == "inputs.json" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var content []byte
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			content = []byte(target)
		case info.Mode().IsRegular():
			if content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		rel, err := filepath.Rel(dir, path)
		for _, place := range [][2]string{{dir, "$PROJECT"}, {s.store, "$STORE"}} {
			if bytes.Contains(content, []byte(place[0])) { // to replace is to copy, and there may be 300 MB of it
				content = bytes.ReplaceAll(content, []byte(place[0]), []byte(place[1]))
			}
		}
		if len(content) > longContent {
			content = fmt.Appendf(nil, "%x", sha256.Sum256(content))
		}
		out[rel] = info.Mode().String() + " " + string(content)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// fresh is what an install into an empty directory makes.
func (s *site) fresh(name string, deps ...string) map[string]string {
	s.t.Helper()
	dir := s.project(name, deps...)
	s.install(dir)
	return s.snapshot(dir)
}

// webOfPackages is n packages, each with a command and depending on the next
// two, so that every stage of an install has something to do.
func webOfPackages(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "p%d@1.0.0 bin:cmd%d=cli.js", i, i)
		for _, k := range []int{i + 1, i + 2} {
			if k < n {
				fmt.Fprintf(&b, " p%d@*", k)
			}
		}
		b.WriteString("\n@scope/q" + fmt.Sprint(i) + "@2.0.0\n")
	}
	return b.String()
}

// TestKilledAtAnyInstant kills installs after a random number of events, while
// the project changes between them. The next install must make exactly what a
// fresh one makes, and leave nothing lying about.
func TestKilledAtAnyInstant(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some fifty processes")
	}
	const packages, kills = 24, 15 // enough for each stage to be hit, in about five seconds
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := newSite(t, webOfPackages(packages))
	variants := [][]string{
		{"p0", "@scope/q1", "@scope/q2"},
		{"p1", "@scope/q1"},
		{"p12", "@scope/q3", "p3"},
	}
	want := make([]map[string]string, len(variants))
	for i, deps := range variants {
		want[i] = s.fresh(fmt.Sprint("fresh", i), deps...)
	}
	dir := s.project("app", "p0")
	s.install(dir)
	shared := s.store
	for killed := 0; killed < kills; {
		v := random.IntN(len(variants))
		s.depend(dir, variants[v]...)
		s.store = shared
		if random.IntN(2) == 0 {
			s.store = filepath.Join(s.dir, fmt.Sprint("store", killed)) // everything is cold
		}
		at := random.IntN(4 * packages)
		n, stderr, err := s.interrupt(dir, at, func(p *os.Process) { p.Kill() })
		if err == nil && random.IntN(2) == 0 {
			continue // there were fewer events than that, or it was quicker
		}
		killed++
		if random.IntN(3) == 0 {
			continue // another change, and another kill, before it is repaired
		}
		v = random.IntN(len(variants))
		s.depend(dir, variants[v]...)
		out := s.install(dir)
		if diff := cmp.Diff(want[v], s.snapshot(dir)); diff != "" {
			t.Fatalf("killed after %d of %d events (%s): the next install says\n%s\nand differs from a fresh one (-fresh +repaired):\n%s", at, n, stderr, out, diff)
		}
	}
	// The store is whole: it can make everything once more, without a network.
	s.store = shared
	s.install(dir, "--force", "--offline")
	if out := s.install(dir); !strings.Contains(out, "Already up to date") {
		t.Errorf("after all that: %s", out)
	}
}

// TestKilledSwitch kills installs that make another layout beside the one that is
// there. An install of the old one, which is whole, leaves nothing of the other.
func TestKilledSwitch(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some fifteen processes")
	}
	s := newSite(t, webOfPackages(24))
	dir := s.project("app", "p0", "@scope/q1")
	s.install(dir)
	want := s.snapshot(dir)
	other := *s
	other.env = []string{"npm_config_node_linker=hoisted"}
	for _, events := range []int{1, 10, 25, 40, 50} {
		other.interrupt(dir, events, func(p *os.Process) { p.Kill() })
		s.install(dir)
		if diff := cmp.Diff(want, s.snapshot(dir)); diff != "" {
			t.Fatalf("after %d events (-before +after):\n%s", events, diff)
		}
	}
}

// TestFewOpenFiles installs where a process may open few files, as in old containers.
func TestFewOpenFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such limit")
	}
	const packages = 100
	s := newSite(t, webOfPackages(packages))
	if err := s.registry.Fault("* latency=30ms"); err != nil { // so that requests pile up
		t.Fatal(err)
	}
	var deps []string
	for i := range packages {
		deps = append(deps, fmt.Sprint("p", i))
	}
	dir := s.project("app", deps...)
	limited := func(files string, args ...string) (string, error) {
		cmd := s.command(dir, args...)
		cmd.Args = append([]string{"sh", "-c", "ulimit -n " + files + ` && exec "$0" "$@"`, cmd.Path}, args...)
		cmd.Path = "/bin/sh"
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{{"install"}, {"install", "--force", "--virtual-store=global"}} {
		if out, err := limited("64", args...); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
}

// TestManyAtOnce runs installs at the same time: three in each of five
// projects, all with one store that is empty.
func TestManyAtOnce(t *testing.T) {
	s := newSite(t, webOfPackages(12))
	warm := s.store
	want := s.fresh("fresh", "p0", "@scope/q1")
	s.store = warm + "-shared"
	var wg sync.WaitGroup
	var dirs []string
	for i := range 5 {
		dir := s.project(fmt.Sprint("app", i), "p0", "@scope/q1")
		dirs = append(dirs, dir)
		for range 3 {
			cmd := s.command(dir, "install")
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				if err := cmd.Wait(); err != nil {
					t.Errorf("%s: %v\n%s", filepath.Base(dir), err, out.String())
				}
			})
		}
	}
	wg.Wait()
	for _, dir := range dirs {
		if diff := cmp.Diff(want, s.snapshot(dir)); diff != "" {
			t.Errorf("%s differs from a fresh install (-fresh +this):\n%s", filepath.Base(dir), diff)
		}
		if out := s.install(dir); !strings.Contains(out, "Already up to date") {
			t.Errorf("%s: %s", filepath.Base(dir), out)
		}
	}
}

// TestPruneBesideInstalls has projects with slots of their own and with shared
// ones install now this and now that, each pruning the store in between while
// the others install, so that there is always something that nobody uses.
func TestPruneBesideInstalls(t *testing.T) {
	if testing.Short() {
		t.Skip("starts some fifty processes")
	}
	const rounds = 4
	s := newSite(t, webOfPackages(12))
	variants := [][]string{{"p0", "@scope/q1"}, {"p6", "@scope/q2", "@scope/q3"}}
	kinds := []string{"local", "global", "global"}
	said := make([]string, len(kinds))
	var all sync.WaitGroup
	for i, kind := range kinds {
		own := *s // but for the store
		own.env = []string{"npm_config_virtual_store=" + kind}
		var want []map[string]string
		for _, deps := range variants {
			want = append(want, own.fresh(fmt.Sprint("app", i), deps...))
			if err := os.RemoveAll(filepath.Join(s.dir, fmt.Sprint("app", i))); err != nil {
				t.Fatal(err)
			}
		}
		all.Go(func() {
			for round := range rounds {
				v := (i + round) % len(variants)
				dir := own.project(fmt.Sprint("app", i), variants[v]...)
				os.Remove(filepath.Join(dir, "pnpm-lock.yaml")) // which keeps what the last round had
				for _, args := range [][]string{{"install"}, {"store", "prune"}} {
					out, err := own.command(dir, args...).CombinedOutput()
					if err != nil {
						t.Errorf("%s: %q: %v\n%s", dir, args, err, out)
					}
					said[i] += string(out)
				}
				if diff := cmp.Diff(want[v], own.snapshot(dir)); diff != "" {
					t.Errorf("%s, round %d, differs from a fresh install (-fresh +this):\n%s", dir, round, diff)
				}
			}
		})
	}
	all.Wait()
	if text := strings.Join(said, ""); !strings.Contains(text, "shared slots that no project uses") {
		t.Errorf("nothing was ever pruned: %s", text)
	}
}

// readUntil reads lines until one holds want, and returns them.
func readUntil(r io.Reader, want string) string {
	var b strings.Builder
	for lines := bufio.NewScanner(r); lines.Scan(); {
		b.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), want) {
			break
		}
	}
	return b.String()
}
