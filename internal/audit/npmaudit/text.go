package npmaudit

import (
	"fmt"
	"strings"

	"godwit/internal/audit"
)

// Text is a report for people, as npm prints it (npm-audit-report, detail). Lines may
// have characters that are for terminals.
func (d *Document) Text(command string) string {
	summary := d.Summary(command)
	if d.Metadata.Vulnerabilities.Total == 0 {
		return summary
	}
	t := &text{command: command, byName: map[string]*vulnerability{}, told: map[string]bool{}}
	for i := range d.Vulnerabilities {
		t.byName[d.Vulnerabilities[i].Name] = &d.Vulnerabilities[i]
	}
	t.line("# %s audit report\n", command)
	for i := range d.Vulnerabilities {
		if v := &d.Vulnerabilities[i]; v.ownAdvisory() {
			t.tell(v, "")
		}
	}
	return t.b.String() + summary
}

// ownAdvisory reports whether a registry's advisory is about v itself.
func (v *vulnerability) ownAdvisory() bool {
	for _, cause := range v.Via {
		if _, ok := cause.(via); ok {
			return true
		}
	}
	return false
}

type text struct {
	b       strings.Builder
	command string // what users call: "npm"
	byName  map[string]*vulnerability
	told    map[string]bool
}

func (t *text) line(format string, args ...any) { fmt.Fprintf(&t.b, format+"\n", args...) }

// tell tells of a vulnerability, once, and then of what follows from it, further
// inside.
func (t *text) tell(v *vulnerability, indent string) {
	top := indent == ""
	if t.told[v.Name] {
		if top {
			t.line("")
		}
		return
	}
	t.told[v.Name] = true
	t.line("%s%s  %s", indent, v.Name, v.Range)
	if top && v.Severity != "low" {
		t.line("Severity: %s", v.Severity)
	}
	for _, cause := range v.Via {
		if a, own := cause.(via); !own {
			t.line("%sDepends on vulnerable versions of %s", indent, cause)
		} else if top {
			t.line("%s - %s", a.Title, a.URL)
		}
	}
	if top {
		t.wayOut(v.fix)
	}
	for _, place := range v.Nodes {
		t.line("%s%s", indent, place)
	}
	for _, name := range v.Effects {
		if effect := t.byName[name]; effect != nil {
			t.tell(effect, indent+"  ")
		}
	}
	if top {
		t.line("")
	}
}

func (t *text) wayOut(f Fix) {
	switch {
	case f.Kind == NoFix:
		t.line("No fix available")
	case f.Kind == FixInRange:
		t.line("fix available via `%s audit fix`", t.command)
	default:
		t.line("fix available via `%s audit fix --force`", t.command)
		t.line("Will install %s@%s, which is %s", f.Name, f.Version, f.Breaks("a breaking change", "outside the stated dependency range"))
	}
}

// Breaks is one of two words for what a FixForced may do.
func (f Fix) Breaks(major, outside string) string {
	if f.Major {
		return major
	}
	return outside
}

// Summary counts, and says what can be done.
func (d *Document) Summary(command string) string {
	total := d.Metadata.Vulnerabilities.Total
	if total == 0 {
		return "found 0 vulnerabilities"
	}
	var out, counted []string
	for i, n := range d.Metadata.Vulnerabilities.counts() {
		if *n > 0 && (audit.Severities[i] != "info" || *n == total) {
			counted = append(counted, fmt.Sprintf("%d %s", *n, audit.Severities[i]))
		}
	}
	switch {
	case len(counted) != 1:
		out = append(out, fmt.Sprintf("%d vulnerabilities (%s)", total, strings.Join(counted, ", ")))
	case strings.HasPrefix(counted[0], "1 "):
		out = append(out, counted[0]+" severity vulnerability")
	default:
		out = append(out, counted[0]+" severity vulnerabilities")
	}
	return strings.Join(append(out, d.ways(command)...), "\n")
}

// ways are what can be done.
func (d *Document) ways(command string) (out []string) {
	var inRange, force, major, none bool
	for i := range d.Vulnerabilities {
		f := d.Vulnerabilities[i].fix
		inRange = inRange || f.Kind == FixInRange
		none = none || f.Kind == NoFix
		force = force || f.Kind == FixForced
		major = major || f.Major
	}
	if inRange {
		what := "all issues"
		if force || none {
			what = "issues that do not require attention"
		}
		out = append(out, "", "To address "+what+", run:", "  "+command+" audit fix")
	}
	if force {
		what := ""
		if none {
			what = " possible"
		}
		if major {
			what += " (including breaking changes)"
		}
		out = append(out, "", "To address all issues"+what+", run:", "  "+command+" audit fix --force")
	}
	if none {
		out = append(out, "", "Some issues need review, and may require choosing", "a different dependency.")
	}
	return out
}
