package git

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"godwit/internal/npm/semver"
)

// Wanted is which commit of a repository is asked for.
type Wanted struct {
	URL   string // may hold credentials
	Ref   string // branch, tag or (the beginning of) a commit; "" is the default branch
	Range string // the highest tag in a semver range, if it is not ""
}

// Resolve finds the commit. A full one is taken at its word: whether it is there
// shows when it is fetched.
func (c *Client) Resolve(ctx context.Context, w Wanted) (commit string, err error) {
	if err := checkURL(w.URL); err != nil {
		return "", err
	}
	if w.Range == "" && IsCommit(w.Ref) {
		return w.Ref, nil
	}
	ref := w.Ref
	if ref == "" {
		ref = "HEAD"
	}
	args := []string{"ls-remote", "--", w.URL}
	if w.Range == "" && !isShort(ref) {
		args = append(args, ref, ref+"^{}")
	}
	out, err := c.run(ctx, command{args: args, url: w.URL})
	if err != nil && ctx.Err() == nil {
		out, err = c.run(ctx, command{args: args, url: w.URL}) // once more, as pnpm does
	}
	if err != nil {
		return "", err
	}
	return pick(parseRefs(out), w, ref)
}

// IsCommit reports whether s is a whole SHA-1.
func IsCommit(s string) bool { return len(s) == 40 && isHex(s) }

// isShort reports whether s may be the beginning of a commit.
func isShort(s string) bool { return 7 <= len(s) && len(s) <= 40 && isHex(s) }

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// checkURL refuses what git could take for an option.
func checkURL(url string) error {
	if url == "" || url[0] == '-' || strings.ContainsAny(url, "\x00\n") {
		return fmt.Errorf("%.80q is no address of a git repository", maskURLs(url))
	}
	return nil
}

// parseRefs reads "commit TAB ref" lines.
func parseRefs(out string) map[string]string {
	refs := map[string]string{}
	for line := range strings.Lines(out) {
		if commit, ref, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && IsCommit(commit) {
			refs[ref] = commit
		}
	}
	return refs
}

// RefError is a repository without what is wanted of it.
type RefError struct {
	URL       string // without credentials
	Ref       string
	Available []string // tags that are versions, where a range was wanted
}

func (e *RefError) Error() string {
	if e.Available != nil {
		return fmt.Sprintf("no tag of %s is in the range %s; its versions are %s", e.URL, e.Ref, strings.Join(e.Available, ", "))
	}
	return fmt.Sprintf("%s has no branch, tag or commit %s", e.URL, e.Ref)
}

// Hint is what the user can do.
func (e *RefError) Hint() string { return "see what there is with git ls-remote " + e.URL }

// pick finds the commit among the refs, in pnpm's order.
func pick(refs map[string]string, w Wanted, ref string) (string, error) {
	if w.Range != "" {
		return pickVersion(refs, w)
	}
	for _, name := range []string{ref, "refs/" + ref, "refs/tags/" + ref + "^{}", "refs/tags/" + ref, "refs/heads/" + ref} {
		if commit := refs[name]; commit != "" {
			if isShort(ref) && !strings.HasPrefix(commit, ref) {
				// A branch that is called like a commit would let its owner
				// choose what those who pinned the commit get.
				return "", &AmbiguousError{URL: maskURLs(w.URL), Ref: ref, Commit: commit}
			}
			return commit, nil
		}
	}
	found := map[string]bool{}
	if isShort(ref) {
		for _, commit := range refs {
			if strings.HasPrefix(commit, ref) {
				found[commit] = true
			}
		}
	}
	if len(found) != 1 {
		return "", &RefError{URL: maskURLs(w.URL), Ref: ref}
	}
	for commit := range found {
		return commit, nil
	}
	panic("git: one element, and none")
}

// AmbiguousError is a short commit that is also the name of another one.
type AmbiguousError struct{ URL, Ref, Commit string }

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s has a branch or tag %s, which looks like a commit but is %s", e.URL, e.Ref, e.Commit)
}

// Code is pnpm's code for this error.
func (e *AmbiguousError) Code() string { return "ERR_PNPM_GIT_AMBIGUOUS_REF" }

// Hint is what the user can do.
func (e *AmbiguousError) Hint() string { return "write all 40 digits of the commit" }

// pickVersion finds the highest tag in a range: v1.2.3 or 1.2.3.
func pickVersion(refs map[string]string, w Wanted) (string, error) {
	var best semver.Version
	commit, available := "", []string{}
	r, rangeErr := semver.ParseRange(w.Range, semver.Options{})
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		tag, ok := strings.CutPrefix(strings.TrimSuffix(ref, "^{}"), "refs/tags/")
		if !ok {
			continue
		}
		v, err := semver.Parse(strings.TrimPrefix(tag, "v"), semver.Options{})
		if err != nil {
			continue
		}
		if len(available) == 0 || available[len(available)-1] != tag {
			available = append(available, tag)
		}
		if rangeErr != nil || !r.Match(v) {
			continue
		}
		// An annotated tag comes twice, at last with the commit it stands for.
		if c := best.Compare(v); commit == "" || c < 0 || c == 0 && strings.HasSuffix(ref, tag+"^{}") {
			best, commit = v, refs[ref]
		}
	}
	if commit == "" {
		return "", &RefError{URL: maskURLs(w.URL), Ref: w.Range, Available: available}
	}
	return commit, nil
}
