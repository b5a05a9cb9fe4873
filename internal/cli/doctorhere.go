package cli

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/install"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
	"godwit/internal/npm/semver"
	"godwit/internal/script"
)

// tools looks for the programs that scripts and repositories need.
func (x *examination) tools() {
	path := pathOf(x.Env)
	node := script.FindNode(path)
	version := script.NodeVersion(node)
	if version == "" && node != "" {
		text, _ := x.Output(x.Dir, node, "--version")
		version = strings.TrimPrefix(text, "v")
	}
	switch want := x.wantedNode(); {
	case node == "":
		x.say("node", doubt, "install Node.js: packages can be installed without it, but no script of theirs runs", "there is none in PATH")
	case want != "" && version != "" && !satisfies(version, want):
		x.say("node", doubt, "install a version that fits", "%s is %s, and the project wants %s", node, version, want)
	default:
		x.say("node", fine, "", "%s (%s)", cmp.Or(version, "of an unknown version"), node)
	}
	if text, err := x.Output(x.Dir, "git", "--version"); err != nil {
		x.say("git", doubt, "install git, if a package is to come from a repository", "it cannot be run")
	} else {
		x.say("git", fine, "", "%s", strings.TrimPrefix(text, "git version "))
	}
}

// wantedNode is the project's range for node; "" is none.
func (x *examination) wantedNode() string {
	if x.inputs.Project == nil {
		return ""
	}
	want, _ := x.inputs.Project.Manifest.Engines.Lookup("node")
	return want
}

func satisfies(version, want string) bool {
	v, err := semver.Parse(version, semver.Options{})
	if err != nil {
		return true // a build of one's own
	}
	r, err := semver.ParseRange(want, semver.Options{Loose: true})
	return err != nil || r.Match(v)
}

// settings tells which files were read and what is wrong in them.
func (x *examination) settings() {
	if len(x.cfg.Files) == 0 {
		x.say("settings", fine, "", "no files; all is as by default")
	}
	for _, file := range x.cfg.Files {
		x.say("settings", fine, "", "%s", file)
	}
	for _, w := range x.cfg.Warnings {
		x.say("settings", doubt, "correct the line, or take it out", "%s", w.Message)
	}
}

// credentialFiles looks whether others could read what only the user should.
func (x *examination) credentialFiles() {
	seen := map[string]bool{}
	for _, host := range x.cfg.Registries.All() {
		src := host.Source
		if host.Authorization.Empty() || src.Line == 0 || seen[src.Name] {
			continue
		}
		seen[src.Name] = true
		if src.Level == config.FromProject && !x.fromVariable(src) {
			x.say("secrets", doubt, "write ${NPM_TOKEN} in its place, or move it to ~/.npmrc", "%s has a secret in it: who has the project has that", src)
		}
		info, err := os.Stat(src.Name)
		if err == nil && x.OS != "windows" && info.Mode().Perm()&0o044 != 0 && src.Level != config.FromProject {
			x.say("secrets", doubt, "chmod 600 "+src.Name, "%s has a secret in it, and other users of this machine can read it", src.Name)
		}
	}
}

// fromVariable reports whether a line of settings takes its value from the
// environment.
func (x *examination) fromVariable(src config.Source) bool {
	text, err := os.ReadFile(src.Name)
	lines := bytes.Split(text, []byte("\n"))
	return err != nil || src.Line > len(lines) || bytes.Contains(lines[src.Line-1], []byte("${"))
}

const (
	// littleSpace is less than an install of 3,000 packages takes, store and all.
	littleSpace = 2 << 30
	// noSpace is less than one package of today's larger ones takes.
	noSpace = 100 << 20
)

// disks tries what an install does with store, cache and project.
func (x *examination) disks() {
	d := &x.cfg.Settings.Dirs
	st, err := x.openStore()
	if err != nil {
		x.say("store", failure, hintOf(err, "name another directory with store-dir"), "%s", err)
		return
	}
	defer st.Close()
	from := x.trial("store", st.Dir(), "name another directory with store-dir")
	cache := x.trial("cache", d.Cache, "name another directory with cache-dir")
	defer os.RemoveAll(cache)
	defer os.RemoveAll(from)
	here := x.workspace.root
	if here == "" {
		return
	}
	if modules := filepath.Join(here, layout.ModulesDir); isDirectory(modules) {
		here = modules // which may be another file system: a volume of a container
	}
	to := x.trial("project", here, "look at whose the directory is")
	defer os.RemoveAll(to)
	if from != "" && to != "" {
		x.linking(from, to)
		x.fileSystem(to)
	}
}

// trial makes an empty directory in dir, and says how much room there is; "" if
// that cannot be done.
func (x *examination) trial(check, dir, next string) string {
	there := dir // or the nearest directory above it, where an install would make it
	for _, err := os.Stat(there); errors.Is(err, fs.ErrNotExist); _, err = os.Stat(there) {
		there = filepath.Dir(there)
	}
	made, err := os.MkdirTemp(there, ".godwit-doctor-")
	if err != nil {
		x.say(check, failure, next, "nothing can be written: %s", err)
		return ""
	}
	free, err := fsys.Free(there)
	switch {
	case err != nil:
		x.say(check, fine, "", "%s", dir)
	case free < noSpace:
		x.say(check, failure, "make room", "%s has %s free", dir, ui.Size(int64(free)))
	case free < littleSpace:
		x.say(check, doubt, "make room; godwit store prune removes what no project uses", "%s has only %s free", dir, ui.Size(int64(free)))
	default:
		x.say(check, fine, "", "%s, %s free", dir, ui.Size(int64(free)))
	}
	return made
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// linking places a file as a package's would be.
func (x *examination) linking(from, to string) {
	how, err := install.ParseImportMethod(x.cfg.Settings.Install.ImportMethod)
	if err == nil {
		err = os.WriteFile(filepath.Join(from, "file"), []byte("doctor"), 0o644)
	}
	way := ""
	if err == nil {
		way, err = install.TryImport(from, to, "file", how)
	}
	switch {
	case err != nil:
		x.say("links", failure, "set package-import-method to auto", "files cannot get from the store to the project: %s", err)
	case way == "copies" && x.cfg.Settings.Install.ImportMethod != "copy":
		x.say("links", doubt, "put the store on the project's file system, with store-dir: copies take time, and room in each project", "files get from the store to the project as %s", way)
	default:
		x.say("links", fine, "", "files get from the store to the project as %s", way)
	}
}

// fileSystem looks at what differs between file systems.
func (x *examination) fileSystem(dir string) {
	folds, err := fsys.FoldsCase(dir)
	switch {
	case err != nil:
	case folds:
		x.say("file names", fine, "", "names that differ in case only are the same")
	default:
		x.say("file names", fine, "", "names that differ in case only are different ones")
	}
	at, err := fsys.OpenDir(dir)
	if err == nil {
		defer at.Close()
		_, err = at.PointTo("link", dir)
	}
	if err != nil {
		x.say("symlinks", failure, "use another file system, or node-linker=hoisted", "they cannot be made here: %s", err)
		return
	}
	x.say("symlinks", fine, "", "they can be made")
}

// project looks at the lockfile and at node_modules.
func (x *examination) project() {
	if x.workspace.root == "" {
		x.say("lockfile", fine, "", "there is no project here")
		return
	}
	if err := x.findLock(); err != nil {
		x.say("lockfile", failure, hintOf(err, "look at the file"), "%s", err)
		return
	}
	switch {
	case len(x.otherLocks) > 0:
		var names []string
		for _, l := range x.otherLocks {
			names = append(names, filepath.Base(l.Path))
		}
		x.say("lockfile", doubt, "remove what is not used", "%s counts, and there are %s, too", x.lock.Format, strings.Join(names, ", "))
	case x.lock.Path == "" || !isRegular(x.lock.Path):
		x.say("lockfile", fine, "", "there is none yet; an install makes a %s", cmp.Or(x.lock.Format, lockfile.Pnpm))
	default:
		if _, err := lockfile.Read(x.lock); err != nil && !errors.Is(err, lockfile.ErrEmpty) {
			x.say("lockfile", failure, hintOf(err, "take it from version control once more"), "%s", err)
			return
		}
		x.say("lockfile", fine, "", "%s", x.lock.Path)
	}
	if !isDirectory(x.modulesOf(".")) {
		x.say("node_modules", fine, "", "there is none yet")
		return
	}
	switch issue, err := x.stale(true); {
	case err != nil:
		x.say("node_modules", failure, hintOf(err, "run godwit install"), "%s", err)
	case issue != "":
		x.say("node_modules", doubt, "run godwit install", "%s", issue)
	default:
		x.say("node_modules", fine, "", "what package.json and the lockfile ask for")
	}
}

// globalPackages looks whether their commands are found.
func (x *examination) globalPackages() {
	g := x.globals()
	groups, err := g.groups()
	switch {
	case err != nil:
		x.say("global", failure, "remove what is damaged below "+g.dir, "%s", err)
	case len(groups) > 0 && !x.onPath(g.bin):
		x.say("global", doubt, "run godwit setup", "%s are installed, but their commands in %s are not in PATH", ui.Count(len(groups), "group"), g.bin)
	case len(groups) > 0:
		x.say("global", fine, "", "%s, with commands in %s", ui.Count(len(groups), "group"), g.bin)
	}
}
