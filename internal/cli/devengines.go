package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
)

// manager is the tool that package.json names for itself, under packageManager or
// else devEngines, where several are alternatives and name none. "" is none that we
// stand in for.
func (c *call) manager() string {
	if c.inputs.Project == nil {
		return ""
	}
	m := &c.inputs.Project.Manifest
	name, _, _ := strings.Cut(m.PackageManager, "@")
	if engines := m.DevEngines.PackageManager; name == "" && len(engines) == 1 {
		name = engines[0].Name
	}
	if lockfile.FormatOf(name) == "" {
		return ""
	}
	return name
}

// managedBy reports whether package.json names a tool.
func (c *call) managedBy(tool string) bool { return c.manager() == tool }

// checkManager is about devEngines.packageManager: we stand in for any version of
// npm, pnpm, yarn and bun, and say so where nobody else is wanted.
func (c *call) checkManager(sink event.Sink) error {
	if c.inputs.Project == nil {
		return nil
	}
	wanted := c.inputs.Project.Manifest.DevEngines.PackageManager
	if len(wanted) == 0 {
		return nil
	}
	for _, t := range wanted {
		if lockfile.FormatOf(t.Name) == "" {
			continue
		}
		if t.OnFail == "error" {
			sink.Emit(event.Warning{Code: "DEV_ENGINES", Message: fmt.Sprintf(
				"package.json wants %s and nothing else (devEngines.packageManager); godwit stands in for it, whatever the version", named(t))})
		}
		return nil
	}
	last := wanted[len(wanted)-1]
	problem := &refusedError{
		"package.json wants " + named(last) + " (devEngines.packageManager), for which godwit cannot stand in", "EBADDEVENGINES",
		"use " + last.Name + ", or go on in spite of that: --force",
	}
	return c.onFail(last.OnFail, problem, sink)
}

// checkRuntime holds Node against devEngines.runtime. What is to be downloaded is not
// checked, and other runtimes are not looked for. Where onFail says nothing npm
// refuses, and pnpm does not look.
func (c *call) checkRuntime(sink event.Sink) error {
	if c.inputs.Project == nil {
		return nil
	}
	wanted := c.inputs.Project.Manifest.DevEngines.Runtime
	instead := c.cfg.Settings.Install.RuntimeOnFail
	if len(wanted) == 0 || slices.ContainsFunc(wanted, func(t project.Tool) bool { return t.Name != "node" || cmp.Or(instead, t.OnFail) == "download" }) {
		return nil
	}
	have := c.nodeVersion()
	for _, t := range wanted {
		want, err := semver.ParseRange(t.Version, semver.Options{})
		if have == (semver.Version{}) || err == nil && want.Match(have) {
			return nil
		}
	}
	last, code, silence := wanted[len(wanted)-1], "ERR_PNPM_BAD_RUNTIME_VERSION", "ignore"
	if c.npmProject() {
		code, silence = "EBADDEVENGINES", "error"
	}
	return c.onFail(cmp.Or(instead, last.OnFail, silence), &refusedError{
		fmt.Sprintf("package.json wants %s (devEngines.runtime), and this is %s", named(last), have), code,
		"use such a version, set onFail there to warn or ignore, or go on in spite of that: --force",
	}, sink)
}

// onFail does with a problem what package.json says.
func (c *call) onFail(how string, problem *refusedError, sink event.Sink) error {
	switch {
	case how == "ignore":
		return nil
	case how == "warn" || c.cfg.Settings.Call.Force:
		sink.Emit(event.Warning{Code: problem.code, Message: problem.what})
		return nil
	}
	return problem
}

func named(t project.Tool) string { return strings.TrimSpace(t.Name + " " + t.Version) }

// checkFirst lets an install that has something to do look at Node before.
func (c *call) checkFirst(req *install.Request) {
	before := req.Before
	req.Before = func(importers []install.Importer) error {
		if err := c.checkRuntime(req.Sink); err != nil || before == nil {
			return err
		}
		return before(importers)
	}
}
