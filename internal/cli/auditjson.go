package cli

import (
	"slices"
	"strconv"
	"strings"

	"godwit/internal/audit"
	"godwit/internal/graph"
)

// pnpmAudit is pnpm's audit --json (12.21).
type pnpmAudit struct {
	Advisories map[string]pnpmAdvisory `json:"advisories"`
	Metadata   struct {
		Vulnerabilities severities `json:"vulnerabilities"`
		Dependencies    int        `json:"dependencies"`
		Dev             int        `json:"devDependencies"`
		Optional        int        `json:"optionalDependencies"`
		Total           int        `json:"totalDependencies"`
	} `json:"metadata"`
}

type severities struct {
	Info     int `json:"info"`
	Low      int `json:"low"`
	Moderate int `json:"moderate"`
	High     int `json:"high"`
	Critical int `json:"critical"`
}

func (s *severities) add(severity string) {
	for i, n := range []*int{&s.Info, &s.Low, &s.Moderate, &s.High, &s.Critical} {
		if audit.Severities[i] == severity {
			*n++
		}
	}
}

type pnpmAdvisory struct {
	Findings   []pnpmFinding `json:"findings"`
	ID         int           `json:"id"`
	Title      string        `json:"title"`
	Module     string        `json:"module_name"`
	Vulnerable string        `json:"vulnerable_versions"`
	Patched    string        `json:"patched_versions"`
	Severity   string        `json:"severity"`
	CWE        string        `json:"cwe"`
	GHSA       string        `json:"github_advisory_id"`
	URL        string        `json:"url"`
}

type pnpmFinding struct {
	Version  string   `json:"version"`
	Paths    []string `json:"paths"`
	Dev      bool     `json:"dev"`
	Optional bool     `json:"optional"`
	Bundled  bool     `json:"bundled"`
}

func (a *auditor) pnpmReport() pnpmAudit {
	out := pnpmAudit{Advisories: map[string]pnpmAdvisory{}}
	for _, f := range a.findings {
		adv := pnpmAdvisory{
			ID: f.ID, Title: f.Title, Module: f.Name, Vulnerable: f.Vulnerable, Patched: f.Patched(),
			Severity: f.Severity, CWE: strings.Join(f.CWE, ", "), GHSA: f.GHSA(), URL: f.URL,
		}
		for _, h := range f.Hits {
			adv.Findings = append(adv.Findings, pnpmFinding{Version: h.Version, Paths: h.Paths, Dev: h.Dev, Optional: h.Optional})
		}
		if a.counts(&f) || a.cfg.Settings.Audit.Level == "none" {
			out.Advisories[strconv.Itoa(f.ID)] = adv
		}
		out.Metadata.Vulnerabilities.add(f.Severity)
	}
	m := &out.Metadata
	m.Dependencies, m.Dev, m.Optional, m.Total = a.count(a.reach, false)
	return out
}

// count counts packages by what leads to them. Those of both optional and
// devDependencies count as both for npm (both), as the latter for pnpm.
func (a *auditor) count(reach graph.Reach, both bool) (prod, dev, optional, total int) {
	notDev := a.graph.Reachable(graph.Scope{Groups: []graph.Group{graph.Prod, graph.Optional}})
	for key, viaOptional := range reach {
		_, prodToo := notDev[key]
		switch total++; {
		case !prodToo:
			if dev++; both && viaOptional {
				optional++
			}
		case viaOptional:
			optional++
		default:
			prod++
		}
	}
	return prod, dev, optional, total
}

// npmAudit is npm's audit --json, of the version of reports that npm calls 2.
type npmAudit struct {
	Version         int                         `json:"auditReportVersion"`
	Vulnerabilities map[string]npmVulnerability `json:"vulnerabilities"`
	Metadata        struct {
		Vulnerabilities struct {
			severities
			Total int `json:"total"`
		} `json:"vulnerabilities"`
		Dependencies struct {
			Prod         int `json:"prod"`
			Dev          int `json:"dev"`
			Optional     int `json:"optional"`
			Peer         int `json:"peer"`
			PeerOptional int `json:"peerOptional"`
			Total        int `json:"total"`
		} `json:"dependencies"`
	} `json:"metadata"`
}

type npmVulnerability struct {
	Name     string   `json:"name"`
	Severity string   `json:"severity"`
	Direct   bool     `json:"isDirect"`
	Via      []any    `json:"via"` // npmVia, or the name of another vulnerability
	Effects  []string `json:"effects"`
	Range    string   `json:"range"`
	Nodes    []string `json:"nodes"`
	Fix      bool     `json:"fixAvailable"`
}

type npmVia struct {
	Source     int        `json:"source"`
	Name       string     `json:"name"`
	Dependency string     `json:"dependency"`
	Title      string     `json:"title"`
	URL        string     `json:"url"`
	Severity   string     `json:"severity"`
	CWE        []string   `json:"cwe"`
	CVSS       audit.CVSS `json:"cvss"`
	Range      string     `json:"range"`
}

// npmReport is what was found as npm tells it: by package, those that depend on
// a vulnerable one included. npm asks the registry for all versions of those, to
// tell from which one on they do not; here their range is what is installed, and
// a fix is an advisory's word that there is a later version.
func (a *auditor) npmReport() npmAudit {
	out := npmAudit{Version: 2, Vulnerabilities: map[string]npmVulnerability{}}
	var vulnerable []graph.Key
	byID := slices.SortedStableFunc(slices.Values(a.findings), func(a, b audit.Finding) int { return a.ID - b.ID })
	for _, f := range byID {
		v := out.Vulnerabilities[f.Name]
		v.via(npmVia{f.ID, f.Name, f.Name, f.Title, f.URL, f.Severity, f.CWE, f.CVSS, f.Vulnerable}, f.Severity)
		v.Name, v.Range = f.Name, union(v.Range, f.Vulnerable)
		v.Fix = f.Patched() != ""
		for _, h := range f.Hits {
			vulnerable = append(vulnerable, h.Keys...)
			v.add(a.graph, h.Keys)
		}
		out.Vulnerabilities[f.Name] = v
	}
	a.addDependents(&out, vulnerable)
	direct := a.direct()
	for name, v := range out.Vulnerabilities {
		v.Direct = slices.ContainsFunc(direct, func(key graph.Key) bool { return string(key.Name()) == name })
		slices.Sort(v.Effects)
		slices.Sort(v.Nodes)
		out.Vulnerabilities[name] = v
		out.Metadata.Vulnerabilities.add(v.Severity)
		out.Metadata.Vulnerabilities.Total++
	}
	d := &out.Metadata.Dependencies
	d.Prod, d.Dev, d.Optional, d.Total = a.count(a.graph.Reachable(graph.Scope{}), true)
	d.Prod++ // the project itself
	return out
}

// direct are the packages that projects depend on themselves.
func (a *auditor) direct() []graph.Key {
	var out []graph.Key
	for _, im := range a.graph.Importers {
		for _, d := range im.Deps {
			out = append(out, d.Target.Key)
		}
	}
	return out
}

// addDependents adds what depends on vulnerable packages.
func (a *auditor) addDependents(out *npmAudit, vulnerable []graph.Key) {
	dependents := audit.Dependents(a.graph, a.reach, vulnerable)
	keys := make([]graph.Key, 0, len(dependents))
	for by := range dependents {
		keys = append(keys, by)
	}
	slices.Sort(keys)
	for _, by := range keys {
		name := string(by.Name())
		v := out.Vulnerabilities[name]
		v.Name, v.Range = name, union(v.Range, a.graph.Packages[by].Version)
		v.add(a.graph, []graph.Key{by})
		for _, of := range dependents[by] {
			cause := string(of.Name())
			c := out.Vulnerabilities[cause]
			if cause == name {
				continue
			}
			v.via(cause, c.Severity)
			v.Fix = c.Fix
			if !slices.Contains(c.Effects, name) {
				c.Effects = append(c.Effects, name)
				out.Vulnerabilities[cause] = c
			}
		}
		out.Vulnerabilities[name] = v
	}
}

// via adds a cause, once.
func (v *npmVulnerability) via(cause any, severity string) {
	if v.Via == nil {
		v.Effects, v.Nodes = []string{}, []string{}
	}
	if name, ok := cause.(string); ok && slices.ContainsFunc(v.Via, func(c any) bool { known, ok := c.(string); return ok && known == name }) {
		return
	}
	v.Via = append(v.Via, cause)
	if audit.Rank(severity) > audit.Rank(v.Severity) {
		v.Severity = severity
	}
}

func (v *npmVulnerability) add(g *graph.Graph, keys []graph.Key) {
	for _, key := range keys {
		if dir := g.Packages[key].Dir; dir != "" && !slices.Contains(v.Nodes, dir) {
			v.Nodes = append(v.Nodes, dir)
		}
	}
}

// union is one range or the other.
func union(a, b string) string {
	if a == "" || slices.Contains(strings.Split(b, " || "), a) {
		return b
	}
	if slices.Contains(strings.Split(a, " || "), b) {
		return a
	}
	return a + " || " + b
}
