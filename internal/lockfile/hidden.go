package lockfile

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/lockfile/npmlock"
)

// HiddenName is the file of npm's copy of its lockfile in node_modules.
const HiddenName = npmlock.HiddenName

// ReadHidden reads the copy of its lockfile that npm keeps in a project's
// node_modules. It is nil if there is none, or if npm would not trust it either,
// since something in node_modules is newer.
func ReadHidden(modules string) *graph.Graph {
	if d := readHidden(modules); d != nil {
		return d.Graph
	}
	return nil
}

// Installed is the same copy as a lockfile to begin with, where there is no other:
// npm changes of a tree as little as it can. It is nil if there is none.
func Installed(modules string) *Document {
	d := readHidden(modules)
	if d == nil || len(d.Entries) == 0 {
		return nil
	}
	return &Document{Format: Npm, Graph: d.Graph, Npm: &d.Record}
}

func readHidden(modules string) *npmlock.Document {
	file := filepath.Join(modules, npmlock.HiddenName)
	info, err := os.Stat(file)
	if err != nil {
		return nil
	}
	data, err := fsys.ReadFile(file, maxFile)
	if err != nil {
		return nil
	}
	d, err := npmlock.Read(file, data)
	if err != nil {
		return nil
	}
	around := map[string]bool{}
	for _, p := range d.Graph.Packages {
		around[path.Dir(p.Dir)] = true
	}
	for dir := range around {
		at, err := os.Stat(filepath.Join(filepath.Dir(modules), filepath.FromSlash(dir)))
		if err != nil || at.ModTime().After(info.ModTime()) {
			return nil
		}
	}
	return d
}

// WriteHidden writes the copy of its lockfile that npm keeps in the project's
// node_modules. installed says which directories of the lockfile are there. npm
// trusts the copy, and does not look at node_modules itself, while nothing there
// is newer: so it is written last.
func WriteHidden(modules string, d *Document, installed func(dir string) bool, clock func() time.Time) error {
	file := filepath.Join(modules, HiddenName)
	err := os.MkdirAll(modules, 0o755)
	if err == nil {
		err = fsys.WriteFile(file, d.Npm.AppendHidden(nil, installed), fsys.WriteOptions{})
	}
	if err == nil {
		// The rename that put it there made the directory newer, than the time before
		// it as well.
		now := clock()
		err = os.Chtimes(file, now, now)
	}
	if err != nil {
		return fmt.Errorf("record what was installed: %w", err)
	}
	return nil
}

// ModulesName is the file of pnpm's record of node_modules.
const ModulesName = ".modules.yaml"

// WriteModules writes as much of that record as others look for: nx wants the file to
// be there, and up to version 22 a list of what is hoisted, which may be empty. pnpm
// takes a record that says no more for a node_modules that it has to make anew, which
// pnpm 10 does only where it may ask, or with CI set; so nobody else gets the file.
// (nx, plugins/js/lock-file/utils/pnpm-normalizer.js.)
func WriteModules(modules string) error {
	if err := fsys.WriteFile(filepath.Join(modules, ModulesName), []byte("hoistedDependencies: {}\n"), fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("record what was installed: %w", err)
	}
	return nil
}
