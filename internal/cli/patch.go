package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm/specifier"
	"godwit/internal/store"
)

// editsDir is where patch puts packages to be edited, in node_modules (pnpm).
const editsDir = ".pnpm_patches"

// runPatch is the command patch: the files of a package, in a directory where
// they may be edited.
func runPatch(_ context.Context, c *call) error {
	if len(c.arguments()) != 1 {
		return &refusedError{"patch wants the name of one package", "ERR_PNPM_MISSING_PACKAGE_NAME", "for example: godwit patch left-pad, or left-pad@1.3.0"}
	}
	pkg, err := c.packageToPatch(c.arguments()[0])
	if err != nil {
		return err
	}
	dir := c.cfg.Settings.Call.EditDir
	if dir == "" {
		dir = filepath.Join(c.modulesOf("."), editsDir, filepath.FromSlash(string(pkg.Key.ID())))
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return &refusedError{"the directory " + dir + " is not empty", "ERR_PNPM_EDIT_DIR_NOT_EMPTY", "commit what is in it, or remove it, or name another one with --edit-dir"}
	}
	if err := c.copyPackage(pkg, dir); err != nil {
		return err
	}
	if !c.cfg.Settings.Call.IgnoreExisting {
		if err := c.applyPatch(pkg, dir); err != nil {
			return err
		}
	}
	_, version := specifier.Split(c.arguments()[0])
	if err := c.noteEdit(dir, &edit{c.arguments()[0], version == "", string(pkg.Key.ID())}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "Patch: You can now edit the package at:\n\n  %s\n\nTo commit your changes, run:\n\n  godwit patch-commit '%s'\n\n", dir, dir)
	return err
}

// packageToPatch is the package of the lockfile that "name" or "name@version"
// means. Which copy does not matter: they have the same files.
func (c *call) packageToPatch(what string) (*graph.Package, error) {
	if err := c.findLock(); err != nil {
		return nil, err
	}
	if c.lock.Format != lockfile.Pnpm {
		return nil, &unsupportedError{"patch with " + string(c.lock.Format), "patches are for projects with a pnpm-lock.yaml"}
	}
	doc, err := c.choice(c.workspace.root).Present(c.workspace.root)
	if err != nil {
		return nil, err
	}
	name, version := specifier.Split(what)
	found := map[string]*graph.Package{}
	if doc != nil {
		for _, p := range doc.Graph.Packages {
			if string(p.Name) == name && (version == "" || p.Version == version) && p.Resolution.Integrity != "" {
				found[p.Version] = p
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, &refusedError{"there is no " + what + " in the lockfile", "ERR_PNPM_PATCH_VERSION_NOT_FOUND", "godwit list --depth Infinity shows what there is; only packages of registries and tarballs can be patched"}
	case 1:
		for _, p := range found {
			return p, nil
		}
	}
	var versions []string
	for v := range found {
		versions = append(versions, name+"@"+v)
	}
	slices.Sort(versions)
	return nil, &refusedError{"there are several versions of " + name, "ERR_PNPM_PATCH_VERSION_NOT_FOUND", "name one of " + strings.Join(versions, ", ")}
}

// copyPackage writes the published files of a package into a new directory.
func (c *call) copyPackage(p *graph.Package, dir string) error {
	id, err := install.TreeID(p.Resolution.Integrity)
	if err != nil {
		return err
	}
	st, err := c.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	tree, err := st.Load(id)
	if errors.Is(err, store.ErrAbsent) || errors.Is(err, fs.ErrNotExist) {
		return &refusedError{string(p.Key.ID()) + " is not in the store", "ERR_GODWIT_NOT_IN_STORE", "run godwit fetch"}
	}
	if err != nil {
		return err
	}
	from, err := tree.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	for _, f := range tree.Files {
		data, err := from.ReadFile(f.Path, f.Size+1)
		if err == nil {
			err = writeEdited(dir, f.Path, data, f.Exec)
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", p.Key.ID(), err)
		}
	}
	return nil
}

// writeEdited writes one file below a directory for edits. The path is of the
// store or of a patch, and both have been checked; to be sure it is once more.
func writeEdited(dir, path string, data []byte, exec bool) error {
	if err := fsys.CheckPath(path); err != nil {
		return err
	}
	file := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if exec {
		mode = 0o755
	}
	return os.WriteFile(file, data, mode)
}

// editedFiles are the files that a patch is applied to.
type editedFiles string

// Read returns a file of the directory.
func (dir editedFiles) Read(path string) ([]byte, bool, error) {
	data, err := os.ReadFile(filepath.Join(string(dir), filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// applyPatch applies the patch that the project has for a package already.
func (c *call) applyPatch(p *graph.Package, dir string) error {
	shaping, err := c.shaping()
	if err != nil {
		return err
	}
	found, err := shaping.patches.For(p.Name, p.Version)
	if err != nil || found == nil {
		return err
	}
	changes, err := found.Diff.Apply(editedFiles(dir))
	if err != nil {
		return fmt.Errorf("apply %s: %w", found.Path, err)
	}
	for _, change := range changes {
		if change.Removed {
			if err := removeIfThere(filepath.Join(dir, filepath.FromSlash(change.Path))); err != nil {
				return err
			}
			continue
		}
		if err := writeEdited(dir, change.Path, change.Data, change.Mode != nil && *change.Mode); err != nil {
			return err
		}
	}
	return nil
}

// patchFile is pnpm's name for the patch of what a key of patchedDependencies
// means.
func patchFile(key string) string {
	return "patches/" + strings.ReplaceAll(key, "/", "__") + ".patch"
}

// edit is what the file of edits says of a directory, in pnpm's form.
type edit struct {
	Package string `json:"patchedPkg"`
	All     bool   `json:"applyToAll"` // the patch is for whatever version there is
	Key     string `json:"packageKey"`
}

func (c *call) editsFile() string {
	return filepath.Join(c.modulesOf("."), editsDir, "state.json")
}

// edits are the directories that patch made. A file of theirs that cannot be read
// says of none that its patch is for all versions, which is the careful answer.
func (c *call) edits() map[string]edit {
	out := map[string]edit{}
	if data, err := os.ReadFile(c.editsFile()); err == nil {
		_ = json.Unmarshal(data, &out)
	}
	return out
}

// noteEdit remembers a directory, or forgets it.
func (c *call) noteEdit(dir string, e *edit) error {
	all := c.edits()
	if all == nil {
		all = map[string]edit{}
	}
	delete(all, dir)
	if e != nil {
		all[dir] = *e
	}
	if len(all) == 0 {
		return removeIfThere(c.editsFile())
	}
	data, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.editsFile()), 0o755); err != nil {
		return err
	}
	return fsys.WriteFile(c.editsFile(), data, fsys.WriteOptions{})
}
