// Package git gets commits of repositories through the git binary.
//
//	Resolve    branch, tag, short commit or semver range -> commit (ls-remote)
//	Checkout   commit -> directory (fetch of that commit alone, checkout)
//
// A repository and what a lockfile says of it may be hostile. No value is ever
// where git looks for an option; only the transports of allowedProtocols run,
// and for submodules no local ones; hooks, templates and file system monitors
// are off; nobody is asked for a password. What the user's own configuration
// says (url.insteadOf, credential helpers, proxies) holds: it is how a machine
// reaches its hosts.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Options say how a [Client] works.
type Options struct {
	Env []string // of git: "KEY=value"
	// Dir is where checkouts are made, each in a directory of its own. It is
	// made when the first is wanted.
	Dir string
	Now func() time.Time
}

// Client runs git. Methods may be called from several goroutines.
type Client struct {
	opts      Options
	env       []string
	checkouts checkouts
}

// New makes a client; Close removes what it checked out.
func New(opts Options) *Client {
	return &Client{opts: opts, env: environment(opts.Env)}
}

// allowedProtocols are the transports that run no program a URL names ("ext::",
// and helpers "x::").
var allowedProtocols = []string{"file", "git", "http", "https", "ssh"}

// notOurs are variables that point git at a repository: inside of a hook of git
// they are set to that of the hook.
var notOurs = []string{
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
	"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_CEILING_DIRECTORIES", "GIT_TEMPLATE_DIR", "GIT_ALLOW_PROTOCOL",
	"GIT_TERMINAL_PROMPT", "LC_ALL", "LANGUAGE",
}

// environment is what git sees.
func environment(env []string) []string {
	out, silent := []string(nil), true
	protocols := allowedProtocols
	for _, pair := range env {
		key, value, _ := strings.Cut(pair, "=")
		switch key {
		case "GIT_ALLOW_PROTOCOL": // narrows ours
			protocols = intersect(allowedProtocols, strings.Split(value, ":"))
		case "SSH_ASKPASS":
			silent = false
		}
		if !contains(notOurs, key) {
			out = append(out, pair)
		}
	}
	out = append(out, "GIT_TERMINAL_PROMPT=0", "GCM_INTERACTIVE=never", "LC_ALL=C", "GIT_ALLOW_PROTOCOL="+strings.Join(protocols, ":"))
	if silent {
		// ssh would ask the terminal for a passphrase, in the midst of progress.
		// A program that answers nothing changes no ssh command of the user's.
		out = append(out, "SSH_ASKPASS=false", "SSH_ASKPASS_REQUIRE=force")
	}
	return out
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}

func intersect(a, b []string) []string {
	var out []string
	for _, s := range a {
		if contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// safety is set for every call: no hooks, no monitor, no other repository's
// configuration, no work in the background, paths longer than 260 characters on
// Windows.
func safety() []string {
	var out []string
	for _, setting := range []string{
		"core.hooksPath=" + os.DevNull, "core.fsmonitor=false", "core.longpaths=true", "advice.detachedHead=false",
		"gc.auto=0", "maintenance.auto=false", "fetch.recurseSubmodules=false", "submodule.recurse=false", "safe.bareRepository=explicit",
	} {
		out = append(out, "-c", setting)
	}
	return out
}

// Bounds of what git prints: refs of a repository with half a million of them,
// and a message for people.
const (
	maxOutput  = 64 << 20
	maxMessage = 2 << 10
)

// command is one call of git.
type command struct {
	dir  string
	args []string
	env  []string // in addition
	url  string   // for messages
}

// run runs git and returns what it printed.
func (c *Client) run(ctx context.Context, cmd command) (string, error) {
	x := exec.CommandContext(ctx, "git", append(safety(), cmd.args...)...)
	x.Dir = cmd.dir
	x.Env = append(c.env[:len(c.env):len(c.env)], cmd.env...)
	x.WaitDelay = 5 * time.Second // for a transport that outlives a killed git
	stdout, stderr := &bounded{limit: maxOutput}, &bounded{limit: maxMessage}
	x.Stdout, x.Stderr = stdout, stderr
	err := x.Run()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("git %s: %w", cmd.args[0], context.Cause(ctx))
	case errors.Is(err, exec.ErrNotFound):
		return "", &MissingError{URL: maskURLs(cmd.url)}
	case err != nil:
		return "", &Error{Action: cmd.args[0], URL: maskURLs(cmd.url), Message: message(stderr.String(), err)}
	case stdout.over:
		return "", &Error{Action: cmd.args[0], URL: maskURLs(cmd.url), Message: fmt.Sprintf("it printed more than %d bytes", maxOutput)}
	}
	return stdout.String(), nil
}

// bounded keeps the first bytes that are written to it.
type bounded struct {
	bytes.Buffer
	limit int
	over  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := b.limit - b.Len(); len(p) > room {
		b.over = true
		b.Buffer.Write(p[:room])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}
