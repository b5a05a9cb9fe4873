package link

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"godwit/internal/fsys"
	"godwit/internal/store"
)

// meeting returns a Probe in which the first to come waits for a second. If
// slots are linked one after another it waits for ever, which synctest sees at
// once: no clock is involved.
func meeting() func(int) {
	met := make(chan struct{})
	var once sync.Once
	return func(running int) {
		if running > 1 {
			once.Do(func() { close(met) })
		}
		<-met
	}
}

// TestSlotsRunAtOnce has an all-cold batch, whose trees were just added, in the
// two ways in which slots come: in one call, and in a call each.
func TestSlotsRunAtOnce(t *testing.T) {
	for name, call := range map[string]func(context.Context, *fixture, []Slot) error{
		"one call": func(ctx context.Context, f *fixture, slots []Slot) error { return f.Slots(ctx, slots) },
		"a call each": func(ctx context.Context, f *fixture, slots []Slot) error {
			errs := make(chan error)
			for i := range slots {
				go func() { errs <- f.Slots(ctx, slots[i:i+1]) }()
			}
			var err error
			for range slots {
				if e := <-errs; e != nil {
					err = e
				}
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, Options{Width: 3, Probe: meeting()})
				var slots []Slot
				for i := range 8 {
					name := fmt.Sprint("p", i)
					slots = append(slots, Slot{Dir: f.at("node_modules/" + name), Tree: f.tree(name, "f", "")})
				}
				check(t, call(t.Context(), f, slots))
				s := f.Stats()
				if s.MaxConcurrent < 2 || s.MaxConcurrent > 3 || s.Slots != 8 {
					t.Errorf("%+v, want 2 or 3 at once", s)
				}
			})
		})
	}
}

// The child is the test binary linking a batch; see child.
const (
	childDir   = "LINK_TEST_DIR"   // where
	childKill  = "LINK_TEST_KILL"  // kill itself at this file, if not 0
	childShare = "LINK_TEST_SHARE" // the root is shared
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const batchSize, batchFiles = 12, 9

// batch adds trees to a store and has a slot for each below dir.
func batch(s *store.Store, dir string) ([]Slot, error) {
	slots := make([]Slot, batchSize)
	for i := range slots {
		name := fmt.Sprint("p", i)
		var files []string
		for j := range batchFiles {
			file := fmt.Sprintf("d%d/f%d", j%3, j)
			if j == i%3 && i%2 == 0 {
				file = manifest // one of the first; half of the trees have none
			}
			files = append(files, file, name)
		}
		tree, err := addTree(s, name, files...)
		if err != nil {
			return nil, err
		}
		nm := filepath.Join(dir, "project", "node_modules", name+"@1", "node_modules")
		slots[i] = Slot{
			Dir: filepath.Join(nm, name), Tree: tree,
			Links: []Symlink{{filepath.Join(nm, "dep"), filepath.Join(dir, "project", "dep")}},
		}
	}
	return slots, nil
}

// child links the batch, and kills itself at the file it is told to.
func child(dir string) error {
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	l, err := New(Options{Roots: []Root{{Dir: filepath.Join(dir, "project"), Shared: os.Getenv(childShare) != ""}}})
	if err != nil {
		return err
	}
	slots, err := batch(s, dir)
	if err != nil {
		return err
	}
	kill, err := strconv.Atoi(os.Getenv(childKill))
	if err != nil {
		return err
	}
	var mu sync.Mutex
	l.link = func(to *fsys.Dir, rel string, from *fsys.Dir, fromRel string) error {
		mu.Lock()
		if kill--; kill == 0 {
			self, _ := os.FindProcess(os.Getpid())
			self.Kill()
			select {}
		}
		mu.Unlock()
		return to.Link(rel, from, fromRel)
	}
	return l.Slots(context.Background(), slots)
}

func runChild(dir string, kill int, shared bool) (killed bool, err error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childKill+"="+strconv.Itoa(kill))
	if shared {
		cmd.Env = append(cmd.Env, childShare+"=1")
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() == -1 {
		return true, nil
	}
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return false, err
}

// whole checks that every slot is there with all its files, or not there, and
// returns how many are there and what else lies about.
func whole(t *testing.T, slots []Slot) (there int, litter []string) {
	t.Helper()
	for _, s := range slots {
		_, err := os.Stat(s.Dir)
		_, unfinished := os.Lstat(filepath.Join(s.Dir, manifest))
		if s.Tree.Find(manifest) >= 0 && err == nil && unfinished != nil {
			litter = append(litter, s.Dir)
		} else if err == nil {
			there++
			for _, f := range s.Tree.Files {
				if _, err := os.Stat(filepath.Join(s.Dir, f.Path)); err != nil {
					t.Errorf("half a slot: %v", err)
				}
			}
			if to, err := os.Readlink(filepath.Join(filepath.Dir(s.Dir), "dep")); err != nil || to != "../../../dep" {
				t.Errorf("slot without its links: %q, %v", to, err)
			}
		}
		filepath.WalkDir(filepath.Dir(s.Dir), func(p string, d fs.DirEntry, err error) error {
			if err == nil && IsStaging(d.Name()) {
				litter = append(litter, p)
				return fs.SkipDir
			}
			return nil
		})
	}
	return there, litter
}

// TestKilled kills a linking process at some file, looks at what it left, and
// links again.
func TestKilled(t *testing.T) {
	for _, shared := range []bool{false, true} {
		for range 4 {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			check(t, err)
			at := 1 + rand.IntN(batchSize*batchFiles)
			killed, err := runChild(dir, at, shared)
			if err != nil || !killed {
				t.Fatalf("child: killed %v, %v", killed, err)
			}
			s, err := store.Open(filepath.Join(dir, "store"))
			check(t, err)
			slots, err := batch(s, dir)
			check(t, err)
			before, litter := whole(t, slots)
			if before == batchSize || len(litter) == 0 {
				t.Errorf("killed at file %d: %d slots, litter %q", at, before, litter)
			}
			l, err := New(Options{Roots: []Root{{Dir: filepath.Join(dir, "project"), Shared: shared}}})
			check(t, err)
			check(t, l.Slots(t.Context(), slots))
			after, litter := whole(t, slots)
			if after != batchSize || l.Stats().Slots != batchSize-before {
				t.Errorf("killed at file %d: %d slots after repair, of which %+v", at, after, l.Stats())
			}
			if len(litter) > 0 && !shared {
				t.Errorf("litter after repair: %q", litter)
			}
			l.Close()
			s.Close()
		}
	}
}

// TestProcesses has three processes fill one store and one shared root.
func TestProcesses(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	check(t, err)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if killed, err := runChild(dir, 0, true); err != nil || killed {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s, err := store.Open(filepath.Join(dir, "store"))
	check(t, err)
	defer s.Close()
	slots, err := batch(s, dir)
	check(t, err)
	if there, litter := whole(t, slots); there != batchSize || len(litter) > 0 {
		t.Errorf("%d slots, litter %q", there, litter)
	}
}

// TestSharedRoot has two Linkers, as of two processes, in the middle of the same
// slot at once. Both must succeed, and one slot must be there.
func TestSharedRoot(t *testing.T) {
	for _, first := range []string{"a", manifest} { // a tree with a package.json, and one without
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, Options{})
			tree := f.tree("a", first, "1", "b", "2", "c", "3")
			var middle, done sync.WaitGroup
			middle.Add(2)
			for range 2 {
				done.Go(func() {
					l, err := New(Options{Roots: []Root{{Dir: f.project, Shared: true}}})
					if err != nil {
						t.Error(err)
						return
					}
					defer l.Close()
					l.link = func(to *fsys.Dir, rel string, from *fsys.Dir, fromRel string) error {
						if rel == "b" {
							middle.Done()
							middle.Wait()
						}
						return to.Link(rel, from, fromRel)
					}
					if err := l.Slots(t.Context(), []Slot{{Dir: f.at("node_modules/a"), Tree: tree}}); err != nil {
						t.Error(err)
					}
				})
			}
			done.Wait()
			f.want("a/"+first, "1", "a/b", "2", "a/c", "3")
		})
	}
}

func TestIsStaging(t *testing.T) {
	for name, want := range map[string]bool{
		stagingName("a"): true, fsys.TempName("a"): true,
		"a": false, ".bin": false, ".pnpm": false, "a.tmp": false, ".package-lock.json": false,
	} {
		if IsStaging(name) != want {
			t.Errorf("IsStaging(%s) = %v", name, !want)
		}
	}
}

func TestDefaultWidth(t *testing.T) {
	for cores, want := range map[int]int{0: 2, 1: 2, 2: 4, 4: 8, 64: 16} {
		if got := DefaultWidth(cores); got != want {
			t.Errorf("DefaultWidth(%d) = %d", cores, got)
		}
	}
}

func TestErrorNamesTheSlot(t *testing.T) {
	f := newFixture(t, Options{})
	a := f.tree("a", "x", "")
	check(t, os.RemoveAll(a.Path()))
	err := f.Slots(t.Context(), []Slot{{Dir: f.at("node_modules/a"), Tree: a}})
	if err == nil || !strings.Contains(err.Error(), f.at("node_modules/a")) {
		t.Errorf("%v", err)
	}
}
