package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/install/plan"
)

// tree is a project with an installed tree and the files it depends on.
type tree struct {
	*Modules
	t    *testing.T
	base string
	held plan.Held
	in   Inputs
}

func newTree(t *testing.T) *tree {
	t.Helper()
	base := t.TempDir()
	w := &tree{
		Modules: Open(Place{Base: base, Modules: "node_modules"}, time.Now), t: t, base: base,
		held: plan.Held{
			Slots: map[string]plan.Slot{
				"node_modules/.pnpm/a@1/node_modules/a":       {ID: "sha512-1", Links: "-"},
				"node_modules/.pnpm/b@1/node_modules/@s/b":    {ID: "", Links: "12ab"},
				"node_modules/@s/h":                           {ID: "sha512-2", Links: "-", Hoisted: "1.0.0"},
				"node_modules/.pnpm/q\"\t\n@1/node_modules/q": {ID: "x", Links: "-"},
			},
			Links: map[string]string{"node_modules/a": "node_modules/.pnpm/a@1/node_modules/a", "node_modules/l": "../lib\twith a tab"},
			Bins:  map[string]bool{"node_modules/.bin": true},
		},
	}
	for dir := range w.held.Slots {
		w.mkdir(dir)
	}
	for at := range w.held.Links {
		w.write(at, "stands for a link")
	}
	w.mkdir("node_modules/.bin")
	w.write("package.json", "{}")
	w.in = Inputs{Settings: "s", Ignored: []string{"a@1"}}
	for _, name := range []string{"package.json", "pnpm-lock.yaml"} {
		file, err := Look(base, name)
		if err != nil {
			t.Fatal(err)
		}
		w.in.Files = append(w.in.Files, file)
	}
	return w
}

func (w *tree) commit() {
	w.t.Helper()
	if err := w.Commit(w.in, w.held); err != nil {
		w.t.Fatal(err)
	}
}

func (w *tree) path(rel string) string { return filepath.Join(w.base, filepath.FromSlash(rel)) }

func (w *tree) mkdir(rel string) {
	w.t.Helper()
	if err := os.MkdirAll(w.path(rel), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

func (w *tree) write(rel, text string) {
	w.t.Helper()
	w.mkdir(filepath.Dir(rel))
	if err := os.WriteFile(w.path(rel), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *tree) remove(rel string) {
	w.t.Helper()
	if err := os.RemoveAll(w.path(rel)); err != nil {
		w.t.Fatal(err)
	}
}

func TestCommitted(t *testing.T) {
	w := newTree(t)
	w.commit()
	w.in.Version = version
	got, same := w.Unchanged("s")
	if !same {
		t.Error("a tree that was just committed is not unchanged")
	}
	w.in.Dirs, w.in.Seen, w.in.Tree = got.Dirs, got.Seen, got.Tree
	if diff := cmp.Diff(&w.in, got); diff != "" {
		t.Error(diff)
	}
	want := Found{Held: w.held, Ours: true, Ended: true, Whole: true, Ignored: []string{"a@1"}}
	if diff := cmp.Diff(want, w.Look()); diff != "" {
		t.Error(diff)
	}
}

// TestChanged makes one change to a complete tree at a time.
func TestChanged(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*tree)
		same   bool
	}{
		"nothing":                      {func(*tree) {}, true},
		"another time":                 {func(w *tree) { os.Chtimes(w.path("package.json"), time.Now(), time.Now().Add(time.Hour)) }, true},
		"another size":                 {func(w *tree) { w.write("package.json", "{ }") }, false},
		"another content of that size": {func(w *tree) { w.write("package.json", "[]") }, false},
		"a file is gone":               {func(w *tree) { w.remove("package.json") }, false},
		"a file has come":              {func(w *tree) { w.write("pnpm-lock.yaml", "") }, false},
		"a file is a directory":        {func(w *tree) { w.mkdir("pnpm-lock.yaml/x") }, false},
		"a slot is gone":               {func(w *tree) { w.remove("node_modules/.pnpm/a@1/node_modules/a") }, false},
		"a slot is a file": {func(w *tree) {
			w.remove("node_modules/.pnpm/a@1/node_modules/a")
			w.write("node_modules/.pnpm/a@1/node_modules/a", "")
		}, false},
		"a link is gone":                {func(w *tree) { w.remove("node_modules/l") }, false},
		"a link is a directory":         {func(w *tree) { w.remove("node_modules/l"); w.mkdir("node_modules/l") }, false},
		"the commands are gone":         {func(w *tree) { w.remove("node_modules/.bin") }, false},
		"all is gone":                   {func(w *tree) { w.remove("node_modules") }, false},
		"the inputs are gone":           {func(w *tree) { w.remove("node_modules/.godwit/inputs.json") }, false},
		"the inputs are empty":          {func(w *tree) { w.write("node_modules/.godwit/inputs.json", "") }, false},
		"the inputs are null":           {func(w *tree) { w.write("node_modules/.godwit/inputs.json", "null") }, false},
		"the inputs are of another age": {func(w *tree) { w.write("node_modules/.godwit/inputs.json", `{"Version":1,"Settings":"s"}`) }, false},
		"the tree is gone":              {func(w *tree) { w.remove("node_modules/.godwit/tree") }, false},
		"the tree is a directory":       {func(w *tree) { w.remove("node_modules/.godwit/tree"); w.mkdir("node_modules/.godwit/tree") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTree(t)
			w.commit()
			test.change(w)
			if _, same := w.Unchanged("s"); same != test.same {
				t.Errorf("unchanged: %v", same)
			}
			if _, same := w.Unchanged("other settings"); same {
				t.Error("other settings make no difference")
			}
			w.Look() // must not panic
		})
	}
}

// TestGarbage reads trees that this package did not write. Nothing of them is
// believed, since what they name may be removed.
func TestGarbage(t *testing.T) {
	const good = "slot\tnode_modules/.pnpm/a@1/node_modules/a\tx\t-\n"
	for name, test := range map[string]struct {
		text string
		ours bool
	}{
		"empty":                      {"", false},
		"only a head":                {treeHead + "\n", true},
		"a head cut off":             {treeHead[:5], false},
		"an older version":           {"godwit tree 1\n" + good, false},
		"good":                       {treeHead + "\n" + good, true},
		"cut off":                    {treeHead + "\n" + good + good[:20], false},
		"too many fields":            {treeHead + "\n" + strings.TrimSpace(good) + "\tmore\n", false},
		"an unknown word":            {treeHead + "\nslut\tnode_modules/.pnpm/a@1/node_modules/a\tx\t-\n", false},
		"an empty line":              {treeHead + "\n\n" + good, false},
		"no path":                    {treeHead + "\nslot\n", false},
		"an empty path":              {treeHead + "\nlink\t\tx\n", false},
		"upwards":                    {treeHead + "\nlink\t../outside\tx\n", false},
		"upwards by the way":         {treeHead + "\nslot\tnode_modules/../../x/node_modules/y\tx\t-\n", false},
		"absolute":                   {treeHead + "\nbins\t/etc\ttrue\n", false},
		"quoted and upwards":         {treeHead + "\nlink\t\"../out\\tside\"\tx\n", false},
		"a slot in no slot":          {treeHead + "\nslot\tsrc\tx\t-\n", false},
		"a slot of the root":         {treeHead + "\nslot\tnode_modules/a\tx\t-\n", false},
		"a slot of a project":        {treeHead + "\nslot\tpackages/p/node_modules/a\t?\t-\n", false},
		"a slot elsewhere":           {treeHead + "\nslot\tslots/a@1/node_modules/a\t?\t-\n", true},
		"not in a modules directory": {treeHead + "\nlink\tpackage.json\tx\n", false},
		"an unclean path":            {treeHead + "\nlink\tnode_modules/./a\tx\n", false},
		"binary":                     {"\x00\xff\xfe", false},
		"a head and a binary":        {treeHead + "\n\x00\xff\xfe", false},
	} {
		w := newTree(t)
		w.write("node_modules/.godwit/tree", test.text)
		w.write("packages/p/package.json", "{}")
		if found := w.Look(); found.Ours != test.ours {
			t.Errorf("%s: ours: %v", name, found.Ours)
		}
	}
}

// TestKilledBetween begins a change, never commits it, and looks.
func TestKilledBetween(t *testing.T) {
	w := newTree(t)
	w.commit()
	if err := w.Begin(w.held.Doubt()); err != nil {
		t.Fatal(err)
	}
	if _, same := w.Unchanged("s"); same {
		t.Error("a tree that is being changed counts as complete")
	}
	found := w.Look()
	if !found.Ours || found.Ended || found.Whole {
		t.Errorf("found %+v", found)
	}
	if diff := cmp.Diff(w.held.Doubt(), found.Held); diff != "" {
		t.Error(diff)
	}
	// A slot of which only the links beside it are there is still known.
	w.remove("node_modules/.pnpm/a@1/node_modules/a")
	if slot := w.Look().Held.Slots["node_modules/.pnpm/a@1/node_modules/a"]; !slot.Unsure() {
		t.Errorf("%+v", slot)
	}
	w.remove("node_modules/.pnpm/a@1")
	if _, there := w.Look().Held.Slots["node_modules/.pnpm/a@1/node_modules/a"]; there {
		t.Error("a slot that is gone is still held")
	}
	w.mkdir("node_modules/.pnpm/a@1/node_modules/a")
	w.commit()
	if _, same := w.Unchanged("s"); !same {
		t.Error("committed again, it is not complete")
	}
}

// TestKilledInCommit looks at every state of the two files that a kill during
// Commit can leave.
func TestKilledInCommit(t *testing.T) {
	w := newTree(t)
	w.commit()
	if err := w.unmark(); err != nil {
		t.Fatal(err)
	}
	if f := w.Look(); f.Ended || !f.Ours || !f.Whole {
		t.Errorf("the mark is gone, nothing else: %+v", f)
	}
	if err := w.writeTree(w.held); err != nil {
		t.Fatal(err)
	}
	if f := w.Look(); f.Ended || !f.Ours {
		t.Errorf("the tree is written: %+v", f)
	}
	if _, same := w.Unchanged("s"); same {
		t.Error("complete without the mark")
	}
}

func TestNoTree(t *testing.T) {
	m := Open(Place{Base: t.TempDir(), Modules: "node_modules"}, time.Now)
	if diff := cmp.Diff(Found{}, m.Look()); diff != "" {
		t.Error(diff)
	}
	if _, same := m.Unchanged(""); same {
		t.Error("nothing is a complete tree")
	}
}

func TestLookAtFile(t *testing.T) {
	base := t.TempDir()
	if in, err := Look(base, "none"); err != nil || in.Size != -1 || !in.same(base) {
		t.Errorf("%+v, %v", in, err)
	}
	if _, err := Look(base, "."); err == nil {
		t.Error("a directory passes for a file")
	}
	abs := filepath.Join(base, "abs")
	if err := os.WriteFile(abs, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if in, err := Look("/elsewhere", abs); err != nil || in.Size != 1 || !in.same("/elsewhere") {
		t.Errorf("%+v, %v", in, err)
	}
}

// FuzzTree reads any text as a tree: nothing outside the project is ever held.
func TestSuspend(t *testing.T) {
	m := newTree(t)
	m.commit()
	check := func(when string, want bool) {
		t.Helper()
		if _, same := m.Unchanged("s"); same != want {
			t.Errorf("%s: unchanged is %v", when, same)
		}
	}
	for range 2 { // the second time from the beginning
		if err := m.Suspend(); err != nil {
			t.Fatal(err)
		}
		check("suspended", false)
		m.Resume()
		check("resumed", true)
	}
	if err := m.Suspend(); err != nil {
		t.Fatal(err)
	}
	if err := m.Begin(m.held); err != nil {
		t.Fatal(err)
	}
	m.Resume()
	check("changed meanwhile", false)
}

func FuzzTree(f *testing.F) {
	f.Add("slot\tnode_modules/.pnpm/a@1/node_modules/a\tx\t-\n")
	f.Add("link\tnode_modules/a\tb\nbins\tnode_modules/.bin\tfalse\n")
	f.Add("slot\tkeep\t?\t-\n")
	f.Add("link\t\"..\\u002f\"\tb\n")
	base := f.TempDir()
	m := Open(Place{Base: base, Modules: "node_modules"}, time.Now)
	if err := os.MkdirAll(filepath.Join(base, "node_modules", dirName), 0o755); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(m.dir, treeName), []byte(treeHead+"\n"+text), 0o644); err != nil {
			t.Skip(err)
		}
		held := m.Look().Held
		for dir, slot := range held.Slots {
			if root := slot.Root(dir); !filepath.IsLocal(filepath.FromSlash(root)) || root == "." {
				t.Errorf("%q", dir)
			}
		}
		for at := range held.Links {
			if !filepath.IsLocal(filepath.FromSlash(at)) {
				t.Errorf("%q", at)
			}
		}
	})
}

// The directories tell that nothing changed, once their times are old enough to
// be trusted; until then, and after any change, every entry is looked at.
func TestUndisturbed(t *testing.T) {
	for name, test := range map[string]struct {
		age    time.Duration // of the directories when the tree is committed
		change func(*tree)
		fast   bool
		same   bool
	}{
		"nothing changed":        {time.Minute, func(*tree) {}, true, true},
		"too fresh to tell":      {time.Millisecond, func(*tree) {}, false, true},
		"a slot is gone":         {time.Minute, func(w *tree) { w.remove("node_modules/.pnpm/a@1") }, false, false},
		"a link is gone":         {time.Minute, func(w *tree) { w.remove("node_modules/a") }, false, false},
		"the commands are gone":  {time.Minute, func(w *tree) { w.remove("node_modules/.bin") }, false, false},
		"a stranger has come":    {time.Minute, func(w *tree) { w.write("node_modules/.cache/x", "") }, false, true},
		"the tree file is gone":  {time.Minute, func(w *tree) { w.remove("node_modules/.godwit/tree") }, false, false},
		"the tree file is cut":   {time.Minute, func(w *tree) { w.write("node_modules/.godwit/tree", "") }, false, false},
		"the whole tree is gone": {time.Minute, func(w *tree) { w.remove("node_modules") }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTree(t)
			w.commit() // makes the directory of our files
			now := time.Now()
			w.now = func() time.Time { return now }
			for _, d := range w.dirsOf(w.held) {
				// A nanosecond past the second: the system counts finely.
				at := now.Add(-test.age).Truncate(time.Second).Add(1)
				if test.age < time.Second {
					at = now.Add(-test.age)
				}
				if err := os.Chtimes(w.path(d.Path), at, at); err != nil {
					t.Fatal(err)
				}
			}
			in, err := w.inputs()
			if err != nil {
				t.Fatal(err)
			}
			if err := w.record(*in, w.held); err != nil {
				t.Fatal(err)
			}
			test.change(w)
			if in, err := w.inputs(); err == nil && w.undisturbed(in) != test.fast {
				t.Errorf("undisturbed: %v", !test.fast)
			}
			if _, same := w.Unchanged("s"); same != test.same {
				t.Errorf("unchanged: %v", same)
			}
		})
	}
}

// A shared slot is recorded where it is; one that is gone makes the tree one
// that has to be repaired.
func TestSharedSlots(t *testing.T) {
	w := newTree(t)
	outside := filepath.Join(t.TempDir(), "links", "a")
	if err := os.MkdirAll(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.ToSlash(outside)
	w.held.Slots[dir] = plan.Slot{ID: "sha512-1", Links: "-", Shared: true}
	w.commit()
	if _, same := w.Unchanged("s"); !same {
		t.Error("changed")
	}
	if diff := cmp.Diff(w.held, w.Look().Held); diff != "" {
		t.Error(diff)
	}
	if err := os.Remove(outside); err != nil {
		t.Fatal(err)
	}
	if _, same := w.Unchanged("s"); same {
		t.Error("unchanged without a slot")
	}
	found := w.Look()
	if _, there := found.Held.Slots[dir]; there || found.Whole || !found.Ours {
		t.Errorf("found %+v", found)
	}
}
