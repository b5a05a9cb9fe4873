package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"godwit/internal/bench/result"
)

// logFile is where a run's stdout ("out") or stderr ("err") goes.
func (b *bench) logFile(label, stream string) string {
	return filepath.Join(b.Logs, label+"."+stream)
}

func (b *bench) traceFile(phase, tool string, round int) string {
	return filepath.Join(b.Logs, fmt.Sprintf("%s-%s-%d.trace.json", phase, tool, round))
}

// keepTraces keeps, for each cell, the trace of its median sample, and drops
// the others: each can be many megabytes.
func (b *bench) keepTraces(p Phase) error {
	if !b.Trace {
		return nil
	}
	for _, c := range b.contestant {
		cell := b.run.Cell(p.Name, c.Name)
		s, ok := cell.MedianSample()
		if !ok || c.Tool.Trace == "" {
			continue
		}
		name := fmt.Sprintf("trace-%s-%s.json", p.Name, c.Name)
		err := os.Rename(b.traceFile(p.Name, c.Name, s.Round), filepath.Join(b.Logs, name))
		if errors.Is(err, os.ErrNotExist) {
			b.note("%s %s wrote no trace", p.Name, c.Name)
			continue
		}
		for round := 0; err == nil && round <= b.Rounds; round++ {
			err = os.Remove(b.traceFile(p.Name, c.Name, round))
			if errors.Is(err, os.ErrNotExist) {
				err = nil
			}
		}
		if err != nil {
			return fmt.Errorf("trace: %w", err)
		}
		cell.Trace = name
	}
	return nil
}

const (
	tailLines = 8        // of each stream: enough for a tool's error and its hint
	tailBytes = 64 << 10 // read at most, from the end: some tools print every package
)

// escape matches terminal control sequences.
var escape = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")

// tail is the end of what a run printed.
func (b *bench) tail(label string) []string {
	var out []string
	for _, stream := range []string{"out", "err"} {
		text, err := readEnd(b.logFile(label, stream), tailBytes)
		if err != nil {
			continue // a run that did not start printed nothing
		}
		clean := strings.TrimSpace(escape.ReplaceAllString(strings.ToValidUTF8(string(text), "?"), ""))
		lines := strings.Split(clean, "\n")
		for _, l := range lines[max(0, len(lines)-tailLines):] {
			if l = strings.TrimRight(l, "\r "); l != "" {
				out = append(out, l)
			}
		}
	}
	return out
}

// readEnd reads the last n bytes of a file.
func readEnd(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(max(0, info.Size()-n), io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// doneBytes bounds the search for the last event from the end of the file.
const doneBytes = 1 << 20

// readDone finds the event that ends godwit's ndjson.
func readDone(path string) (*result.Done, error) {
	text, err := readEnd(path, doneBytes)
	if err != nil {
		return nil, err
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	var event struct {
		Event string `json:"event"`
		result.Done
	}
	if err := json.Unmarshal(lines[len(lines)-1], &event); err != nil || event.Event != "done" {
		return nil, errors.New(`its output does not end in a "done" event`)
	}
	return &event.Done, nil
}
