package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"godwit/internal/cli/ui"
	"godwit/internal/fsys"
	"godwit/internal/install"
)

const (
	// littleSpace is less than an install of 3,000 packages takes, store and all.
	littleSpace = 2 << 30
	// noSpace is less than one package of today's larger ones takes.
	noSpace = 100 << 20
)

// Disks are the directories that an install works with, absolute.
type Disks struct {
	Store, Cache string
	Project      string // where its packages are, or are to be; "" where there is no project
	Method       string // package-import-method
}

// Disks tries what an install does with its directories.
func (r *Report) Disks(d Disks) {
	from := r.trial("store", d.Store, "name another directory with store-dir")
	cache := r.trial("cache", d.Cache, "name another directory with cache-dir")
	defer os.RemoveAll(cache)
	defer os.RemoveAll(from)
	if d.Project == "" {
		return
	}
	to := r.trial("project", d.Project, "look at whose the directory is")
	defer os.RemoveAll(to)
	if from != "" && to != "" {
		r.linking(from, to, d.Method)
		r.fileSystem(to)
	}
}

// trial makes an empty directory in dir, and says how much room there is; "" if
// that cannot be done.
func (r *Report) trial(check, dir, next string) string {
	there := dir // or the nearest directory above it, where an install would make it
	for _, err := os.Stat(there); errors.Is(err, fs.ErrNotExist); _, err = os.Stat(there) {
		there = filepath.Dir(there)
	}
	made, err := os.MkdirTemp(there, ".godwit-doctor-")
	if err != nil {
		r.Say(check, Failure, next, "nothing can be written: %s", err)
		return ""
	}
	free, err := fsys.Free(there)
	switch {
	case err != nil:
		r.Say(check, Fine, "", "%s", dir)
	case free < noSpace:
		r.Say(check, Failure, "make room", "%s has %s free", dir, ui.Size(int64(free)))
	case free < littleSpace:
		r.Say(check, Doubt, "make room; godwit store prune removes what no project uses", "%s has only %s free", dir, ui.Size(int64(free)))
	default:
		r.Say(check, Fine, "", "%s, %s free", dir, ui.Size(int64(free)))
	}
	return made
}

// linking places a file as a package's would be.
func (r *Report) linking(from, to, method string) {
	how, err := install.ParseImportMethod(method)
	if err == nil {
		err = os.WriteFile(filepath.Join(from, "file"), []byte("doctor"), 0o644)
	}
	way := ""
	if err == nil {
		way, err = install.TryImport(from, to, "file", how)
	}
	switch {
	case err != nil:
		r.Say("links", Failure, "set package-import-method to auto", "files cannot get from the store to the project: %s", err)
	case way == "copies" && method != "copy":
		r.Say("links", Doubt, "put the store on the project's file system, with store-dir: copies take time, and room in each project", "files get from the store to the project as %s", way)
	default:
		r.Say("links", Fine, "", "files get from the store to the project as %s", way)
	}
}

// fileSystem looks at what differs between file systems.
func (r *Report) fileSystem(dir string) {
	folds, err := fsys.FoldsCase(dir)
	switch {
	case err != nil:
	case folds:
		r.Say("file names", Fine, "", "names that differ in case only are the same")
	default:
		r.Say("file names", Fine, "", "names that differ in case only are different ones")
	}
	at, err := fsys.OpenDir(dir)
	if err == nil {
		defer at.Close()
		_, err = at.PointTo("link", dir)
	}
	if err != nil {
		r.Say("symlinks", Failure, "use another file system, or node-linker=hoisted", "they cannot be made here: %s", err)
		return
	}
	r.Say("symlinks", Fine, "", "they can be made")
}
