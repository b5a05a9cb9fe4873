// Package audit finds the packages of a graph that advisories speak of, and the
// ways that lead to them.
package audit

import (
	"cmp"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm/semver"
)

// Advisory is what a registry says about some versions of a package (the bulk
// endpoint's answer).
type Advisory struct {
	ID         int      `json:"id"`
	URL        string   `json:"url"`
	Title      string   `json:"title"`
	Severity   string   `json:"severity"`
	Vulnerable string   `json:"vulnerable_versions"`
	CWE        []string `json:"cwe"`
	CVSS       *CVSS    `json:"cvss"`
}

// CVSS is how bad it is, in a scheme of its own.
type CVSS struct {
	Score  float64 `json:"score"`
	Vector *string `json:"vectorString"`
}

// Severities are the words for how bad something is, in order.
var Severities = []string{"info", "low", "moderate", "high", "critical"}

// Rank orders severities; a word that is none is the least.
func Rank(severity string) int { return slices.Index(Severities, severity) }

// GHSA is the advisory's name at GitHub, "" if it has none.
func (a *Advisory) GHSA() string {
	at := strings.LastIndexByte(a.URL, '/')
	if id := a.URL[at+1:]; strings.HasPrefix(id, "GHSA-") {
		return id
	}
	return ""
}

// Patched is the range of versions that the advisory does not speak of, above
// those that it does; "" if there are none. The bulk endpoint does not say.
func (a *Advisory) Patched() string {
	branches := strings.Split(a.Vulnerable, "||")
	words := strings.Fields(branches[len(branches)-1])
	if len(words) == 0 {
		return ""
	}
	last := words[len(words)-1]
	for _, bound := range []struct{ below, above string }{{"<=", ">"}, {"<", ">="}} {
		version, ok := strings.CutPrefix(last, bound.below)
		if len(words) > 1 && words[len(words)-2] == bound.below { // "< 1.0.0"
			version, ok = last, true
		}
		if ok && semver.Valid(version, semver.Options{}) {
			return bound.above + version
		}
	}
	if semver.Valid(strings.TrimPrefix(last, "="), semver.Options{}) && len(words) == 1 {
		return ">" + strings.TrimPrefix(last, "=")
	}
	return ""
}

// Finding is an advisory that speaks of something in a graph.
type Finding struct {
	Advisory
	Name string
	Hits []Hit // by version
}

// Hit is a version that an advisory speaks of.
type Hit struct {
	Version       string
	Paths         []string // ".>mid>left-pad"; at most maxPaths
	Dev, Optional bool     // nothing but devDependencies, or optional ones, lead to it
	Keys          []graph.Key
}

// Question lists the versions of all packages within reach, by name: what the
// bulk endpoint wants to know. Only what is from a registry counts, and not
// what is from one with a prefix: that is nobody else's to know.
func Question(g *graph.Graph, reach graph.Reach) map[string][]string {
	out := map[string][]string{}
	for key := range reach {
		p := g.Packages[key]
		if p == nil || p.Resolution.Kind != graph.Registry || p.Key.Registry() != "" || slices.Contains(out[string(p.Name)], p.Version) {
			continue
		}
		out[string(p.Name)] = append(out[string(p.Name)], p.Version)
	}
	for _, versions := range out {
		slices.Sort(versions)
	}
	return out
}

// Find matches advisories, by the names that they are about, with what is within
// reach. The worst come first.
func Find(g *graph.Graph, reach graph.Reach, advisories map[string][]Advisory) []Finding {
	w := newWays(g, reach)
	var out []Finding
	for name, list := range advisories {
		for _, a := range list {
			rng, err := semver.ParseRange(a.Vulnerable, semver.Options{IncludePrerelease: true})
			if err != nil {
				continue // nobody can tell what it speaks of
			}
			if hits := w.hits(name, rng); len(hits) > 0 {
				out = append(out, Finding{a, name, hits})
			}
		}
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(Rank(b.Severity)-Rank(a.Severity), strings.Compare(a.Name, b.Name), a.ID-b.ID)
	})
	return out
}
