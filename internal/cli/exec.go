package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/config"
	"godwit/internal/fsys"
	"godwit/internal/lockfile"
	"godwit/internal/project"
)

// runExec is the command exec: a program with the commands of the project's
// dependencies on its PATH, in the directory where the user is.
func runExec(ctx context.Context, c *call) error {
	words, err := c.commandLine()
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return &refusedError{what: "exec wants a command", code: "ERR_PNPM_EXEC_MISSING_COMMAND", next: "for example: godwit exec tsc --noEmit"}
	}
	if err := c.checkScope(); err != nil {
		return err
	}
	if err := c.verified(ctx); err != nil {
		return err
	}
	r, stop := c.newRunner("exec")
	defer stop()
	if !c.recursive() {
		p, err := c.projectOf()
		if errors.Is(err, fs.ErrNotExist) { // of what is a project, and what is none, commands see the same PATH
			p, err = &project.Project{Dir: c.args.Dir(c.Dir, c.Home)}, nil
		}
		if err != nil {
			return err
		}
		if fetch, err := c.npmExec(r, p, words); fetch || err != nil {
			if err != nil {
				return err
			}
			return c.dlx(ctx, errand{packages: c.cfg.Settings.Run.Packages, words: words, may: func() error { return c.mayFetch(words[0]) }})
		}
		return r.program(p, c.whereTo(p), words, "")
	}
	projects, levels, err := r.selection()
	if err != nil {
		return r.noneIsFine(err)
	}
	var tasks [][]task
	for _, level := range levels {
		var at []task
		for _, dir := range level {
			p := projects[dir]
			at = append(at, task{dir, []func(string) error{func(label string) error { return r.program(p, p.Dir, words, label) }}})
		}
		tasks = append(tasks, at)
	}
	return r.summarized(tasks)
}

// commandLine is what a command is to run: its arguments, or what --call gives
// for the shell.
func (c *call) commandLine() ([]string, error) {
	run, words := &c.cfg.Settings.Run, c.arguments()
	if run.Call == "" {
		return words, nil
	}
	if len(words) > 0 {
		return nil, &refusedError{what: "both --call and a command are given", code: "ERR_GODWIT_TWO_COMMANDS", next: "leave out one of them"}
	}
	run.ShellMode = true
	return []string{run.Call}, nil
}

// whereTo is the directory to run a command in.
func (c *call) whereTo(p *project.Project) string {
	if c.cfg.Settings.Workspace.Root {
		return p.Dir
	}
	return c.args.Dir(c.Dir, c.Home)
}

// npmExec reports whether a command of an npm project is to be fetched, since the
// project has none of that name, as npm exec does. With --package any exec
// fetches.
func (c *call) npmExec(r *runner, p *project.Project, words []string) (fetch bool, err error) {
	run := &c.cfg.Settings.Run
	if len(run.Packages) > 0 {
		return true, nil
	}
	if c.inputs.Project == nil {
		return false, nil
	}
	if err := c.findLock(); err != nil {
		return false, err
	}
	if c.lock.Format != lockfile.Npm || run.ShellMode || lookup(r.host.Environ(p.Dir), c.Dir, words[0]) != "" {
		return false, nil
	}
	return true, nil
}

// mayFetch asks whoever sits there whether to fetch packages for a command.
func (c *call) mayFetch(packages ...string) error {
	yes, what := c.cfg.Settings.Call.Yes, strings.Join(packages, ", ")
	if yes == config.Unset && c.Terminal && !c.cfg.Settings.CI {
		fmt.Fprintf(c.Stderr, "Need to install the following packages:\n%s\nOk to proceed? (y) ", ui.Plain(strings.Join(packages, "\n")))
		answer, _ := c.answer()
		if answer = strings.ToLower(answer); answer != "" && answer != "y" && answer != "yes" {
			yes = config.No
		}
	}
	if yes == config.No {
		return &refusedError{what: what + " is not here, and is not to be fetched", code: "ERR_GODWIT_NOT_FETCHED", next: "add it to the project, or answer yes (--yes)"}
	}
	return nil
}

// program runs words as a command, or as a line of the shell.
func (r *runner) program(p *project.Project, dir string, words []string, label string) error {
	env := append(r.host.Environ(p.Dir), "PNPM_PACKAGE_NAME="+string(p.Manifest.Name))
	var cmd *exec.Cmd
	if r.cfg.Settings.Run.ShellMode {
		cmd = fsys.ShellCommand(context.Background(), r.host.Shell, strings.Join(words, " "))
	} else if file := lookup(env, dir, words[0]); file != "" {
		cmd = exec.Command(file, words[1:]...)
	} else {
		return &refusedError{what: "there is no command " + words[0], code: "ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL", next: "install a package that has it, or check the name"}
	}
	cmd.Dir, cmd.Env = dir, env
	return r.run(cmd, label, "")
}

// lookup is the path of a program: along the PATH of env, or from dir where it
// is a path; "" where there is none.
func lookup(env []string, dir, name string) string {
	if filepath.Base(name) != name {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return name
	}
	for _, at := range filepath.SplitList(pathOf(env)) {
		if !filepath.IsAbs(at) {
			at = filepath.Join(dir, at)
		}
		if file, err := exec.LookPath(filepath.Join(at, name)); err == nil {
			return file
		}
	}
	return ""
}

// fallback runs what is no command of ours: a script of the project, else a
// command of its dependencies. handled is false if it is neither.
func (c *call) fallback(ctx context.Context, name string) (handled bool, err error) {
	p, err := c.projectOf()
	if err != nil {
		return false, nil
	}
	if names, err := scriptNames(&p.Manifest, name); err == nil && len(names) > 0 || c.recursive() {
		return true, c.runScript(ctx, "run-script", name, c.arguments())
	}
	r, stop := c.newRunner("exec")
	defer stop()
	if lookup(r.host.Environ(p.Dir), c.Dir, name) == "" {
		return false, nil
	}
	return true, r.program(p, c.args.Dir(c.Dir, c.Home), append([]string{name}, c.arguments()...), "")
}
