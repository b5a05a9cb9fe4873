package resolve

import (
	"slices"
	"sort"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// A peer of an importer itself, installed along with its dependencies, goes
// with what the other importers ask for by that name: what fits that goes before
// what the lockfile has (as seen with pnpm 12.21). One that is locked stays if it
// fits all that is asked for. Where it does not, it is looked at when the
// dependencies of all importers are known (want.late).

// misfits reports whether the version of key, the locked one of an importer's
// peer, is none of those that some importer asks for.
func (r *resolver) misfits(alias string, key graph.Key) bool {
	_, ref := key.ID().Split()
	v, err := semver.Parse(ref, loose)
	for text, sel := range r.everyone.names[npm.Name(alias)] {
		if err != nil || sel.weight == 0 || sel.kind == byTag {
			continue
		}
		if rng, err := semver.ParseRange(text, loose); err == nil && !rng.Match(v) {
			return true
		}
	}
	return false
}

// settlePeer decides about a late want: whether it keeps the locked version, and
// if not what it prefers instead. It keeps one that another importer has, as
// long as all ask for ranges, and one that has no other to follow.
func (r *resolver) settlePeer(w want, at *place) (want, *place) {
	name := npm.Name(w.alias)
	_, own := w.locked.ID().Split()
	others := r.directVersions.all(name)
	wanted, err := semver.ParseRange(w.specifier, loose)
	asked, exact := preferences{}, false
	for text, sel := range r.everyone.names[name] {
		if sel.weight > 0 {
			asked[text] = selector{kind: sel.kind, weight: weightDirect}
			exact = exact || sel.kind == byVersion
		}
	}
	fitting := err == nil && highest(others, wanted.Match) != ""
	if !fitting || !exact && slices.Contains(others, own) {
		return w, at
	}
	for _, v := range others {
		if _, stated := asked[v]; !stated && v != own {
			asked[v] = selector{kind: byVersion, weight: weightNearby}
		}
	}
	here := *at
	here.prefer = stated{by: everyone + " but " + own, names: map[npm.Name]preferences{name: asked}}
	w.locked, w.follows = "", true
	return w, &here
}

// all lists the versions of name that importers depend on.
func (d directVersions) all(name npm.Name) []string {
	var out []string
	for _, versions := range d {
		out = append(out, versions[name]...)
	}
	sort.Strings(out)
	return slices.Compact(out)
}
