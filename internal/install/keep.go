package install

import (
	"io/fs"
	"os"
	"path"

	"godwit/internal/pack"
	"godwit/internal/store"
)

// keep puts what the scripts of a package made into the store, so that they need
// not run again where nothing is different. That this cannot be done costs the
// next install the same work.
func (t *tasks) keep(j *job, dir string) {
	if !t.req.Builds.Cache || t.builds.stays[j.place.ID] {
		return
	}
	id, err := store.ParseID(j.place.ID)
	if err == nil {
		_, err = t.req.Store.Add(id, func(w *store.Writer) error { return keepFiles(w, dir) })
	}
	if err != nil {
		t.warn("BUILD_NOT_KEPT", "what the scripts of %s made is not kept for other projects: %v", j.Key.ID(), err)
	}
}

// keepFiles writes all files below dir but for the commands of what the package
// depends on, which are of one project.
func keepFiles(w *store.Writer, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	files, err := builtFiles(root)
	if err != nil {
		return err
	}
	return copyFiles(w, root, files)
}

func builtFiles(root *os.Root) ([]pack.File, error) {
	l := pack.Lister{Root: root}
	err := fs.WalkDir(root.FS(), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if dir, name := path.Split(file); dir == "node_modules/" && (name == ".bin" || name == tmpName) {
				return fs.SkipDir
			}
			return nil
		}
		return l.Add(file, d)
	})
	return l.Files, err
}

// tmpName is a directory in node_modules of a package that pnpm gives to scripts
// for what is temporary.
const tmpName = ".tmp"
