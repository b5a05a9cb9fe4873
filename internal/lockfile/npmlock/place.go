package npmlock

import (
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
)

// Placed is what the file has, as the resolver takes it.
func (r *Record) Placed() []graph.Placed {
	out := make([]graph.Placed, 0, len(r.Entries))
	for dir, e := range r.Entries {
		p := graph.Placed{Dir: dir, Manifest: e.Manifest, Resolved: e.Resolved, Integrity: e.Integrity, Bundled: e.InBundle}
		if e.Link {
			p.Link = path.Clean(e.Resolved)
		}
		if v, ok := e.value.Lookup("hasShrinkwrap"); ok {
			p.Shrinkwrap = v.Kind == 't'
		}
		out = append(out, p)
	}
	return out
}

// Placement is a tree to write down.
type Placement struct {
	Placed   []graph.Placed
	Projects []Project
	Dir      string // what the project's directory is called
	// Old is the file that is replaced. Without one what nothing leads to stays,
	// marked.
	Old     *Record
	NoPeers bool // peers are nobody's wish (legacy-peer-deps)
	// OmitResolved leaves out where registries have packages
	// (omit-lockfile-registry-resolved).
	OmitResolved bool
}

// Place is the file for a tree. name is for errors.
func Place(name string, p Placement) (*Document, error) {
	d := &Document{Record: Record{Version: DefaultVersion, Style: nicejson.DefaultStyle, Entries: make(map[string]*Entry, len(p.Placed)+1)}}
	if p.Old != nil {
		d.Version = max(2, p.Old.Version) // npm writes no version 1 any more
		if p.Old.Version == 1 {
			d.Version = DefaultVersion
		}
	}
	projects := map[string]*Project{}
	for i := range p.Projects {
		projects[projectDir(path.Clean(p.Projects[i].Dir))] = &p.Projects[i]
	}
	for i := range p.Placed {
		e, err := entryOf(&p.Placed[i], p.Old, projects)
		if err != nil {
			return nil, &EntryError{name, p.Placed[i].Dir, "cannot be written: " + err.Error()}
		}
		d.Entries[p.Placed[i].Dir] = e
	}
	if err := d.root(projects[""], p.Dir); err != nil {
		return nil, err
	}
	members := map[string]bool{}
	for dir := range projects {
		members[dir] = true
	}
	d.setFlags(flagging{members: members, prune: p.Old != nil, noPeers: p.NoPeers})
	if p.OmitResolved {
		d.omitResolved()
	}
	if d.Version == 2 {
		d.legacy = d.legacyTree()
	}
	var err error
	d.Graph, err = d.graph(name)
	return d, err
}

// omitResolved leaves out of the file where packages are that all who depend on
// them ask a registry for. The graph knows it still.
func (r *Record) omitResolved() {
	asked := map[string]bool{} // directory -> everybody asks a registry for it
	for dir, e := range r.Entries {
		each := eachEdge
		if !inModules(dir) {
			each = eachProjectEdge
		}
		each(e.Manifest, func(d npm.Dep, _ graph.Group, _ bool) {
			if found, ok := r.Find(dir, d.Alias); ok {
				before, known := asked[found]
				asked[found] = (before || !known) && asksRegistry(d.Specifier)
			}
		})
	}
	for dir, yes := range asked {
		if e := r.Entries[dir]; yes && !e.Link {
			e.value.Delete("resolved")
		}
	}
}

// asksRegistry reports whether a specifier is a version, a range or a tag, of
// another name perhaps: a path, a URL or a repository has one of these signs.
func asksRegistry(spec string) bool {
	return strings.HasPrefix(spec, "npm:") || !strings.ContainsAny(spec, ":/")
}

// JSON is the entry as it is in the file.
func (e *Entry) JSON() []byte { return e.value.Append(nil, nicejson.DefaultStyle, nil) }

// root makes the entry of the project itself.
func (d *Document) root(p *Project, dir string) error {
	if p == nil {
		p = &Project{Manifest: &npm.Manifest{}}
	}
	e, err := p.describe()
	if err != nil {
		return err
	}
	d.style(p)
	d.Name, d.ProjectVersion = string(p.Manifest.Name), p.Manifest.Version
	if d.Name == "" {
		d.Name = dir
	} else {
		e.value.Set("name", nicejson.String(d.Name))
	}
	d.Entries[""] = e
	return nil
}

// style gives the file the style of the project's package.json, as npm does.
func (d *Document) style(root *Project) {
	if len(root.JSON) > 0 {
		d.Style = nicejson.StyleOf(root.JSON)
	}
}

// describe makes an entry of a project, which may ask for something else than its
// package.json says.
func (p *Project) describe() (*Entry, error) {
	json := p.JSON
	if len(json) == 0 {
		json = []byte("{}")
	}
	m, err := npm.DecodeManifest(json)
	if err != nil {
		return nil, err
	}
	e, err := describe(json, m)
	if err == nil {
		e.adopt(p.Manifest)
	}
	return e, err
}

// entryOf describes what is in a directory.
func entryOf(p *graph.Placed, old *Record, projects map[string]*Project) (*Entry, error) {
	if p.Link != "" {
		v := nicejson.Object(nicejson.Field{Name: "resolved", Value: nicejson.String(p.Link)}, nicejson.Field{Name: "link", Value: nicejson.True()})
		return &Entry{Manifest: &npm.Manifest{}, Resolved: p.Link, Link: true, value: v}, nil
	}
	if project := projects[p.Dir]; project != nil {
		e, err := project.describe()
		if err == nil {
			e.nameIt(p.Dir, string(project.Manifest.Name))
		}
		return e, err
	}
	if was := old.entry(p.Dir); p.Kept && p.JSON == nil && was != nil {
		e := *was
		e.value.Fields = append([]nicejson.Field(nil), was.value.Fields...)
		e.setFlag("inBundle", p.Bundled)
		e.InBundle = p.Bundled
		return &e, nil
	}
	e, err := describe(p.JSON, p.Manifest)
	if err != nil {
		return nil, err
	}
	if p.Short {
		e.value.Delete("license")
		e.value.Delete("libc")
	}
	e.nameIt(p.Dir, string(p.Manifest.Name))
	e.setText("resolved", p.Resolved)
	e.setText("integrity", p.Integrity)
	e.setFlag("inBundle", p.Bundled)
	e.setFlag("hasShrinkwrap", p.Shrinkwrap)
	e.Resolved, e.Integrity, e.InBundle = p.Resolved, p.Integrity, p.Bundled
	if !inModules(p.Dir) {
		e.recordDeps(p.Manifest)
	}
	return e, nil
}

func (r *Record) entry(dir string) *Entry {
	if r == nil {
		return nil
	}
	return r.Entries[dir]
}

// nameIt records a name that the directory does not tell.
func (e *Entry) nameIt(dir, name string) {
	folder, above := path.Base(dir), path.Base(path.Dir(dir))
	if strings.HasPrefix(above, "@") {
		folder = above + "/" + folder
	}
	if name != "" && name != folder {
		e.value.Set("name", nicejson.String(name))
	}
}

func (e *Entry) setText(name, text string) {
	if text != "" {
		e.value.Set(name, nicejson.String(text))
	}
}

func (e *Entry) setFlag(name string, on bool) {
	if on {
		e.value.Set(name, nicejson.True())
	} else {
		e.value.Delete(name)
	}
}

// recorded are the members of a package.json that the lockfile has as they are
// (arborist, pkgMetaKeys).
var recorded = []string{
	"version", "dependencies", "peerDependencies", "peerDependenciesMeta", "optionalDependencies", "acceptDependencies",
	"engines", "os", "cpu", "libc", "deprecated", "workspaces",
}

// describe makes an entry of a package.json: what npm looks at later. The
// manifest is what was read of it.
func describe(json []byte, m *npm.Manifest) (*Entry, error) {
	e := &Entry{Manifest: m, value: nicejson.Object()}
	if len(json) == 0 {
		json = []byte("{}")
	}
	from, err := nicejson.Parse(json)
	if err != nil {
		return nil, err
	}
	members := from.Members()
	for _, name := range recorded {
		if v, ok := members[name]; ok && says(v) {
			e.value.Set(name, v)
		}
	}
	e.dropOptional()
	if list := bundled(members); len(list.Items) > 0 {
		e.value.Set("bundleDependencies", list)
	}
	if v, ok := members["license"]; ok && says(v) {
		e.value.Set("license", typeOf(v))
	}
	if v, ok := members["funding"]; ok && says(v) {
		if v.Kind == '"' {
			v = nicejson.Object(nicejson.Field{Name: "url", Value: v})
		}
		e.value.Set("funding", v)
	}
	if len(m.Bin) > 0 {
		bin := nicejson.Object()
		for command, file := range m.Bin {
			bin.Fields = append(bin.Fields, nicejson.Field{Name: command, Value: nicejson.String(file)})
		}
		e.value.Set("bin", bin)
	}
	if m.HasInstallScript {
		e.value.Set("hasInstallScript", nicejson.True())
	}
	return e, nil
}

// Recorded is what of a package.json anything in a lockfile is made of: to
// [Place] it is as good as the whole, of which it is a small part. The manifest
// is what was read of it.
func Recorded(json []byte, m *npm.Manifest) ([]byte, error) {
	if len(json) == 0 {
		json = []byte("{}")
	}
	from, err := nicejson.Parse(json)
	if err != nil {
		return nil, err
	}
	members, out := from.Members(), nicejson.Object()
	for _, name := range slices.Concat(recorded, []string{"bundleDependencies", "bundledDependencies", "license", "funding", "bin"}) {
		if v, ok := members[name]; ok {
			out.Set(name, v)
		}
	}
	if m.Name != "" {
		out.Set("name", nicejson.String(string(m.Name)))
	}
	if m.HasInstallScript {
		out.Set("hasInstallScript", nicejson.True())
	}
	return out.Append(nil, nicejson.DefaultStyle, nil), nil
}

// says reports whether a value is worth a line: not false, empty or null.
func says(v nicejson.Value) bool {
	switch v.Kind {
	case '{':
		return len(v.Fields) > 0
	case '[':
		return len(v.Items) > 0
	case '"':
		return v.Text != ""
	}
	return v.Text != "false" && v.Text != "null" && v.Text != "0"
}

// typeOf is a license that is an object with a type.
func typeOf(v nicejson.Value) nicejson.Value {
	if t, ok := v.Lookup("type"); ok && says(t) {
		return t
	}
	return v
}

// dropOptional takes from dependencies what is optional, too: it is nothing
// else.
func (e *Entry) dropOptional() {
	deps, ok := e.value.Lookup("dependencies")
	optional, has := e.value.Lookup("optionalDependencies")
	if !ok || !has || deps.Kind != '{' {
		return
	}
	kept := nicejson.Object()
	for _, f := range deps.Fields {
		if _, out := optional.Lookup(f.Name); !out {
			kept.Fields = append(kept.Fields, f)
		}
	}
	if e.value.Set("dependencies", kept); len(kept.Fields) == 0 {
		e.value.Delete("dependencies")
	}
}

// bundled is the list of bundled packages, however it is written.
func bundled(members map[string]nicejson.Value) nicejson.Value {
	v, ok := members["bundleDependencies"]
	if !ok {
		v = members["bundledDependencies"]
	}
	from := v
	if v.Text == "true" && v.Kind == 't' {
		from = members["dependencies"]
	}
	if from.Kind != '{' {
		return v
	}
	list := nicejson.Value{Kind: '['}
	for _, f := range from.Fields {
		list.Items = append(list.Items, nicejson.String(f.Name))
	}
	return list
}

// SetIntegrity records what the package in a directory was found to be.
func (r *Record) SetIntegrity(dir, in string) {
	if e := r.Entries[dir]; e != nil {
		e.Integrity = in
		e.setText("integrity", in)
	}
}
