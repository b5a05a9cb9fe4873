//go:build unix

package link

import (
	"errors"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"godwit/internal/fsys"
)

// failLinks makes link(2) fail with errno for the files that match.
func (f *fixture) failLinks(errno error, match func(rel string) bool) (calls *int) {
	calls = new(int)
	var mu sync.Mutex
	f.link = func(to *fsys.Dir, rel string, from *fsys.Dir, fromRel string) error {
		mu.Lock()
		*calls++
		mu.Unlock()
		if match(rel) {
			return &os.LinkError{Op: "link", Old: fromRel, New: rel, Err: errno}
		}
		return to.Link(rel, from, fromRel)
	}
	return calls
}

func TestDowngrade(t *testing.T) {
	all := func(string) bool { return true }
	one := func(rel string) bool { return rel == "b" }
	for _, tt := range []struct {
		name    string
		errno   error
		match   func(string) bool
		linked  int
		calls   int
		wantErr error
	}{
		{"other device", unix.EXDEV, all, 0, 1, nil},
		{"forbidden", unix.EPERM, all, 0, 1, nil},
		{"one file has too many", unix.EMLINK, one, 4, 6, nil},
		{"no permission", unix.EACCES, all, 0, 1, unix.EACCES},
		{"disk full", unix.ENOSPC, one, 1, 2, unix.ENOSPC},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, Options{Width: 1})
			a := f.tree("a", "a", "1", "b", "2", "c", "3")
			calls := f.failLinks(tt.errno, tt.match)
			err := f.Slots(t.Context(), []Slot{{Dir: f.at("node_modules/a"), Tree: a}, {Dir: f.at("node_modules/b"), Tree: a}})
			if !errors.Is(err, tt.wantErr) {
				t.Fatalf("error %v, want %v", err, tt.wantErr)
			}
			if err != nil {
				f.want() // nothing half-made is left
				f.link = (*fsys.Dir).Link
				check(t, f.Slots(t.Context(), []Slot{{Dir: f.at("node_modules/a"), Tree: a}}))
				return
			}
			f.want("a/a", "1", "a/b", "2", "a/c", "3", "b/a", "1", "b/b", "2", "b/c", "3")
			if s := f.Stats(); s.Linked != tt.linked || s.Cloned+s.Copied != 6-tt.linked || *calls != tt.calls {
				t.Errorf("%+v, %d calls of link; want %d linked, %d calls", s, *calls, tt.linked, tt.calls)
			}
		})
	}
}
