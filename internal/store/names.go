package store

import "godwit/internal/fsys"

// look is what Prune has to know of a tree: its index is read, and each of its files
// looked at, once.
type look struct {
	files  string // its directory below trees/; "" where its index cannot be read
	slot   bool   // a shared slot has its files
	whole  bool   // it is as its index says
	linked []linked
	alone  bool // a file has no name but the one
}

// linked is a file that has several names, anywhere.
type linked struct {
	file  fsys.FileID
	names int
}

// look looks at a tree. What no other name tells of is not in use, and not compared
// with its index.
func (s *Store) look(id ID) look {
	info, _ := s.lookup(id)
	l := look{slot: info.IsLink()}
	tree, err := s.load(id)
	if err != nil {
		return l
	}
	l.files, l.whole = tree.files(), true
	for path := range tree.paths() {
		switch file, names, err := fsys.Names(path); {
		case err != nil:
			l.whole = false
		case names == 1:
			l.alone = true
		default:
			l.linked = append(l.linked, linked{file, names})
		}
	}
	if !l.slot && l.whole && len(l.linked) > 0 {
		l.whole = s.verify(tree) == nil
	}
	return l
}

// ownNames is how many names files have in trees, or in the slots that have the files
// of a tree: several, after [Store.Dedupe]. A slot that links to the files of a tree
// is a use of them.
type ownNames map[fsys.FileID]int

func (own ownNames) count(l *look) {
	for _, f := range l.linked {
		own[f.file]++
	}
}

// inUse reports whether a file of the tree has a name outside of the store. Where
// trees have files in common it is those that only this one has which tell, if there are any.
func (own ownNames) inUse(l *look) bool {
	shared := false
	for _, f := range l.linked {
		if f.names > own[f.file] {
			if own[f.file] == 1 {
				return true
			}
			shared = true
		}
	}
	return shared && !l.alone
}
