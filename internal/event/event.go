// Package event is what an install tells the outside: progress, warnings and
// the figures at its end. The engine emits, reporters render; neither knows
// the other.
package event

// Sink receives events. Implementations are safe for concurrent use and
// return quickly: the engine does not wait for a terminal.
type Sink interface {
	Emit(Event)
}

// Event is one of the types of this file.
type Event interface{ event() }

// Stage names a part of an install whose time is a line item of its own.
type Stage string

// The stages, in the order in which they usually end.
const (
	Resolve  Stage = "resolve"
	Fetch    Stage = "fetch"
	Extract  Stage = "extract"
	LinkWarm Stage = "link_warm"
	LinkCold Stage = "link_cold"
	Build    Stage = "build"
)

type (
	// Resolved: the resolver picked a package.
	Resolved struct{ Key string }
	// Planned: the amount of work is known.
	Planned struct{ Warm, Cold, Skipped int }
	// Reused: the store already had a package's files.
	Reused struct{ Key string }
	// Downloaded: a tarball arrived and was verified.
	Downloaded struct {
		Key   string
		Bytes int64
	}
	// Linked: a package is in its slot.
	Linked struct{ Key string }
	// Changed: a direct dependency was added, removed or moved to another version.
	Changed struct {
		Importer string // directory, "." is the root
		Alias    string
		Group    string // dependencies, devDependencies, optionalDependencies
		Old, New string // versions; "" means absent
	}
	// Warning: something the user should know; Code is stable.
	Warning struct{ Code, Message string }
	// Deprecated: a package in use is deprecated; once per version.
	Deprecated struct{ Key, Message string }
	// IgnoredScripts: packages whose install scripts did not run.
	IgnoredScripts struct{ Keys []string }
	// Output: a script of a project says something, or something is said of it.
	Output struct{ Line string }
	// Done ends an install that succeeded.
	Done struct {
		Summary  Summary
		UpToDate bool // there was nothing to do
	}

	// Foretold ends a call that only says what it would do: nothing was changed.
	Foretold struct {
		Summary  Summary
		UpToDate bool // there is nothing to do
	}
)

// Summary is the figures of one install.
type Summary struct {
	Packages    int               // in the graph after filtering
	Warm, Cold  int               // slots whose tarball was / was not in the store
	Skipped     int               // slots that were in place already
	Reused      int               // tarballs found in the store
	Downloaded  int               // tarballs fetched
	Bytes       int64             // fetched
	Linked      int               // slots placed
	MaxLinks    int               // most slots being linked at one time
	Added       int               // packages new to node_modules
	Removed     int               // packages gone from it
	StageMillis map[Stage]float64 // busy time from a stage's first start to its last end
	WallMillis  float64
}

func (Resolved) event()       {}
func (Planned) event()        {}
func (Reused) event()         {}
func (Downloaded) event()     {}
func (Linked) event()         {}
func (Changed) event()        {}
func (Warning) event()        {}
func (Deprecated) event()     {}
func (IgnoredScripts) event() {}
func (Output) event()         {}
func (Done) event()           {}
func (Foretold) event()       {}
