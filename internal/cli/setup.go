package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
)

const setupHelp = `The lines are shown before they are written, and in a terminal you are asked; with
--dry-run they are only shown. They stand between two comments, by which a later
setup finds them.`

// runSetup is the command setup: shells to come find the commands of global
// packages.
func runSetup(_ context.Context, c *call) error {
	dir := c.cfg.Settings.Dirs.GlobalBin
	profile, lines, err := c.profile(dir)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(profile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text := withBlock(string(old), lines)
	if text == string(old) {
		_, err := fmt.Fprintf(c.Stdout, "%s adds %s to PATH already\n", profile, dir)
		return err
	}
	fmt.Fprintf(c.Stdout, "%s:\n%s", profile, lines)
	if c.cfg.Settings.Call.DryRun {
		return nil
	}
	if c.Terminal && !c.cfg.Settings.Call.Yes.Or(false) {
		fmt.Fprint(c.Stderr, "Write these lines? (Y/n) ")
		if answer, _ := c.answer(); answer != "" && !strings.HasPrefix(strings.ToLower(answer), "y") {
			return &usageError{"nothing was written", "add the lines yourself where your shell reads them"}
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(profile), 0o755); err != nil {
		return err
	}
	if err := fsys.WriteFile(profile, []byte(text), fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("write %s: %w", profile, err)
	}
	_, err = fmt.Fprintf(c.Stdout, "\nTo begin with them in this shell:\nsource %s\n", profile)
	return err
}

// profile is the file that the user's shell reads at its start, and what to have
// in it for dir to be in PATH.
func (c *call) profile(dir string) (file, lines string, err error) {
	config := c.variable("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		config = filepath.Join(c.Home, ".config")
	}
	quoted := "'" + strings.ReplaceAll(dir, "'", `'\''`) + "'"
	posix := fmt.Sprintf("case \":$PATH:\" in\n  *:%s:*) ;;\n  *) export PATH=%s:\"$PATH\" ;;\nesac\n", quoted, quoted)
	switch shell := filepath.Base(c.variable("SHELL")); {
	case fsys.CommandsNeedExtension || c.Home == "" || strings.ContainsAny(dir, ":\n"):
		return "", "", &usageError{"setup knows no file here that adds " + dir + " to PATH", "add it yourself, or name another directory: --global-bin-dir"}
	case shell == "bash":
		return filepath.Join(c.Home, ".bashrc"), posix, nil
	case shell == "zsh":
		if home := c.variable("ZDOTDIR"); filepath.IsAbs(home) {
			return filepath.Join(home, ".zshrc"), posix, nil
		}
		return filepath.Join(c.Home, ".zshrc"), posix, nil
	case shell == "fish":
		quoted = "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(dir) + "'"
		return filepath.Join(config, "fish", "config.fish"), fmt.Sprintf("if not contains -- %s $PATH\n  set -gx PATH %s $PATH\nend\n", quoted, quoted), nil
	case shell == "." || shell == "":
		return "", "", &refusedError{"setup cannot tell which shell this is: SHELL is not set", "ERR_PNPM_UNKNOWN_SHELL", "set it to bash, zsh or fish"}
	default:
		return "", "", &refusedError{"setup does not know the shell " + shell, "ERR_PNPM_UNKNOWN_SHELL", "add " + dir + " to PATH yourself"}
	}
}

// The comments around what setup writes.
const (
	blockStart = "# godwit\n"
	blockEnd   = "# godwit end\n"
)

// withBlock is a profile with lines between the two comments, at its end if they
// are not there.
func withBlock(profile, lines string) string {
	block := blockStart + lines + blockEnd
	if start := strings.Index("\n"+profile, "\n"+blockStart); start >= 0 {
		if end := strings.Index(profile[start:], blockEnd); end >= 0 {
			return profile[:start] + block + profile[start+end+len(blockEnd):]
		}
	}
	switch {
	case profile == "":
	case strings.HasSuffix(profile, "\n"):
		profile += "\n"
	default:
		profile += "\n\n"
	}
	return profile + block
}
