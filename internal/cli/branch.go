package cli

import (
	"path/filepath"

	"godwit/internal/lockfile"
)

// choice is which lockfile counts in dir. Git is asked for the branch only if a
// setting depends on it; outside of a repository, and between branches, there
// is none.
func (c *call) choice(dir string) lockfile.Choice {
	s := &c.cfg.Settings.Lockfile
	if c.lock.Format == lockfile.Npm {
		return lockfile.Choice{Npm: filepath.Base(c.lock.Path), Unmerged: c.unmerged}
	}
	if c.foreign() {
		return lockfile.Choice{Other: c.lock, Unmerged: c.unmerged}
	}
	choice := lockfile.Choice{Merge: s.MergeBranches, Unmerged: c.unmerged}
	if !s.PerBranch && len(s.MergeOn) == 0 {
		return choice
	}
	branch, err := c.Output(dir, "git", "symbolic-ref", "--short", "HEAD")
	if err != nil || branch == "" {
		return choice
	}
	if on := matcher(s.MergeOn); on != nil && on(branch) {
		choice.Merge = true
	}
	if s.PerBranch {
		choice.Branch = branch
	}
	return choice
}

// unmerged asks git for the sides of a file whose merge waits for somebody: they
// stay in the index until the file is added. The numbers of the stages are
// git's.
func (c *call) unmerged(path string) (lockfile.Sides, bool) {
	dir, name := filepath.Split(path)
	stage := func(n string) (string, error) {
		return c.Output(dir, "git", "cat-file", "blob", ":"+n+":./"+name)
	}
	var sides lockfile.Sides
	var err error
	if sides.Ours, err = stage("2"); err != nil {
		return sides, false
	}
	if sides.Theirs, err = stage("3"); err != nil {
		return sides, false
	}
	sides.Base, _ = stage("1") // both sides may have added the file
	return sides, true
}
