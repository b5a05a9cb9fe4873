package cli

import (
	"context"
	"io"

	"godwit/internal/cli/doctor"
)

const doctorHelp = `Nothing is changed: what is tried is tried in directories that are removed again.
Tokens are sent to their registries, and never shown. The exit status is 1 if
anything is called fail.`

// examination says what it finds about one call.
type examination struct {
	*call
	doctor.Report
}

// runDoctor is the command doctor: whether installs can work here, and what to do
// where they cannot.
func runDoctor(ctx context.Context, c *call) error {
	x := &examination{call: c}
	x.Tools(pathOf(c.Env), x.wantedNode(), func(program string, args ...string) (string, error) {
		return c.Output(c.Dir, program, args...)
	})
	x.settings()
	x.Secrets(c.cfg.Registries.All(), c.OS == "windows")
	x.network(ctx)
	x.disks()
	x.project()
	x.globalPackages()
	show := x.Print
	if c.cfg.Settings.Call.JSON {
		show = func(w io.Writer) error { return writeJSON(w, x.Value()) }
	}
	if err := show(c.Stdout); err != nil {
		return err
	}
	if x.Sick() {
		return errSaid
	}
	return nil
}
