package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// checkouts are the commits that were checked out, each once. A resolver looks
// at the manifest, and the install at the rest.
type checkouts struct {
	mu   sync.Mutex
	dirs map[[2]string]*checkout // by URL and commit
}

type checkout struct {
	once sync.Mutex // held while it is made
	dir  string
	err  error
	done bool
}

// Checkout makes a directory of a commit, with its submodules. It belongs to the
// client, and must only be read.
func (c *Client) Checkout(ctx context.Context, url, commit string) (dir string, err error) {
	if err := checkURL(url); err != nil {
		return "", err
	}
	if !IsCommit(strings.ToLower(commit)) {
		return "", &CommitError{URL: maskURLs(url), Commit: commit}
	}
	c.checkouts.mu.Lock()
	if c.checkouts.dirs == nil {
		c.checkouts.dirs = map[[2]string]*checkout{}
	}
	entry := c.checkouts.dirs[[2]string{url, commit}]
	if entry == nil {
		entry = &checkout{}
		c.checkouts.dirs[[2]string{url, commit}] = entry
	}
	c.checkouts.mu.Unlock()
	entry.once.Lock()
	defer entry.once.Unlock()
	if !entry.done {
		entry.dir, entry.err = c.checkout(ctx, url, commit)
		entry.done = ctx.Err() == nil // another caller may have more time
	}
	return entry.dir, entry.err
}

// CommitError is a commit that cannot be one: git might take it for an option.
type CommitError struct{ URL, Commit string }

func (e *CommitError) Error() string {
	return fmt.Sprintf("%.80q of %s is no commit: want 40 hexadecimal digits", e.Commit, e.URL)
}

// Code is pnpm's code for this error.
func (e *CommitError) Code() string { return "ERR_PNPM_INVALID_GIT_COMMIT" }

// abandoned is how old a directory is that no install works in any more.
const abandoned = 24 * time.Hour

// newDir makes an empty directory, and removes those that a killed process left.
func (c *Client) newDir() (string, error) {
	if err := os.MkdirAll(c.opts.Dir, 0o755); err != nil {
		return "", err
	}
	old, err := os.ReadDir(c.opts.Dir)
	if err != nil {
		return "", err
	}
	for _, entry := range old {
		if info, err := entry.Info(); err == nil && c.opts.Now().Sub(info.ModTime()) > abandoned {
			os.RemoveAll(filepath.Join(c.opts.Dir, entry.Name()))
		}
	}
	return os.MkdirTemp(c.opts.Dir, "checkout-")
}

func (c *Client) checkout(ctx context.Context, url, commit string) (string, error) {
	dir, err := c.newDir()
	if err != nil {
		return "", fmt.Errorf("check out %s: %w", maskURLs(url), err)
	}
	in := func(env []string, args ...string) (string, error) {
		return c.run(ctx, command{dir: dir, args: args, env: env, url: url})
	}
	steps := []func() error{
		func() error { _, err := in(nil, "init", "--quiet", "--template="); return err },
		func() error { _, err := in(nil, "remote", "add", "--", "origin", url); return err },
		func() error { return c.fetch(in, commit) },
		func() error { _, err := in(nil, "checkout", "--quiet", "--force", "--detach", commit); return err },
		func() error {
			head, err := in(nil, "rev-parse", "HEAD")
			if head = strings.TrimSpace(head); err == nil && head != strings.ToLower(commit) {
				err = &Error{Action: "rev-parse", URL: maskURLs(url), Message: fmt.Sprintf("it has %s where %s was wanted", head, commit)}
			}
			return err
		},
		func() error { return c.submodules(in, dir) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			os.RemoveAll(dir)
			return "", err
		}
	}
	return dir, nil
}

type runner func(env []string, args ...string) (string, error)

// fetch gets the commit alone, or, from a server that gives no single commits,
// all branches and tags.
func (c *Client) fetch(in runner, commit string) error {
	_, err := in(nil, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", commit)
	var failed *Error
	if !errors.As(err, &failed) || !refusesCommits(failed.Message) {
		return err
	}
	_, err = in(nil, "fetch", "--quiet", "--no-tags", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
	return err
}

// refusesCommits recognizes servers that serve branches and tags only, or no
// history that is cut off (a dumb server).
func refusesCommits(message string) bool {
	for _, words := range []string{"unadvertised object", "not our ref", "shallow", "remote end hung up", "no such remote ref"} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}

// submodules checks out what the commit pins of other repositories, which never
// are local ones: a repository must not choose what of this machine is read.
func (c *Client) submodules(in runner, dir string) error {
	info, err := os.Lstat(filepath.Join(dir, ".gitmodules"))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	allowed := ""
	for _, pair := range c.env {
		if value, ok := strings.CutPrefix(pair, "GIT_ALLOW_PROTOCOL="); ok {
			allowed = strings.Join(intersect([]string{"git", "http", "https", "ssh"}, strings.Split(value, ":")), ":")
		}
	}
	_, err = in([]string{"GIT_ALLOW_PROTOCOL=" + allowed}, "submodule", "--quiet", "update", "--init", "--recursive", "--checkout")
	return err
}

// Close removes all checkouts.
func (c *Client) Close() error {
	c.checkouts.mu.Lock()
	defer c.checkouts.mu.Unlock()
	var err error
	for _, entry := range c.checkouts.dirs {
		if entry.dir != "" {
			err = errors.Join(err, os.RemoveAll(entry.dir))
		}
	}
	c.checkouts.dirs = nil
	return err
}
