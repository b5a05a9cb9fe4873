package main

import (
	"context"
	"errors"
	"os"

	"godwit/internal/bench/host"
)

// measure is the command the runner starts each tool through; people do not
// need it.
func measure(ctx context.Context, p process, args []string) error {
	if len(args) > 0 {
		return errors.New("measure: it takes a command on stdin and no arguments")
	}
	return host.Serve(ctx, p.stdin, p.stdout)
}

// measurer runs tools through fresh processes of this program.
func measurer() (func(context.Context, host.Command) (host.Outcome, error), error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, c host.Command) (host.Outcome, error) {
		return host.Measure(ctx, []string{self, "measure"}, c)
	}, nil
}
