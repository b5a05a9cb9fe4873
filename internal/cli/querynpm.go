package cli

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/layout"
	"godwit/internal/project"
	"godwit/internal/query"
)

// npmNodes is what is in node_modules of a project of npm's, as npm's arborist has
// it: a link and what it leads to are two.
func (q *queried) npmNodes() error {
	t, err := q.npmTree()
	if err != nil {
		return err
	}
	x := newExplainer(t)
	nodes := map[string]*query.Node{} // by place
	for _, place := range x.places {
		if x.at(place) == nil {
			continue
		}
		n := q.npmNode(x, place)
		nodes[place] = n
		q.Nodes = append(q.Nodes, n)
	}
	for place, n := range nodes {
		if to := x.place(x.at(place).real); to != place && nodes[to] != nil {
			n.Link, n.Target = true, nodes[to]
		}
	}
	for place, links := range x.links {
		for _, l := range links {
			if nodes[place] != nil && nodes[l] != nil {
				nodes[place].LinksIn = append(nodes[place].LinksIn, nodes[l])
			}
		}
	}
	q.Root = nodes[""]
	for _, place := range x.places {
		if n := nodes[place]; n != nil && !n.Link {
			q.npmEdges(x, n, nodes)
		}
	}
	for place, n := range nodes {
		x.sortLike(place, n.In)
		if dir := x.place(x.at(place).real); t.selected[dir] || t.selected["."] && dir == "" {
			if !n.Link {
				q.scopes = append(q.scopes, n)
			}
		}
	}
	slices.SortFunc(q.scopes, func(a, b *query.Node) int { return strings.Compare(a.Location, b.Location) })
	return nil
}

// npmNode is what is at a place, without dependencies.
func (q *queried) npmNode(x *npmExplainer, place string) *query.Node {
	at := x.at(place)
	known, recorded := x.known[place]
	if at.at != at.real {
		known = x.known[x.place(at.real)]
	}
	is := func(name string) bool { return known.Field(name).Text == "true" }
	n := &query.Node{
		Name: folderName(at.at), Package: normalized(at.manifest.Document), Location: place, Realpath: filepath.ToSlash(at.real),
		Root: place == "", Workspace: at.member,
		Own: !strings.Contains("/"+place, "/"+layout.ModulesDir+"/"), Bundled: is("inBundle"),
		Dev: is("dev"), Optional: is("optional"), Peer: is("peer"),
		Overridden: x.ruled[at.real],
	}
	if i := strings.LastIndex("/"+place, "/"+layout.ModulesDir+"/"); i >= 0 {
		n.Name = place[i+len(layout.ModulesDir)+1:]
		n.Extraneous = !recorded
		n.Dev = n.Dev || n.Extraneous // nobody needs it in production
	}
	q.paths[n] = at.at
	if at.at == at.real {
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
func (q *queried) npmEdges(x *npmExplainer, n *query.Node, nodes map[string]*query.Node) {
	at := x.at(n.Location)
	found := x.edges(at)
	m := &at.manifest.Manifest
	rank := func(e *npmEdge) int {
		at := slices.Index([]string{"workspace", "peer", "prod", "optional", "dev"}, strings.TrimSuffix(e.kind, "Optional"))
		for i, group := range []string{peerGroup, prodGroup, optionalGroup, devGroup} {
			for j, d := range *depsOf(m, group) {
				if i+1 == at && d.Alias == e.alias {
					return at*len(found) + at + j
				}
			}
		}
		return at * len(found)
	}
	slices.SortStableFunc(found, func(a, b npmEdge) int { return rank(&a) - rank(&b) })
	for _, e := range found {
		if e.extraneous {
			continue
		}
		edge := &query.Edge{From: n, Name: e.alias, Spec: e.spec, Type: e.kind, Invalid: e.invalid}
		if e.to != nil {
			if edge.To = nodes[x.place(e.to.at)]; edge.To != nil {
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

// sortLike puts who depends on a place into the order of reasons.
func (x *npmExplainer) sortLike(place string, edges []*query.Edge) {
	rank := func(e *query.Edge) int {
		i := slices.IndexFunc(x.in[place], func(r *npmReason) bool { return r.from == e.From.Location && r.Name == e.Name })
		if i < 0 {
			return len(x.in[place])
		}
		return i
	}
	slices.SortStableFunc(edges, func(a, b *query.Edge) int { return rank(a) - rank(b) })
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
