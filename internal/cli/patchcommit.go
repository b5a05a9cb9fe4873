package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/layout"
	"godwit/internal/packlist"
	"godwit/internal/project"
)

// runPatchCommit is the command patch-commit: what was edited becomes a patch of
// the project, which is installed.
func runPatchCommit(ctx context.Context, c *call) error {
	if len(c.arguments()) != 1 {
		return &refusedError{"patch-commit wants the directory that patch made", "ERR_PNPM_MISSING_PATCH_DIR", "for example: godwit patch-commit node_modules/" + editsDir + "/left-pad@1.3.0"}
	}
	dir := c.fromHere(c.arguments()[0])
	p, err := project.Read(dir)
	if err != nil {
		return &refusedError{dir + " is no directory that patch made: " + err.Error(), "ERR_PNPM_INVALID_PATCH_DIR", "godwit patch <package> makes one"}
	}
	pkg, err := c.packageToPatch(string(p.Manifest.Name) + "@" + p.Manifest.Version)
	if err != nil {
		return err
	}
	diff, err := c.edited(pkg, dir)
	if err != nil {
		return err
	}
	if len(diff) == 0 {
		_, err := fmt.Fprintln(c.Stdout, "No changes were found to the following directory:", dir)
		return err
	}
	key := string(pkg.Name) + "@" + pkg.Version
	if edits := c.edits(); edits[dir].All {
		key = string(pkg.Name)
	}
	file := patchFile(key)
	abs := filepath.Join(c.workspace.root, filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return err
	}
	if err := fsys.WriteFile(abs, diff, fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("write %s: %w", abs, err)
	}
	if err := c.setWorkspace([]string{"patchedDependencies", key}, project.Text(file)); err != nil {
		return err
	}
	if rel, err := filepath.Rel(filepath.Join(c.modulesOf("."), editsDir), dir); err == nil && filepath.IsLocal(rel) {
		if err := fsys.RemoveAll(dir); err != nil {
			return err
		}
	}
	if err := c.noteEdit(dir, nil); err != nil {
		return err
	}
	return c.installAgain(ctx)
}

// edited is how a directory differs from the package that it was made of.
func (c *call) edited(pkg *graph.Package, dir string) ([]byte, error) {
	tmp, err := os.MkdirTemp("", "godwit-patch-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	if err := c.copyPackage(pkg, filepath.Join(tmp, oldDir)); err != nil {
		return nil, err
	}
	if err := copyEdited(dir, filepath.Join(tmp, newDir)); err != nil {
		return nil, err
	}
	return c.diff(tmp)
}

// copyEdited copies the files of a directory that would be published, which is
// what pnpm compares. Links are not followed: they cannot be in a package.
func copyEdited(from, to string) error {
	var files []string
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == layout.ModulesDir || d.Name() == ".git") {
			return fs.SkipDir
		}
		if rel, err := filepath.Rel(from, path); err == nil && d.Type().IsRegular() {
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		return err
	}
	read := func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(from, filepath.FromSlash(path))) }
	if files, err = packlist.Select(packlist.Tree{Files: files, Read: read}); err != nil {
		return err
	}
	for _, file := range files {
		info, err := os.Stat(filepath.Join(from, filepath.FromSlash(file)))
		if err != nil {
			return err
		}
		data, err := read(file)
		if err == nil {
			err = writeEdited(to, file, data, info.Mode()&0o100 != 0)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// The directories that are compared. Their names come off again, so they are
// such as no package has.
const (
	oldDir = ".godwit-old"
	newDir = ".godwit-new"
)

// diff compares these directories in dir, as pnpm calls git for it.
func (c *call) diff(dir string) ([]byte, error) {
	cmd := exec.Command("git", "-c", "core.safecrlf=false", "diff", "--ignore-cr-at-eol", "--irreversible-delete", "--full-index",
		"--no-index", "--text", "--no-ext-diff", "--no-color", "--src-prefix=a/", "--dst-prefix=b/", oldDir, newDir)
	cmd.Dir = dir
	// The user's settings of git may change what a diff looks like.
	cmd.Env = append(slices.Clone(c.Env), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "HOME="+dir)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		err = nil // there are differences
	}
	if err != nil {
		return nil, &refusedError{fmt.Sprintf("compare with git: %v %s", err, strings.TrimSpace(said.String())), "ERR_PNPM_GIT_DIFF", "install git, or look whether it works"}
	}
	return []byte(withoutDirs(out.String())), nil
}

// withoutDirs takes the names of the directories out of the heads of a diff.
func withoutDirs(diff string) string {
	names := strings.NewReplacer("a/"+oldDir+"/", "a/", "a/"+newDir+"/", "a/", "b/"+oldDir+"/", "b/", "b/"+newDir+"/", "b/")
	var b strings.Builder
	head := false
	for line := range strings.Lines(diff) {
		switch {
		case strings.HasPrefix(line, "diff --git "):
			head = true
		case strings.HasPrefix(line, "@@ "):
			head = false
		}
		if head {
			line = names.Replace(line)
		}
		b.WriteString(line)
	}
	return b.String()
}

// setWorkspace writes one value into pnpm-workspace.yaml. A file in which
// nothing is left goes, as with pnpm.
func (c *call) setWorkspace(keys []string, value project.Node) error {
	file := filepath.Join(c.workspace.top(), project.WorkspaceFile)
	raw, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := project.SetYAML(file, raw, keys, value)
	if err != nil || bytes.Equal(out, raw) {
		return err
	}
	if len(bytes.TrimSpace(out)) == 0 {
		return removeIfThere(file)
	}
	return saveWorkspace(file, out)
}

// installAgain installs with the flags of this call, after it has changed files
// that were read already.
func (c *call) installAgain(ctx context.Context) error {
	args := *c.args
	args.Positional, args.Rest = []string{"install"}, nil
	again, err := load(c.Process, &args, false)
	if err != nil {
		return err
	}
	if !args.Has("frozen-lockfile") {
		again.cfg.Settings.Lockfile.Frozen = config.No // what was asked for changes it
	}
	if again.separate() {
		return again.separately(ctx, find("install"))
	}
	return runInstall(ctx, again)
}

// runPatchRemove is the command patch-remove: patches go, and what was patched is
// installed as it was published.
func runPatchRemove(ctx context.Context, c *call) error {
	var keys []string
	if ws := c.inputs.Workspace; ws != nil {
		for _, d := range ws.Shape.PatchedDependencies {
			keys = append(keys, d.Alias)
		}
	}
	if len(keys) == 0 {
		return &refusedError{"there are no patches to remove", "ERR_PNPM_NO_PATCHES_TO_REMOVE", "patchedDependencies of " + project.WorkspaceFile + " is empty"}
	}
	if len(c.arguments()) == 0 {
		return &refusedError{"patch-remove wants to know which patches", "ERR_PNPM_NO_PATCHES_TO_REMOVE", "name some of " + strings.Join(keys, ", ")}
	}
	for _, key := range c.arguments() {
		if !slices.Contains(keys, key) {
			return &refusedError{"there is no patch " + key, "ERR_PNPM_PATCH_NOT_FOUND", "there are " + strings.Join(keys, ", ")}
		}
	}
	for _, key := range c.arguments() {
		file, _ := c.inputs.Workspace.Shape.PatchedDependencies.Lookup(key)
		if err := c.setWorkspace([]string{"patchedDependencies", key}, project.Node{}); err != nil {
			return err
		}
		if !filepath.IsLocal(filepath.FromSlash(file)) {
			continue // not ours to remove
		}
		abs := filepath.Join(c.workspace.root, filepath.FromSlash(file))
		if err := removeIfThere(abs); err != nil {
			return err
		}
		_ = os.Remove(filepath.Dir(abs)) // if it is empty now
	}
	return c.installAgain(ctx)
}
