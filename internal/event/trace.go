package event

import (
	"bufio"
	"encoding/json"
	"io"
	"strconv"
	"sync"
	"time"
)

// Span is a piece of work that took time.
type Span struct {
	Name       string // "left-pad@1.3.0"
	Kind       string // a stage: "fetch"
	Lane       string // what it occupied: "network"
	Slot       int    // which place in that lane, from 0
	Start, End time.Time
	Err        error // why it failed, or nil
}

// Trace writes spans in Chrome's trace event format (the "JSON array format" of
// its specification), which chrome://tracing and ui.perfetto.dev draw: a row for
// each place in a lane. Methods may be called from several goroutines.
type Trace struct {
	mu   sync.Mutex
	w    *bufio.Writer
	zero time.Time
	rows map[string]int // "network 3" -> tid
	sep  byte           // before the next entry
}

// NewTrace returns a trace whose clock starts at zero.
func NewTrace(w io.Writer, zero time.Time) *Trace {
	return &Trace{w: bufio.NewWriter(w), zero: zero, rows: map[string]int{}, sep: '['}
}

// traceEntry has the names of the format.
type traceEntry struct {
	Name     string            `json:"name"`
	Category string            `json:"cat,omitempty"`
	Phase    string            `json:"ph"`           // X: complete, M: metadata
	Time     int64             `json:"ts"`           // microseconds
	Duration int64             `json:"dur,omitzero"` // microseconds
	Process  int               `json:"pid"`
	Thread   int               `json:"tid"`
	Args     map[string]string `json:"args,omitempty"`
}

// Add writes a span.
func (t *Trace) Add(s Span) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := traceEntry{
		Name: s.Name, Category: s.Kind, Phase: "X", Process: 1, Thread: t.row(s.Lane, s.Slot),
		Time: s.Start.Sub(t.zero).Microseconds(), Duration: s.End.Sub(s.Start).Microseconds(),
	}
	if s.Err != nil {
		e.Args = map[string]string{"error": s.Err.Error()}
	}
	t.write(e)
}

// row is the number of a row, which gets its name before its first span.
func (t *Trace) row(lane string, slot int) int {
	name := lane + " " + strconv.Itoa(slot)
	id, ok := t.rows[name]
	if !ok {
		id = len(t.rows) + 1
		t.rows[name] = id
		t.write(traceEntry{Name: "thread_name", Phase: "M", Process: 1, Thread: id, Args: map[string]string{"name": name}})
	}
	return id
}

func (t *Trace) write(e traceEntry) {
	line, err := json.Marshal(e)
	if err != nil {
		panic("event: " + err.Error()) // strings and numbers always encode
	}
	t.w.WriteByte(t.sep)
	t.w.WriteByte('\n')
	t.w.Write(line)
	t.sep = ','
}

// Close ends the list and returns the first error of all writes.
func (t *Trace) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sep == '[' {
		t.w.WriteByte('[')
	}
	t.w.WriteString("\n]\n")
	return t.w.Flush()
}
