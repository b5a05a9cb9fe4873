package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"godwit/internal/audit"
	"godwit/internal/audit/npmaudit"
	"godwit/internal/cli/actual"
	"godwit/internal/cli/ui"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/query"
	"godwit/internal/registry"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/packuments"
	"godwit/internal/spawn"
)

// npmAuditing is the command audit in a project of npm's: as npm, it is about
// places, and about whoever depends on what is vulnerable.
type npmAuditing struct {
	*call
	client  *registry.Client
	source  packuments.Source
	options *npmtree.Options
	ignored int // advisories that do not count
}

// auditNpm is audit, or audit fix, in a project of npm's.
func (c *call) auditNpm(ctx context.Context, fix bool) error {
	if fix && !c.cfg.Settings.Lockfile.Enabled {
		return &usageError{"audit fix changes the lockfile, and there is to be none", "leave package-lock=false out"}
	}
	a, err := c.npmAuditing()
	if err != nil {
		return err
	}
	defer a.client.Close()
	report, err := a.report(ctx)
	if err != nil {
		if fix || !c.cfg.Settings.Audit.IgnoreErrors {
			return c.auditFailed(err)
		}
		fmt.Fprintf(c.Stderr, "%v\n", err)
		return nil
	}
	if fix {
		return a.fix(ctx, report)
	}
	doc := report.Document()
	if c.cfg.Settings.Call.JSON {
		err = writeJSON(c.Stdout, doc)
	} else {
		_, err = fmt.Fprintln(c.Stdout, a.text(doc))
	}
	if err != nil {
		return err
	}
	return c.verdict(doc)
}

func (c *call) npmAuditing() (*npmAuditing, error) {
	rules, err := c.policy()
	if err != nil {
		return nil, err
	}
	client, err := c.client(nil)
	if err != nil {
		return nil, err
	}
	return &npmAuditing{
		call: c, client: client, source: packuments.Source{Registry: client, Policy: rules},
		options: &npmtree.Options{Policy: rules, Tag: c.cfg.Settings.Resolve.Tag, Node: sync.OnceValue(c.nodeVersion)},
	}, nil
}

// report asks the registry about what the lockfile says.
func (a *npmAuditing) report(ctx context.Context) (*npmaudit.Report, error) {
	tree, err := a.tree()
	if err != nil {
		return nil, err
	}
	a.ignored = 0
	if question := tree.Question(); len(question) > 0 {
		if tree.About, err = a.advisories(ctx, question); err != nil {
			return nil, err
		}
	}
	return npmaudit.Find(ctx, tree, a, a.options)
}

// tree is what the lockfile has, and how much of that the call is about.
func (a *npmAuditing) tree() (*npmaudit.Tree, error) {
	o, err := a.treeOptions()
	if err != nil {
		return nil, err
	}
	selected := o.Selected
	o = o.Whole()
	if o.Entries, err = a.recorded(); err != nil {
		return nil, err
	}
	o.Recorded = true
	t, err := actual.Read(o)
	if err != nil {
		return nil, err
	}
	q := &queried{call: a.call, paths: map[*query.Node]string{}, from: map[*query.Node]string{}}
	q.treeNodes(t)
	within := auditScope(q, selected)
	return &npmaudit.Tree{Nodes: q.Nodes, Counts: func(n *query.Node) bool {
		return (within == nil || within[n]) && !a.omits(t.Known[n.Location])
	}}, nil
}

// recorded is what the lockfile of a project of npm's has, by directory.
func (c *call) recorded() (map[string]project.Node, error) {
	doc, err := lockfile.Read(c.lock)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, lockfile.ErrEmpty) {
		return nil, errNoLockfile(c.workspace.root)
	}
	if err != nil {
		return nil, err
	}
	entries := map[string]project.Node{}
	for dir, e := range doc.Npm.Entries {
		if entries[dir], err = project.ParseValue(filepath.Base(c.lock.Path), string(e.JSON())); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// auditScope is what the selected projects depend on; nil is everything.
func auditScope(q *queried, selected map[string]bool) map[*query.Node]bool {
	if selected == nil {
		return nil
	}
	within := map[*query.Node]bool{}
	var todo []*query.Node
	add := func(n *query.Node) {
		if n != nil && !within[n] {
			within[n] = true
			todo = append(todo, n)
		}
	}
	for _, n := range q.Nodes {
		if n.Own && !n.Root && selected[n.Location] {
			add(n)
		}
	}
	if selected["."] {
		for _, e := range q.Root.Out {
			if e.Type != "workspace" {
				add(e.To)
			}
		}
	}
	for ; len(todo) > 0; todo = todo[1:] {
		for _, e := range todo[0].Out {
			add(e.To)
		}
		add(todo[0].Target)
	}
	return within
}

// omits reports whether flags leave a package out, by what the lockfile says of it.
func (a *npmAuditing) omits(entry project.Node) bool {
	is := func(flag string) bool { return entry.Field(flag).Text == "true" }
	in := a.cfg.Settings.Include
	return a.cfg.Settings.Bill.OmitPeers && is("peer") || !in.Dev && is("dev") || !in.Optional && is("optional") ||
		!in.Dev && !in.Optional && is("devOptional")
}

// advisories are the registry's that count, by the names of packages.
func (a *npmAuditing) advisories(ctx context.Context, question map[string][]string) (map[string][]audit.Advisory, error) {
	out := map[string][]audit.Advisory{}
	if err := a.askBulk(ctx, question, &out); err != nil {
		return nil, err
	}
	ignored, err := a.ignores()
	if err != nil {
		return nil, err
	}
	for name, list := range out {
		out[name] = slices.DeleteFunc(list, func(adv audit.Advisory) bool {
			skip := slices.Contains(ignored, cmp.Or(adv.GHSA(), "none"))
			if skip {
				a.ignored++
			}
			return skip
		})
	}
	return out, nil
}

// Packuments implements npmaudit.Registry. npm, too, goes on without what it cannot
// have: a package of no registry has no better versions.
func (a *npmAuditing) Packuments(ctx context.Context, names []npm.Name) map[npm.Name]*npm.Packument {
	docs := make([]*npm.Packument, len(names))
	spawn.Each(len(names), packumentsAtOnce, true, func(i int) error {
		docs[i], _ = a.source.Packument(ctx, names[i], false)
		return ctx.Err()
	})
	out := map[npm.Name]*npm.Packument{}
	for i, name := range names {
		if docs[i] != nil {
			out[name] = docs[i]
		}
	}
	return out
}

// text is the report for people.
func (a *npmAuditing) text(doc *npmaudit.Document) string {
	text := ui.Plain(doc.Text("godwit"))
	if a.ignored > 0 {
		text += fmt.Sprintf("\n%d ignored", a.ignored)
	}
	return strings.TrimSuffix(text, "\n")
}

// verdict fails if anything is bad enough.
func (c *call) verdict(doc *npmaudit.Document) error {
	if doc.Metadata.Vulnerabilities.AtLeast(c.cfg.Settings.Audit.Level) {
		return errSaid
	}
	return nil
}

// auditFailed is an audit that could not be made; npm's JSON says so on stdout.
func (c *call) auditFailed(err error) error {
	if !c.cfg.Settings.Call.JSON {
		return err
	}
	out := struct {
		Message string `json:"message"`
		Method  string `json:"method,omitempty"`
		URL     string `json:"uri,omitempty"`
		Status  int    `json:"statusCode,omitempty"`
	}{Message: err.Error()}
	if status, ok := errors.AsType[*registry.StatusError](err); ok {
		out.Method, out.URL, out.Status = http.MethodPost, status.URL, status.Status
	}
	if err := writeJSON(c.Stdout, out); err != nil {
		return err
	}
	return err
}
