package cli

import (
	"slices"

	"godwit/internal/lockfile"
)

// retelling is a flag that another tool means otherwise than the table of settings
// does. The lockfile that a project keeps says which tool that is.
type retelling struct {
	typed   string // as it stands on the command line
	command string
	tools   []lockfile.Format
	means   string // the key of a switch; "" is nothing
}

// retellings are those flags: yarn and bun say --dev for what pnpm and npm call
// --save-dev, while pnpm's --dev leaves dependencies out. For npm, -d is about how
// much is told, and -D and -P are about what names behind the command become.
var retellings = []retelling{
	{"--dev", "add", []lockfile.Format{lockfile.Yarn, lockfile.Bun}, "save-dev"},
	{"--optional", "add", []lockfile.Format{lockfile.Yarn, lockfile.Bun}, "save-optional"},
	{"-d", "add", []lockfile.Format{lockfile.Bun, lockfile.Pnpm}, "save-dev"},
	{"-D", "install", []lockfile.Format{lockfile.Npm}, ""},
	{"-P", "install", []lockfile.Format{lockfile.Npm}, ""},
}

// retell gives such flags the meaning that they have for the project's tool.
func (c *call) retell() error {
	command := commandOf(c.args.Positional)
	for _, r := range retellings {
		if r.command != command || !c.args.Typed(r.typed) || c.inputs.Project == nil {
			continue
		}
		if err := c.findLock(); err != nil {
			return err
		}
		if slices.Contains(r.tools, c.lock.Format) {
			c.args.Retell(r.typed, r.means)
		}
	}
	return nil
}
