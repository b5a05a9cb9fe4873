// Package script turns a script of a package.json into a process: its line for
// the shell, and the environment that npm, pnpm and what is published for them
// agree on.
//
// It starts nothing: the caller connects [exec.Cmd] to a terminal, a prefix or
// a buffer, and decides what a signal means.
package script

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
)

// Host is what all scripts of one call of the program share.
type Host struct {
	Env       []string // of this process, "KEY=value"
	Node      string   // absolute path of node, see [FindNode]; "" leaves NODE unset
	Program   string   // absolute path of this program, for scripts that call it again
	Verb      string   // npm's word for what the user typed: "install", "run-script"
	UserAgent string   // "pnpm/12.0.0 npm/? node/? linux x64"; "" leaves it as it is
	NodeGyp   string   // npm_config_node_gyp, which npm's command node-gyp calls, see [NodeGyp]; "" leaves it unset
	InitDir   string   // where the user is, absolute
	Shell     string   // of the setting script-shell; "" is the system's
	// Path lists directories of commands that are searched after those of the
	// package and before those of Env.
	Path  []string
	After []string // directories that are searched last
	// Commands is where a project has those of its packages, if that is not in
	// node_modules; else nil.
	Commands func(project string) string
}

// Script is one script to run.
type Script struct {
	Event    string   // its name: "postinstall"
	Line     string   // what the shell is to run
	Args     []string // reach the command behind Line as they are
	Dir      string   // of the package, absolute
	Manifest []byte   // its package.json, whose texts may be anything
	Env      []string // wins over all else
}

// Command is the process of a script, not started. The error is a *ShellError.
func (h *Host) Command(ctx context.Context, s *Script) (*exec.Cmd, error) {
	if fsys.EnvIgnoresCase && isBatchFile(h.Shell) {
		return nil, &ShellError{h.Shell}
	}
	line := s.Line
	for _, arg := range s.Args {
		line += " " + quote(arg, fsys.ShellIsCmd(h.Shell))
	}
	cmd := fsys.ShellCommand(ctx, h.Shell, line)
	cmd.Dir = s.Dir
	cmd.Env = h.environment(s, line)
	return cmd, nil
}

func isBatchFile(program string) bool {
	ext := strings.ToLower(filepath.Ext(program))
	return ext == ".bat" || ext == ".cmd"
}

// ShellError is a shell that cannot be given a line safely.
type ShellError struct{ Shell string }

func (e *ShellError) Error() string {
	return fmt.Sprintf("script-shell %s is a batch file, which would parse scripts a second time", e.Shell)
}

// Code is pnpm's code for this error.
func (e *ShellError) Code() string { return "ERR_PNPM_INVALID_SCRIPT_SHELL_WINDOWS" }

// Hint is what the user can do.
func (e *ShellError) Hint() string { return "set script-shell to an .exe, or leave it out" }

// FindNode is the absolute path of the first node in the directories of a PATH,
// or "".
func FindNode(path string) string { return Find(path, fsys.NodeName) }

// Find is the absolute path of the first program of a name in the directories of a
// PATH, or "".
func Find(path, name string) string {
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue // would be another one for each script
		}
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found
		}
	}
	return ""
}
