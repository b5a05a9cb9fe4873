package actual

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
)

// Explainer tells why packages are where they are, in npm's words and shapes
// (arborist, Node.explain and Edge.explain).
type Explainer struct {
	*Tree
	Places []string             // directories, "" for the root: in npm's order, links last
	index  map[string]int       // of places
	Links  map[string][]string  // directory of a project -> links to it
	in     map[string][]*Reason // by the place that they lead to
	told   map[string]*Why
}

// Why is a package in its place, in the shape of npm's JSON. What is above it
// already is told by its name and version alone.
type Why struct {
	Name       string     `json:"name,omitempty"`
	Version    string     `json:"version,omitempty"`
	Location   string     `json:"location,omitempty"`
	Member     *bool      `json:"isWorkspace,omitempty"`
	Dependents *[]*Reason `json:"dependents,omitempty"`
	Links      []*Why     `json:"linksIn,omitempty"`
	*Flags

	size int // of all that is shown of it
}

// Flags are shown of what was asked for only.
type Flags struct {
	Extraneous  bool  `json:"extraneous,omitempty"`
	Dev         *bool `json:"dev,omitempty"`
	Optional    *bool `json:"optional,omitempty"`
	DevOptional *bool `json:"devOptional,omitempty"`
	Peer        *bool `json:"peer,omitempty"`
	Bundled     *bool `json:"bundled,omitempty"`
	Overridden  *bool `json:"overridden,omitempty"`
}

// Reason is a dependency.
type Reason struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Spec    string `json:"spec"`
	RawSpec string `json:"rawSpec,omitempty"` // where overrides ask for Spec instead
	Ruled   bool   `json:"overridden,omitempty"`
	Bundled bool   `json:"bundled,omitempty"`
	Error   string `json:"error,omitempty"`
	From    *Why   `json:"from"`

	from string // place
	told bool
	rank [4]int // npm's order, see reasons
}

// NewExplainer looks at who depends on what. Every way counts, from whatever project
// it comes.
func NewExplainer(t *Tree) *Explainer {
	all := *t
	all.Selected = nil
	x := &Explainer{Tree: &all, index: map[string]int{}, Links: map[string][]string{}, in: map[string][]*Reason{}, told: map[string]*Why{}}
	x.findPlaces()
	x.reasons()
	return x
}

// MaxWays bounds what is shown: a tree of 3,750 packages has some thousand ways
// to its most popular ones, and nobody reads a million.
const MaxWays = 1_000_000

// findPlaces lists what is there: packages and projects in the order of their
// directories, as npm's record of them has it, and then the links.
func (x *Explainer) findPlaces() {
	add := func(place string) {
		if _, known := x.index[place]; !known {
			x.index[place] = len(x.Places)
			x.Places = append(x.Places, place)
		}
	}
	add("")
	var links []string
	dirs := make([]string, 0, len(x.Known))
	for dir := range x.Known {
		dirs = append(dirs, dir)
	}
	for _, name := range namesIn(filepath.Join(x.Root, layout.ModulesDir)) { // extraneous ones, too
		if dir := layout.ModulesDir + "/" + name; x.Known[dir].Fields == nil {
			dirs = append(dirs, dir)
		}
	}
	slices.SortFunc(dirs, npm.Collate)
	for _, dir := range dirs {
		n := x.At(dir)
		if n == nil || dir == "" {
			continue
		}
		if target := x.Place(n.Real); n.At != n.Real {
			x.Links[target] = append(x.Links[target], dir)
			links = append(links, dir)
			continue
		}
		add(dir)
	}
	for _, dir := range links { // what they lead to may be of nobody's record
		add(x.Place(x.At(dir).Real))
	}
	for _, dir := range links {
		add(dir)
	}
}

// At is what is at a place.
func (x *Explainer) At(place string) *Node {
	return x.Node(filepath.Join(x.Root, filepath.FromSlash(place)))
}

// Place is a directory as npm calls it.
func (x *Explainer) Place(dir string) string {
	rel, err := filepath.Rel(x.Root, dir)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// reasons finds who depends on each place. npm lists them in the order in which
// it came to know them: packages as they are placed, those with a link and what
// links lead to later, and the root of a workspace last, whose dependencies are
// set anew when its members are known.
func (x *Explainer) reasons() {
	isLink := map[string]bool{}
	for _, links := range x.Links {
		for _, l := range links {
			isLink[l] = true
		}
	}
	for i, place := range x.Places {
		n := x.At(place)
		if n == nil || isLink[place] {
			continue
		}
		linked := -1
		for _, l := range x.Links[place] {
			linked = max(linked, x.index[l])
		}
		for _, e := range x.Edges(n) {
			if e.To == nil || e.Extraneous || e.Invalid && place != "" {
				continue
			}
			to := x.Place(e.To.At)
			r := &Reason{Type: e.Kind, Name: e.Alias, Spec: e.Spec, RawSpec: e.RawSpec, Ruled: e.RawSpec != "", from: place, Bundled: bundles(n, e.Alias)}
			if e.Kind == "workspace" {
				r.Spec = "file:" + filepath.ToSlash(e.To.Real)
			}
			if e.Invalid {
				r.Error = "INVALID"
			}
			j := x.index[to]
			switch {
			case place == "" && len(x.Members) > 0:
				r.rank = [4]int{3}
			case linked >= 0:
				r.rank = [4]int{2, max(linked, j), 1, i}
			case isLink[to]:
				r.rank = [4]int{2, j, 0, i}
			default:
				r.rank = [4]int{1, max(i, j), 0, i}
			}
			x.in[to] = append(x.in[to], r)
		}
	}
	for _, list := range x.in {
		slices.SortStableFunc(list, func(a, b *Reason) int { return slices.Compare(a.rank[:], b.rank[:]) })
	}
}

// Rank is the place of a dependency among the reasons why something is at a place.
func (x *Explainer) Rank(place, from, alias string) int {
	i := slices.IndexFunc(x.in[place], func(r *Reason) bool { return r.from == from && r.Name == alias })
	if i < 0 {
		return len(x.in[place])
	}
	return i
}

func bundles(n *Node, alias string) bool {
	b := n.Manifest.Bundled
	return b.All || slices.Contains(b.Names, alias)
}

// Below are the places of what the selected projects need.
func (x *Explainer) Below(selected map[string]bool) map[string]bool {
	all := map[string]bool{}
	var todo []string
	add := func(place string) {
		if !all[place] {
			all[place] = true
			todo = append(todo, place)
		}
	}
	for dir := range selected {
		add(strings.TrimPrefix(dir, "."))
	}
	for len(todo) > 0 {
		n := x.At(todo[0])
		todo = todo[1:]
		if n == nil {
			continue
		}
		if n.At != n.Real {
			add(x.Place(n.Real))
			continue
		}
		for _, e := range x.Edges(n) {
			if e.To != nil && !(e.To.Member && n.Real == x.Root) {
				add(x.Place(e.To.At))
			}
		}
	}
	return all
}

// Matching lists the places that are meant: by a name or a pattern, by a
// directory, or by a name and a range.
func (x *Explainer) Matching(what, dir string) (places []string) {
	what = strings.TrimRight(filepath.ToSlash(what), "/")
	if _, known := x.index[what]; known && what != "" {
		return []string{what}
	}
	if at := x.Place(filepath.Join(dir, filepath.FromSlash(what))); at != "" {
		if _, known := x.index[at]; known {
			return []string{at}
		}
	}
	name, rng := what, ""
	if i := strings.LastIndexByte(what, '@'); i > 0 {
		name, rng = what[:i], what[i+1:]
	}
	want, err := semver.ParseRange(rng, semver.Options{})
	if s, err2 := specifier.Parse(name, cmp.Or(rng, "*")); err != nil || err2 != nil || rng != "" && !s.Kind.IsRegistry() {
		return nil
	}
	named := npm.Matcher([]string{name})
	for _, place := range x.Places[1:] {
		n := x.At(place)
		if n == nil || !named(string(n.Manifest.Name)) {
			continue
		}
		v, err := semver.Parse(n.Manifest.Version, semver.Options{Loose: true})
		if rng == "" || err == nil && want.Match(v) {
			places = append(places, place)
		}
	}
	return places
}

// Asked is what is told of a place that was asked for.
func (x *Explainer) Asked(place string) *Why {
	why := *x.why(place, nil)
	entry, ok := x.Known[place]
	if !ok {
		why.Flags = &Flags{Extraneous: true}
		return &why
	}
	if n := x.At(place); n.At != n.Real {
		entry = x.Known[x.Place(n.Real)]
	}
	is := func(names ...string) *bool {
		on := slices.ContainsFunc(names, func(name string) bool { return entry.Field(name).Text == "true" })
		return &on
	}
	why.Flags = &Flags{
		Dev: is("dev"), Optional: is("optional"), DevOptional: is("devOptional"), Peer: is("peer"), Bundled: is("inBundle"),
	}
	ruled := x.Ruled[x.At(place).Real]
	why.Overridden = &ruled
	return &why
}

// why explains a place, once: npm keeps what it told first, though it may have
// left out what was above it then.
func (x *Explainer) why(place string, above []string) *Why {
	if w := x.told[place]; w != nil {
		return w
	}
	w := x.explain(place, above)
	x.told[place] = w
	return w
}

func (x *Explainer) explain(place string, above []string) *Why {
	if place == "" {
		return &Why{Location: x.Root, size: 1}
	}
	n := x.At(place)
	w := &Why{Name: string(n.Manifest.Name), Version: n.Manifest.Version, size: 1}
	if _, alias, found := npm.CutModules(place); found {
		w.Name = alias
	}
	if slices.Contains(above, place) {
		return w
	}
	above = append(above[:len(above):len(above)], place)
	w.Location, w.Member = place, &n.Member
	dependents := []*Reason{}
	for _, r := range x.in[place] {
		if !r.told {
			r.told = true
			r.From = x.why(r.from, above)
		}
		dependents = append(dependents, r)
	}
	w.Dependents = &dependents
	for _, l := range x.Links[place] {
		w.Links = append(w.Links, x.explain(l, above))
	}
	w.measure()
	return w
}

// Ways is how many packages and reasons there are to show of w, and more than
// [MaxWays] if there are too many.
func (w *Why) Ways() int { return w.size }

// measure counts what is shown of w.
func (w *Why) measure() {
	for _, r := range *w.Dependents {
		if r.From != nil {
			w.size = min(w.size+r.From.size+1, MaxWays+1)
		}
	}
	for _, l := range w.Links {
		w.size = min(w.size+l.size, MaxWays+1)
	}
}
