package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"godwit/internal/bench/tool"
)

// defaultFolder is where this program keeps things that are worth keeping.
func defaultFolder(name string) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "godwit-bench", name)
}

// peers is the command that installs the other tools from the npm registry.
func peers(ctx context.Context, p process, args []string) error {
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	dir := flags.String("peers", defaultFolder("peers"), "folder to install into")
	names := flags.String("tools", "bun,utoo,pnpm,pnpm+pnpr,aube,npm,yarn", "which, by name; name@version for a version")
	if err := parse(flags, p, args); err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	var errs []error
	for _, want := range strings.Split(*names, ",") {
		name, at, _ := strings.Cut(want, "@")
		tools, err := tool.Named([]string{name})
		if err != nil {
			return err
		}
		// One by one: a tool that does not exist for this machine must not
		// keep the others from being installed.
		packages := tools[0].Packages
		if s := tools[0].Server; s != nil {
			packages = append(packages, s.Packages...)
		}
		for _, pkg := range packages {
			spec := tool.Machine(pkg)
			if at != "" {
				spec += "@" + at
			}
			if err := npmInstall(ctx, *dir, spec); err != nil {
				errs = append(errs, fmt.Errorf("peers: %s: %w", name, err))
			}
		}
		found, err := tools[0].Find(*dir)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(p.stdout, "%-6s %-12s %s\n", name, found.Version, strings.Join(found.Command, " "))
	}
	return errors.Join(errs...)
}

// npmInstall adds one package to the folder dir.
func npmInstall(ctx context.Context, dir, spec string) error {
	cmd := exec.CommandContext(ctx, "npm", "install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", spec)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("npm install %s: %w: %s", spec, err, bytes.TrimSpace(out))
	}
	return nil
}
