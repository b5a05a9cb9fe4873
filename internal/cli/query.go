package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"godwit/internal/audit"
	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
	"godwit/internal/query"
	"godwit/internal/spawn"
)

const queryHelp = `A selector is CSS with npm's meaning: #name, .prod .dev .optional .peer .workspace
.bundled, [property=value], > for what something depends on itself, a blank for
what it needs at all, ~ for what has a dependent in common, and
    :attr(scripts, [test])  :deduped  :empty  :extraneous  :has(…)  :invalid  :is(…)
    :link  :missing  :not(…)  :outdated(major)  :overridden  :path(packages/*)
    :private  :root  :scope  :semver(^1.2.0)  :type(git)  :vuln([severity=high])
The answer is JSON: the package.json of each package, and where it is.
    godwit query ":root > .prod"
    godwit query "[license=MIT]:not(.dev)"
    godwit query "*:attr(scripts, [postinstall])" --expect-results=false`

// runQuery is the command query: the packages that a selector is about.
func runQuery(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	if len(words) > 1 {
		return &usageError{"query takes one selector, and got several words", "put it into quotes"}
	}
	text := ""
	if len(words) == 1 {
		text = words[0]
	}
	selector, err := query.Parse(text)
	if err != nil {
		return err
	}
	if err := c.findLock(); err != nil {
		return err
	}
	q, err := c.queried()
	if err != nil {
		return err
	}
	defer q.close()
	found, err := q.find(ctx, selector)
	if err != nil {
		return err
	}
	out := project.Node{Kind: project.List}
	for _, n := range found {
		out.Items = append(out.Items, q.item(n))
	}
	if _, err := fmt.Fprintln(c.Stdout, string(out.JSON())); err != nil {
		return err
	}
	return c.expected(len(found))
}

// expected holds the number of results against --expect-results and
// --expect-result-count.
func (c *call) expected(found int) error {
	call := &c.cfg.Settings.Call
	if c.args.Has("expect-result-count") && call.ExpectCount != found {
		return &refusedError{fmt.Sprintf("expected %d results, got %d", call.ExpectCount, found), "EEXPECTRESULT", ""}
	}
	if c.args.Has("expect-results") && call.ExpectResults != (found > 0) {
		return &refusedError{fmt.Sprintf("expected results to be %t, got %d", call.ExpectResults, found), "EEXPECTRESULT", ""}
	}
	return nil
}

// queried is a tree in the form that selectors are about.
type queried struct {
	*call
	query.World
	paths  map[*query.Node]string // directories; "" of what is missing
	from   map[*query.Node]string // where packages are from; "" is unknown
	scopes []*query.Node          // the projects that the call is about; nil is the root

	ask   asking
	close func()
}

// queried is the tree of the project, as its tool has it.
func (c *call) queried() (*queried, error) {
	q := &queried{call: c, paths: map[*query.Node]string{}, from: map[*query.Node]string{}, close: func() {}}
	q.Versions, q.Advisories = q.versions, q.advise
	if c.ofNpm() {
		return q, q.npmNodes()
	}
	return q, q.graphNodes()
}

// find lists what the selector finds for each project that the call is about, each
// package once: a link stands for what it leads to.
func (q *queried) find(ctx context.Context, s *query.Selector) ([]*query.Node, error) {
	scopes := q.scopes
	if scopes == nil {
		scopes = []*query.Node{q.Root}
	}
	var out []*query.Node
	seen := map[string]bool{}
	for _, scope := range scopes {
		found, err := q.Select(ctx, s, scope)
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			at := n.Location
			if n.Target != nil {
				at = n.Target.Location
			}
			if at == "" || !seen[at] {
				seen[at] = true
				out = append(out, n)
			}
		}
	}
	return out, nil
}

// item is a package in the shape of npm's query.
func (q *queried) item(n *query.Node) project.Node {
	of := n
	if n.Target != nil {
		of = n.Target
	}
	out := project.Node{Kind: project.Map, Fields: slices.Clone(of.Package.Fields)}
	name, version := of.Package.Field("name").Text, of.Package.Field("version").Text
	id := npm.Label(of.Name, version)
	switch {
	case of.Root:
		id = name + "@" + version
	case name != "" && name != of.Name:
		id = of.Name + "@npm:" + npm.Label(name, version)
	}
	out.Set("pkgid", project.Text(id))
	none := project.Node{Kind: project.Null}
	text := func(s string) project.Node {
		if s == "" {
			return none
		}
		return project.Text(s)
	}
	if q.paths[of] != "" {
		out.Set("location", project.Text(of.Location))
	}
	out.Set("path", text(q.paths[of]))
	out.Set("realpath", text(filepath.FromSlash(of.Realpath)))
	out.Set("resolved", text(q.from[of]))
	from, to := project.Node{Kind: project.List}, project.Node{Kind: project.List}
	for _, e := range of.In {
		from.Items = append(from.Items, project.Text(e.From.Location))
	}
	for _, e := range of.Out {
		if e.To != nil {
			to.Items = append(to.Items, project.Text(e.To.Location))
		}
	}
	out.Set("from", from)
	out.Set("to", to)
	out.Set("dev", truth(of.Dev))
	out.Set("inBundle", truth(of.Bundled))
	out.Set("deduped", truth(false)) // npm counts before it knows; :deduped tells
	out.Set("overridden", truth(n.Overridden))
	context := n.Context
	context.Kind = project.Map
	out.Set("queryContext", context)
	return out
}

// versions is what registries have of packages, the lowest first; nothing of one
// that they cannot be asked about, which is a warning for npm, too.
func (q *queried) versions(ctx context.Context, names []string) (map[string][]string, error) {
	if q.ask == nil {
		reporter := q.reporter()
		client, err := q.client(reporter)
		if err != nil {
			return nil, err
		}
		q.close = func() { client.Close(); reporter.Close() }
		if q.ask, err = q.asking(client); err != nil {
			return nil, err
		}
	}
	lists := make([][]string, len(names))
	err := spawn.Each(len(names), packumentsAtOnce, true, func(i int) error {
		doc, err := q.ask(ctx, npm.Name(names[i]))
		if err != nil {
			fmt.Fprintf(q.Stderr, "WARN no versions of %s are known: %v\n", ui.Plain(names[i]), err)
			return ctx.Err()
		}
		for _, v := range slices.SortedFunc(slices.Values(doc.Versions()), semver.Version.Compare) {
			lists[i] = append(lists[i], v.String())
		}
		return nil
	})
	out := map[string][]string{}
	for i, name := range names {
		out[name] = lists[i]
	}
	return out, err
}

// advise asks the registry for advisories.
func (q *queried) advise(ctx context.Context, question map[string][]string) (map[string][]query.Advisory, error) {
	out, answer := map[string][]query.Advisory{}, map[string][]json.RawMessage{}
	if err := q.askBulk(ctx, question, &answer); err != nil {
		return nil, err
	}
	for name, list := range answer {
		for _, raw := range list {
			var a audit.Advisory
			doc, err := project.ParseValue("the registry's advisory", string(raw))
			if err == nil {
				err = json.Unmarshal(raw, &a)
			}
			if err != nil {
				return nil, fmt.Errorf("read an advisory about %s: %w", name, err)
			}
			out[name] = append(out[name], query.Advisory{Vulnerable: a.Vulnerable, Severity: a.Severity, CWE: a.CWE, Document: doc})
		}
	}
	return out, nil
}
