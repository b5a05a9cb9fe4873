package resolve

import "godwit/internal/graph"

// updates is what a request wants newer versions of. The zero value is nothing.
// Immutable.
type updates struct {
	names func(alias string) bool
	kept  map[string]bool    // importers that are no part of it
	over  map[graph.Key]bool // packages that depend on such a name, however deep
}

func newUpdates(req *Request) updates {
	if req.Update == nil {
		return updates{}
	}
	u := updates{names: req.Update, kept: map[string]bool{}, over: map[graph.Key]bool{}}
	for _, im := range req.Importers {
		u.kept[im.Dir] = im.Kept
	}
	dependents := map[graph.Key][]graph.Key{}
	var todo []graph.Key
	for key, p := range req.Locked.Packages {
		for _, e := range p.Edges {
			dependents[e.Target.Key] = append(dependents[e.Target.Key], key)
			if u.names(e.Alias) {
				todo = append(todo, key)
			}
		}
	}
	for len(todo) > 0 {
		key := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !u.over[key] {
			u.over[key] = true
			todo = append(todo, dependents[key]...)
		}
	}
	return u
}

// wanted reports whether the dependency alias below the importer at dir shall
// not keep its version.
func (u *updates) wanted(dir, alias string) bool {
	return u.names != nil && !u.kept[dir] && u.names(alias)
}

// above reports whether something below the package key, below the importer at
// dir, shall not keep its version.
func (u *updates) above(dir string, key graph.Key) bool {
	return u.over[key] && !u.kept[dir]
}

func (req *Request) updates(alias string) bool { return req.Update != nil && req.Update(alias) }
