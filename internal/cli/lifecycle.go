package cli

import (
	"path/filepath"

	"godwit/internal/event"
	"godwit/internal/install"
	"godwit/internal/project"
)

// Scripts of a project that an install runs, before it and after it; those of
// the last list only where devDependencies are installed (as pnpm 12 does).
var (
	beforeInstall = []string{"preinstall"}
	afterInstall  = []string{"install", "postinstall"}
	toPrepare     = []string{"preprepare", "prepare", "postprepare"}
)

// lifecycle lets an install run the scripts of the projects that it is for.
func (c *call) lifecycle(req *install.Request) {
	s := &c.cfg.Settings
	if s.Install.IgnoreScripts || s.Install.SlotsOnly || !s.Install.ModulesDir || req.LockfileOnly || req.DryRun {
		return
	}
	after := afterInstall
	if s.Include.Dev {
		after = append(after[:len(after):len(after)], toPrepare...)
	}
	req.Before = func(importers []install.Importer) error { return c.stage(importers, beforeInstall, req.Sink) }
	req.After = func(importers []install.Importer) error { return c.stage(importers, after, req.Sink) }
}

// stage runs some scripts of the projects selected, one after the other in each
// project, and a project after those that it depends on.
func (c *call) stage(importers []install.Importer, events []string, sink event.Sink) error {
	dirs := map[string]bool{}
	for _, im := range importers {
		if !im.Unselected && c.hasAny(&im, events) {
			dirs[im.Dir] = true
		}
	}
	if len(dirs) == 0 {
		return nil
	}
	r, stop := c.newRunner("install")
	defer stop()
	r.sink = sink
	var levels [][]task
	for _, level := range c.projectGraph(importers, false).Levels(dirs) {
		var at []task
		for _, dir := range level {
			at = append(at, task{dir, []func(string) error{func(string) error { return r.projectScripts(dir, events) }}})
		}
		levels = append(levels, at)
	}
	return r.levels(levels)
}

func (c *call) hasAny(im *install.Importer, events []string) bool {
	for _, e := range events {
		if im.Manifest.Scripts[e] != "" || e == "install" && c.hasGyp(im) {
			return true
		}
	}
	return false
}

// hasGyp reports whether a project is to be built by node-gyp because it has a
// binding.gyp and says nothing else.
func (c *call) hasGyp(im *install.Importer) bool {
	return im.Manifest.Scripts["install"] == "" && im.Manifest.Scripts["preinstall"] == "" &&
		isRegular(filepath.Join(c.workspace.root, filepath.FromSlash(im.Dir), "binding.gyp"))
}

// projectScripts runs those of the scripts that a project has.
func (r *runner) projectScripts(dir string, events []string) error {
	p, err := project.Read(filepath.Join(r.workspace.root, filepath.FromSlash(dir)))
	if err != nil {
		return err
	}
	for _, e := range events {
		line := p.Manifest.Scripts[e]
		if line == "" && e == "install" && p.Manifest.Scripts["preinstall"] == "" && isRegular(filepath.Join(p.Dir, "binding.gyp")) {
			line = "node-gyp rebuild"
		}
		if line == "" {
			continue
		}
		if err := r.line(p, e, line, nil, dir); err != nil {
			return err
		}
	}
	return nil
}
