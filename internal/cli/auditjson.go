package cli

import (
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
	m.Dependencies, m.Dev, m.Optional, m.Total = a.count()
	return out
}

// count counts packages by what leads to them; those of both optional and
// devDependencies are the latter's.
func (a *auditor) count() (prod, dev, optional, total int) {
	notDev := a.graph.Reachable(graph.Scope{Groups: []graph.Group{graph.Prod, graph.Optional}})
	for key, viaOptional := range a.reach {
		_, prodToo := notDev[key]
		switch total++; {
		case !prodToo:
			dev++
		case viaOptional:
			optional++
		default:
			prod++
		}
	}
	return prod, dev, optional, total
}
