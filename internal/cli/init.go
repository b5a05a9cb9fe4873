package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/npm"
	"godwit/internal/project"
)

// starter is the package.json of a new project: pnpm's, but for the fields that
// pin pnpm itself.
const starter = `{
  "name": %s,
  "version": "1.0.0",
  "description": "",
  "main": "index.js",
  "scripts": {
    "test": "echo \"Error: no test specified\" && exit 1"
  },
  "keywords": [],
  "author": "",
  "license": "ISC"%s
}
`

// module is what init puts behind that, and add does not.
const module = `,
  "type": "module"`

// runInit is the command init: a package.json where there is none.
func runInit(ctx context.Context, c *call) error {
	if len(c.cfg.Settings.Call.Members) > 0 {
		return c.initMembers(ctx)
	}
	if len(c.args.Positional) > 1 {
		return runCreate(ctx, c)
	}
	dir := c.args.Dir(c.Dir, c.Home)
	file := project.ManifestIn(dir)
	switch _, err := os.Lstat(file); {
	case err == nil:
		return &initError{file}
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look for %s: %w", file, err)
	}
	text, err := start(file, module)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "Wrote to %s\n\n%s", file, text)
	return err
}

// start writes a starter with more at its end.
func start(file, more string) (text string, err error) {
	name, err := json.Marshal(nameFor(filepath.Base(filepath.Dir(file))))
	if err != nil {
		return "", err
	}
	text = fmt.Sprintf(starter, name, more)
	if err := fsys.WriteFile(file, []byte(text), fsys.WriteOptions{}); err != nil {
		return "", fmt.Errorf("write %s: %w", file, err)
	}
	return text, nil
}

// begin is the command add where there is no project: it makes one, as with pnpm.
func begin(ctx context.Context, p *Process, args *config.Args) error {
	file := filepath.Join(args.Dir(p.Dir, p.Home), project.ManifestFile)
	text, err := start(file, "")
	if err != nil {
		return err
	}
	return addTo(ctx, p, args, file, text)
}

// addTo is the command add with a package.json that was just made, which goes again
// if nothing comes of it.
func addTo(ctx context.Context, p *Process, args *config.Args, file, text string) error {
	c, err := load(p, args, false)
	if err == nil {
		err = runAdd(ctx, c)
	}
	if now, readErr := os.ReadFile(file); err != nil && readErr == nil && string(now) == text {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}

// beginRoot is the command add for the root of a workspace that has no package.json.
func (c *call) beginRoot(ctx context.Context) error {
	const text = "{\n}\n"
	file := filepath.Join(c.workspace.root, project.ManifestFile)
	if err := fsys.WriteFile(file, []byte(text), fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return addTo(ctx, c.Process, c.args, file, text)
}

// nameFor makes a package's name of a directory's, as npm does.
func nameFor(base string) string {
	name := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.", r) {
			return r
		}
		return '-'
	}, strings.ToLower(base))
	name = strings.Trim(name, "-_.")
	if _, err := npm.ParseName(name); err != nil {
		return "app"
	}
	return name
}

// initError is a project that is there already.
type initError struct{ file string }

func (e *initError) Error() string { return e.file + " exists" }

// Code is pnpm's code for this error.
func (e *initError) Code() string { return "ERR_PNPM_PACKAGE_JSON_EXISTS" }

// Hint is what the user can do.
func (e *initError) Hint() string { return "change that file, or name another directory with -C" }
