package bunlock

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/semver"
)

// made is the package that was chosen: the one that is known already, or a new one.
func (w *walk) made(f Found) (*item, error) {
	m := f.Manifest
	if it := w.ids[string(m.Name)+"@"+m.Version]; it != nil && it.kind == registry {
		return it, nil
	}
	it := &item{name: m.Name, ref: m.Version, edges: edgesOf(m, published)}
	if it.setVersion(m.Version); it.parsed == nil {
		return nil, fmt.Errorf("the registry has %s in the version %q, which is none", m.Name, m.Version)
	}
	it.kind = registry
	at := m.Dist.Tarball
	if w.Usual != nil && w.Usual(at) || w.old.usual(at) {
		at = ""
	}
	it.value = list(nicejson.String(it.id()), nicejson.String(at), info(it, f), nicejson.String(checksum(&m.Dist)))
	return it, nil
}

// usual reports whether the file would have the tarball without its URL by what it
// has of others: it has packages without one, and none with one of that host.
func (r *Record) usual(tarball string) bool {
	plain := false
	if r == nil {
		return false
	}
	for _, p := range r.Packages {
		if p.URL != "" && hostOf(p.URL) == hostOf(tarball) {
			return false
		}
		plain = plain || p.URL == "" && semver.Valid(p.Ref, semver.Options{})
	}
	return plain
}

// hostOf is a URL up to its path.
func hostOf(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// checksum is the one that is written: the strongest, or nothing.
func checksum(d *npm.Dist) string {
	if in, err := integrity.Parse(d.Integrity); err == nil && !in.IsZero() {
		return in.Strongest().String()
	}
	if in, err := integrity.FromShasum(d.Shasum); err == nil {
		return in.String()
	}
	return ""
}

func list(items ...nicejson.Value) nicejson.Value { return nicejson.Value{Kind: '[', Items: items} }

// info is what an entry says of a package beside where it is from.
func info(it *item, f Found) nicejson.Value {
	v := nicejson.Object(groups(it.edges)...)
	m := f.Manifest
	if os := platforms(m.OS, systems); os.Kind != 0 {
		v.Set("os", os)
	}
	if cpu := platforms(m.CPU, processors); cpu.Kind != 0 {
		v.Set("cpu", cpu)
	}
	if libc := platforms(m.Libc, libcs); libc.Kind != 0 {
		v.Set("libc", libc)
	}
	if m.HasInstallScript {
		v.Set("hasInstallScript", nicejson.True())
	}
	doc, err := nicejson.Parse(f.JSON)
	if err == nil {
		setBin(&v, doc)
	}
	return v
}

// groups are the maps of dependencies, and the list of peers that may be missing.
func groups(edges []*edge) []nicejson.Field {
	edges = slices.Clone(edges)
	sortEdges(edges)
	var out []nicejson.Field
	var may []nicejson.Value
	for _, w := range written {
		var deps []nicejson.Field
		for _, e := range edges {
			if e.group != w.group {
				continue
			}
			deps = append(deps, nicejson.Field{Name: e.alias, Value: nicejson.String(e.spec)})
			if e.mayMiss {
				may = append(may, nicejson.String(e.alias))
			}
		}
		if len(deps) > 0 {
			out = append(out, nicejson.Field{Name: w.name, Value: nicejson.Object(deps...)})
		}
	}
	if len(may) > 0 {
		out = append(out, nicejson.Field{Name: "optionalPeers", Value: list(may...)})
	}
	return out
}

// setBin takes the commands over as a manifest has them.
func setBin(v *nicejson.Value, manifest nicejson.Value) {
	bin, _ := manifest.Lookup("bin")
	texts := true
	for _, f := range bin.Fields {
		texts = texts && f.Value.Kind == '"'
	}
	switch {
	case bin.Kind == '"' && bin.Text != "", bin.Kind == '{' && len(bin.Fields) > 0 && texts:
		v.Set("bin", bin)
		return
	}
	dirs, _ := manifest.Lookup("directories")
	if dir, _ := dirs.Lookup("bin"); dir.Kind == '"' && dir.Text != "" {
		v.Set("binDir", dir)
	}
}

// The names that bun knows, in the order in which it writes them: the short ones first
// (NAME_MAP_KVS of OperatingSystem, Architecture and Libc in its npm.rs).
var (
	systems    = []string{"aix", "linux", "sunos", "win32", "darwin", "android", "freebsd", "openbsd"}
	processors = []string{"arm", "ppc", "x32", "x64", "ia32", "mips", "s390", "arm64", "ppc64", "s390x", "mipsel"}
	libcs      = []string{"musl", "glibc"}
)

// platforms is how bun writes what a package runs on: the shorter one of the lists
// of what is in and of what is not. It is no value if the package runs everywhere.
func platforms(named, known []string) nicejson.Value {
	fits, ok := fitting(named, known)
	if !ok {
		return nicejson.String("none")
	}
	var in, out []nicejson.Value
	for _, name := range known {
		if fits[name] {
			in = append(in, nicejson.String(name))
		} else {
			out = append(out, nicejson.String("!"+name))
		}
	}
	if len(out) == 0 {
		return nicejson.Value{}
	}
	short := out
	if len(out) >= len(in) {
		short = in
	}
	if len(short) == 1 {
		return short[0]
	}
	return list(short...)
}

// fitting are the names that are meant; not ok is none at all.
func fitting(named, known []string) (fits map[string]bool, ok bool) {
	added, removed, strange := map[string]bool{}, map[string]bool{}, false
	for _, name := range named {
		bare, not := strings.CutPrefix(name, "!")
		switch {
		case name == "":
		case name == "any":
			for _, k := range known {
				added[k] = true
			}
		case !slices.Contains(known, bare):
			strange = strange || !not
		case not:
			removed[bare] = true
		default:
			added[bare] = true
		}
	}
	if len(added) == 0 && len(removed) == 0 && strange {
		return nil, false
	}
	fits = map[string]bool{}
	for _, k := range known {
		fits[k] = (len(added) == 0 || added[k]) && !removed[k]
	}
	return fits, slices.ContainsFunc(known, func(k string) bool { return fits[k] })
}

// record is the file for a tree.
func (in *Renewal) record(old *Record, places []*place) (*Record, error) {
	out := &Record{doc: nicejson.Object()}
	version, config := newVersion, 1
	if in.Hoists {
		config = 0
	}
	if old != nil {
		version, config = min(max(old.Version, 1), newVersion), max(old.Config, 0)
	}
	if slices.ContainsFunc(in.Settings.Overrides, func(o Override) bool { return o.scoped() }) {
		version = maxVersion
	}
	var placed, ids []string
	for _, p := range places {
		for _, e := range p.holds {
			if e.to == nil {
				continue
			}
			placed, ids = append(placed, e.alias), append(ids, e.to.id())
			out.Packages = append(out.Packages, &Package{Path: strings.TrimPrefix(p.path+"/"+e.alias, "/"), value: entry(e)})
		}
	}
	out.sort()
	number := func(n int) nicejson.Value { return nicejson.Value{Kind: '0', Text: strconv.Itoa(n)} }
	out.doc.Set("lockfileVersion", number(version))
	out.doc.Set("configVersion", number(config))
	out.doc.Set("workspaces", workspaces(in.Projects))
	in.header(&out.doc, placed, ids)
	return readText(string(out.Append(nil)))
}

// entry is what is written of a package in a place.
func entry(e *edge) nicejson.Value {
	switch {
	case e.to.ref == "root:":
		return list(nicejson.String(e.to.id()), nicejson.Object())
	case e.to.kind == project:
		return list(nicejson.String(e.to.id()))
	}
	v := e.to.value
	v.Items = slices.Clone(v.Items)
	for i, item := range v.Items {
		if item.Kind == '{' {
			v.Items[i] = withBundled(item, e.bundled)
		}
	}
	return v
}

// withBundled says whether a package comes with the tarball of what is around it:
// behind what it depends on, before what it runs on.
func withBundled(v nicejson.Value, bundled bool) nicejson.Value {
	v.Fields = slices.DeleteFunc(slices.Clone(v.Fields), func(f nicejson.Field) bool { return f.Name == "bundled" })
	if !bundled {
		return v
	}
	at := slices.IndexFunc(v.Fields, func(f nicejson.Field) bool {
		return slices.Contains([]string{"os", "cpu", "libc", "hasInstallScript", "bin", "binDir"}, f.Name)
	})
	if at < 0 {
		at = len(v.Fields)
	}
	v.Fields = slices.Insert(v.Fields, at, nicejson.Field{Name: "bundled", Value: nicejson.True()})
	return v
}

// Specified is the lockfile with other specifiers for what projects depend on, which
// lead to the same.
func (r *Record) Specified(projects []Project) (*Record, error) {
	out := *r
	out.doc.Fields = slices.Clone(r.doc.Fields)
	out.doc.Set("workspaces", workspaces(projects))
	return readText(string(out.Append(nil)))
}

// workspaces is what the file says of projects, the root first.
func workspaces(projects []Project) nicejson.Value {
	out := nicejson.Object()
	projects = slices.Clone(projects)
	slices.SortFunc(projects, func(x, y Project) int {
		return strings.Compare(projectDir(x.Dir), projectDir(y.Dir))
	})
	for _, p := range projects {
		out.Set(projectDir(p.Dir), projectValue(p))
	}
	return out
}

func projectValue(p Project) nicejson.Value {
	v := nicejson.Object()
	if p.Manifest.Name != "" {
		v.Set("name", nicejson.String(string(p.Manifest.Name)))
	}
	if p.Dir != "." {
		it := &item{}
		if it.setVersion(p.Manifest.Version); it.version != "" {
			v.Set("version", nicejson.String(it.version))
		}
		if doc, err := nicejson.Parse(p.JSON); err == nil {
			setBin(&v, doc)
		}
	}
	for _, f := range groups(edgesOf(p.Manifest, ownerOf(p.Dir))) {
		v.Set(f.Name, f.Value)
	}
	return v
}

// header adds what is about all packages. Of patches and trusted packages those
// that are there count: placed and ids are what is there, in the order of places.
func (in *Renewal) header(doc *nicejson.Value, placed, ids []string) {
	s := &in.Settings
	var trusted []nicejson.Value
	for _, name := range s.trusted(placed) {
		trusted = append(trusted, nicejson.String(name))
	}
	if len(trusted) > 0 {
		doc.Set("trustedDependencies", list(trusted...))
	}
	setDeps(doc, "patchedDependencies", s.patches(ids))
	if len(s.Overrides) > 0 {
		doc.Set("overrides", overridesValue(s.Overrides))
	}
	setDeps(doc, "catalog", s.Catalogs[""])
	named := nicejson.Object()
	for _, name := range slices.Sorted(maps.Keys(s.Catalogs)) {
		if name != "" {
			setDeps(&named, name, s.Catalogs[name])
		}
	}
	if len(named.Fields) > 0 {
		doc.Set("catalogs", named)
	}
}

func setDeps(v *nicejson.Value, name string, deps npm.Deps) {
	if len(deps) == 0 {
		return
	}
	fields := make([]nicejson.Field, len(deps))
	for i, d := range deps {
		fields[i] = nicejson.Field{Name: d.Alias, Value: nicejson.String(d.Specifier)}
	}
	v.Set(name, nicejson.Object(fields...))
}
