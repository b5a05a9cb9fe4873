// Package build runs the install scripts of one package: preinstall, install and
// postinstall, in its directory.
package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/npm"
	"godwit/internal/script"
)

// Stages are the scripts of a dependency, in order.
var Stages = []string{"preinstall", "install", "postinstall"}

// Runner is what the builds of one install share.
type Runner struct {
	Host *script.Host
	Jail *Jail // nil is none
}

// Package is what to build.
type Package struct {
	ID  string // for messages
	Dir string // absolute; its files are nobody else's
}

// Run runs those of the stages that the package has. The error is an *Error, or
// says why a script could not be started.
func (r *Runner) Run(ctx context.Context, p Package, stages []string) error {
	manifest, err := readManifest(p.Dir)
	if err != nil {
		return err
	}
	m, err := npm.DecodeManifest(manifest)
	if err != nil {
		return nil // it has no scripts that anybody could read
	}
	for _, stage := range stages {
		line := m.Scripts[stage]
		if stage == "install" && line == "" && m.Scripts["preinstall"] == "" && hasGyp(p.Dir) {
			line = "node-gyp rebuild" // npm's default, which pnpm has, too
		}
		if line == "" || line == "npx only-allow pnpm" { // pnpm runs no guard against others
			continue
		}
		if err := r.script(ctx, p, &script.Script{Event: stage, Line: line, Dir: p.Dir, Manifest: manifest}); err != nil {
			return err
		}
	}
	return nil
}

// Install brings what the package in p.Dir is developed with into its
// node_modules, and runs no scripts.
func (r *Runner) Install(ctx context.Context, p Package) error {
	args := []string{"install", "--ignore-scripts", "--ignore-workspace", "--no-frozen-lockfile", "--reporter=append-only", "--dir", p.Dir}
	cmd := exec.CommandContext(ctx, r.Host.Program, args...)
	cmd.Dir, cmd.Env = p.Dir, r.Host.Env
	return finish(ctx, cmd, Error{ID: p.ID, Stage: "install what it is developed with", Line: strings.Join(cmd.Args, " ")}, cmd.Run)
}

// maxManifest is what the store reads of a package.json, too.
const maxManifest = 16 << 20

func readManifest(dir string) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, "package.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxManifest))
}

func hasGyp(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "binding.gyp"))
	return err == nil
}

// lingering is how long a process that a script left behind may keep our end of
// its output: scripts that start a server mean it to live on, and nobody waits.
const lingering = 2 * time.Second

func (r *Runner) script(ctx context.Context, p Package, s *script.Script) error {
	cmd, err := r.Host.Command(ctx, s)
	if err != nil {
		return err
	}
	return finish(ctx, cmd, Error{ID: p.ID, Stage: s.Event, Line: s.Line}, func() error { return r.run(cmd, p.Dir) })
}

// finish runs cmd by calling run. Of what it writes only the end is kept, for the
// error, of which the caller sets what it knows.
func finish(ctx context.Context, cmd *exec.Cmd, failed Error, run func() error) error {
	out := &tail{}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, lingering
	fsys.Group(cmd)
	err := run()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("start %s: %w", failed.Stage, err)
	}
	failed.Status, failed.Output = exit.ProcessState.String(), out.text()
	return &failed
}

func (r *Runner) run(cmd *exec.Cmd, dir string) error {
	if r.Jail != nil {
		return r.Jail.run(cmd, r.Host, dir)
	}
	return cmd.Run()
}

// Error is a script that failed.
type Error struct {
	ID     string
	Stage  string
	Line   string
	Status string // "exit status 3"
	Output string // the end of what it wrote
}

func (e *Error) Error() string {
	msg := fmt.Sprintf("%s: `%s` ended with %s", e.Stage, e.Line, e.Status)
	if e.Output == "" {
		return msg + " and wrote nothing"
	}
	return msg + ":\n" + indent(e.Output)
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}

// Code is pnpm's code for this error.
func (e *Error) Code() string { return "ERR_PNPM_EXECUTOR_LIFECYCLE_SCRIPT_FAILED" }

// Hint is what the user can do.
func (e *Error) Hint() string {
	if strings.Contains(e.Output, "node-gyp: not found") { // as sh says it
		return "put npm, which node-gyp comes with, in PATH, or install node-gyp"
	}
	return fmt.Sprintf("mend what the script says, or write to pnpm-workspace.yaml: allowBuilds: {%q: false}, to do without it", e.ID)
}
