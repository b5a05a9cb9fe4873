package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/peers"
)

// runPeers is the command peers check: it reads the lockfile and tells what is
// wrong, with the way to every dependent, and why packages exist twice.
func runPeers(_ context.Context, c *call) error {
	r, err := c.checkPeers(nil)
	if err != nil {
		return err
	}
	return c.tellPeers([]peerReport{r})
}

// peerReport is what is to be said of the peers in one lockfile.
type peerReport struct {
	graph  *graph.Graph
	issues []peers.Issue
	copies []peers.Copy
}

// checkPeers looks at the lockfile; name, if not nil, says what its projects are
// called.
func (c *call) checkPeers(name func(dir string) string) (r peerReport, err error) {
	rules, err := c.peerRules()
	if err != nil {
		return r, err
	}
	root := c.workspace.root
	doc, err := c.choice(root).Present(root)
	if err != nil {
		return r, err
	}
	if doc == nil {
		return r, fmt.Errorf("there is no pnpm-lock.yaml to check in %s; godwit install --lockfile-only makes one", root)
	}
	r.graph = doc.Graph
	if name != nil {
		for _, im := range r.graph.Importers {
			im.Dir = name(im.Dir)
		}
	}
	r.issues, r.copies = peers.Check(r.graph, rules), peers.Copies(r.graph)
	return r, nil
}

// tellPeers prints what is said of several lockfiles.
func (c *call) tellPeers(checked []peerReport) error {
	count, said := 0, false
	w := peerWriter{w: c.Stdout, root: c.projectName()}
	for _, r := range checked {
		count += len(r.issues)
		if len(r.issues)+len(r.copies) > 0 && !c.cfg.Settings.Call.JSON {
			w.issues(r.issues)
			w.copies(r.copies)
			said = true
		}
	}
	switch {
	case c.cfg.Settings.Call.JSON:
		w.err = printPeersJSON(c.Stdout, checked)
	case !said:
		w.issues(nil)
	}
	if w.err == nil && count > 0 {
		return &peerIssuesError{count}
	}
	return w.err
}

// peerIssuesError ends peers check where there are issues.
type peerIssuesError struct{ count int }

func (e *peerIssuesError) Error() string {
	return fmt.Sprintf("%d peer dependencies are missing or have another version than wanted", e.count)
}

// Code is pnpm's code for this error.
func (e *peerIssuesError) Code() string { return "ERR_PNPM_PEER_DEP_ISSUES" }

// Hint is what the user can do.
func (e *peerIssuesError) Hint() string {
	return "add the missing peers in a version that all accept, or say in peerDependencyRules which are right as they are"
}

// peerRules is peerDependencyRules.
func (c *call) peerRules() (*peers.Rules, error) {
	shapes, err := c.shapes()
	if err != nil {
		return nil, err
	}
	rules := &peers.Rules{}
	var ignore, anyOf []string
	for _, sh := range shapes {
		ignore = append(ignore, sh.PeerDependencyRules.IgnoreMissing...)
		anyOf = append(anyOf, sh.PeerDependencyRules.AllowAny...)
		for _, d := range sh.PeerDependencyRules.AllowedVersion {
			rules.Allowed = append(rules.Allowed, allowedPeer(d))
		}
	}
	rules.IgnoreMissing, rules.AllowAny = matcher(ignore), matcher(anyOf)
	return rules, nil
}

// allowedPeer reads a selector of allowedVersions: "peer", "parent>peer" or
// "parent@range>peer".
func allowedPeer(d npm.Dep) peers.Allowed {
	a := peers.Allowed{Peer: d.Alias, Range: d.Specifier}
	if parent, peer, ok := strings.Cut(d.Alias, ">"); ok {
		a.Peer = strings.TrimSpace(peer)
		a.Parent, a.Of = graph.Key(strings.TrimSpace(parent)).Split()
	}
	return a
}

// projectName is what messages call the project at the root.
func (c *call) projectName() string {
	if name := c.inputs.Project.Manifest.Name; name != "" {
		return string(name)
	}
	return "."
}

// peerLine tells about an issue in one line for each way to it.
func peerLine(root string, i peers.Issue) string {
	var b strings.Builder
	for n, chain := range i.Chains {
		if n > 0 {
			b.WriteString("\n  ")
		}
		fmt.Fprintf(&b, "%s: ", way(root, i.Importer, chain))
		if i.Missing() {
			fmt.Fprintf(&b, "missing peer %s@%s", i.Peer, i.Wanted)
		} else {
			fmt.Fprintf(&b, "unmet peer %s@%s: found %s", i.Peer, i.Wanted, i.Found)
		}
	}
	return b.String()
}

// way writes a chain with the project it begins at.
func way(root, importer string, chain peers.Chain) string {
	if importer == "." {
		importer = root
	}
	words := []string{importer}
	for _, key := range chain {
		words = append(words, string(key.ID()))
	}
	return strings.Join(words, " > ")
}

// peerWriter prints a report for people. The first error stays.
type peerWriter struct {
	w    io.Writer
	root string
	err  error
}

func (w *peerWriter) line(depth int, format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.w, "%s%s\n", strings.Repeat("  ", depth), ui.Plain(fmt.Sprintf(format, args...)))
	}
}

func (w *peerWriter) issues(issues []peers.Issue) {
	if len(issues) == 0 {
		w.line(0, "no issues with peer dependencies")
	}
	var last *peers.Issue
	for k := range issues {
		i := &issues[k]
		if last == nil || last.Importer != i.Importer || last.Peer != i.Peer || last.Found != i.Found {
			w.heading(i)
		}
		last = i
		w.line(1, "%s wants %s", i.By, i.Wanted)
		for _, chain := range i.Chains {
			w.line(2, "%s", way(w.root, i.Importer, chain))
		}
		if i.More {
			w.line(2, "and more")
		}
	}
}

func (w *peerWriter) heading(i *peers.Issue) {
	where := ""
	if i.Importer != "." {
		where = " in " + i.Importer
	}
	if i.Missing() {
		w.line(0, "missing peer %s%s", i.Peer, where)
		return
	}
	w.line(0, "unmet peer %s%s: %s is there", i.Peer, where, i.Found)
	if i.From != nil {
		w.line(1, "it is %s", way(w.root, i.Importer, i.From))
	}
}

func (w *peerWriter) copies(copies []peers.Copy) {
	for _, c := range copies {
		w.line(0, "%d copies of %s, as they see other peers", len(c.Variants), c.ID)
		for _, v := range c.Variants {
			w.line(1, "%s", sees(v.Peers))
			for _, at := range v.Where {
				w.line(2, "%s", way(w.root, at.Importer, at.Chain))
			}
		}
	}
}

func sees(list []peers.Seen) string {
	words := make([]string, len(list))
	for i, s := range list {
		switch name, _ := s.Key.Split(); {
		case s.Key == "":
			words[i] = "no " + s.Peer
		case string(name) != s.Peer:
			words[i] = s.Peer + " as " + string(s.Key)
		default:
			words[i] = string(s.Key)
		}
	}
	if len(words) == 0 {
		return "with the same peers in other copies"
	}
	return "with " + strings.Join(words, ", ")
}
