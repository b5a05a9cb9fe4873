package cli

import (
	"context"
	"fmt"
	"strings"

	"godwit/internal/cli/ui"
)

const doctorHelp = `Nothing is changed: what is tried is tried in directories that are removed again.
Tokens are sent to their registries, and never shown. The exit status is 1 if
anything is called fail.`

// severity is how bad a finding is.
type severity string

const (
	fine    severity = "ok"
	doubt   severity = "warn" // works, but not as well or as safely as it could
	failure severity = "fail" // installs here cannot work
)

// finding is one line of what doctor has to say.
type finding struct {
	Check   string   `json:"check"`
	Status  severity `json:"status"`
	Message string   `json:"message"`
	Next    string   `json:"next,omitempty"` // what to do about it
}

// examination collects findings.
type examination struct {
	*call
	found []finding
}

func (x *examination) say(check string, how severity, next, format string, args ...any) {
	x.found = append(x.found, finding{check, how, ui.Plain(fmt.Sprintf(format, args...)), ui.Plain(next)})
}

// runDoctor is the command doctor: whether installs can work here, and what to do
// where they cannot.
func runDoctor(ctx context.Context, c *call) error {
	x := &examination{call: c}
	x.tools()
	x.settings()
	x.credentialFiles()
	x.network(ctx)
	x.disks()
	x.project()
	x.globalPackages()
	sick := false
	for _, f := range x.found {
		sick = sick || f.Status == failure
	}
	if err := x.print(!sick); err != nil {
		return err
	}
	if sick {
		return errSaid
	}
	return nil
}

func (x *examination) print(ok bool) error {
	if x.cfg.Settings.Call.JSON {
		return writeJSON(x.Stdout, struct {
			OK     bool      `json:"ok"`
			Checks []finding `json:"checks"`
		}{ok, x.found})
	}
	var b strings.Builder
	for _, f := range x.found {
		fmt.Fprintf(&b, "%-5s %-14s %s\n", f.Status, f.Check, strings.ReplaceAll(f.Message, "\n", " "))
		if f.Next != "" {
			fmt.Fprintf(&b, "%-20s %s\n", "", f.Next)
		}
	}
	_, err := fmt.Fprint(x.Stdout, b.String())
	return err
}
