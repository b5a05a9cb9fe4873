package store

import "godwit/internal/fsys"

// ownNames is how many names in the store the files have that have more than one
// there: see [Store.Dedupe].
type ownNames map[fsys.FileID]int

// ownNames counts the names that files have in trees, or in the slots that have the
// files of a tree. A slot that links to the files of a tree is a use of them.
func (s *Store) ownNames(ids []ID) ownNames {
	once, own := map[fsys.FileID]bool{}, ownNames{}
	for _, id := range ids {
		tree, err := s.load(id)
		if err != nil {
			continue
		}
		for path := range tree.paths() {
			switch file, names, err := fsys.Names(path); {
			case err != nil || names == 1:
			case own[file] > 0:
				own[file]++
			case once[file]:
				own[file] = 2
			default:
				once[file] = true
			}
		}
	}
	return own
}

// inUse reports whether a file of the tree has a name outside of the store. Where
// trees have files in common it is those that only this one has which tell, if there are any.
func (own ownNames) inUse(tree *Tree) bool {
	shared, alone := false, false
	for path := range tree.paths() {
		switch file, names, err := fsys.Names(path); {
		case err != nil:
			return false
		case own[file] > 0:
			shared = shared || names > own[file]
		case names > 1:
			return true
		default:
			alone = true
		}
	}
	return shared && !alone
}
