package cli

import (
	"path/filepath"

	"godwit/internal/cli/actual"
	"godwit/internal/project"
)

// npmTree is what is in node_modules of a project of npm's, for the project at hand
// or those that were named.
func (c *call) npmTree() (*actual.Tree, error) {
	o, err := c.treeOptions()
	if err != nil {
		return nil, err
	}
	return actual.Read(o)
}

func (c *call) treeOptions() (actual.Options, error) {
	in := c.cfg.Settings.Include
	o := actual.Options{
		Root: c.workspace.root, Lockfile: filepath.Base(c.lock.Path), Members: map[string]string{},
		Prod: in.Prod, Dev: in.Dev, Optional: in.Optional, Peer: in.Prod,
	}
	if err := c.workspace.list(); err != nil {
		return o, err
	}
	var err error
	if o.Selected, err = c.shownProjects(); err != nil {
		return o, err
	}
	for _, dir := range c.workspace.dirs[min(1, len(c.workspace.dirs)):] {
		p, err := project.Read(filepath.Join(o.Root, filepath.FromSlash(dir)))
		if err != nil {
			return o, err
		}
		o.Members[string(p.Manifest.Name)] = dir
	}
	return o, nil
}

// shownProjects are the directories of the projects that the call is for; nil is
// all.
func (c *call) shownProjects() (map[string]bool, error) {
	s := &c.cfg.Settings.Workspace
	if len(s.Filter)+len(s.FilterProd) > 0 {
		importers, err := c.projects()
		if err != nil {
			return nil, err
		}
		return c.matching(importers)
	}
	if c.workspace.here != "." {
		return map[string]bool{c.workspace.here: true}, nil
	}
	return nil, nil
}
