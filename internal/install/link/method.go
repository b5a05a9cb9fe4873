package link

import (
	"fmt"
	"sync/atomic"

	"godwit/internal/fsys"
	"godwit/internal/store"
)

// Import is the setting package-import-method: how files get from the store to
// a slot.
type Import uint8

const (
	Auto        Import = iota // the first that works: see ways
	Hardlink                  // a link; a copy where there are no links
	Clone                     // a clone, or an error
	Copy                      // a copy
	CloneOrCopy               // a clone, or a copy
)

// importNames are pnpm's names, in the order of the constants.
var importNames = []string{"auto", "hardlink", "clone", "copy", "clone-or-copy"}

// ParseImport reads the value of package-import-method.
func ParseImport(s string) (Import, error) {
	for i, name := range importNames {
		if s == name {
			return Import(i), nil
		}
	}
	return 0, fmt.Errorf("package-import-method %q: want one of %q", s, importNames)
}

func (i Import) String() string { return importNames[i] }

// way is one way to place a file.
type way uint8

const (
	byLink way = iota
	byClone
	byCopy
)

// ways are what to try, in order. auto is pnpm's order, which differs by
// system: see [fsys.CloneFirst].
func (i Import) ways() []way {
	switch i {
	case Hardlink:
		return []way{byLink, byCopy}
	case Copy:
		return []way{byCopy}
	case Clone:
		return []way{byClone}
	case CloneOrCopy:
		return []way{byClone, byCopy}
	}
	if fsys.CloneFirst {
		return []way{byClone, byLink, byCopy}
	}
	return []way{byLink, byClone, byCopy}
}

// privateWays are the ways that give a slot files of its own.
func (i Import) privateWays() []way {
	if i == Copy {
		return []way{byCopy}
	}
	return []way{byClone, byCopy}
}

// method is the way in use between the store and one root. It is found out by
// using it: a way that turns out not to exist between the two is not tried
// again by any goroutine.
type method struct {
	ways []way
	at   atomic.Int32
}

func newMethod(ways []way) *method { return &method{ways: ways} }

// now is the way in use.
func (m *method) now() way { return m.ways[m.at.Load()] }

// leave gives up tried, and reports whether there is another way. Others may
// have given it up already.
func (m *method) leave(tried way) bool {
	at := m.at.Load()
	if m.ways[at] != tried {
		return true
	}
	if int(at)+1 == len(m.ways) {
		return false
	}
	m.at.CompareAndSwap(at, at+1)
	return true
}

// file places one file in the staging directory to.
func (l *Linker) file(m *method, to, from *fsys.Dir, f *store.File) error {
	for {
		w := m.now()
		err := l.by(w, to, from, f)
		switch {
		case err == nil:
			l.counts.placed(w)
			return nil
		case fsys.TooManyLinks(err):
			// The limit is on this one file; others can still be linked.
			if err = l.by(byCopy, to, from, f); err == nil {
				l.counts.placed(byCopy)
			}
			return err
		case w == byCopy || !fsys.Unsupported(err):
			return err
		case !m.leave(w):
			return fmt.Errorf("%w: set package-import-method to auto", err)
		}
	}
}

func (l *Linker) by(w way, to, from *fsys.Dir, f *store.File) error {
	switch w {
	case byLink:
		return l.link(to, f.Path, from, f.Path)
	case byClone:
		return to.Clone(f.Path, from, f.Path, f.Exec)
	}
	return to.Copy(f.Path, from, f.Path, f.Exec)
}

// wayNames are for people.
var wayNames = [...]string{byLink: "hard links", byClone: "clones", byCopy: "copies"}

// Try places the file name, which is in the directory from, in the directory to
// as a package's file would be, and says how that was done.
func Try(from, to, name string, how Import) (string, error) {
	src, err := fsys.OpenDir(from)
	if err != nil {
		return "", err
	}
	defer src.Close()
	dst, err := fsys.OpenDir(to)
	if err != nil {
		return "", err
	}
	defer dst.Close()
	l, m := &Linker{link: (*fsys.Dir).Link}, newMethod(how.ways())
	err = l.file(m, dst, src, &store.File{Path: name})
	return wayNames[m.now()], err
}
