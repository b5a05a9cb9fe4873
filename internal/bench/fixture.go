package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/bench/tool"
)

// Fixture is the project every tool installs.
type Fixture struct {
	Dir  string
	Name string
	// Update is the dependency the update phase moves, and From the version it
	// is held at before.
	Update, From string
}

// manifest is what the benchmark reads of a package.json.
type manifest struct {
	Dependencies map[string]string `json:"dependencies"`
}

// OpenFixture reads the project in dir. update names a dependency with a caret
// range, or is empty for the first that outdated says has a newer version than
// its range begins with.
func OpenFixture(dir, update string, outdated func(name, version string) bool) (Fixture, error) {
	f := Fixture{Dir: dir, Name: filepath.Base(dir), Update: update}
	b, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return f, fmt.Errorf("fixture: %w", err)
	}
	var m manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return f, fmt.Errorf("fixture %s: package.json: %w", dir, err)
	}
	names := make([]string, 0, len(m.Dependencies))
	for name := range m.Dependencies {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		from, caret := strings.CutPrefix(m.Dependencies[name], "^")
		switch {
		case update != "" && name != update:
		case update == name && !caret:
			return f, fmt.Errorf("fixture %s: %s is %q; only a range that begins with ^ can be updated", dir, name, m.Dependencies[name])
		case caret && (update == name || outdated(name, from)):
			f.Update, f.From = name, from
			return f, nil
		}
	}
	if update != "" {
		return f, fmt.Errorf("fixture %s: it does not depend on %s", dir, update)
	}
	return f, nil
}

// lockNames are the lockfiles of all tools: a fixture's own are left behind,
// each tool makes its own.
func lockNames() []string {
	names := []string{"bun.lockb", "npm-shrinkwrap.json"}
	for _, t := range tool.Table() {
		names = append(names, t.Locks...)
	}
	return names
}

// Copy puts the fixture into the folder to.
func (f Fixture) Copy(to string) error {
	locks := lockNames()
	return filepath.WalkDir(f.Dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("fixture: %w", err)
		}
		rel, err := filepath.Rel(f.Dir, p)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case !d.Type().IsRegular() || slices.Contains(locks, d.Name()):
			return nil
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return fmt.Errorf("fixture: %w", err)
		}
		return os.WriteFile(target, b, 0o644)
	})
}

// Pin rewrites package.json in project so that the update phase's dependency
// is From exactly.
func (f Fixture) Pin(project string) error {
	file := filepath.Join(project, "package.json")
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	deps, ok := m["dependencies"].(map[string]any)
	if !ok {
		return errors.New("fixture: package.json has no dependencies")
	}
	deps[f.Update] = f.From
	if b, err = json.MarshalIndent(m, "", "  "); err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o644)
}
