package cli

import (
	"fmt"
	"slices"
	"strings"
)

// checkGit refuses to publish from a working tree that is not what the branch
// has, as pnpm does (12.21); npm does not look.
func (p *publisher) checkGit() error {
	s := &p.cfg.Settings.Publish
	dir := p.workspace.root
	git := func(args ...string) (string, error) { return p.Output(dir, "git", args...) }
	if inside, err := git("rev-parse", "--is-inside-work-tree"); p.npm || !s.GitChecks || err != nil || inside != "true" {
		return nil
	}
	wanted := strings.Split(s.Branch, "|")
	if s.Branch == "" {
		wanted = []string{"master", "main"}
	}
	branch, err := git("symbolic-ref", "--short", "HEAD")
	if err != nil {
		return &gitError{"no branch is checked out, and packages are published from " + strings.Join(wanted, " or "), "ERR_PNPM_GIT_UNKNOWN_BRANCH"}
	}
	if status, err := git("status", "--porcelain"); err != nil || status != "" {
		return &gitError{"there are changes in " + dir + " that are not committed", "ERR_PNPM_GIT_UNCLEAN"}
	}
	if !slices.Contains(wanted, branch) {
		return &gitError{fmt.Sprintf("the branch is %s, and packages are published from %s", branch, strings.Join(wanted, " or ")), "ERR_PNPM_GIT_NOT_CORRECT_BRANCH"}
	}
	// An error means that there is no branch upstream, and nothing to be behind.
	if behind, err := git("rev-list", "--count", "--left-only", "@{u}...HEAD"); err == nil && behind != "0" {
		return &gitError{fmt.Sprintf("the branch %s lacks %s commits that are upstream", branch, behind), "ERR_PNPM_GIT_NOT_LATEST"}
	}
	return nil
}

// gitError is a working tree that is not to be published.
type gitError struct{ what, code string }

func (e *gitError) Error() string { return e.what }
func (e *gitError) Code() string  { return e.code }
func (e *gitError) Hint() string  { return "put that right, or pass --no-git-checks" }
