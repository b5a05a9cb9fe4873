package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"godwit/internal/bench/replay"
	"godwit/internal/bench/synth"
)

// makeSynthetic is the command that makes up a project and records what a
// registry would say about it.
func makeSynthetic(ctx context.Context, p process, args []string) error {
	flags := flag.NewFlagSet("synth", flag.ContinueOnError)
	packages := flags.Int("packages", 2000, "`how many` packages an install of the project has")
	project := flags.String("project", "", "`folder` for the project (required)")
	data := flags.String("data", "", "`folder` of the recording to add the packages to (required)")
	if err := parse(flags, p, args); err != nil {
		return err
	}
	if *project == "" || *data == "" {
		return errors.New("synth: --project DIR and --data DIR are required")
	}
	return synthesize(ctx, *packages, *project, *data)
}

// synthesize makes the project unless it is there: its package.json comes last.
func synthesize(ctx context.Context, packages int, project, data string) error {
	manifest := filepath.Join(project, "package.json")
	if _, err := os.Stat(manifest); err == nil {
		return nil
	}
	world, err := synth.New(packages)
	if err != nil {
		return fmt.Errorf("synth: %w", err)
	}
	rec, err := replay.Open(data)
	if err != nil {
		return err
	}
	for pkg := range world.Packages() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := rec.Publish(pkg.Name, pkg.Document, synth.Base, pkg.Tarballs); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(project, 0o755); err != nil {
		return err
	}
	return os.WriteFile(manifest, world.Manifest(), 0o644)
}
