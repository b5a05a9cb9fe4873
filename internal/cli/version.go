package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
)

const versionHelp = `The new version is one, a word for the next one (major, minor, patch, premajor,
preminor, prepatch, prerelease), or from-git: that of the last tag. The scripts
preversion, version and postversion run, before and after package.json is written
and after the commit. In a repository the change is committed and tagged; for
several projects at once (-r, --filter) it is not. Without a version those of the
project and of godwit are shown.`

// releases are the words for the next version.
var releases = []string{"major", "minor", "patch", "premajor", "preminor", "prepatch", "prerelease"}

// runVersion is the command version.
func runVersion(_ context.Context, c *call) error {
	words := c.args.Positional[1:]
	if word := c.cfg.Settings.Version.New; word != "" {
		words = append([]string{word}, words...)
	}
	if len(words) > 1 {
		return &usageError{"version wants one version, and got " + strings.Join(words, " "), "for example: godwit version patch"}
	}
	if len(words) == 0 {
		return c.showVersions()
	}
	if err := c.checkScope(); err != nil {
		return err
	}
	p, stop, err := c.newPacker("version")
	if err != nil {
		return err
	}
	defer stop()
	projects, err := p.targets()
	if err != nil {
		return p.noneIsFine(err)
	}
	b := &bump{packer: p, wanted: words[0], git: !p.recursive() && p.cfg.Settings.Version.GitTag}
	for _, one := range projects {
		if p.recursive() && one.Manifest.Version == "" {
			continue
		}
		if err := b.project(one); err != nil {
			return err
		}
	}
	return b.tell()
}

// showVersions tells the project's version and ours.
func (c *call) showVersions() error {
	out := map[string]string{"godwit": Version}
	if p, err := c.here(); err == nil && p.Manifest.Name != "" && p.Manifest.Version != "" {
		out[string(p.Manifest.Name)] = p.Manifest.Version
	}
	return writeJSON(c.Stdout, out)
}

// bump is one call of version.
type bump struct {
	*packer
	wanted string
	git    bool // commit and tag
	done   []bumped
}

// bumped is a project with another version, in pnpm's JSON (12.21).
type bumped struct {
	Name    string `json:"name"`
	Current string `json:"currentVersion"`
	New     string `json:"newVersion"`
	Path    string `json:"path"`
}

// project gives a project its new version.
func (b *bump) project(p *project.Project) error {
	inRepository, err := b.checkTree(p.Dir)
	if err != nil {
		return err
	}
	next, err := b.next(p)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Path(), err)
	}
	b.done = append(b.done, bumped{string(p.Manifest.Name), p.Manifest.Version, next, p.Dir})
	if b.cfg.Settings.Call.DryRun {
		return nil
	}
	b.host.Env = append(slices.Clone(b.host.Env), "npm_old_version="+p.Manifest.Version, "npm_new_version="+next)
	if err := b.scripts(p, "preversion"); err != nil {
		return err
	}
	files, err := b.write(p, next)
	if err != nil {
		return err
	}
	if p, err = project.Read(p.Dir); err != nil {
		return err
	}
	if err := b.scripts(p, "version"); err != nil {
		return err
	}
	if b.git && inRepository {
		if err := b.commit(p.Dir, files, next); err != nil {
			return err
		}
	}
	return b.scripts(p, "postversion")
}

// checkTree reports whether dir is in a repository, and refuses one with changes:
// they would get into the commit.
func (b *bump) checkTree(dir string) (inRepository bool, err error) {
	if !b.git {
		return false, nil
	}
	// Not below a repository whose root has another package.json: npm commits
	// only where .git is.
	if _, err := os.Lstat(filepath.Join(dir, ".git")); errors.Is(err, fs.ErrNotExist) && b.npm {
		return false, nil
	}
	if inside, err := b.Output(dir, "git", "rev-parse", "--is-inside-work-tree"); err != nil || inside != "true" {
		return false, nil
	}
	status, err := b.Output(dir, "git", "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return false, fmt.Errorf("look whether all is committed in %s: %w", dir, err)
	}
	if status != "" && !b.cfg.Settings.Call.Force && (b.npm || b.cfg.Settings.Publish.GitChecks) {
		return false, &gitError{"there are changes in " + dir + " that are not committed", "ERR_PNPM_UNCLEAN_WORKING_TREE"}
	}
	return true, nil
}

// next is the version that a project gets.
func (b *bump) next(p *project.Project) (string, error) {
	wanted := b.wanted
	if wanted == "from-git" {
		tag, err := b.Output(p.Dir, "git", "describe", "--tags", "--abbrev=0", "--match="+b.cfg.Settings.Version.TagPrefix+"*.*.*")
		if err != nil {
			return "", &usageError{"there is no tag with a version in " + p.Dir, "name a version"}
		}
		wanted = strings.TrimPrefix(tag, b.cfg.Settings.Version.TagPrefix)
	}
	now, err := semver.Parse(p.Manifest.Version, semver.Options{})
	if slices.Contains(releases, wanted) {
		if err != nil {
			return "", &refusedError{fmt.Sprintf("there is no version to raise: it is %q", p.Manifest.Version), "ERR_PNPM_INVALID_VERSION_BUMP", "name a version, such as 1.0.0"}
		}
		next, err := semver.Inc(now, wanted, semver.IncOptions{Identifier: b.cfg.Settings.Version.Preid})
		return next.String(), err
	}
	text := canonical(wanted)
	switch {
	case text == "":
		return "", &refusedError{fmt.Sprintf("%q is no version", b.wanted) + meant(b.wanted, append(releases, "from-git")), "ERR_PNPM_INVALID_VERSION_BUMP", "name one, such as 1.2.3, or one of " + strings.Join(releases, ", ") + ", from-git"}
	case text == p.Manifest.Version && !b.cfg.Settings.Version.AllowSame:
		return "", &refusedError{"the version is " + text + " already", "ERR_PNPM_VERSION_NOT_CHANGED", "pass --allow-same-version if that is right"}
	}
	return text, nil
}

// write puts a version into the manifest, and into npm's lockfile: the project's own
// has it twice, that of a workspace once for each member. It returns the names of the
// files in the project's directory.
func (b *bump) write(p *project.Project, version string) ([]string, error) {
	text, err := p.SetText("version", version)
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", p.Path(), err)
	}
	if err := fsys.WriteFile(p.Path(), text, fsys.WriteOptions{}); err != nil {
		return nil, fmt.Errorf("write %s: %w", p.Path(), err)
	}
	written := []string{p.File}
	for _, name := range []string{"npm-shrinkwrap.json", "package-lock.json"} {
		if !b.npm {
			break
		}
		there, err := b.writeLock(filepath.Join(p.Dir, name), version, []string{"version"}, []string{"packages", "", "version"})
		if err != nil {
			return nil, err
		}
		if there {
			written = append(written, name)
		}
		if rel, err := filepath.Rel(b.workspace.root, p.Dir); err == nil && rel != "." {
			if _, err := b.writeLock(filepath.Join(b.workspace.root, name), version, []string{"packages", filepath.ToSlash(rel), "version"}); err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(written)
	return written, nil
}

// writeLock puts a version at those ways into a lockfile of npm's, if there is one; a
// single way, that of a member, only where it leads to a version.
func (b *bump) writeLock(file, version string, ways ...[]string) (there bool, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	last := ways[len(ways)-1]
	var lock struct {
		Packages map[string]struct{ Version string }
	}
	if len(ways) == 1 && (json.Unmarshal(text, &lock) != nil || lock.Packages[last[1]].Version == "") {
		return true, nil // the member was never installed
	}
	for _, way := range ways {
		if text, err = project.SetText(text, version, way...); err != nil {
			return false, fmt.Errorf("change %s: %w", file, err)
		}
	}
	if err := fsys.WriteFile(file, text, fsys.WriteOptions{}); err != nil {
		return false, fmt.Errorf("write %s: %w", file, err)
	}
	return true, nil
}

// commit commits the files and tags the commit.
func (b *bump) commit(dir string, files []string, version string) error {
	s := &b.cfg.Settings.Version
	message := strings.ReplaceAll(s.Message, "%s", version)
	commit := []string{"commit", "-m", message}
	if !s.Hooks {
		commit = append(commit, "--no-verify")
	}
	if s.SignCommit {
		commit = append(commit, "--gpg-sign")
	}
	kind := "--annotate"
	if s.SignTag {
		kind = "--sign"
	}
	tag := []string{"tag", kind, "-m", message, s.TagPrefix + version}
	if b.cfg.Settings.Call.Force {
		tag = slices.Insert(tag, 1, "--force")
	}
	for _, args := range [][]string{slices.Concat([]string{"add", "--"}, files), commit, tag} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Env = dir, b.Env
		if err := b.run(cmd, "", ""); err != nil {
			return &gitRunError{args[0], dir, err}
		}
	}
	return nil
}

// tell prints the new versions: npm's "v1.0.1", or pnpm's lines and JSON.
func (b *bump) tell() error {
	var out strings.Builder
	switch {
	case !b.npm && b.cfg.Settings.Call.JSON:
		return writeJSON(b.stdout, append([]bumped{}, b.done...))
	case !b.npm && len(b.done) > 0:
		out.WriteString("Version bumped successfully:\n")
	}
	for _, one := range b.done {
		switch {
		case !b.npm:
			fmt.Fprintf(&out, "%s: %s → %s\n", one.Name, one.Current, one.New)
		case b.recursive():
			fmt.Fprintf(&out, "%s\nv%s\n", one.Name, one.New)
		default:
			fmt.Fprintf(&out, "v%s\n", one.New)
		}
	}
	_, err := io.WriteString(b.stdout, out.String())
	return err
}

// gitRunError is a git that failed and has said why.
type gitRunError struct {
	verb, dir string
	err       error
}

func (e *gitRunError) Error() string { return fmt.Sprintf("git %s in %s: %v", e.verb, e.dir, e.err) }

// Code has no counterpart elsewhere.
func (e *gitRunError) Code() string { return "ERR_GODWIT_GIT" }

// Hint is what the user can do.
func (e *gitRunError) Hint() string {
	return "the files have the new version: commit and tag them, or take the change back"
}
