package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"godwit/internal/fsys"
)

// projectsName is the directory of links to the projects that use shared slots.
const projectsName = "projects"

// Register notes that the project in dir, which is absolute, uses shared slots:
// whoever removes slots has to ask it. It is fine if the store cannot be
// written to, for then nobody can remove any.
func (s *Store) Register(dir string) error {
	projects, err := makeDir(filepath.Join(s.dir, projectsName))
	if err == nil {
		_, err = projects.PointTo(projectFile(dir), dir)
		projects.Close()
	}
	if fsys.ReadOnly(err) {
		return nil
	}
	return s.explain(err)
}

// Unregister notes that the project in dir uses no shared slots any more.
func (s *Store) Unregister(dir string) error {
	err := os.Remove(filepath.Join(s.dir, projectsName, projectFile(dir)))
	if errors.Is(err, fs.ErrNotExist) || fsys.ReadOnly(err) {
		return nil
	}
	return s.explain(err)
}

func projectFile(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return hex.EncodeToString(sum[:16])
}

// Projects are the directories of the projects that were registered. They need
// not exist any more.
func (s *Store) Projects() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, projectsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, s.explain(err)
	}
	var dirs []string
	for _, e := range entries {
		dir, err := os.Readlink(filepath.Join(s.dir, projectsName, e.Name()))
		if err == nil && filepath.IsAbs(dir) { // else it says nothing about a project
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}
