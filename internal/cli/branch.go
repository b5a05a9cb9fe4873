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
		return lockfile.Choice{Npm: filepath.Base(c.lock.Path)}
	}
	if c.foreign() {
		return lockfile.Choice{Other: c.lock}
	}
	choice := lockfile.Choice{Merge: s.MergeBranches}
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
