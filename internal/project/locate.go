package project

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"godwit/internal/fsys"
)

const (
	// ManifestFile is the name of a project's manifest.
	ManifestFile = "package.json"
	// WorkspaceFile is the name of the file at the root of a pnpm workspace.
	WorkspaceFile = "pnpm-workspace.yaml"
)

// Location is where a project begins. Both directories are absolute.
type Location struct {
	Dir       string // holds the manifest
	Workspace string // the root of the workspace, which holds pnpm-workspace.yaml as a rule; "" outside of one
}

// Root is the directory that project-wide things live in: lockfile, .npmrc,
// the virtual store.
func (l Location) Root() string {
	if l.Workspace != "" {
		return l.Workspace
	}
	return l.Dir
}

// NotFoundError says that Dir, or no directory from Dir upwards, holds a
// package.json.
type NotFoundError struct {
	Dir  string
	Only bool // the directories above it were not looked at
}

// Error says what was looked for, where, and what to do.
func (e *NotFoundError) Error() string {
	if e.Only {
		return fmt.Sprintf("no package.json in %s: name the project's directory, or make one with godwit init", e.Dir)
	}
	return fmt.Sprintf("no package.json in %s or any directory above it: make one with godwit init, or name the project's directory with -C", e.Dir)
}

// Is makes the error an fs.ErrNotExist.
func (e *NotFoundError) Is(target error) bool { return target == fs.ErrNotExist }

// At is the location of the project whose directory was named: no directory
// above dir is tried, as npm does for --prefix and pnpm for -C, but for the root
// of a workspace, as Locate does. Without a manifest in dir, the error is a
// *NotFoundError.
func At(dir string) (Location, error) {
	dir = filepath.Clean(dir)
	loc := Location{Dir: dir, Workspace: upward(dir, WorkspaceFile)}
	if manifestIn(dir) != "" {
		return loc, nil
	}
	if loc.Workspace != "" {
		loc.Dir = loc.Workspace
	}
	return loc, &NotFoundError{Dir: dir, Only: true}
}

// Locate finds the project that the absolute directory dir is in: the nearest
// directory with a manifest, and the nearest one, the same or above it,
// with a pnpm-workspace.yaml. Without a manifest, or with that of a stranger
// above the workspace only, Dir is the root of the workspace, else dir, and the error
// is a *NotFoundError.
func Locate(dir string) (Location, error) {
	dir = filepath.Clean(dir)
	found, workspace := upward(dir, ManifestFiles[:]...), upward(dir, WorkspaceFile)
	switch {
	case len(workspace) > len(found): // both lead to dir: the longer one is nearer
		return Location{Dir: workspace, Workspace: workspace}, &NotFoundError{Dir: dir}
	case found == "":
		return Location{Dir: dir}, &NotFoundError{Dir: dir}
	}
	return Location{Dir: found, Workspace: workspace}, nil
}

// upward is the nearest directory from dir upwards that holds a regular file
// of one of these names, or "".
func upward(dir string, names ...string) string {
	for {
		for _, name := range names {
			if isRegular(filepath.Join(dir, name)) {
				return dir
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// maxFile bounds what is read of a file people write by hand: 16 MiB is a
// hundred times the largest package.json seen in the wild.
const maxFile = 16 << 20

// readFile is [fsys.ReadFile] with that bound.
func readFile(path string) ([]byte, error) { return fsys.ReadFile(path, maxFile) }

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
