package lockfile

import (
	"errors"
	"fmt"
	"io/fs"

	"godwit/internal/fsys"
	"godwit/internal/lockfile/pnpmlock"
)

// ConfigDep is a dependency of a workspace's configuration, as a pnpm-lock.yaml has it.
type ConfigDep = pnpmlock.ConfigDep

// Env is the first of a pnpm-lock.yaml's two documents, which is about pnpm itself.
type Env struct {
	text string
	path string
	none bool // there is no lockfile
}

// ReadEnv reads the first document of a lockfile, which need not be there.
func ReadEnv(path string) (*Env, error) {
	data, err := fsys.ReadFile(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return &Env{path: path, none: true}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read lockfile: %w", err)
	}
	return &Env{text: pnpmlock.Env(data), path: path}, nil
}

// ConfigDeps are the dependencies of the configuration.
func (e *Env) ConfigDeps() ([]ConfigDep, error) {
	deps, err := pnpmlock.ConfigDeps(e.text)
	if err != nil {
		return nil, fmt.Errorf("read the first document of %s: %w", e.path, err)
	}
	return deps, nil
}

// Exists reports whether there is a lockfile.
func (e *Env) Exists() bool { return !e.none }

// Text is the document, to be written in front of a new lockfile.
func (e *Env) Text() string { return e.text }

// SetConfigDeps changes the document, in the lockfile too if there is one.
func (e *Env) SetConfigDeps(deps []ConfigDep) error {
	text, err := pnpmlock.WithConfigDeps(e.text, deps)
	if err != nil || text == e.text {
		return err
	}
	if e.text = text; e.none {
		return nil
	}
	data, err := fsys.ReadFile(e.path, maxFile)
	if err != nil {
		return fmt.Errorf("read lockfile: %w", err)
	}
	return replace(e.path, pnpmlock.WithEnv(data, text))
}
