package remote

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/semver"
	"godwit/internal/resolve"
	"godwit/internal/resolve/policy"
	"godwit/internal/resolve/wire"
	"godwit/internal/workspace"
)

// WrongError is an answer that cannot be right, whatever the registry says.
type WrongError struct{ Problem string }

func (e *WrongError) Error() string { return "its answer is wrong: " + e.Problem }

func wrong(format string, args ...any) error { return &WrongError{fmt.Sprintf(format, args...)} }

// resolution is what a package frame says, if it may be believed so far.
func (c *Client) resolution(p *wire.Package) (graph.Key, graph.Resolution, error) {
	id := graph.Key(p.ID)
	name, version := id.Split()
	if _, err := npm.ParseName(string(name)); err != nil {
		return "", graph.Resolution{}, wrong("%v", err)
	}
	if id.ID() != id || !semver.Valid(version, semver.Options{Loose: true}) {
		return "", graph.Resolution{}, wrong("%.200q is no package of a registry", p.ID)
	}
	tarball := p.Tarball
	if tarball != "" && !strings.Contains(tarball, "://") {
		tarball = c.Registry(name) + "/" + tarball
	}
	res, err := c.checked(name, version, graph.Resolution{Kind: graph.Registry, Integrity: p.Integrity, Tarball: tarball})
	return id, res, err
}

// checked is the resolution of a registry's package with the URL of its tarball,
// which has to be below that registry.
func (c *Client) checked(name npm.Name, version string, res graph.Resolution) (graph.Resolution, error) {
	if _, err := integrity.Parse(res.Integrity); err != nil {
		return res, wrong("%s@%s: %v", name, version, err)
	}
	base := c.Registry(name)
	if res.Tarball == "" {
		res.Tarball = npm.TarballURL(base, name, version)
		return res, nil
	}
	at, err1 := url.Parse(res.Tarball)
	registry, err2 := url.Parse(base)
	if err1 != nil || err2 != nil || at.Scheme != registry.Scheme || at.Host != registry.Host || at.User != nil || at.Opaque != "" ||
		path.Clean(at.Path) != at.Path || strings.Contains(at.Path, `\`) || !strings.HasPrefix(at.Path, registry.Path+"/") {
		return res, wrong("the tarball of %s@%s is at %.200q, which is not below %s", name, version, res.Tarball, base)
	}
	return res, nil
}

// result is what the last frame says, held against the question and what was sent
// before it.
func (c *Client) result(done *wire.Done, q *Question, sent sent) (*resolve.Result, error) {
	doc, err := lockfile.ParsePnpm("the lockfile of "+c.URL, []byte(done.Lockfile))
	if err != nil {
		return nil, wrong("%v", err)
	}
	if doc.Pnpm.Merged || doc.Pnpm.Env != "" {
		return nil, wrong("what it sends is not one lockfile")
	}
	g := doc.Graph
	if err := checkImporters(g, q); err != nil {
		return nil, err
	}
	if err := c.checkPackages(g, q, sent); err != nil {
		return nil, err
	}
	res := &resolve.Result{Graph: g, Unused: done.Unused, Times: done.Times, Deprecated: map[graph.Key]string{}}
	for key, message := range done.Deprecated {
		res.Deprecated[graph.Key(key)] = message
	}
	for _, y := range done.Young {
		res.Young = append(res.Young, policy.Violation{
			Name: npm.Name(y.Name), Version: y.Version, Published: y.Published, Cutoff: y.Cutoff, Chain: y.Chain,
		})
	}
	if len(res.Young) > 0 && q.Request.Options.Policy == nil {
		return nil, wrong("it applies a policy that there is not")
	}
	return res, nil
}

// checkImporters refuses other projects than those that were asked for, and what
// does not fit their manifests.
func checkImporters(g *graph.Graph, q *Question) error {
	if len(g.Importers) != len(q.Request.Importers) {
		return wrong("it is for %d projects instead of %d", len(g.Importers), len(q.Request.Importers))
	}
	for _, im := range q.Request.Importers {
		if g.Importer(im.Dir) == nil {
			return wrong("it lacks the project %s", im.Dir)
		}
	}
	projects := withoutDropped(q.Projects, g)
	made := lockfile.New(lockfile.Pnpm, g, projects, q.Lockfile, nil)
	if reasons := lockfile.Satisfies(made, projects, q.Lockfile); len(reasons) > 0 {
		return wrong("it does not fit the project %s: %s", reasons[0].Importer, reasons[0].Message)
	}
	return nil
}

// withoutDropped leaves out optional dependencies that the graph lacks, which may
// be: they cannot be had.
func withoutDropped(projects []lockfile.Project, g *graph.Graph) []lockfile.Project {
	out := slices.Clone(projects)
	for i, p := range projects {
		had := map[string]bool{}
		for _, d := range g.Importer(p.Dir).Deps {
			had[d.Alias] = true
		}
		m := *p.Manifest
		m.OptionalDependencies = slices.DeleteFunc(slices.Clone(m.OptionalDependencies), func(d npm.Dep) bool { return !had[d.Alias] })
		out[i].Manifest = &m
	}
	return out
}

// local is what of the client's machine an answer may name.
type local struct {
	versions map[string]string // name and directory -> version
	tarballs map[string]bool   // name, path and integrity
	links    map[string]bool   // directories that may be linked to
}

func localOf(q *Question) *local {
	l := &local{map[string]string{}, map[string]bool{}, map[string]bool{}}
	for _, m := range q.Request.Members {
		l.versions[string(m.Manifest.Name)+" "+m.Dir] = workspace.Version(m.Manifest)
		l.links[path.Join(m.Dir, m.Publish)] = true
	}
	for _, e := range q.Settings.Externals {
		switch target, link := strings.CutPrefix(e.ID, "link:"); {
		case link:
			l.links[target] = true
		case e.Tarball != "":
			l.tarballs[e.Manifest.Name+" "+e.Tarball+" "+e.Integrity] = true
		default:
			l.versions[e.Manifest.Name+" "+e.Directory] = e.Manifest.Version
		}
	}
	return l
}

// checkPackages refuses packages that nobody depends on or that come from
// elsewhere than the registries and the client itself. It completes what a
// lockfile leaves out.
func (c *Client) checkPackages(g *graph.Graph, q *Question, sent sent) error {
	mine := localOf(q)
	reachable := g.Reachable(graph.Scope{})
	for key, p := range g.Packages {
		if _, wanted := reachable[key]; !wanted {
			return wrong("nobody depends on %s", key)
		}
		var known bool
		switch p.Resolution.Kind {
		case graph.Registry:
			if err := c.checkPublished(key, p, sent); err != nil {
				return err
			}
			continue
		case graph.Directory:
			p.Version, known = mine.versions[string(p.Name)+" "+p.Resolution.Directory]
		case graph.Tarball:
			known = !p.Resolution.GitHosted && mine.tarballs[string(p.Name)+" "+p.Resolution.Tarball+" "+p.Resolution.Integrity]
		}
		if !known {
			return wrong("%s comes neither from a registry nor from this machine", key)
		}
	}
	return mine.checkLinks(g)
}

// checkPublished refuses a package that its registry would not give.
func (c *Client) checkPublished(key graph.Key, p *graph.Package, sent sent) (err error) {
	if _, ref := key.ID().Split(); ref != p.Version {
		return wrong("%s has the version %.200q", key, p.Version)
	}
	if p.Resolution, err = c.checked(p.Name, p.Version, p.Resolution); err != nil {
		return err
	}
	return sent.check(key.ID(), p.Resolution)
}

// check refuses a package that is another than was announced.
func (s sent) check(id graph.Key, res graph.Resolution) error {
	if was, ok := s[id]; ok && (was.Integrity != res.Integrity || was.Tarball != res.Tarball) {
		return wrong("%s is not what it was when it was picked", id)
	}
	return nil
}

// checkLinks refuses links that lead anywhere but to where projects wanted them,
// and into the package itself.
func (l *local) checkLinks(g *graph.Graph) error {
	check := func(from, link, target string) error {
		if link == "" || l.links[target] {
			return nil
		}
		return wrong("%s has a link to %.200q, which nobody asked for", from, link)
	}
	for key, p := range g.Packages {
		for _, e := range p.Edges {
			if inside, ok := strings.CutPrefix(e.Target.Link, graph.InsidePrefix); ok && filepath.IsLocal(inside) {
				continue // a directory of the package itself
			}
			if err := check(string(key), e.Target.Link, e.Target.Link); err != nil {
				return err
			}
		}
	}
	for _, im := range g.Importers {
		for _, d := range im.Deps {
			target := d.Target.Link
			if !path.IsAbs(target) {
				target = path.Join(im.Dir, target)
			}
			if err := check(im.Dir, d.Target.Link, target); err != nil {
				return err
			}
		}
	}
	return nil
}
