package cli

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/actual"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/query"
)

// npmNodes is what is in node_modules of a project of npm's, as npm's arborist has
// it: a link and what it leads to are two.
func (q *queried) npmNodes() error {
	t, err := q.npmTree()
	if err == nil {
		q.treeNodes(t)
	}
	return err
}

// treeNodes is npmNodes of a tree that may be what the lockfile records.
func (q *queried) treeNodes(t *actual.Tree) {
	x := actual.NewExplainer(t)
	nodes := map[string]*query.Node{} // by place
	for _, place := range x.Places {
		if x.At(place) == nil {
			continue
		}
		n := q.npmNode(x, place)
		nodes[place] = n
		q.Nodes = append(q.Nodes, n)
	}
	for place, n := range nodes {
		if to := x.Place(x.At(place).Real); to != place && nodes[to] != nil {
			n.Link, n.Target = true, nodes[to]
		}
	}
	for place, links := range x.Links {
		for _, l := range links {
			if nodes[place] != nil && nodes[l] != nil {
				nodes[place].LinksIn = append(nodes[place].LinksIn, nodes[l])
			}
		}
	}
	q.Root = nodes[""]
	for _, place := range x.Places {
		if n := nodes[place]; n != nil && !n.Link {
			q.npmEdges(x, n, nodes)
		}
	}
	for place, n := range nodes {
		slices.SortStableFunc(n.In, func(a, b *query.Edge) int {
			return x.Rank(place, a.From.Location, a.Name) - x.Rank(place, b.From.Location, b.Name)
		})
		if dir := x.Place(x.At(place).Real); t.Selected[dir] || t.Selected["."] && dir == "" {
			if !n.Link {
				q.scopes = append(q.scopes, n)
			}
		}
	}
	slices.SortFunc(q.scopes, func(a, b *query.Node) int { return strings.Compare(a.Location, b.Location) })
}

// npmNode is what is at a place, without dependencies.
func (q *queried) npmNode(x *actual.Explainer, place string) *query.Node {
	at := x.At(place)
	known, recorded := x.Known[place]
	if at.At != at.Real {
		known = x.Known[x.Place(at.Real)]
	}
	is := func(name string) bool { return known.Field(name).Text == "true" }
	_, alias, below := npm.CutModules(place)
	n := &query.Node{
		Name: folderName(at.At), Package: normalized(at.Manifest.Document), Location: place, Realpath: filepath.ToSlash(at.Real),
		Root: place == "", Workspace: at.Member,
		Own: !below, Bundled: is("inBundle"),
		Dev: is("dev"), Optional: is("optional"), Peer: is("peer"),
		Overridden: x.Ruled[at.Real],
	}
	if below {
		n.Name = alias
		n.Extraneous = !recorded
		n.Dev = n.Dev || n.Extraneous // nobody needs it in production
	}
	q.paths[n] = at.At
	if at.At == at.Real {
		q.from[n] = known.Field("resolved").Text
	}
	return n
}

// folderName is what npm calls a package after its directory.
func folderName(dir string) string {
	name, scope := filepath.Base(dir), filepath.Base(filepath.Dir(dir))
	if strings.HasPrefix(scope, "@") {
		return scope + "/" + name
	}
	return name
}

// npmEdges adds the dependencies of a node: those on members of the workspace, then
// by the maps of package.json, in npm's order.
func (q *queried) npmEdges(x *actual.Explainer, n *query.Node, nodes map[string]*query.Node) {
	at := x.At(n.Location)
	found := x.Edges(at)
	m := &at.Manifest.Manifest
	rank := func(e *actual.Edge) int {
		at := slices.Index([]string{"workspace", "peer", "prod", "optional", "dev"}, strings.TrimSuffix(e.Kind, "Optional"))
		for i, group := range []string{peerGroup, prodGroup, optionalGroup, devGroup} {
			for j, d := range *depsOf(m, group) {
				if i+1 == at && d.Alias == e.Alias {
					return at*len(found) + at + j
				}
			}
		}
		return at * len(found)
	}
	slices.SortStableFunc(found, func(a, b actual.Edge) int { return rank(&a) - rank(&b) })
	for _, e := range found {
		if e.Extraneous {
			continue
		}
		edge := &query.Edge{From: n, Name: e.Alias, Spec: e.Spec, Type: e.Kind, Invalid: e.Invalid}
		if e.To != nil {
			if edge.To = nodes[x.Place(e.To.At)]; edge.To != nil {
				edge.To.In = append(edge.To.In, edge)
			}
		}
		n.Out = append(n.Out, edge)
	}
	for _, d := range m.PeerDependencies { // that may be missing, and are
		if m.OptionalPeers[d.Alias] && !slices.ContainsFunc(n.Out, func(e *query.Edge) bool { return e.Name == d.Alias }) {
			n.Out = append(n.Out, &query.Edge{From: n, Name: d.Alias, Spec: d.Specifier, Type: "peerOptional"})
		}
	}
}

// normalized is a package.json as npm reads that of an installed package.
func normalized(doc project.Node) project.Node {
	out := project.Node{Kind: project.Map}
	for _, f := range doc.Fields {
		value := f.Value
		switch f.Key {
		case "bundledDependencies":
			continue
		case "bundleDependencies":
			if value = bundledList(doc); value.Kind != project.List {
				continue
			}
		case "dependencies":
			if value = withoutFields(value, doc.Field("optionalDependencies")); value.Kind == project.Map && len(value.Fields) == 0 && doc.Field("optionalDependencies").Kind == project.Map {
				continue
			}
		case "scripts":
			if value.Kind != project.Map {
				continue
			}
			value.Fields = slices.DeleteFunc(slices.Clone(value.Fields), func(s project.Field) bool { return s.Value.Kind != project.String })
		case "funding":
			if value.Kind == project.String && value.Text != "" {
				url := project.Node{Kind: project.Map}
				url.Set("url", value)
				value = url
			}
		case "bin":
			if value = normalizedBin(value, doc.Field("name").Text); len(value.Fields) == 0 {
				continue
			}
		}
		if !strings.HasPrefix(f.Key, "_") {
			out.Set(f.Key, value)
		}
	}
	if name, version := doc.Field("name").Text, doc.Field("version").Text; name != "" && version != "" {
		out.Set("_id", project.Text(name+"@"+version))
	}
	if doc.Field("bundleDependencies").Kind == project.Missing && doc.Field("bundledDependencies").Kind != project.Missing {
		if list := bundledList(doc); list.Kind == project.List {
			out.Set("bundleDependencies", list)
		}
	}
	return out
}

// bundledList is the list of what comes with a package.
func bundledList(doc project.Node) project.Node {
	value := doc.Field("bundleDependencies")
	if value.Kind == project.Missing {
		value = doc.Field("bundledDependencies")
	}
	from := value
	switch {
	case value.Kind == project.List:
		return value
	case value.Kind == project.Bool && value.Text == "true":
		from = doc.Field("dependencies")
	case value.Kind != project.Bool && value.Kind != project.Map:
		return project.Node{}
	}
	out := project.Node{Kind: project.List}
	for _, f := range from.Fields {
		out.Items = append(out.Items, project.Text(f.Key))
	}
	return out
}

func withoutFields(n, drop project.Node) project.Node {
	n.Fields = slices.DeleteFunc(slices.Clone(n.Fields), func(f project.Field) bool { return drop.Field(f.Key).Kind != project.Missing })
	return n
}

// normalizedBin is bin as an object with paths that stay in the package.
func normalizedBin(bin project.Node, name string) project.Node {
	out := project.Node{Kind: project.Map}
	entries := bin.Fields
	switch bin.Kind {
	case project.String:
		entries = []project.Field{{Key: name, Value: bin}}
	case project.List:
		entries = nil
		for _, item := range bin.Items {
			entries = append(entries, project.Field{Key: path.Base(item.Text), Value: item})
		}
	}
	for _, f := range entries {
		key := path.Base(path.Join("/", strings.ReplaceAll(f.Key, "\\", "/")))
		file := strings.TrimPrefix(path.Join("/", strings.ReplaceAll(f.Value.Text, "\\", "/")), "/")
		if f.Value.Kind == project.String && key != "/" && file != "" {
			out.Set(key, project.Text(file))
		}
	}
	return out
}
