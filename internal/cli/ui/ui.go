// Package ui shows a user what an install does.
//
// Three reporters read the same events: a progress line that rewrites itself
// on a terminal, plain lines everywhere else, and JSON lines for programs. A
// fourth shows nothing.
package ui

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"godwit/internal/event"
)

// Reporter is a sink that may hold something back until it is closed.
type Reporter interface {
	event.Sink
	Close()
}

// Options of New.
type Options struct {
	Kind     string // default, append-only, ndjson or silent
	Stdout   io.Writer
	Stderr   io.Writer
	Terminal bool // Stderr is one, so that lines can be rewritten
	Progress bool // show it; without a terminal, a line now and then
	Warnings bool // show them
	Colour   bool
	Approve  string // the command that decides about install scripts, with its flags
	Now      func() time.Time
}

// New makes the reporter of a kind. "default" rewrites one line where there is
// a terminal and is "append-only" elsewhere.
func New(o Options) Reporter {
	switch {
	case o.Kind == "silent":
		return silent{}
	case o.Kind == "ndjson":
		return ndjson{event.NewNDJSON(o.Stdout)}
	default:
		t := &text{o: o, rewrite: o.Terminal && o.Kind != "append-only", seen: map[string]bool{}}
		if !t.rewrite {
			t.drawn = o.Now() // a short install has no progress worth a line
		}
		return t
	}
}

type silent struct{}

func (silent) Emit(event.Event) {}
func (silent) Close()           {}

type ndjson struct{ *event.NDJSON }

func (ndjson) Close() {}

// text writes for people, to Stderr.
type text struct {
	o       Options
	rewrite bool

	mu       sync.Mutex
	resolved int
	reused   int
	fetched  int
	linked   int
	total    int // slots to be in place at the end; 0 while resolving
	drawn    time.Time
	onLine   bool            // the cursor stands behind a progress line
	seen     map[string]bool // warnings already shown
	changes  []event.Changed
}

const (
	// frame is the least time between two drawings of the line: 20 a second
	// look continuous and cost nothing beside the install.
	frame = 50 * time.Millisecond
	// pause is the least time between two lines where lines stay: enough for a
	// log to show that something happens, few enough to read past.
	pause = 5 * time.Second
)

func (t *text) Emit(e event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := e.(type) {
	case event.Resolved:
		t.resolved++
	case event.Planned:
		t.total = e.Warm + e.Cold + e.Skipped
	case event.Reused:
		t.reused++
	case event.Downloaded:
		t.fetched++
	case event.Linked:
		t.linked++
	case event.Changed:
		t.changes = append(t.changes, e)
		return
	case event.Warning:
		t.warn(e.Message)
		return
	case event.Deprecated:
		t.warn("deprecated " + e.Key + ": " + firstLine(e.Message))
		return
	case event.IgnoredScripts:
		if t.o.Warnings {
			t.once(Plain(t.ignored(e.Keys)))
		}
		return
	case event.Output:
		t.clear()
		fmt.Fprintln(t.o.Stderr, strings.TrimRight(e.Line, "\r"))
		return
	case event.Done:
		t.finish(e, false)
		return
	case event.Foretold:
		t.finish(event.Done(e), true)
		return
	}
	t.progress()
}

func (t *text) warn(message string) {
	if t.o.Warnings {
		t.once(t.paint("WARN", yellow) + " " + Plain(message))
	}
}

// progress redraws the line, or writes another one, unless that was done a
// moment ago.
func (t *text) progress() {
	every, format := pause, "%s\n"
	if t.rewrite {
		every, format = frame, "\r\x1b[K%s"
	}
	now := t.o.Now()
	if !t.o.Progress || now.Sub(t.drawn) < every {
		return
	}
	t.drawn, t.onLine = now, t.rewrite
	fmt.Fprintf(t.o.Stderr, format, fmt.Sprintf("Progress: resolved %d, reused %d, downloaded %d, linked %d",
		max(t.resolved, t.total), t.reused, t.fetched, t.linked))
}

func (t *text) clear() {
	if t.onLine {
		io.WriteString(t.o.Stderr, "\r\x1b[K")
		t.onLine = false
	}
}

// Plain takes what a terminal would obey out of a text from elsewhere: a
// deprecation could otherwise rewrite the lines above it. So do the marks that
// turn the direction of writing: what they stand in reads otherwise than it is.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

func (t *text) once(line string) {
	if t.seen[line] {
		return
	}
	t.seen[line] = true
	t.clear()
	fmt.Fprintln(t.o.Stderr, line)
}

func (t *text) finish(e event.Done, foretold bool) {
	t.clear()
	t.changed()
	if e.UpToDate {
		fmt.Fprintln(t.o.Stderr, "Already up to date")
		return
	}
	s := e.Summary
	what := "packages"
	if s.Packages == 1 {
		what = "package"
	}
	if foretold {
		fmt.Fprintf(t.o.Stderr, "%d %s: %d would be added, %d removed; nothing is changed (--dry-run)\n", s.Packages, what, s.Added, s.Removed)
		return
	}
	fmt.Fprintf(t.o.Stderr, "%d %s: %d added, %d removed; %d downloaded, %d reused\n",
		s.Packages, what, s.Added, s.Removed, s.Downloaded, s.Reused)
	fmt.Fprintf(t.o.Stderr, "Done in %s\n", seconds(s.WallMillis))
}

// changed lists the direct dependencies that came, went or moved.
func (t *text) changed() {
	slices.SortStableFunc(t.changes, func(a, b event.Changed) int {
		return strings.Compare(a.Importer+"\x00"+a.Group+"\x00"+a.Alias, b.Importer+"\x00"+b.Group+"\x00"+b.Alias)
	})
	head := ""
	for _, c := range t.changes {
		if h := heading(c); h != head {
			head = h
			fmt.Fprintf(t.o.Stderr, "\n%s:\n", head)
		}
		if c.Old != "" {
			fmt.Fprintln(t.o.Stderr, t.paint("-", red), Plain(c.Alias), Plain(c.Old))
		}
		if c.New != "" {
			fmt.Fprintln(t.o.Stderr, t.paint("+", green), Plain(c.Alias), Plain(c.New))
		}
	}
	if head != "" {
		fmt.Fprintln(t.o.Stderr)
	}
	t.changes = nil
}

func heading(c event.Changed) string {
	if c.Importer == "." {
		return c.Group
	}
	return c.Importer + ": " + c.Group
}

// Close ends the progress line where an install failed.
func (t *text) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
}

func (t *text) ignored(keys []string) string {
	return "Install scripts of these packages did not run: " + strings.Join(keys, ", ") + ".\n" +
		"Run godwit " + t.o.Approve + " to decide which of them may."
}

// firstLine keeps a deprecation message to one line: some are pages long.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

func seconds(millis float64) string {
	if millis < 999.5 { // what rounds to 1000 ms is a second
		return fmt.Sprintf("%.0f ms", millis)
	}
	return fmt.Sprintf("%.1f s", millis/1000)
}

type colour string

const (
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
)

func (t *text) paint(s string, c colour) string {
	if !t.o.Colour {
		return s
	}
	return "\x1b[" + string(c) + "m" + s + "\x1b[0m"
}
