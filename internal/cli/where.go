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
	return c.tellDir(false, c.modulesOf)
}

// runBin is the command bin: where their commands are.
func runBin(_ context.Context, c *call) error {
	return c.tellDir(true, func(dir string) string { return filepath.Join(c.modulesOf(dir), ".bin") })
}

// runPrefix is the command prefix: where the project is, or what is global.
func runPrefix(_ context.Context, c *call) error {
	if !c.cfg.Settings.Call.Global {
		return c.tellDir(false, func(dir string) string { return absolute(c.workspace.root, dir) })
	}
	_, err := fmt.Fprintln(c.Stdout, c.cfg.Settings.Dirs.Global)
	return err
}

// tellDir prints a directory of the project that the call is about, or that of the
// global packages: of theirs, or of their commands.
func (c *call) tellDir(bin bool, of func(dir string) string) error {
	if c.cfg.Settings.Call.Global {
		return c.tellGlobal(bin)
	}
	dir := c.workspace.here
	if c.workspace.root == "" || c.workspace.stray != "" { // in no project: where one would be
		c.workspace.root, dir = c.args.Dir(c.Dir, c.Home), "."
	}
	if c.cfg.Settings.Workspace.Root {
		dir = "."
	}
	_, err := fmt.Fprintln(c.Stdout, of(dir))
	return err
}

// slotPath is where the files of a package are, or would be if it is left out
// here.
func (c *call) slotPath(key graph.Key) string {
	name := graph.SlotName(key, c.cfg.Settings.Dirs.MaxSlotName)
	return filepath.Join(c.storeDir(), name, layout.ModulesDir, filepath.FromSlash(string(key.Name())))
}
