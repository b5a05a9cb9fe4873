// Package doctor looks whether installs can work on a machine, and says what to do
// where they cannot.
package doctor

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
)

// Severity is how bad a finding is.
type Severity string

// The severities.
const (
	Fine    Severity = "ok"
	Doubt   Severity = "warn" // works, but not as well or as safely as it could
	Failure Severity = "fail" // installs here cannot work
)

// Finding is one line of what there is to say.
type Finding struct {
	Check   string   `json:"check"`
	Status  Severity `json:"status"`
	Message string   `json:"message"`
	Next    string   `json:"next,omitempty"` // what to do about it
}

// Report collects findings.
type Report struct{ found []Finding }

// Say adds a finding; next is what to do about it.
func (r *Report) Say(check string, how Severity, next, format string, args ...any) {
	r.found = append(r.found, Finding{check, how, ui.Plain(fmt.Sprintf(format, args...)), ui.Plain(next)})
}

// Has reports whether anything was said of a check.
func (r *Report) Has(check string) bool {
	return slices.ContainsFunc(r.found, func(f Finding) bool { return f.Check == check })
}

// Sick reports whether installs cannot work.
func (r *Report) Sick() bool {
	return slices.ContainsFunc(r.found, func(f Finding) bool { return f.Status == Failure })
}

// Value is the report for programs, to be written as JSON.
func (r *Report) Value() any {
	return struct {
		OK     bool      `json:"ok"`
		Checks []Finding `json:"checks"`
	}{!r.Sick(), r.found}
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	var b strings.Builder
	for _, f := range r.found {
		fmt.Fprintf(&b, "%-5s %-14s %s\n", f.Status, f.Check, strings.ReplaceAll(f.Message, "\n", " "))
		if f.Next != "" {
			fmt.Fprintf(&b, "%-20s %s\n", "", f.Next)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
