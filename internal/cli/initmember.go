package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"godwit/internal/project"
)

// initMembers is the command init with npm's -w: it makes projects below the one at
// hand, which gets them for members where no pattern of its names them yet, and
// links them.
func (c *call) initMembers(ctx context.Context) error {
	if c.inputs.Project == nil || c.inputs.Location.Workspace != "" && !c.workspace.npm {
		return &refusedError{what: "init -w is for the root of npm's workspaces", code: "ERR_GODWIT_NO_ROOT", next: "make its package.json first: godwit init; pnpm's has its members in pnpm-workspace.yaml"}
	}
	if len(c.args.Positional) > 1 {
		return &unsupportedError{"init -w with the name of an initializer", "go to the directory, and run godwit init " + c.args.Positional[1] + " there"}
	}
	root := c.inputs.Project
	for _, dir := range c.cfg.Settings.Call.Members {
		at := filepath.Join(root.Dir, filepath.FromSlash(dir))
		rel, err := filepath.Rel(root.Dir, at)
		if err != nil || !filepath.IsLocal(rel) || rel == "." {
			return &refusedError{what: dir + " is not below " + root.Dir, code: "ERR_GODWIT_NO_ROOT", next: "name a directory below it"}
		}
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		file := project.ManifestIn(at)
		if _, err := os.Lstat(file); err == nil {
			return &initError{file}
		}
		text, err := start(file, "")
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(c.Stdout, "Wrote to %s\n\n%s", file, text); err != nil {
			return err
		}
		if err := c.nameMember(root, filepath.ToSlash(rel)); err != nil {
			return err
		}
		if root, err = project.Read(root.Dir); err != nil {
			return err
		}
	}
	at, err := load(c.Process, c.args, false) // the workspace as it is now
	if err != nil {
		return err
	}
	return runInstall(ctx, at)
}

// nameMember writes a member to the package.json of its root.
func (c *call) nameMember(root *project.Project, dir string) error {
	if project.IsMember(dir, root.Manifest.Workspaces) {
		return nil
	}
	way := "workspaces[]"
	if root.Manifest.Document.Field("workspaces").Kind == project.Map {
		way = "workspaces.packages[]"
	}
	property, err := project.ParseProperty(way)
	if err != nil {
		return err
	}
	return c.rewriteDocument(root, func(p *project.Project) (project.Node, error) {
		return property.Set(p.Manifest.Document, project.Text(dir), true)
	})
}
