package main

import (
	_ "embed"
	"flag"
	"os"
	"path/filepath"
)

// shortFixture is a project of a few hundred packages: enough for every stage
// of an install to have work, and recorded in a minute.
//
//go:embed fixture/package.json
var shortFixture []byte

// shorten sets what a short run leaves out. Flags the user gave stay.
func (o *options) shorten(flags *flag.FlagSet) error {
	for name, value := range map[string]string{"rounds": "3", "phases": "p0,p3,p4,p5"} {
		if !isSet(flags, name) {
			if err := flags.Set(name, value); err != nil {
				return err
			}
		}
	}
	if o.fixture != "" {
		return nil
	}
	o.fixture = defaultFolder("short")
	if err := os.MkdirAll(o.fixture, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.fixture, "package.json"), shortFixture, 0o644)
}

// isSet reports whether the user gave the flag.
func isSet(flags *flag.FlagSet, name string) (set bool) {
	flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}
