package cli_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/fsys"
	"godwit/internal/store"
)

// The campaign kills installs of a real project at random instants, and starts
// ten at once. What is then in node_modules, in the shared slots it leads to and
// in the lockfile is compared file by file with what undisturbed installs made.
// It takes a recorded registry and, for 200 kills, half an hour:
//
//	godwit-bench serve --data RECORDING --listen 127.0.0.1:PORT
//	GODWIT_REGISTRY=http://127.0.0.1:PORT/ GODWIT_PROJECT=DIR GODWIT_KILLS=200 \
//		go test ./internal/cli -run Campaign -timeout 2h
type campaign struct {
	*site
	shared   bool // virtual-store=global
	variants []variant
	random   *rand.Rand
	slots    map[string]string // of all variants, as wanted
	lasted   map[situation]time.Duration
}

// variant is one state of the project, and what an install makes of it.
type variant struct {
	manifest, lock []byte
	project, slots map[string]string
}

// situation is what a run of the campaign meets; its duration depends on that.
type situation struct {
	cold    bool // a store and a cache with nothing in them
	locked  bool // a lockfile that fits
	modules bool // node_modules of before, whole or not
}

// newCampaign makes n variants of the project: all of it, and some without a few
// of its dependencies.
func newCampaign(t *testing.T, shared bool, n int) *campaign {
	t.Helper()
	url, project := os.Getenv("GODWIT_REGISTRY"), os.Getenv("GODWIT_PROJECT")
	if url == "" || project == "" {
		t.Skip("GODWIT_REGISTRY and GODWIT_PROJECT do not say what to install")
	}
	text, err := os.ReadFile(filepath.Join(project, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := &campaign{site: siteAt(t, url), shared: shared, random: rand.New(rand.NewPCG(seed, 0)), slots: map[string]string{}, lasted: map[situation]time.Duration{}}
	if shared {
		c.env = append(c.env, "npm_config_virtual_store=global")
	}
	for i := 0; len(c.variants) < n; i++ {
		if i == 3*n {
			t.Fatalf("of %d variants of %s too few can be installed from what is recorded", i, project)
		}
		c.reference(without(text, i, 3*n))
	}
	return c
}

// reference installs a variant of the project in peace. With some dependencies
// left out others get versions that nobody recorded: such a variant is no use.
func (c *campaign) reference(manifest []byte) {
	c.t.Helper()
	dir := filepath.Join(c.dir, "app")
	c.write(dir, "package.json", manifest)
	c.remove(c.store) // so that its slots are those of this variant alone
	defer c.remove(dir)
	if out, err := c.command(dir, "install").CombinedOutput(); bytes.Contains(out, []byte("not recorded")) {
		return
	} else if err != nil {
		c.t.Fatalf("install a variant: %v\n%s", err, out)
	}
	lock, err := os.ReadFile(filepath.Join(dir, "pnpm-lock.yaml"))
	if err != nil {
		c.t.Fatal(err)
	}
	v := variant{manifest: manifest, lock: lock, project: c.snapshot(dir), slots: c.sharedSlots()}
	c.variants = append(c.variants, v)
	maps.Copy(c.slots, v.slots)
}

// without is a package.json with every n-th line of dependencies left out, from
// the i-th on; nothing is left out for 0.
func without(text []byte, i, n int) []byte {
	if i == 0 {
		return text
	}
	var kept [][]byte
	at := 0
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte(`": "^`)) && bytes.HasSuffix(line, []byte(",\n")) {
			if at++; at%n == i {
				continue
			}
		}
		kept = append(kept, line)
	}
	return bytes.Join(kept, nil)
}

func (c *campaign) write(dir, name string, text []byte) {
	c.t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c *campaign) remove(path string) {
	c.t.Helper()
	if err := os.RemoveAll(path); err != nil {
		c.t.Fatal(err)
	}
}

// sharedSlots is a snapshot of all shared slots, but for what killed installs
// left beside them.
func (c *campaign) sharedSlots() map[string]string {
	c.t.Helper()
	if !c.shared {
		return nil
	}
	slots := c.snapshot(filepath.Join(c.store, "v1", "links"))
	maps.DeleteFunc(slots, func(path, _ string) bool {
		return slices.ContainsFunc(strings.Split(path, string(filepath.Separator)), fsys.IsTempName)
	})
	return slots
}

// freshStore gives the next installs an empty store and an empty cache, where
// the old ones were: the state of a project names its shared slots by path.
func (c *campaign) freshStore() {
	c.remove(c.store)
	c.remove(c.cache)
}

// prepare brings the project into a random situation.
func (c *campaign) prepare(dir string) (*variant, situation) {
	c.t.Helper()
	v := &c.variants[c.random.IntN(len(c.variants))]
	now := situation{cold: c.random.IntN(4) == 0, locked: c.random.IntN(2) == 0}
	if now.cold {
		c.freshStore()
	}
	if c.random.IntN(2) == 0 {
		c.remove(filepath.Join(dir, "node_modules"))
	}
	_, err := os.Stat(filepath.Join(dir, "node_modules"))
	now.modules = err == nil
	c.write(dir, "package.json", v.manifest)
	if now.locked {
		c.write(dir, "pnpm-lock.yaml", v.lock)
	} else {
		c.remove(filepath.Join(dir, "pnpm-lock.yaml"))
	}
	return v, now
}

// kill starts an install and kills it at a random instant of the time that
// others took in the same situation. It is false if that was too late.
func (c *campaign) kill(dir string, now situation) (at time.Duration, killed bool) {
	c.t.Helper()
	longest := c.lasted[now]
	if longest == 0 {
		longest = 4 * time.Second // until one that was not killed in time tells better
	}
	at = time.Duration(c.random.Int64N(int64(longest)))
	cmd := c.command(dir, "install")
	began := time.Now()
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	timer := time.AfterFunc(at, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	if err == nil {
		// The longest, so that what happens late in a run is hit as well: a run
		// that has less to do than others, or nothing, ends before and counts not.
		c.lasted[now] = max(c.lasted[now], time.Since(began))
		return at, false
	}
	if cmd.ProcessState.ExitCode() >= 0 {
		c.t.Fatalf("%+v: the install that was to be killed failed by itself: %v", now, err)
	}
	return at, true
}

// check compares a project that was installed, and what it uses of the store,
// with the reference.
func (c *campaign) check(dir string, v *variant) string {
	c.t.Helper()
	if diff := differences(v.project, c.snapshot(dir)); diff != "" {
		return "the project differs (-reference +this):\n" + diff
	}
	got := c.sharedSlots()
	want := maps.Clone(v.slots)
	for path := range got {
		if text, known := c.slots[path]; known {
			want[path] = text // of another variant
		}
	}
	if diff := differences(want, got); diff != "" {
		return "the shared slots differ (-reference +this):\n" + diff
	}
	return ""
}

// differences is [cmp.Diff], quick for what is equal.
func differences(want, got map[string]string) string {
	if maps.Equal(want, got) {
		return ""
	}
	const most = 4000 // of a text that may have 40,000 lines
	diff := cmp.Diff(want, got)
	return diff[:min(len(diff), most)]
}

// verify looks at every tree of the store.
func (c *campaign) verify() {
	c.t.Helper()
	st, err := store.Open(filepath.Join(c.store, "v1"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer st.Close()
	ids, err := st.List()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, id := range ids {
		if err := st.Verify(id); err != nil && st.Has(id) {
			c.t.Error(err)
		}
	}
}

func eachVirtualStore(t *testing.T, run func(t *testing.T, shared bool)) {
	t.Run("local", func(t *testing.T) { run(t, false) })
	t.Run("global", func(t *testing.T) { run(t, true) })
}

// TestKillCampaign kills half of GODWIT_KILLS installs with slots in the project
// and half with shared ones. Store and cache stay, as they do for users, but now
// and then.
func TestKillCampaign(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("GODWIT_KILLS"))
	if err != nil {
		t.Skip("GODWIT_KILLS does not say how many")
	}
	eachVirtualStore(t, func(t *testing.T, shared bool) {
		c := newCampaign(t, shared, 3)
		c.freshStore()
		dir := filepath.Join(c.dir, "app")
		hit, faults, began := map[situation]int{}, 0, time.Now()
		for killed := 0; killed < (kills+1)/2; {
			v, now := c.prepare(dir)
			at, early := c.kill(dir, now)
			if !early {
				continue
			}
			killed++
			hit[now]++
			if killed%20 == 0 {
				t.Logf("%v: %d kills", time.Since(began).Round(time.Second), killed)
			}
			if c.random.IntN(4) == 0 {
				continue // another kill before anything is repaired
			}
			out := c.install(dir)
			if fault := c.check(dir, v); fault != "" {
				t.Errorf("kill %d, after %v, %+v: the next install says\n%s\n%s", killed, at, now, out, fault)
				c.remove(dir)
				if faults++; faults == maxFaults {
					t.Fatal("that is enough to think about")
				}
				continue
			}
			if out := c.install(dir); !strings.Contains(out, "Already up to date") {
				t.Errorf("kill %d, after %v, %+v: after the repair: %s", killed, at, now, out)
			}
		}
		c.verify()
		for now, n := range hit {
			t.Logf("%+v: %d kills within %v", now, n, c.lasted[now])
		}
	})
}

// maxFaults ends a campaign early: each prints thousands of bytes.
const maxFaults = 5

// TestTenAtOnceCampaign installs in ten directories at once, with one store that
// is empty: ten times the same project, then ten that are not the same.
func TestTenAtOnceCampaign(t *testing.T) {
	const processes = 10
	eachVirtualStore(t, func(t *testing.T, shared bool) {
		c := newCampaign(t, shared, processes)
		for name, of := range map[string]func(i int) int{"same": func(int) int { return 0 }, "different": func(i int) int { return i }} {
			c.freshStore()
			dirs := make([]string, processes)
			outs := make([]bytes.Buffer, processes)
			var all sync.WaitGroup
			for i := range dirs {
				dirs[i] = filepath.Join(c.dir, fmt.Sprint(name, i))
				c.write(dirs[i], "package.json", c.variants[of(i)].manifest)
				cmd := c.command(dirs[i], "install")
				cmd.Stdout, cmd.Stderr = &outs[i], &outs[i]
				all.Go(func() { c.succeed(cmd, &outs[i]) })
			}
			all.Wait()
			for i, dir := range dirs {
				if fault := c.check(dir, &c.variants[of(i)]); fault != "" {
					t.Errorf("%s %d says\n%s\n%s", name, i, outs[i].String(), fault)
				}
				c.remove(dir)
			}
			c.verify()
		}
	})
}

func (c *campaign) succeed(cmd *exec.Cmd, out *bytes.Buffer) {
	if err := cmd.Run(); err != nil {
		c.t.Errorf("%s: %v\n%s", filepath.Base(cmd.Dir), err, out)
	}
}
