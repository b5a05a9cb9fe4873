package resolve

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/workspace"
)

// LinkWorkspace says which plain ranges may mean a member of the workspace
// (link-workspace-packages). "workspace:" always does.
type LinkWorkspace uint8

// The values of LinkWorkspace.
const (
	LinkNone   LinkWorkspace = iota
	LinkDirect               // those of importers
	LinkDeep                 // those of packages, too
)

// Member is a project that others of the workspace can depend on.
type Member struct {
	Dir      string // slash path from the lockfile's directory
	Manifest *npm.Manifest
	// Publish is publishConfig.directory, below Dir, where that is what others
	// get to see; else "".
	Publish string
	// Injected are its own, see [Importer], for where it is copied itself.
	Injected map[string]bool
}

// link is the directory that a link to the member leads to.
func (m *Member) link() string { return path.Join(m.Dir, m.Publish) }

// members are the projects of the workspace by name. Of two that have one name
// and version the last one counts, as for pnpm.
type members map[npm.Name]map[string]*Member

func newMembers(list []Member) members {
	out := make(members, len(list))
	for i := range list {
		m := &list[i]
		if m.Manifest.Name == "" {
			continue
		}
		if out[m.Manifest.Name] == nil {
			out[m.Manifest.Name] = map[string]*Member{}
		}
		out[m.Manifest.Name][workspace.Version(m.Manifest)] = m
	}
	return out
}

// pick is the member with the highest version that what admits, or nil.
func (ms members) pick(name npm.Name, what string) *Member {
	versions := ms[name]
	return versions[workspace.Pick(slices.Collect(maps.Keys(versions)), what)]
}

// resolveWorkspace finds the member that "workspace:" means.
func (r *resolver) resolveWorkspace(w want, s specifier.Specifier, at *place) (found, error) {
	if s.Path != "" {
		s.Kind = specifier.Link
		return r.resolveExternal(s, at)
	}
	m := r.members.pick(s.Name, s.Range)
	if m == nil {
		return found{}, r.noMember(s, at)
	}
	return r.member(m, w, at)
}

// shadowed is the member that stands in for the version of a registry, or nil:
// the very same version, or a higher one that is wanted, too. picked is "" if
// the registry has none.
func (r *resolver) shadowing(name npm.Name, what, picked string) *Member {
	if picked != "" {
		if m := r.members[name][picked]; m != nil {
			return m
		}
	}
	m := r.members.pick(name, what)
	if m == nil || picked == "" || r.opts.PreferWorkspace {
		return m
	}
	own, err1 := semver.Parse(workspace.Version(m.Manifest), loose)
	other, err2 := semver.Parse(picked, loose)
	if err1 != nil || err2 != nil || own.Compare(other) <= 0 {
		return nil
	}
	return m
}

// linksRanges reports whether a plain range at this place may mean a member.
func (r *resolver) linksRanges(name npm.Name, at *place) bool {
	return r.members[name] != nil && !at.hoisting &&
		(r.opts.LinkWorkspace == LinkDeep || r.opts.LinkWorkspace == LinkDirect && at.depth == 0)
}

// resolveShadowed is resolveRegistry where a member of the workspace may be
// meant.
func (r *resolver) resolveShadowed(w want, name npm.Name, what string, at *place) (found, error) {
	if r.opts.PreferWorkspace && !r.copies(w, at) && len(r.members[name]) == 1 {
		if m := r.members.pick(name, what); m != nil {
			return r.member(m, w, at)
		}
	}
	f, err := r.resolveRegistry(name, what, at)
	if err != nil {
		if m := r.shadowing(name, what, ""); m != nil && droppable(err) {
			return r.member(m, w, at)
		}
		return f, err
	}
	if m := r.shadowing(name, what, f.pkg.version); m != nil {
		return r.member(m, w, at)
	}
	return f, nil
}

// copies reports whether a dependency on a member gets a copy of it instead of
// a link.
func (r *resolver) copies(w want, at *place) bool {
	return r.opts.InjectWorkspace || w.injected
}

// member is a member of the workspace as a package: linked in place, or copied
// with dependencies of its own.
func (r *resolver) member(m *Member, w want, at *place) (found, error) {
	id, dir := graph.Key(linkPrefix+m.link()), m.link()
	if r.copies(w, at) {
		dir = m.Dir
		id = graph.Key(m.Manifest.Name) + "@file:" + graph.Key(dir)
	}
	p := r.pkgs[id]
	if p == nil {
		p = &pkg{
			id: id, name: m.Manifest.Name, version: workspace.Version(m.Manifest), manifest: m.Manifest,
			resolution: graph.Resolution{Kind: graph.Directory, Directory: dir}, member: m,
		}
		if err := r.add(p); err != nil {
			return found{}, &Error{append(at.chain(), w.alias), err}
		}
	}
	return found{p, p.manifest}, nil
}

// memberWants is what a copied member depends on, without what only its own
// importer may say: catalogs are looked up, and its members are copied, too, if
// it says so.
func (r *resolver) memberWants(p *pkg, wants []want, at *place) ([]want, error) {
	for i := range wants {
		spec, err := r.dereference(wants[i].alias, wants[i].specifier)
		if err != nil {
			return nil, &Error{append(at.chain(), wants[i].alias), err}
		}
		wants[i].specifier, wants[i].injected = spec, p.member.Injected[wants[i].alias]
	}
	return wants, nil
}

// noMember says why "workspace:" leads nowhere.
func (r *resolver) noMember(s specifier.Specifier, at *place) error {
	e := &WorkspaceError{Dir: at.importer, Name: s.Name, Specifier: s.Raw}
	for v := range r.members[s.Name] {
		e.Versions = append(e.Versions, v)
	}
	slices.Sort(e.Versions)
	for name := range r.members {
		e.Members = append(e.Members, string(name))
	}
	slices.Sort(e.Members)
	return e
}

// WorkspaceError is a "workspace:" dependency on a member that is not there, or
// not in the version that is wanted.
type WorkspaceError struct {
	Dir       string // of the importer
	Name      npm.Name
	Specifier string
	Versions  []string // of the members of that name
	Members   []string // the names there are
}

func (e *WorkspaceError) Error() string {
	if len(e.Versions) > 0 {
		return fmt.Sprintf("in %s: no version of %s in the workspace matches %q: there is %s",
			e.Dir, e.Name, e.Specifier, strings.Join(e.Versions, ", "))
	}
	return fmt.Sprintf("in %s: %q is a dependency, but no package named %q is in the workspace",
		e.Dir, string(e.Name)+"@"+e.Specifier, e.Name)
}

// Code is pnpm's code for this error.
func (e *WorkspaceError) Code() string {
	if len(e.Versions) > 0 {
		return "ERR_PNPM_NO_MATCHING_VERSION_INSIDE_WORKSPACE"
	}
	return "ERR_PNPM_WORKSPACE_PKG_NOT_FOUND"
}

// shownMembers is how many names a hint lists: enough to see a typo.
const shownMembers = 20

// Hint is what the user can do.
func (e *WorkspaceError) Hint() string {
	switch {
	case len(e.Versions) > 0:
		return "change the range, or the version of " + string(e.Name)
	case len(e.Members) == 0:
		return "name the directories of the workspace's packages under \"packages\" in pnpm-workspace.yaml"
	}
	list, more := e.Members, ""
	if len(list) > shownMembers {
		list, more = list[:shownMembers], ", …"
	}
	return "the packages of the workspace are " + strings.Join(list, ", ") + more
}

// relativeLink is the way from the importer in dir to what a link leads to, a
// path from the lockfile's directory, root.
func relativeLink(root, dir, target string) string {
	if target == "" || dir == "." || path.IsAbs(target) {
		return target
	}
	return graph.Way(root, dir, path.Clean(target))
}
