// Package layout says which directory every package of a graph gets.
//
// It is pure: a graph goes in, slash paths come out, relative to the directory
// of the lockfile but for those of shared slots, and nothing is looked at on the
// way.
package layout

import (
	"godwit/internal/graph"
)

// ModulesDir is the directory Node looks packages up in.
const ModulesDir = "node_modules"

// ConfigDir is where pnpm has what configDependencies name, below ModulesDir.
const ConfigDir = ".pnpm-config"

// Slot is one package's directory and what stands beside it.
type Slot struct {
	Package *graph.Package
	// Name is the name of the slot in the virtual store; "" in a hoisted
	// layout, where nothing stands beside the files for the slot's sake.
	Name string
	// Dir holds the package's files. It is absolute if the slot is shared.
	Dir string
	// Shared is the slot's directory below [Shared.Dir]; "" for one that is in
	// the project.
	Shared string
	// Links are the packages it can require.
	Links []Link
	// Bins is the directory for the commands of its dependencies.
	Bins Bins
	// Parent is the directory of the slot that this one is in, if it is in one,
	// and Nested are those of the slots that are directly in this one.
	Parent string
	Nested []string
}

// Hoisted reports whether the slot is one of a hoisted layout.
func (s *Slot) Hoisted() bool { return s.Name == "" }

// Link is a symbolic link to a directory.
type Link struct {
	At     string // the link
	Target string // what it leads to
}

// Bins is a directory of commands and the packages they come from.
type Bins struct {
	Dir   string
	From  []Command
	Style BinStyle
}

// BinStyle says what commands are, and who has a name that two want.
type BinStyle uint8

const (
	// Shims are scripts, of the package that is called like the command, else of
	// the first by alphabet. They are pnpm's of the isolated layout.
	Shims BinStyle = iota
	// Links are symbolic links, but for shims of projects; of the same owners.
	// They are pnpm's of the hoisted layout.
	Links
	// Scripts are shims that do not help packages to find what is hoisted; of the
	// same owners.
	Scripts
	// FirstLinks are symbolic links, of the first. They are npm's.
	FirstLinks
)

// restyle gives all commands another style, but for npm's, and for those of
// shared slots, which look the same to all projects.
func (l *Layout) restyle(style BinStyle) {
	set := func(b *Bins) {
		if b.Style != FirstLinks {
			b.Style = style
		}
	}
	for i := range l.Slots {
		if l.Slots[i].Shared == "" {
			set(&l.Slots[i].Bins)
		}
	}
	for i := range l.Importers {
		set(&l.Importers[i].Bins)
	}
	for i := range l.Bins {
		set(&l.Bins[i])
	}
	set(&l.HoistBins)
}

// add adds a package, unless it is known to have no commands.
func (b *Bins) add(c Command) {
	if c.Package == nil || c.Package.HasBin {
		b.From = append(b.From, c)
	}
}

// Command names a package whose commands are linked.
type Command struct {
	Alias string
	Dir   string // of the package's files, as seen from the dependent
	Real  string // the project that Dir is a link to; "" if it is none
	// Package is nil for a linked directory, whose package.json has to be
	// read to know its commands.
	Package *graph.Package
}

// Importer is a project's own node_modules.
type Importer struct {
	Dir   string
	Links []Link
	Bins  Bins
}

// Layout is all directories of an install.
type Layout struct {
	Slots     []Slot // sorted by Dir
	Importers []Importer
	Hoisted   []Link // private ones, for packages that require what they do not declare
	HoistBins Bins
	Bins      []Bins // other directories of commands, sorted by Dir
}

// DropBins takes the commands out of the layout, but for those of shared slots,
// which other projects rely on.
func (l *Layout) DropBins() {
	l.Bins, l.HoistBins.From = nil, nil
	for i := range l.Slots {
		if l.Slots[i].Shared == "" {
			l.Slots[i].Bins.From = nil
		}
	}
	for i := range l.Importers {
		l.Importers[i].Bins.From = nil
	}
}

// Links lists every link outside slots.
func (l *Layout) Links() []Link {
	var out []Link
	for _, im := range l.Importers {
		out = append(out, im.Links...)
	}
	return append(out, l.Hoisted...)
}
