package link

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// slotWithBin places a package with one script and returns the script's path.
func (f *fixture) slotWithBin(name, text string) string {
	f.t.Helper()
	tree := f.tree(name, "package.json", `{"name":"`+name+`","version":"1.0.0","bin":"cli.js"}`, "cli.js", text)
	check(f.t, f.Slots(f.t.Context(), []Slot{{Dir: f.at("node_modules/" + name), Tree: tree}}))
	f.t.Cleanup(func() {
		if err := f.store.Verify(tree.ID); err != nil {
			f.t.Errorf("the store was written to: %v", err)
		}
		if data, err := os.ReadFile(filepath.Join(tree.Path(), "cli.js")); err != nil || string(data) != text {
			f.t.Errorf("the store was written to: %q, %v", data, err)
		}
	})
	return f.at("node_modules/" + name + "/cli.js")
}

func run(t *testing.T, path string, args ...string) string {
	t.Helper()
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v, %s", path, err, out)
	}
	return string(out)
}

func TestBins(t *testing.T) {
	f := newFixture(t, Options{})
	target := f.slotWithBin("a", "#!/bin/sh\necho a $1 ${NODE_PATH##*/}\n")
	bin := f.at("node_modules/.bin")
	b := Bin{Name: "a", Dir: bin, Target: target, NodePath: []string{f.at("node_modules")}}
	for _, b.Stored = range []bool{false, true} {
		b.Name = map[bool]string{true: "stored", false: "read"}[b.Stored]
		if b.Stored {
			b.Shebang = "#!/bin/sh"
		}
		check(t, f.Bins(t.Context(), Shims, []Bin{b}))
		if got := run(t, filepath.Join(bin, b.Name), "1"); got != "a 1 ..\n" {
			t.Errorf("%s wrote %q", b.Name, got)
		}
	}
	check(t, f.Bins(t.Context(), Links, []Bin{{Name: "link", Dir: bin, Target: target, Stored: true}}))
	if to, err := os.Readlink(filepath.Join(bin, "link")); err != nil || to != "../a/cli.js" {
		t.Errorf("link to %q, %v", to, err)
	}
	if got := run(t, filepath.Join(bin, "link"), "2"); got != "a 2\n" {
		t.Errorf("link wrote %q", got)
	}
	if got := f.Stats().Bins; got != 3 {
		t.Errorf("%d made", got)
	}
	check(t, f.Bins(t.Context(), Links, []Bin{{Name: "link", Dir: bin, Target: target, Stored: true}}))
	check(t, f.Bins(t.Context(), Shims, []Bin{b}))
	if got := f.Stats().Bins; got != 3 {
		t.Errorf("%d made, but nothing had changed", got)
	}
	entries, err := os.ReadDir(bin)
	if err != nil || len(entries) != 3 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestBinsReplaceLinks changes from one style to the other and back. What the
// links lead to must not notice.
func TestBinsReplaceLinks(t *testing.T) {
	f := newFixture(t, Options{})
	target := f.slotWithBin("a", "#!/bin/sh\necho a\n")
	b := Bin{Name: "a", Dir: f.at("node_modules/.bin"), Target: target}
	for _, style := range []BinStyle{Links, Shims, Links} {
		check(t, f.Bins(t.Context(), style, []Bin{b}))
		info, err := os.Lstat(filepath.Join(b.Dir, "a"))
		check(t, err)
		if link := info.Mode()&os.ModeSymlink != 0; link != (style == Links) {
			t.Errorf("style %d: a link: %v", style, link)
		}
		if got := run(t, filepath.Join(b.Dir, "a")); got != "a\n" {
			t.Errorf("style %d wrote %q", style, got)
		}
	}
	check(t, os.MkdirAll(filepath.Join(b.Dir, "dir", "x"), 0o755))
	b.Name = "dir"
	for _, style := range []BinStyle{Links, Shims} {
		if err := f.Bins(t.Context(), style, []Bin{b}); err == nil || !strings.Contains(err.Error(), "command dir") {
			t.Errorf("over a directory: %v", err)
		}
	}
}

func TestBinsCarriageReturn(t *testing.T) {
	f := newFixture(t, Options{})
	target := f.slotWithBin("a", "#!/bin/sh\r\necho fine # \r\n")
	b := Bin{Name: "a", Dir: f.at("node_modules/.bin"), Target: target, Stored: true, Shebang: "#!/bin/sh\r"}
	check(t, f.Bins(t.Context(), Shims, []Bin{b}))
	if data, _ := os.ReadFile(target); !strings.HasPrefix(string(data), "#!/bin/sh\r\n") {
		t.Error("a shim needs no other target")
	}
	for range 2 {
		check(t, f.Bins(t.Context(), Links, []Bin{b}))
		if data, _ := os.ReadFile(target); string(data) != "#!/bin/sh\necho fine # \r\n" {
			t.Errorf("target is %q", data)
		}
		if got := run(t, filepath.Join(b.Dir, "a")); got != "fine\n" {
			t.Errorf("wrote %q", got)
		}
	}
}

// TestBinsMakeExecutable has targets that no store made executable: one of the
// project, one that is hard-linked to somewhere, one outside, one that is not
// there yet.
func TestBinsMakeExecutable(t *testing.T) {
	f := newFixture(t, Options{})
	outside := filepath.Join(t.TempDir(), "cli")
	own, linked, other := f.at("own"), f.at("linked"), f.at("other")
	for _, path := range []string{own, other, outside} {
		check(t, os.WriteFile(path, []byte("#!/bin/sh\necho "+filepath.Base(path)), 0o644))
	}
	check(t, os.Link(other, linked))
	check(t, os.Symlink(filepath.Dir(outside), f.at("away")))
	dir := f.at("node_modules/.bin")
	check(t, f.Bins(t.Context(), Links, []Bin{
		{Name: "own", Dir: dir, Target: own}, {Name: "linked", Dir: dir, Target: linked},
		{Name: "outside", Dir: dir, Target: outside}, {Name: "away", Dir: dir, Target: f.at("away/cli")},
		{Name: "absent", Dir: dir, Target: f.at("absent")}, {Name: "dir", Dir: dir, Target: f.at("node_modules")},
	}))
	for path, want := range map[string]bool{own: true, linked: true, other: false, outside: false} {
		info, err := os.Stat(path)
		check(t, err)
		if exec := info.Mode()&0o111 != 0; exec != want {
			t.Errorf("%s: executable %v", path, exec)
		}
	}
	run(t, filepath.Join(dir, "own"))
	if got := run(t, filepath.Join(dir, "linked")); got != "other\n" {
		t.Errorf("linked wrote %q", got)
	}
}
