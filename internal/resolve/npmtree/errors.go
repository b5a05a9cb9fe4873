package npmtree

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/npm"
)

// failure is a dependency that could not be found, with the way that led to it.
type failure struct {
	chain []string
	err   error
}

func (e *failure) Error() string {
	return fmt.Sprintf("resolve %s: %v", strings.Join(e.chain, " > "), e.err)
}

// Unwrap returns what went wrong.
func (e *failure) Unwrap() error { return e.err }

// chain is one way from the project to n.
func chain(n *node) []string {
	var out []string
	seen := map[*node]bool{}
	for n != nil && !seen[n] {
		seen[n] = true
		if n.source != nil {
			n = n.source
		}
		out = append(out, label(n))
		switch {
		case n.isRoot():
			n = nil
		case len(n.in) > 0:
			n = n.in[0].from
		default:
			n = n.root.source
		}
	}
	slices.Reverse(out)
	return out
}

// label is what messages call a node.
func label(n *node) string {
	name := string(n.packageName())
	if n.isProject() {
		return name
	}
	return npm.Label(name, n.files().pkg.manifest.Version)
}

// PeerError is a peer that cannot be where it is wanted: what is there is wanted
// by others.
type PeerError struct {
	Wants   string   // "react@^17.0.0"
	By      []string // the way to who wants it, the project first
	Found   string   // what is there, "" for nothing
	Because []string // who wants that
}

func (e *PeerError) Error() string {
	s := fmt.Sprintf("%s wants %s beside it", strings.Join(e.By, " > "), e.Wants)
	if e.Found != "" {
		s += fmt.Sprintf(", and %s is there", e.Found)
	}
	for _, b := range e.Because {
		s += "\n  " + b
	}
	return s
}

// Code is npm's code for this error.
func (e *PeerError) Code() string { return "ERESOLVE" }

// Hint is what the user can do.
func (e *PeerError) Hint() string {
	return "ask for versions that go together, or install with --legacy-peer-deps (peers are nobody's concern) or --force (they are overruled)"
}

// peerConflict is the error of an edge whose peer cannot be placed, or found. by
// is the edge of the project that has it otherwise, or nil.
func (b *builder) peerConflict(e, by *edge) error {
	err := &PeerError{Wants: e.name + "@" + e.spec(), By: chain(e.from)}
	there := e.from.resolve(e.name)
	if there == nil && by != nil {
		there = by.to
	}
	if there != nil {
		err.Found, err.Because = label(there), reasons(there)
	}
	if by != nil {
		err.Because = append(err.Because, reason(by))
	}
	slices.Sort(err.Because)
	err.Because = slices.Compact(err.Because)
	return err
}

// reasons say who depends on n, shortly.
func reasons(n *node) (out []string) {
	for _, e := range n.in {
		if e.valid() {
			out = append(out, reason(e))
		}
	}
	return out
}

func reason(e *edge) string {
	kinds := map[kind]string{dev: "dev ", optional: "optional ", peer: "peer ", peerOptional: "optional peer ", workspace: "workspace "}
	return fmt.Sprintf("%s%s@%s from %s", kinds[e.kind], e.name, e.spec(), strings.Join(chain(e.from), " > "))
}

// conflict is the error of a package that has no place.
func (p *placing) conflict() error {
	top := p
	for top.parent != nil {
		top = top.parent
	}
	err := p.b.peerConflict(top.edge, nil)
	if top.self == nil {
		return err
	}
	for _, c := range top.self.clashes() {
		if c.current != nil {
			return p.b.peerConflict(c.edge, c.target.out.named(c.edge.name))
		}
	}
	return err
}

// overrule lets a conflict stand.
func (p *placing) overrule(e *edge, dep *node) {
	e.conflicted = true
	found := "nothing"
	if there := e.from.resolve(e.name); there != nil {
		found = label(there)
	}
	p.b.warn("ERESOLVE", "overriding peer dependency: %s wants %s@%s beside it, %s is there and %s was found for others",
		strings.Join(chain(e.from), " > "), e.name, e.spec(), found, label(dep))
}

func (b *builder) warn(code, format string, args ...any) {
	b.warnings = append(b.warnings, event.Warning{Code: code, Message: fmt.Sprintf(format, args...)})
}
