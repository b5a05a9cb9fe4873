package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
)

// npmExplainer tells why packages are where they are, in npm's words and shapes
// (arborist, Node.explain and Edge.explain).
type npmExplainer struct {
	*npmTree
	places []string                // directories, "" for the root: in npm's order, links last
	index  map[string]int          // of places
	links  map[string][]string     // directory of a project -> links to it
	in     map[string][]*npmReason // by the place that they lead to
	told   map[string]*npmWhy
	total  int // of packages and reasons, to end what would never end
}

// npmWhy is a package in its place, in the shape of npm's JSON. What is above it
// already is told by its name and version alone.
type npmWhy struct {
	Name       string        `json:"name,omitempty"`
	Version    string        `json:"version,omitempty"`
	Location   string        `json:"location,omitempty"`
	Member     *bool         `json:"isWorkspace,omitempty"`
	Dependents *[]*npmReason `json:"dependents,omitempty"`
	Links      []*npmWhy     `json:"linksIn,omitempty"`
	*npmFlags

	size int // of all that is shown of it
}

// npmFlags are shown of what was asked for only.
type npmFlags struct {
	Extraneous  bool  `json:"extraneous,omitempty"`
	Dev         *bool `json:"dev,omitempty"`
	Optional    *bool `json:"optional,omitempty"`
	DevOptional *bool `json:"devOptional,omitempty"`
	Peer        *bool `json:"peer,omitempty"`
	Bundled     *bool `json:"bundled,omitempty"`
	Overridden  *bool `json:"overridden,omitempty"`
}

// npmReason is a dependency.
type npmReason struct {
	Type    string  `json:"type"`
	Name    string  `json:"name"`
	Spec    string  `json:"spec"`
	RawSpec string  `json:"rawSpec,omitempty"` // where overrides ask for Spec instead
	Ruled   bool    `json:"overridden,omitempty"`
	Bundled bool    `json:"bundled,omitempty"`
	Error   string  `json:"error,omitempty"`
	From    *npmWhy `json:"from"`

	from string // place
	told bool
	rank [4]int // npm's order, see reasons
}

// npmExplain is the command why in a project of npm's.
func (c *call) npmExplain(names []string) error {
	t, err := c.npmTree()
	if err != nil {
		return err
	}
	selected := t.selected
	x := newExplainer(t)
	of := x.below(selected)
	var found []*npmWhy
	for _, name := range names {
		for _, place := range x.matching(name, c.Dir) {
			if selected == nil || of[place] {
				found = append(found, x.asked(place))
			}
		}
	}
	if x.total = 0; len(found) == 0 {
		return &notFoundError{strings.Join(names, ", ")}
	}
	for _, why := range found {
		if x.total += why.size; x.total > maxWays {
			return &usageError{fmt.Sprintf("there are more than %d ways to %s", maxWays, strings.Join(names, ", ")), "name one of its places (node_modules/...), or what depends on it"}
		}
	}
	if c.cfg.Settings.Call.JSON {
		return writeJSON(c.Stdout, found)
	}
	return drawReasons(c.Stdout, found)
}

// newExplainer looks at who depends on what. Every way counts, from whatever project
// it comes.
func newExplainer(t *npmTree) *npmExplainer {
	all := *t
	all.selected = nil
	x := &npmExplainer{npmTree: &all, index: map[string]int{}, links: map[string][]string{}, in: map[string][]*npmReason{}, told: map[string]*npmWhy{}}
	x.findPlaces()
	x.reasons()
	return x
}

// maxWays bounds what is shown: a tree of 3,750 packages has some thousand ways
// to its most popular ones, and nobody reads a million.
const maxWays = 1_000_000

// findPlaces lists what is there: packages and projects in the order of their
// directories, as npm's record of them has it, and then the links.
func (x *npmExplainer) findPlaces() {
	add := func(place string) {
		if _, known := x.index[place]; !known {
			x.index[place] = len(x.places)
			x.places = append(x.places, place)
		}
	}
	add("")
	var links []string
	dirs := make([]string, 0, len(x.known))
	for dir := range x.known {
		dirs = append(dirs, dir)
	}
	for _, name := range namesIn(filepath.Join(x.root, layout.ModulesDir)) { // extraneous ones, too
		if dir := layout.ModulesDir + "/" + name; x.known[dir].Fields == nil {
			dirs = append(dirs, dir)
		}
	}
	slices.SortFunc(dirs, npm.Collate)
	for _, dir := range dirs {
		n := x.at(dir)
		if n == nil || dir == "" {
			continue
		}
		if target := x.place(n.real); n.at != n.real {
			x.links[target] = append(x.links[target], dir)
			links = append(links, dir)
			continue
		}
		add(dir)
	}
	for _, dir := range links { // what they lead to may be of nobody's record
		add(x.place(x.at(dir).real))
	}
	for _, dir := range links {
		add(dir)
	}
}

// at is what is at a place.
func (x *npmExplainer) at(place string) *npmNode {
	return x.node(filepath.Join(x.root, filepath.FromSlash(place)))
}

// place is a directory as npm calls it.
func (x *npmExplainer) place(dir string) string {
	rel, err := filepath.Rel(x.root, dir)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// reasons finds who depends on each place. npm lists them in the order in which
// it came to know them: packages as they are placed, those with a link and what
// links lead to later, and the root of a workspace last, whose dependencies are
// set anew when its members are known.
func (x *npmExplainer) reasons() {
	isLink := map[string]bool{}
	for _, links := range x.links {
		for _, l := range links {
			isLink[l] = true
		}
	}
	for i, place := range x.places {
		n := x.at(place)
		if n == nil || isLink[place] {
			continue
		}
		linked := -1
		for _, l := range x.links[place] {
			linked = max(linked, x.index[l])
		}
		for _, e := range x.edges(n) {
			if e.to == nil || e.extraneous || e.invalid && place != "" {
				continue
			}
			to := x.place(e.to.at)
			r := &npmReason{Type: e.kind, Name: e.alias, Spec: e.spec, RawSpec: e.rawSpec, Ruled: e.rawSpec != "", from: place, Bundled: bundles(n, e.alias)}
			if e.kind == "workspace" {
				r.Spec = "file:" + filepath.ToSlash(e.to.real)
			}
			if e.invalid {
				r.Error = "INVALID"
			}
			j := x.index[to]
			switch {
			case place == "" && len(x.members) > 0:
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
		slices.SortStableFunc(list, func(a, b *npmReason) int { return slices.Compare(a.rank[:], b.rank[:]) })
	}
}

func bundles(n *npmNode, alias string) bool {
	b := n.manifest.Bundled
	return b.All || slices.Contains(b.Names, alias)
}

// below are the places of what the selected projects need.
func (x *npmExplainer) below(selected map[string]bool) map[string]bool {
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
		n := x.at(todo[0])
		todo = todo[1:]
		if n == nil {
			continue
		}
		if n.at != n.real {
			add(x.place(n.real))
			continue
		}
		for _, e := range x.edges(n) {
			if e.to != nil && !(e.to.member && n.real == x.root) {
				add(x.place(e.to.at))
			}
		}
	}
	return all
}

// matching lists the places that are meant: by a name or a pattern, by a
// directory, or by a name and a range.
func (x *npmExplainer) matching(what, dir string) (places []string) {
	what = strings.TrimRight(filepath.ToSlash(what), "/")
	if _, known := x.index[what]; known && what != "" {
		return []string{what}
	}
	if at := x.place(filepath.Join(dir, filepath.FromSlash(what))); at != "" {
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
	named := matcher([]string{name})
	for _, place := range x.places[1:] {
		n := x.at(place)
		if n == nil || !named(string(n.manifest.Name)) {
			continue
		}
		v, err := semver.Parse(n.manifest.Version, semver.Options{Loose: true})
		if rng == "" || err == nil && want.Match(v) {
			places = append(places, place)
		}
	}
	return places
}

// asked is what is told of a place that was asked for.
func (x *npmExplainer) asked(place string) *npmWhy {
	why := *x.why(place, nil)
	entry, ok := x.known[place]
	if !ok {
		why.npmFlags = &npmFlags{Extraneous: true}
		return &why
	}
	if n := x.at(place); n.at != n.real {
		entry = x.known[x.place(n.real)]
	}
	is := func(names ...string) *bool {
		on := slices.ContainsFunc(names, func(name string) bool { return entry.Field(name).Text == "true" })
		return &on
	}
	why.npmFlags = &npmFlags{
		Dev: is("dev"), Optional: is("optional"), DevOptional: is("devOptional"), Peer: is("peer"), Bundled: is("inBundle"),
	}
	ruled := x.ruled[x.at(place).real]
	why.Overridden = &ruled
	return &why
}

// why explains a place, once: npm keeps what it told first, though it may have
// left out what was above it then.
func (x *npmExplainer) why(place string, above []string) *npmWhy {
	if w := x.told[place]; w != nil {
		return w
	}
	w := x.explain(place, above)
	x.told[place] = w
	return w
}

func (x *npmExplainer) explain(place string, above []string) *npmWhy {
	if place == "" {
		return &npmWhy{Location: x.root, size: 1}
	}
	n := x.at(place)
	w := &npmWhy{Name: string(n.manifest.Name), Version: n.manifest.Version, size: 1}
	if i := strings.LastIndex("/"+place, "/"+layout.ModulesDir+"/"); i >= 0 {
		w.Name = place[i+len(layout.ModulesDir)+1:]
	}
	if slices.Contains(above, place) {
		return w
	}
	above = append(above[:len(above):len(above)], place)
	w.Location, w.Member = place, &n.member
	dependents := []*npmReason{}
	for _, r := range x.in[place] {
		if !r.told {
			r.told = true
			r.From = x.why(r.from, above)
		}
		dependents = append(dependents, r)
	}
	w.Dependents = &dependents
	for _, l := range x.links[place] {
		w.Links = append(w.Links, x.explain(l, above))
	}
	w.measure()
	return w
}

// measure counts what is shown of w.
func (w *npmWhy) measure() {
	for _, r := range *w.Dependents {
		if r.From != nil {
			w.size = min(w.size+r.From.size+1, maxWays+1)
		}
	}
	for _, l := range w.Links {
		w.size = min(w.size+l.size, maxWays+1)
	}
}

// notFoundError is a package that is not installed.
type notFoundError struct{ names string }

func (e *notFoundError) Error() string { return "no dependencies found matching " + e.names }
func (e *notFoundError) Hint() string  { return "godwit list --all shows what there is" }
