package remote

import (
	"context"
	"path"
	"slices"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/wire"
)

// NpmQuestion is Question for a project of npm's.
type NpmQuestion struct {
	Request  *npmtree.Request
	Settings wire.Settings
	Projects []lockfile.Project // as those of the request
	Lockfile lockfile.Settings
}

// ResolveNpm is Resolve for a project of npm's.
func (c *Client) ResolveNpm(ctx context.Context, q *NpmQuestion) (res *npmtree.Result, err error) {
	r, err := wire.NewNpm(q.Request, q.Settings)
	if err != nil {
		return nil, &UnusableError{Err: err}
	}
	err = c.ask(ctx, r, &conversation{picked: q.Request.Picked, end: func(done *wire.Done, sent sent) (err error) {
		res, err = c.npmResult(done, q, sent)
		return err
	}})
	if err != nil {
		return nil, err
	}
	return res, nil
}

// npmResult is what the last frame says, held against the question and what was
// sent before it.
func (c *Client) npmResult(done *wire.Done, q *NpmQuestion, sent sent) (*npmtree.Result, error) {
	t := &npmAnswer{
		client: c, sent: sent, placed: make(map[string]*graph.Placed, len(done.Placed)),
		projects: map[string]*npmtree.Project{}, locked: make(map[string]*graph.Placed, len(q.Request.Locked)),
	}
	for i := range q.Request.Projects {
		p := &q.Request.Projects[i]
		t.projects[path.Clean(p.Dir)] = p
	}
	for i := range q.Request.Locked {
		t.locked[q.Request.Locked[i].Dir] = &q.Request.Locked[i]
	}
	res := &npmtree.Result{Placed: make([]graph.Placed, 0, len(done.Placed))}
	for i := range done.Placed {
		w := &done.Placed[i]
		if t.placed[w.Dir] != nil {
			return nil, wrong("%.200q is there twice", w.Dir)
		}
		p, err := t.place(w)
		if err != nil {
			return nil, err
		}
		res.Placed = append(res.Placed, p)
		t.placed[p.Dir] = &p
	}
	if err := t.checkAround(); err != nil {
		return nil, err
	}
	for _, w := range done.Warnings {
		res.Warnings = append(res.Warnings, event.Warning{Code: w.Code, Message: w.Message})
	}
	return res, t.checkFits(q, res.Placed)
}

// npmAnswer is an answer that is taken in, and what it may name.
type npmAnswer struct {
	client   *Client
	sent     sent
	projects map[string]*npmtree.Project // by directory
	locked   map[string]*graph.Placed    // what the lockfile has, by directory
	placed   map[string]*graph.Placed    // what was taken in, by directory
}

// place is what an answer says of one directory, if it may be believed so far.
func (t *npmAnswer) place(w *wire.Placed) (graph.Placed, error) {
	out := graph.Placed{Dir: w.Dir, Link: w.Link, Bundled: w.Bundled, Kept: w.Kept}
	project, was := t.projects[w.Dir], t.locked[w.Dir]
	switch {
	case w.Dir == "." || w.Dir == "":
		return out, wrong("it has something in the place of the project itself")
	case project != nil && w.Link == "":
		out.Manifest, out.JSON = project.Manifest, project.JSON
		return out, nil
	case w.Kept && was == nil:
		return out, wrong("it keeps %.200q, which the lockfile does not have", w.Dir)
	}
	if err := lockfile.CheckDir(w.Dir); err != nil {
		return out, wrong("%v", err)
	}
	if _, err := npm.ParseName(out.Alias()); err != nil || out.Alias() == w.Dir {
		return out, wrong("%.200q is no project and no package", w.Dir)
	}
	switch {
	case w.Link != "" && t.projects[w.Link] == nil:
		return out, wrong("%s has a link to %.200q, which nobody asked for", w.Dir, w.Link)
	case w.Link != "":
		return out, nil
	case w.Kept:
		out.Manifest, out.JSON, out.Resolved, out.Integrity = was.Manifest, was.JSON, was.Resolved, was.Integrity
		out.Shrinkwrap = was.Shrinkwrap
		return out, nil
	}
	return out, t.fresh(&out, w)
}

// fresh completes a package that the lockfile does not have.
func (t *npmAnswer) fresh(p *graph.Placed, w *wire.Placed) error {
	m, err := npm.DecodeManifest(w.Package)
	if err != nil {
		return wrong("what it says of %s cannot be read: %v", w.Dir, err)
	}
	if _, err := npm.ParseName(string(m.Name)); err != nil {
		return wrong("%s: %v", w.Dir, err)
	}
	if !semver.Valid(m.Version, semver.Options{Loose: true}) {
		return wrong("%s has the version %.200q", w.Dir, m.Version)
	}
	p.Manifest, p.JSON, p.Shrinkwrap, p.Short = m, w.Package, w.Shrinkwrap, w.Short
	p.Resolved, p.Integrity = w.Resolved, w.Integrity
	if w.Bundled && w.Resolved == "" && w.Integrity == "" {
		return nil // it comes with what is around it
	}
	if was := t.locked[w.Dir]; was != nil && w.Short && was.Resolved == w.Resolved && was.Integrity == w.Integrity {
		return nil // of an old lockfile, which is the project's own word
	}
	res, err := t.client.checked(m.Name, m.Version, graph.Resolution{Kind: graph.Registry, Tarball: w.Resolved, Integrity: w.Integrity})
	if err != nil {
		return err
	}
	if w.Resolved == "" {
		return wrong("it does not say where %s is from", w.Dir)
	}
	return t.sent.check(graph.Key(string(m.Name)+"@"+m.Version), res)
}

// checkAround refuses what is in no package and no project, and what is said to
// come with another package and does not.
func (t *npmAnswer) checkAround() error {
	for dir, p := range t.placed {
		if t.projects[dir] != nil {
			continue
		}
		outer := path.Clean(dir[:len(dir)-len("node_modules/"+p.Alias())])
		around := t.placed[outer]
		if outer != "." && (around == nil || around.Link != "") {
			return wrong("%s is in nothing that it has", dir)
		}
		if p.Bundled && !p.Kept && p.Resolved == "" && (around == nil || t.projects[outer] != nil) {
			return wrong("%s is said to come with a package, and is in none", dir)
		}
	}
	for dir := range t.projects {
		if dir != "." && t.placed[dir] == nil {
			return wrong("it lacks the project %s", dir)
		}
	}
	return nil
}

// checkFits refuses a tree that does not fit the projects, or that has what none
// of them leads to.
func (t *npmAnswer) checkFits(q *NpmQuestion, placed []graph.Placed) error {
	doc, err := lockfile.Place("the lockfile of "+t.client.URL, placed, q.Projects, q.Lockfile, nil)
	if err != nil {
		return wrong("%v", err)
	}
	for _, r := range lockfile.Satisfies(doc, q.Projects, q.Lockfile) {
		if !r.Harmless {
			return wrong("it does not fit the project %s: %s", r.Importer, r.Message)
		}
	}
	asked := map[string]bool{} // aliases that anything depends on, if only as an optional peer
	for i := range placed {
		if m := placed[i].Manifest; m != nil {
			for _, d := range slices.Concat(m.Dependencies, m.DevDependencies, m.OptionalDependencies, m.PeerDependencies) {
				asked[d.Alias] = true
			}
		}
	}
	for dir, e := range doc.Npm.Entries {
		if e.Extraneous && t.locked[dir] == nil && !asked[t.placed[dir].Alias()] {
			return wrong("nobody depends on %s", dir)
		}
	}
	return nil
}
