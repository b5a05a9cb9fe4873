// Package state remembers what an install left in node_modules, so that the
// next one knows what is there without looking at every file.
//
//	node_modules/.godwit/inputs.json   what the install depended on; only
//	                                   there while the tree is complete
//	node_modules/.godwit/tree          what the tree holds, one thing a line
//	.godwit/project                    in a directory outside of the project that has
//	                                   some of the tree: whose it is
//
// Whoever changes the tree calls [Begin] first and [Commit] last. After a kill
// in between the first file is missing, so nobody takes the tree for complete;
// the second says what was there before.
package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/install/plan"
)

const (
	dirName    = ".godwit"
	inputsName = "inputs.json"
	treeName   = "tree"
	// version of both files. A tree written by another version is not
	// trusted: the install makes everything anew.
	version  = 2
	treeHead = "godwit tree 2"
)

// Input is a file that an install depends on.
type Input struct {
	Path   string // relative to the lockfile's directory, or absolute
	Size   int64  // bytes; -1 if there is no such file
	MTime  int64  // Unix nanoseconds
	SHA256 string
}

// Inputs is everything that decides what a complete tree looks like.
type Inputs struct {
	Version  int
	Settings string // digest of the settings that shape the tree
	Files    []Input
	Ignored  []string // packages whose install scripts did not run, since nobody decided about them
	Unbuilt  []string // others whose install scripts did not run

	// Set by Commit: the directories of the tree, when they were looked at (Unix
	// nanoseconds), and how large the file is that says what the tree holds.
	Dirs []Dir
	Seen int64
	Tree int64 // bytes
}

// maxFile bounds what is read of a file: that of a tree of 100,000 packages has 20 MB,
// and a lockfile half a gigabyte at most.
const maxFile = 512 << 20

// Look describes the file at path, which need not exist.
func Look(base, path string) (Input, error) {
	in := Input{Path: path, Size: -1}
	abs := absolute(base, path)
	info, err := os.Stat(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return in, nil
	}
	if err != nil {
		return in, err
	}
	var data []byte
	if info.Mode().IsRegular() || info.IsDir() { // settings may be /dev/null, which has no text
		if data, err = fsys.ReadFile(abs, maxFile); err != nil {
			return in, err
		}
	}
	sum := sha256.Sum256(data)
	return Input{Path: path, Size: info.Size(), MTime: info.ModTime().UnixNano(), SHA256: hex.EncodeToString(sum[:])}, nil
}

func absolute(base, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, filepath.FromSlash(path))
}

// same reports whether the file is as it was: by size and time, or if those
// differ (a fresh checkout), by content.
func (in Input) same(base string) bool {
	info, err := os.Stat(absolute(base, in.Path))
	if err != nil {
		return in.Size < 0 && errors.Is(err, fs.ErrNotExist)
	}
	if info.Size() != in.Size {
		return false
	}
	if info.ModTime().UnixNano() == in.MTime {
		return true
	}
	now, err := Look(base, in.Path)
	return err == nil && now.SHA256 == in.SHA256
}

// Place is where a tree is.
type Place struct {
	Base    string   // absolute directory of the lockfile
	Modules string   // modules directory of the root, and so of each importer: a slash path
	Outside []string // absolute directories outside of Base that have some of the tree
}

// Modules is a node_modules directory with our files in it.
type Modules struct {
	Place
	dir string // absolute directory of our files
	now func() time.Time

	suspended []byte // the inputs, between Suspend and Resume
}

// Open looks at the modules directory of a place. It reads nothing yet.
func Open(p Place, now func() time.Time) *Modules {
	return &Modules{Place: p, now: now, dir: filepath.Join(absolute(p.Base, p.Modules), dirName)}
}

// Found is what the last install left behind.
type Found struct {
	// Held is what the tree holds. What is recorded but gone is left out.
	Held  plan.Held
	Ours  bool // the tree is godwit's, and what is in it is known
	Ended bool // the install that made it came to its end
	Whole bool // nothing that was recorded is gone
	// Ignored and Unbuilt are those of Inputs, if the install came to its end.
	Ignored, Unbuilt []string
}

// Look finds out what the last install left behind. A file of ours that is
// damaged is worth no more than none.
func (m *Modules) Look() Found {
	held, whole := m.held()
	f := Found{Held: held, Ours: held.Slots != nil, Whole: whole}
	if in, err := m.inputs(); err == nil {
		f.Ended, f.Ignored, f.Unbuilt = true, in.Ignored, in.Unbuilt
	}
	return f
}

func (m *Modules) inputs() (*Inputs, error) {
	data, err := fsys.ReadFile(filepath.Join(m.dir, inputsName), maxFile)
	if err != nil {
		return nil, err
	}
	var in Inputs
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, err
	}
	if in.Version != version {
		return nil, fmt.Errorf("%s has version %d", inputsName, in.Version)
	}
	return &in, nil
}

// Unchanged returns the inputs of the complete tree if it is still the right
// one: same settings, same files, every slot and link in its place.
func (m *Modules) Unchanged(settings string) (*Inputs, bool) {
	in, same, _ := m.Compare(func(made string) bool { return made == settings })
	return in, same
}

// Compare is Unchanged for whoever knows several settings to be right. The error
// says that there is no complete tree; if there just is none it wraps
// fs.ErrNotExist.
func (m *Modules) Compare(right func(settings string) bool) (_ *Inputs, same bool, _ error) {
	in, err := m.inputs()
	if err != nil {
		return nil, false, err
	}
	if !right(in.Settings) {
		return nil, false, nil
	}
	for _, f := range in.Files {
		if !f.same(m.Base) {
			return nil, false, nil
		}
	}
	if m.undisturbed(in) {
		return in, true, nil
	}
	held, whole := m.held()
	if !whole || held.Slots == nil {
		return in, false, nil
	}
	// Somebody else's files came or went beside ours. Not being able to note
	// that costs the next install the same look.
	_ = m.record(*in, held)
	return in, true, nil
}

// held is Found.Held, and whether nothing that was recorded is gone.
func (m *Modules) held() (held plan.Held, whole bool) {
	data, err := fsys.ReadFile(filepath.Join(m.dir, treeName), maxFile)
	if err != nil {
		return plan.Held{}, false
	}
	head, rest, _ := strings.Cut(string(data), "\n")
	if head != treeHead {
		return plan.Held{}, false
	}
	held = plan.Held{Slots: map[string]plan.Slot{}, Links: map[string]string{}, Bins: map[string]bool{}}
	whole = true
	for line := range strings.Lines(rest) {
		there, ours := m.take(&held, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
		if !ours {
			return plan.Held{}, false // what a line names may be removed
		}
		whole = whole && there
	}
	return held, whole
}

// take adds what one line says to held, if that is there. ours is false for a
// line that no godwit wrote, or that is cut off.
func (m *Modules) take(held *plan.Held, f []string) (there, ours bool) {
	if len(f) < 3 {
		return false, false
	}
	at := unescape(f[1])
	if f[0] == "shared" && len(f) == 4 { // never removed, so it may be anywhere
		if there = m.isDir(at); there {
			held.Slots[at] = plan.Slot{ID: f[2], Links: f[3], Shared: true}
		}
		return there, true
	}
	if !m.inModules(at) {
		return false, false
	}
	switch {
	case f[0] == "slot" && len(f) == 4 && m.isSlotRoot(plan.SlotRoot(at)), f[0] == "dir" && len(f) == 5 && f[4] != "":
		slot := plan.Slot{ID: f[2], Links: f[3]}
		if f[0] == "dir" {
			slot.Hoisted = unescape(f[4])
		}
		look := at
		if slot.Unsure() {
			// A kill may have left the links beside the slot and not the slot.
			look = slot.Root(at)
		}
		if there = m.isDir(look); there {
			held.Slots[at] = slot
		}
		return there && !slot.Unsure(), true
	case f[0] == "link" && len(f) == 3:
		info, err := os.Lstat(absolute(m.Base, at))
		if there = err == nil && !info.IsDir(); there {
			held.Links[at] = unescape(f[2])
		}
		return there, true
	case f[0] == "bins" && len(f) == 3:
		_, err := os.Lstat(absolute(m.Base, at))
		if there = err == nil; there {
			held.Bins[at] = f[2] == "true"
		}
		return there, true
	}
	return false, false
}

// Ignored is [Inputs.Ignored] of the tree of a project. The error wraps
// fs.ErrNotExist where there is no complete tree.
func Ignored(p Place) ([]string, error) {
	in, err := Open(p, nil).inputs()
	if err != nil {
		return nil, err
	}
	return in.Ignored, nil
}

// SharedSlots lists the absolute directories of the shared slots that the tree
// of a project holds, whether or not they are there. The error wraps
// fs.ErrNotExist where there is no tree, and tells of one whose text only another
// version can read.
func SharedSlots(base, modules string) ([]string, error) {
	path := filepath.Join(base, filepath.FromSlash(modules), dirName, treeName)
	data, err := fsys.ReadFile(path, maxFile)
	if err != nil {
		return nil, err
	}
	head, rest, _ := strings.Cut(string(data), "\n")
	if head != treeHead {
		return nil, fmt.Errorf("%s was written by another version of godwit: install there, or remove its node_modules", path)
	}
	var out []string
	for line := range strings.Lines(rest) {
		if f := strings.Split(line, "\t"); f[0] == "shared" && len(f) > 1 {
			out = append(out, unescape(f[1]))
		}
	}
	return out, nil
}

func (m *Modules) isDir(path string) bool {
	info, err := os.Lstat(absolute(m.Base, path))
	return err == nil && info.IsDir()
}

// inModules reports whether a path is below a modules directory of the project, or
// in a directory outside of it that is known to be the project's.
func (m *Modules) inModules(p string) bool {
	switch {
	case path.Clean(p) != p:
		return false
	case filepath.IsLocal(filepath.FromSlash(p)):
		name := m.Modules
		if !filepath.IsLocal(name) {
			name = path.Base(name) // in all but the root
		}
		return plan.InModules(p) || strings.Contains("/"+p, "/"+name+"/")
	}
	abs := absolute(m.Base, p)
	return slices.ContainsFunc(m.Outside, func(dir string) bool {
		return strings.HasPrefix(abs, dir+string(filepath.Separator))
	})
}

// isSlotRoot reports whether a directory may go with the slot in it. One that is not
// among packages, as with a virtual store elsewhere, must not be a project.
func (m *Modules) isSlotRoot(dir string) bool {
	if dir == "." || m.inModules(dir) {
		return dir != "."
	}
	_, err := os.Lstat(filepath.Join(absolute(m.Base, dir), "package.json"))
	return errors.Is(err, fs.ErrNotExist)
}

// Begin marks the tree as being changed. held is what can be said of it until
// Commit, see [plan.Plan.During].
func (m *Modules) Begin(held plan.Held) error {
	m.suspended = nil
	if err := m.unmark(); err != nil {
		return err
	}
	return m.writeTree(held)
}

// Suspend says that an install is at work beside a tree that does not change: after a
// kill the next one has to look around, until Resume takes it back. It is taken back
// by nothing once Begin was called.
func (m *Modules) Suspend() error {
	data, err := fsys.ReadFile(filepath.Join(m.dir, inputsName), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("prepare %s: %w", m.dir, err)
	}
	m.suspended = data
	return m.unmark()
}

// Resume ends what Suspend began. Not to be able to costs the next install a look.
func (m *Modules) Resume() {
	if m.suspended != nil {
		_ = m.write(inputsName, m.suspended)
	}
	m.suspended = nil
}

// unmark says that nobody knows any more whether the tree is complete.
func (m *Modules) unmark() error {
	if err := os.Remove(filepath.Join(m.dir, inputsName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("prepare %s: %w", m.dir, err)
	}
	return nil
}

// Commit records a complete tree. Begin need not have been called if nothing
// was changed.
func (m *Modules) Commit(in Inputs, held plan.Held) error {
	if err := m.Begin(held); err != nil {
		return err
	}
	in.Version = version
	return m.record(in, held)
}

// record writes the inputs of a complete tree.
func (m *Modules) record(in Inputs, held plan.Held) error {
	info, err := os.Stat(filepath.Join(m.dir, treeName))
	if err != nil {
		return fmt.Errorf("record what was installed: %w", err)
	}
	in.Seen, in.Dirs, in.Tree = m.now().UnixNano(), m.dirsOf(held), info.Size()
	data, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("record what was installed: %w", err)
	}
	return m.write(inputsName, data)
}

func (m *Modules) writeTree(held plan.Held) error {
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return fmt.Errorf("record what is installed: %w", err)
	}
	var b bytes.Buffer
	b.WriteString(treeHead + "\n")
	for _, dir := range slices.Sorted(maps.Keys(held.Slots)) {
		s := held.Slots[dir]
		kind, more := "slot\t", ""
		switch {
		case s.Shared:
			kind = "shared\t"
		case s.Hoisted != "":
			kind, more = "dir\t", "\t"+escape(s.Hoisted)
		}
		b.WriteString(kind + escape(dir) + "\t" + s.ID + "\t" + s.Links + more + "\n")
	}
	for _, at := range slices.Sorted(maps.Keys(held.Links)) {
		b.WriteString("link\t" + escape(at) + "\t" + escape(held.Links[at]) + "\n")
	}
	for _, dir := range slices.Sorted(maps.Keys(held.Bins)) {
		b.WriteString("bins\t" + escape(dir) + "\t" + strconv.FormatBool(held.Bins[dir]) + "\n")
	}
	return m.write(treeName, b.Bytes())
}

func (m *Modules) write(name string, data []byte) error {
	if err := fsys.WriteFile(filepath.Join(m.dir, name), data, fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("record what was installed: %w", err)
	}
	return nil
}

// escape keeps a path to one field of one line.
func escape(s string) string {
	if strings.ContainsAny(s, "\t\n\"") {
		return strconv.Quote(s)
	}
	return s
}

func unescape(s string) string {
	if strings.HasPrefix(s, `"`) {
		if u, err := strconv.Unquote(s); err == nil {
			return u
		}
	}
	return s
}
