package ui

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/event"
)

// clock is a time that only the test moves.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

func (c *clock) move(d time.Duration) { c.now = c.now.Add(d) }

// console is a reporter and what it wrote.
type console struct {
	Reporter
	clock    *clock
	out, err strings.Builder
}

func open(o Options) *console {
	c := &console{clock: &clock{time.Unix(1_000_000, 0)}}
	o.Stdout, o.Stderr, o.Now, o.Approve = &c.out, &c.err, c.clock.read, "approve-builds"
	c.Reporter = New(o)
	return c
}

// install is what an install emits, from the first event to the last.
func install(sink event.Sink) {
	for _, e := range []event.Event{
		event.Resolved{Key: "a@1.0.0"},
		event.Resolved{Key: "b@2.0.0"},
		event.Deprecated{Key: "b@2.0.0", Message: "use c\nand this is a whole page of reasons"},
		event.Planned{Warm: 1, Cold: 1},
		event.Reused{Key: "a@1.0.0"},
		event.Linked{Key: "a@1.0.0"},
		event.Downloaded{Key: "b@2.0.0", Bytes: 10},
		event.Linked{Key: "b@2.0.0"},
		event.Changed{Importer: ".", Alias: "b", Group: "devDependencies", Old: "1.0.0", New: "2.0.0"},
		event.Changed{Importer: ".", Alias: "a", Group: "dependencies", New: "1.0.0"},
		event.Changed{Importer: ".", Alias: "gone", Group: "dependencies", Old: "3.0.0"},
		event.Changed{Importer: "packages/x", Alias: "a", Group: "dependencies", New: "1.0.0"},
		event.Warning{Code: "X", Message: "mind this"},
		event.Warning{Code: "X", Message: "mind this"},
		event.IgnoredScripts{Keys: []string{"a@1.0.0", "b@2.0.0"}},
		event.Done{Summary: event.Summary{Packages: 2, Added: 2, Removed: 1, Downloaded: 1, Reused: 1, WallMillis: 1234}},
	} {
		sink.Emit(e)
	}
}

const plainText = `WARN deprecated b@2.0.0: use c
WARN mind this
Install scripts of these packages did not run: a@1.0.0, b@2.0.0.
Run godwit approve-builds to decide which of them may.

dependencies:
+ a 1.0.0
- gone 3.0.0

devDependencies:
- b 1.0.0
+ b 2.0.0

packages/x: dependencies:
+ a 1.0.0

2 packages: 2 added, 1 removed; 1 downloaded, 1 reused
Done in 1.2 s
`

func TestReporters(t *testing.T) {
	for name, test := range map[string]struct {
		options  Options
		out, err string
	}{
		"append-only":              {Options{Kind: "append-only", Warnings: true, Progress: true}, "", plainText},
		"append-only on terminal":  {Options{Kind: "append-only", Warnings: true, Progress: true, Terminal: true}, "", plainText},
		"default without terminal": {Options{Kind: "default", Warnings: true, Progress: true}, "", plainText},
		"default without progress": {Options{Kind: "default", Warnings: true, Terminal: true}, "", plainText},
		"silent":                   {Options{Kind: "silent", Warnings: true, Progress: true, Terminal: true}, "", ""},
		"without warnings":         {Options{Kind: "append-only"}, "", plainText[strings.Index(plainText, "\ndependencies"):]},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(test.options)
			install(c)
			c.Close()
			if diff := cmp.Diff(test.err, c.err.String()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
			if c.out.String() != test.out {
				t.Errorf("stdout: %q", c.out.String())
			}
		})
	}
}

func TestUpToDate(t *testing.T) {
	c := open(Options{Kind: "default", Warnings: true, Progress: true, Terminal: true})
	c.Emit(event.Done{UpToDate: true})
	if got := c.err.String(); got != "Already up to date\n" {
		t.Errorf("%q", got)
	}
}

func TestColours(t *testing.T) {
	c := open(Options{Kind: "append-only", Warnings: true, Colour: true})
	install(c)
	for _, want := range []string{"\x1b[33mWARN\x1b[0m mind this\n", "\x1b[32m+\x1b[0m a 1.0.0\n", "\x1b[31m-\x1b[0m gone 3.0.0\n"} {
		if !strings.Contains(c.err.String(), want) {
			t.Errorf("%q is missing from %q", want, c.err.String())
		}
	}
	uncoloured := regexp.MustCompile("\x1b\\[\\d+m").ReplaceAllString(c.err.String(), "")
	if diff := cmp.Diff(plainText, uncoloured); diff != "" {
		t.Errorf("colours change more than colours (-want +got):\n%s", diff)
	}
}

// TestTerminal replays what was written on a terminal of one line that knows
// carriage return and erase, and looks at what stays.
func TestTerminal(t *testing.T) {
	c := open(Options{Kind: "default", Warnings: true, Progress: true, Terminal: true})
	every := &moving{c, time.Second}
	install(every)
	c.Close()
	if got := screen(c.err.String()); got != plainText {
		t.Errorf("what stays on the terminal (-want +got):\n%s", cmp.Diff(plainText, got))
	}
	for _, line := range []string{
		"Progress: resolved 1, reused 0, downloaded 0, linked 0",
		"Progress: resolved 2, reused 1, downloaded 1, linked 2",
	} {
		if !strings.Contains(c.err.String(), "\r\x1b[K"+line) {
			t.Errorf("%q was never shown", line)
		}
	}
}

// moving lets time pass before each event.
type moving struct {
	*console
	step time.Duration
}

func (m *moving) Emit(e event.Event) {
	m.clock.move(m.step)
	m.console.Emit(e)
}

// screen is the text that a terminal shows in the end.
func screen(written string) string {
	var lines []string
	for line := range strings.SplitSeq(written, "\n") {
		_, after, erased := cutLast(line, "\r\x1b[K")
		if !erased {
			after = line
		}
		lines = append(lines, after)
	}
	return strings.Join(lines, "\n")
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// TestFrames counts how often the line is drawn while 10,000 events arrive
// within five seconds of a clock: at most 20 times a second.
func TestFrames(t *testing.T) {
	const events, seconds = 10_000, 5
	for _, test := range []struct {
		terminal bool
		least    int
		most     int
	}{
		{true, 20*seconds - 1, 20*seconds + 1},
		{false, 1, 1}, // a line every five seconds, not at once
	} {
		c := open(Options{Kind: "default", Progress: true, Terminal: test.terminal})
		for i := range events {
			c.clock.move(seconds * time.Second / events)
			c.Emit(event.Linked{Key: fmt.Sprint(i)})
		}
		if n := strings.Count(c.err.String(), "Progress:"); n < test.least || n > test.most {
			t.Errorf("terminal %v: drawn %d times, not %d to %d", test.terminal, n, test.least, test.most)
		}
		if strings.Contains(c.err.String(), "\x1b") != test.terminal {
			t.Errorf("terminal %v: %.100q", test.terminal, c.err.String())
		}
	}
}

// TestCloseClears leaves the cursor at the start of an empty line when an
// install fails, for the error that follows.
func TestCloseClears(t *testing.T) {
	c := open(Options{Kind: "default", Progress: true, Terminal: true})
	c.Emit(event.Resolved{Key: "a"})
	c.Close()
	if got := screen(c.err.String() + "ERR"); got != "ERR" {
		t.Errorf("%q", got)
	}
	before := c.err.Len()
	c.Close()
	if c.err.Len() != before {
		t.Error("a second Close writes again")
	}
}

// TestHostileText keeps the terminal's control characters out of what packages
// and registries say, and long lines whole.
func TestHostileText(t *testing.T) {
	c := open(Options{Kind: "default", Warnings: true, Progress: true, Terminal: true})
	long := strings.Repeat("a > ", 500) + "z"
	c.Emit(event.Warning{Message: "chain " + long})
	c.Emit(event.Deprecated{Key: "a@1.0.0", Message: "\x1b[2J\x1b]0;owned\x07safe\r\nsecond line"})
	c.Emit(event.Changed{Importer: ".", Group: "dependencies", Alias: "a\x1b[31m", New: "1.0.0\u009b\u202e\u2066"})
	c.Emit(event.Done{})
	got := c.err.String()
	if !strings.Contains(got, "WARN chain "+long+"\n") {
		t.Error("the chain is cut")
	}
	if !strings.Contains(got, "WARN deprecated a@1.0.0: [2J]0;ownedsafe\n") || strings.Contains(got, "second line") {
		t.Errorf("deprecation: %q", got[len(long):])
	}
	if strings.ContainsAny(got, "\x1b\x07\u009b\r\u202e\u2066") {
		t.Errorf("control characters: %q", got[len(long):])
	}
}

func TestSeconds(t *testing.T) {
	for millis, want := range map[float64]string{0: "0 ms", 12.4: "12 ms", 999.4: "999 ms", 999.6: "1.0 s", 1234: "1.2 s", 61_000: "61.0 s"} {
		if got := seconds(millis); got != want {
			t.Errorf("%v ms: %q, not %q", millis, got, want)
		}
	}
}

// TestConcurrent is for the race detector: the engine emits from many
// goroutines.
func TestConcurrent(t *testing.T) {
	for _, kind := range []string{"default", "append-only", "ndjson", "silent"} {
		c := open(Options{Kind: kind, Warnings: true, Progress: true, Terminal: true})
		done := make(chan bool)
		for range 4 {
			go func() {
				install(c)
				done <- true
			}()
		}
		for range 4 {
			<-done
		}
		c.Close()
	}
}
