package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"godwit/internal/graph"
	"godwit/internal/layout"
)

// runRoot is the command root: where the dependencies of the project are.
func runRoot(_ context.Context, c *call) error {
	return c.tellDir(layout.ModulesDir)
}

// runBin is the command bin: where their commands are.
func runBin(_ context.Context, c *call) error {
	return c.tellDir(layout.ModulesDir, ".bin")
}

// runPrefix is the command prefix: where the project is, or what is global.
func runPrefix(_ context.Context, c *call) error {
	if !c.cfg.Settings.Call.Global {
		return c.tellDir()
	}
	_, err := fmt.Fprintln(c.Stdout, c.cfg.Settings.Dirs.Global)
	return err
}

func (c *call) tellDir(below ...string) error {
	if c.cfg.Settings.Call.Global {
		return c.tellGlobal(len(below) > 1)
	}
	dir := filepath.Join(c.workspace.root, filepath.FromSlash(c.workspace.here))
	if c.workspace.root == "" || c.workspace.stray != "" { // in no project: where one would be
		dir = c.args.Dir(c.Dir, c.Home)
	}
	if c.cfg.Settings.Workspace.Root {
		dir = c.workspace.root
	}
	_, err := fmt.Fprintln(c.Stdout, filepath.Join(dir, filepath.Join(below...)))
	return err
}

// slotPath is where the files of a package are, or would be if it is left out
// here.
func (c *call) slotPath(key graph.Key) string {
	dir := c.virtualStore(c.workspace.root)
	if dir == "" {
		dir = layout.ModulesDir + "/.pnpm"
	}
	name := graph.SlotName(key, c.cfg.Settings.Dirs.MaxSlotName)
	return filepath.Join(c.workspace.root, filepath.FromSlash(dir), name, layout.ModulesDir, filepath.FromSlash(string(key.Name())))
}
