package cli

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/actual"
	"godwit/internal/cli/draw"
	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// npmLister shows what is installed as npm does.
type npmLister struct {
	*actual.Tree
	depth    int
	wants    func(alias string) bool // nil is everything
	first    map[string]string       // directory -> the way on which it is shown with its dependencies
	problems []string
	long     bool
}

// npmItem is one line of the list.
type npmItem struct {
	actual.Edge
	of      *actual.Node
	deduped bool
	items   []*npmItem
}

// npmList is the command list in a project of npm's.
func (l *lister) npmList() error {
	t, err := l.npmTree()
	if err != nil {
		return err
	}
	n := &npmLister{Tree: t, depth: l.depth, wants: l.wants, first: map[string]string{}, long: l.cfg.Settings.Call.Long}
	if l.wants != nil && l.cfg.Settings.Call.Depth == "" {
		n.depth = maxListDepth
	}
	root := t.Node(t.Root)
	if root == nil {
		return &usageError{"there is no package.json in " + t.Root, "name the project's directory with -C"}
	}
	top := &npmItem{Edge: actual.Edge{To: root}}
	n.walk(top)
	n.prune(top)
	n.note(top)
	switch {
	case l.cfg.Settings.Call.JSON:
		_, err = fmt.Fprintln(l.Stdout, string(n.json(top).JSON()))
	case l.cfg.Settings.Call.Parseable:
		_, err = fmt.Fprint(l.Stdout, ui.Plain(n.parseable(top)))
	default:
		_, err = fmt.Fprint(l.Stdout, ui.Plain(n.text(top)))
	}
	if err == nil && len(n.problems) > 0 {
		return &listProblems{n.problems}
	}
	if err == nil && l.wants != nil && len(top.items) == 0 {
		return errSaid // nothing found; that is said
	}
	return err
}

// walk finds the items level by level, so that a package is shown with its
// dependencies where it is nearest to the top.
func (n *npmLister) walk(top *npmItem) {
	type step struct {
		item  *npmItem
		level int
	}
	for todo := []step{{top, 0}}; len(todo) > 0; {
		s := todo[0]
		todo = todo[1:]
		if s.item.To == nil || s.level > n.depth || s.item.deduped {
			continue
		}
		for _, e := range n.Edges(s.item.To) {
			item := &npmItem{Edge: e, of: s.item.To}
			s.item.items = append(s.item.items, item)
			level := s.level + 1
			if e.To == nil {
				continue
			}
			if e.To.Member {
				level = 0 // what members depend on is shown beside what the root does
			}
			_, item.deduped = n.first[e.To.At]
			n.first[e.To.At] = e.Alias
			todo = append(todo, step{item, level})
		}
	}
}

// note collects what is wrong with what is shown, level by level.
func (n *npmLister) note(top *npmItem) {
	for todo := slices.Clone(top.items); len(todo) > 0; {
		item := todo[0]
		todo = append(todo[1:], item.items...)
		if n.wants != nil && !n.wants(item.Alias) {
			continue
		}
		if p := item.Problem(item.of); p != "" && !slices.Contains(n.problems, p) {
			n.problems = append(n.problems, p)
		}
	}
}

// prune leaves the ways to what is asked for.
func (n *npmLister) prune(item *npmItem) bool {
	if n.wants == nil {
		return true
	}
	item.items = slices.DeleteFunc(item.items, func(i *npmItem) bool { return !n.prune(i) })
	return len(item.items) > 0 || n.wants(item.Alias)
}

// json is npm's shape.
func (n *npmLister) json(item *npmItem) project.Node {
	out := project.Node{Kind: project.Map}
	problem := ""
	if item.of == nil {
		for _, key := range []string{"version", "name"} {
			if value := map[string]string{"version": item.To.Manifest.Version, "name": string(item.To.Manifest.Name)}[key]; value != "" {
				out.Set(key, project.Text(value))
			}
		}
		if n.long {
			n.detail(&out, item)
		}
		if len(n.problems) > 0 {
			out.Set("problems", listOf(n.problems))
		}
	} else {
		problem = item.Problem(item.of)
		switch {
		case item.To != nil:
			if out.Set("version", project.Text(item.To.Manifest.Version)); item.deduped {
				if n.long {
					n.detail(&out, item)
				}
				break
			}
			if from := n.Resolved(item.To); from != "" {
				out.Set("resolved", project.Text(from))
			}
			out.Set("overridden", truth(n.Ruled[item.To.Real]))
			if n.long {
				n.detail(&out, item)
			}
			if item.Extraneous {
				out.Set("extraneous", truth(true))
			}
			if item.Invalid {
				out.Set("invalid", project.Text(item.invalidText()))
			}
		case problem != "":
			out.Set("missing", truth(true))
		}
		if problem != "" {
			out.Set("problems", listOf([]string{problem}))
		}
	}
	if len(item.items) > 0 {
		deps := project.Node{Kind: project.Map}
		for _, i := range item.items {
			deps.Set(i.Alias, n.json(i))
		}
		out.Set("dependencies", deps)
	}
	if item.of == nil && len(n.problems) > 0 {
		failure := project.Node{Kind: project.Map}
		failure.Set("code", project.Text("ELSPROBLEMS"))
		failure.Set("summary", project.Text(strings.Join(n.problems, "\n")))
		failure.Set("detail", project.Text(""))
		out.Set("error", failure)
	}
	return out
}

// record is what npm knows of a package without looking at it: its entry in the
// lockfile; the root's package.json.
func (n *npmLister) record(to *actual.Node) project.Node {
	rel, err := filepath.Rel(n.Root, to.Real)
	entry := n.Known[filepath.ToSlash(rel)]
	if err != nil || to.Real == n.Root || entry.Kind != project.Map {
		return normalized(to.Manifest.Document)
	}
	doc := project.Node{Kind: project.Map}
	doc.Set("name", project.Text(string(to.Manifest.Name)))
	for _, f := range entry.Fields {
		doc.Set(f.Key, f.Value)
	}
	return normalized(doc)
}

// detail adds what --long is about: the record of a package, but for dependencies,
// whose place is that of the tree.
func (n *npmLister) detail(out *project.Node, item *npmItem) {
	doc := n.record(item.To)
	name := item.Alias
	if item.of == nil {
		name = folderName(item.To.At)
	}
	out.Set("name", project.Text(name))
	needed := project.Node{Kind: project.Map}
	for _, f := range doc.Fields {
		if f.Key != "dependencies" {
			out.Set(f.Key, f.Value)
		}
	}
	for _, group := range []string{prodGroup, optionalGroup} {
		for _, f := range doc.Field(group).Fields {
			needed.Set(f.Key, f.Value)
		}
	}
	out.Set("extraneous", truth(false))
	out.Set("path", project.Text(item.To.At))
	out.Set("_dependencies", needed)
	for _, group := range []string{devGroup, peerGroup} {
		if doc.Field(group).Kind == project.Missing {
			out.Set(group, project.Node{Kind: project.Map})
		}
	}
}

func truth(b bool) project.Node { return project.Node{Kind: project.Bool, Text: fmt.Sprint(b)} }

func listOf(items []string) project.Node {
	out := project.Node{Kind: project.List}
	for _, i := range items {
		out.Items = append(out.Items, project.Text(i))
	}
	return out
}

func (i *npmItem) invalidText() string {
	by := "the root project"
	if i.of.Manifest.Name != "" && i.of.Member || strings.Contains(filepath.ToSlash(i.of.At), "/node_modules/") {
		by = filepath.ToSlash(i.of.At)
		if at := strings.Index(by, "/node_modules/"); at >= 0 {
			by = by[at+1:]
		}
	}
	return fmt.Sprintf("%q from %s", i.Spec, by)
}

// text is npm's tree.
func (n *npmLister) text(top *npmItem) string {
	var b strings.Builder
	name := npm.Label(cmp.Or(string(top.To.Manifest.Name), filepath.Base(n.Root)), top.To.Manifest.Version)
	if n.long {
		line := longLine(len(top.items) > 0)
		fmt.Fprintf(&b, "%s\n%s%s\n%s%s\n", name, line, n.Root, line, n.record(top.To).Field("description").Text)
	} else {
		fmt.Fprintf(&b, "%s %s\n", name, n.Root)
	}
	if len(top.items) == 0 {
		b.WriteString("└── (empty)\n")
	}
	n.branch(&b, "", top.items)
	b.WriteByte('\n')
	return b.String()
}

func (n *npmLister) branch(b *strings.Builder, indent string, items []*npmItem) {
	for i, item := range items {
		corner, below := draw.Corners(i == len(items)-1, len(item.items) > 0)
		b.WriteString(indent + corner + n.line(item) + "\n")
		if n.long && item.To != nil { // npm shows a description, which its lockfile has not
			b.WriteString(indent + below + longLine(len(item.items) > 0) + "\n")
		}
		n.branch(b, indent+below, item.items)
	}
}

// longLine is what stands before further lines about a package.
func longLine(branches bool) string {
	if branches {
		return "│ "
	}
	return "  "
}

func (n *npmLister) line(item *npmItem) string {
	if item.To == nil {
		kind := "UNMET DEPENDENCY "
		if item.Optional {
			kind = "UNMET OPTIONAL DEPENDENCY "
		}
		return kind + item.Label()
	}
	text := item.Label()
	if item.deduped {
		text += " deduped"
	}
	if item.Invalid {
		text += " invalid: " + item.invalidText()
	}
	if item.Extraneous {
		text += " extraneous"
	}
	if n.Ruled[item.To.Real] {
		text += " overridden"
	}
	if rel, err := filepath.Rel(n.Root, item.To.Real); err == nil && item.To.At != item.To.Real {
		text += " -> ./" + filepath.ToSlash(rel)
	}
	return text
}

// parseable is the places of all packages, the nearest to the top first.
func (n *npmLister) parseable(top *npmItem) string {
	var b strings.Builder
	seen := map[string]bool{}
	for todo := []*npmItem{top}; len(todo) > 0; {
		item := todo[0]
		todo = append(todo[1:], item.items...)
		if item.To != nil && !seen[item.To.At] && (n.wants == nil || n.wants(item.Alias)) {
			seen[item.To.At] = true
			b.WriteString(item.To.At + n.marks(item) + "\n")
		}
	}
	return b.String()
}

// marks are what --long adds to a place: what is there, where a link leads, and what
// is the matter with it.
func (n *npmLister) marks(item *npmItem) string {
	if !n.long {
		return ""
	}
	out := ":" + npm.Label(string(item.To.Manifest.Name), item.To.Manifest.Version)
	if item.of != nil {
		out = ":" + item.Label()
	}
	if item.To.At != item.To.Real {
		out += ":" + item.To.Real
	}
	for _, mark := range []struct {
		on   bool
		word string
	}{{item.Extraneous, "EXTRANEOUS"}, {item.Invalid, "INVALID"}, {n.Ruled[item.To.Real], "OVERRIDDEN"}} {
		if mark.on {
			out += ":" + mark.word
		}
	}
	return out
}

// listProblems is a node_modules that is not what package.json files ask for.
type listProblems struct{ problems []string }

func (e *listProblems) Error() string { return strings.Join(e.problems, "\n  ") }

// Code is npm's code for this error.
func (e *listProblems) Code() string { return "ELSPROBLEMS" }

// Hint is what the user can do.
func (e *listProblems) Hint() string {
	return "run godwit install for what is missing, and godwit prune for what is extraneous"
}
