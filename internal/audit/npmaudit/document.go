package npmaudit

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"godwit/internal/audit"
	"godwit/internal/npm"
	"godwit/internal/query"
)

// Document is a report in the shape of npm's audit --json, of the version of reports
// that npm calls 2.
type Document struct {
	Version         int     `json:"auditReportVersion"`
	Vulnerabilities ordered `json:"vulnerabilities"`
	Metadata        struct {
		Vulnerabilities Severities `json:"vulnerabilities"`
		Dependencies    struct {
			Prod         int `json:"prod"`
			Dev          int `json:"dev"`
			Optional     int `json:"optional"`
			Peer         int `json:"peer"`
			PeerOptional int `json:"peerOptional"` // npm never counts these
			Total        int `json:"total"`
		} `json:"dependencies"`
	} `json:"metadata"`
}

// Severities counts vulnerable packages.
type Severities struct {
	Info     int `json:"info"`
	Low      int `json:"low"`
	Moderate int `json:"moderate"`
	High     int `json:"high"`
	Critical int `json:"critical"`
	Total    int `json:"total"`
}

func (s *Severities) counts() []*int {
	return []*int{&s.Info, &s.Low, &s.Moderate, &s.High, &s.Critical}
}

// AtLeast reports whether anything is as bad as level, of which "none" is worse than
// anything.
func (s *Severities) AtLeast(level string) bool {
	if level == "none" {
		return false
	}
	counts := s.counts()[max(0, audit.Rank(level)):]
	return slices.ContainsFunc(counts, func(n *int) bool { return *n > 0 })
}

// vulnerability is a Vuln as JSON has it.
type vulnerability struct {
	Name     string   `json:"name"`
	Severity string   `json:"severity"`
	Direct   bool     `json:"isDirect"`
	Via      []any    `json:"via"` // a via, or the name of another vulnerability
	Effects  []string `json:"effects"`
	Range    string   `json:"range"`
	Nodes    []string `json:"nodes"`
	Fix      any      `json:"fixAvailable"` // whether there is one, or a forced one
	Blocked  *Blocked `json:"fixBlockedByReleaseAge,omitempty"`

	fix Fix
}

// forced is a FixForced as JSON has it.
type forced struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Major   *bool  `json:"isSemVerMajor,omitempty"` // nil within what is asked for
}

// via is a registry's advisory as JSON has it.
type via struct {
	Source     int         `json:"source"`
	Name       string      `json:"name"`
	Dependency string      `json:"dependency"`
	Title      string      `json:"title"`
	URL        string      `json:"url"`
	Severity   string      `json:"severity"`
	CWE        []string    `json:"cwe,omitzero"`
	CVSS       *audit.CVSS `json:"cvss,omitempty"`
	Range      string      `json:"range"`
}

// ordered is an object whose members stand in order.
type ordered []vulnerability

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	b.WriteByte('{')
	for i := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := e.Encode(o[i].Name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := e.Encode(&o[i]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Document is the report as JSON has it.
func (r *Report) Document() *Document {
	d := &Document{Version: 2, Vulnerabilities: ordered{}}
	for _, v := range r.vulns {
		d.Vulnerabilities = append(d.Vulnerabilities, v.document())
		if rank := audit.Rank(v.Severity); rank >= 0 {
			*d.Metadata.Vulnerabilities.counts()[rank]++
		}
		d.Metadata.Vulnerabilities.Total++
	}
	slices.SortFunc(d.Vulnerabilities, func(a, b vulnerability) int { return npm.Collate(a.Name, b.Name) })
	deps := &d.Metadata.Dependencies
	deps.Total = len(r.tree.Nodes) - 1 // but for the project itself, which counts as prod
	for _, n := range r.tree.Nodes {
		for kind, count := range map[*int]bool{&deps.Dev: n.Dev, &deps.Optional: n.Optional, &deps.Peer: n.Peer, &deps.Prod: !n.Dev && !n.Optional && !n.Peer} {
			if count {
				*kind++
			}
		}
	}
	return d
}

func (v *Vuln) document() vulnerability {
	out := vulnerability{
		Name: v.Name, Severity: v.Severity, Direct: v.direct(), Via: v.causes(), Effects: []string{}, Range: v.Range(), Nodes: []string{},
		Fix: v.fix.Kind == FixInRange, Blocked: v.Blocked, fix: v.fix,
	}
	for _, e := range v.effects {
		out.Effects = append(out.Effects, e.Name)
	}
	for _, n := range v.nodes {
		out.Nodes = append(out.Nodes, n.Location)
	}
	slices.SortFunc(out.Effects, npm.Collate)
	slices.SortFunc(out.Nodes, npm.Collate)
	if v.fix.Kind == FixForced {
		f := &forced{Name: v.fix.Name, Version: v.fix.Version}
		if v.fix.Outside {
			f.Major = &v.fix.Major
		}
		out.Fix = f
	}
	return out
}

// direct reports whether a project depends on one of the vulnerable packages.
func (v *Vuln) direct() bool {
	return slices.ContainsFunc(v.nodes, func(n *query.Node) bool {
		return slices.ContainsFunc(n.In, func(e *query.Edge) bool { return e.From.Root || e.From.Workspace })
	})
}

// causes are the advisories, by number or by the name of what they follow from.
func (v *Vuln) causes() []any {
	advisories := slices.Clone(v.advisories)
	key := func(a *advisory) string {
		if a.meta() {
			return a.cause.name
		}
		return strconv.Itoa(a.of.ID)
	}
	slices.SortStableFunc(advisories, func(a, b *advisory) int { return npm.Collate(key(a), key(b)) })
	out := make([]any, 0, len(advisories))
	for _, a := range advisories {
		if a.meta() {
			out = append(out, a.cause.name)
			continue
		}
		out = append(out, via{
			Source: a.of.ID, Name: a.name, Dependency: v.dependency(a), Title: a.of.Title, URL: a.of.URL,
			Severity: a.severity(), CWE: a.of.CWE, CVSS: a.of.CVSS, Range: a.text,
		})
	}
	return out
}
