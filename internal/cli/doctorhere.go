package cli

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/cli/doctor"
	"godwit/internal/cli/ui"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
)

// wantedNode is the project's range for node; "" is none.
func (x *examination) wantedNode() string {
	if x.inputs.Project == nil {
		return ""
	}
	want, _ := x.inputs.Project.Manifest.Engines.Lookup("node")
	return want
}

// disks tries what an install does with store, cache and project.
func (x *examination) disks() {
	st, err := x.openStore()
	if err != nil {
		x.Say("store", doctor.Failure, hintOf(err, "name another directory with store-dir"), "%s", err)
		return
	}
	defer st.Close()
	s := &x.cfg.Settings
	here := x.workspace.root
	if modules := filepath.Join(here, layout.ModulesDir); here != "" && isDirectory(modules) {
		here = modules // which may be another file system: a volume of a container
	}
	x.Disks(doctor.Disks{Store: st.Dir(), Cache: s.Dirs.Cache, Project: here, Method: s.Install.ImportMethod})
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// settings tells which files were read and what is wrong in them.
func (x *examination) settings() {
	if len(x.cfg.Files) == 0 {
		x.Say("settings", doctor.Fine, "", "no files; all is as by default")
	}
	for _, file := range x.cfg.Files {
		x.Say("settings", doctor.Fine, "", "%s", file)
	}
	for _, w := range x.cfg.Warnings {
		x.Say("settings", doctor.Doubt, "correct the line, or take it out", "%s", w.Message)
	}
}

// project looks at the lockfile and at node_modules.
func (x *examination) project() {
	if x.workspace.root == "" {
		x.Say("lockfile", doctor.Fine, "", "there is no project here")
		return
	}
	if err := x.findLock(); err != nil {
		x.Say("lockfile", doctor.Failure, hintOf(err, "look at the file"), "%s", err)
		return
	}
	switch {
	case len(x.otherLocks) > 0:
		var names []string
		for _, l := range x.otherLocks {
			names = append(names, filepath.Base(l.Path))
		}
		x.Say("lockfile", doctor.Doubt, "remove what is not used", "%s counts, and there are %s, too", x.lock.Format, strings.Join(names, ", "))
	case x.lock.Path == "" || !isRegular(x.lock.Path):
		x.Say("lockfile", doctor.Fine, "", "there is none yet; an install makes a %s", cmp.Or(x.lock.Format, lockfile.Pnpm))
	default:
		if _, err := lockfile.Read(x.lock); err != nil && !errors.Is(err, lockfile.ErrEmpty) {
			x.Say("lockfile", doctor.Failure, hintOf(err, "take it from version control once more"), "%s", err)
			return
		}
		x.Say("lockfile", doctor.Fine, "", "%s", x.lock.Path)
	}
	if !isDirectory(x.modulesOf(".")) {
		x.Say("node_modules", doctor.Fine, "", "there is none yet")
		return
	}
	switch issue, err := x.stale(true); {
	case err != nil:
		x.Say("node_modules", doctor.Failure, hintOf(err, "run godwit install"), "%s", err)
	case issue != "":
		x.Say("node_modules", doctor.Doubt, "run godwit install", "%s", issue)
	default:
		x.Say("node_modules", doctor.Fine, "", "what package.json and the lockfile ask for")
	}
}

// globalPackages looks whether their commands are found.
func (x *examination) globalPackages() {
	g := x.globals()
	groups, err := g.groups()
	switch {
	case err != nil:
		x.Say("global", doctor.Failure, "remove what is damaged below "+g.dir, "%s", err)
	case len(groups) > 0 && !x.onPath(g.bin):
		x.Say("global", doctor.Doubt, "run godwit setup", "%s are installed, but their commands in %s are not in PATH", ui.Count(len(groups), "group"), g.bin)
	case len(groups) > 0:
		x.Say("global", doctor.Fine, "", "%s, with commands in %s", ui.Count(len(groups), "group"), g.bin)
	}
}
