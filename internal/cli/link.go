package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// linkScheme begins the specifier of a directory that is linked.
const linkScheme = "link:"

// runLink is the command link: directories take the place of the packages of
// their names in the whole workspace, by overrides. The project at hand depends
// on them from then on, if it did not before (pnpm).
func runLink(ctx context.Context, c *call) error {
	if len(c.arguments()) == 0 {
		return &refusedError{"link wants a directory", "ERR_PNPM_LINK_BAD_PARAMS", "for example: godwit link ../left-pad"}
	}
	if err := c.checkLinks(); err != nil {
		return err
	}
	p, err := c.project()
	if err != nil {
		return err
	}
	var edits []project.Edit
	var links npm.Deps
	for _, arg := range c.arguments() {
		name, dir, err := c.linked(arg)
		if err != nil {
			return err
		}
		here, err := linkTo(p.Dir, dir)
		if err != nil {
			return err
		}
		root, err := linkTo(c.workspace.root, dir)
		if err != nil {
			return err
		}
		if here == linkScheme+"." {
			return &refusedError{"link " + arg + ": a project cannot stand in for itself", "", "go to the project that needs it, and link it from there"}
		}
		if groupOf(&p.Manifest.Manifest, name) == "" {
			edits = append(edits, project.Edit{Group: prodGroup, Alias: name, Specifier: here})
		}
		links = append(links, npm.Dep{Alias: name, Specifier: root})
	}
	if err := writeEdits(p, edits); err != nil {
		return err
	}
	for _, l := range links {
		if err := c.setWorkspace([]string{"overrides", l.Alias}, project.Text(l.Specifier)); err != nil {
			return err
		}
	}
	return c.installAgain(ctx)
}

// runUnlink is the command unlink: without names it takes back all links that
// are overrides, and those of the project at hand that link made of them.
func runUnlink(ctx context.Context, c *call) error {
	if err := c.checkLinks(); err != nil {
		return err
	}
	names := c.arguments()
	var links []string
	if ws := c.inputs.Workspace; ws != nil {
		for _, d := range ws.Shape.Overrides {
			if strings.HasPrefix(d.Specifier, linkScheme) && (len(names) == 0 || slices.Contains(names, d.Alias)) {
				links = append(links, d.Alias)
			}
		}
	}
	for _, name := range names {
		if !slices.Contains(links, name) {
			fmt.Fprintf(c.Stderr, "WARN %s is not linked\n", name)
		}
	}
	if len(links) == 0 {
		_, err := fmt.Fprintln(c.Stdout, "Nothing to unlink")
		return err
	}
	p, err := c.project()
	if err != nil {
		return err
	}
	var edits []project.Edit
	for _, name := range links {
		for _, group := range groupsOfManifest[:3] {
			if spec, _ := depsOf(&p.Manifest.Manifest, group).Lookup(name); strings.HasPrefix(spec, linkScheme) {
				edits = append(edits, project.Edit{Group: group, Alias: name})
			}
		}
	}
	if err := writeEdits(p, edits); err != nil {
		return err
	}
	for _, name := range links {
		if err := c.setWorkspace([]string{"overrides", name}, project.Node{}); err != nil {
			return err
		}
	}
	return c.installAgain(ctx)
}

// checkLinks refuses what links cannot be written for.
func (c *call) checkLinks() error {
	word := c.args.Positional[0]
	if c.args.On("frozen-lockfile") {
		return &usageError{"--frozen-lockfile forbids what " + word + " is for: to change the lockfile", "leave the flag out"}
	}
	if err := c.findLock(); err != nil {
		return err
	}
	if c.lock.Format != lockfile.Pnpm {
		return &unsupportedError{word + " with " + string(c.lock.Format), "name the directory in package.json: godwit add file:../left-pad"}
	}
	return nil
}

// linked is the package in a directory that was named: its name, and the whole
// path.
func (c *call) linked(arg string) (name, dir string, err error) {
	if !strings.HasPrefix(arg, ".") && !filepath.IsAbs(arg) {
		return "", "", &refusedError{"link wants a directory, and " + arg + " may be the name of a package", "ERR_PNPM_LINK_BAD_PARAMS", "if it is a directory: godwit link ./" + arg}
	}
	dir = filepath.Clean(c.fromHere(arg))
	p, err := project.Read(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "", &refusedError{"link " + arg + ": there is no package.json in it", "", "make one with godwit init"}
	case err != nil:
		return "", "", fmt.Errorf("link %s: %w", arg, err)
	}
	if _, err := npm.ParseName(string(p.Manifest.Name)); err != nil {
		return "", "", &refusedError{"link " + arg + ": the name in its package.json: " + err.Error(), "", "give it the name of the package that it stands in for"}
	}
	return string(p.Manifest.Name), dir, nil
}

// linkTo is the specifier of a linked directory, for a file in another one.
func linkTo(from, dir string) (string, error) {
	rel, err := filepath.Rel(from, dir)
	if err != nil { // another drive of Windows
		rel = dir
	}
	s, err := specifier.Parse("", linkScheme+filepath.ToSlash(rel))
	return s.Raw, err
}

// writeEdits changes a package.json.
func writeEdits(p *project.Project, edits []project.Edit) error {
	if len(edits) == 0 {
		return nil
	}
	out, err := p.Rewrite(edits, project.Code)
	if err != nil {
		return fmt.Errorf("change %s: %w", p.Path(), err)
	}
	if err := fsys.WriteFile(p.Path(), out, fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("write %s: %w", p.Path(), err)
	}
	return nil
}
