package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/spawn"
)

// execution is what became of one project, in the shape of pnpm's
// pnpm-exec-summary.json.
type execution struct {
	Status   string   `json:"status"`             // queued, passed, failure, skipped
	Duration *float64 `json:"duration,omitempty"` // in ms
	Prefix   string   `json:"prefix,omitempty"`   // its directory, of one that failed
	Message  string   `json:"message,omitempty"`
}

// summarized is levels, with a file about it if that was asked for. What never had
// its turn stays queued.
func (r *runner) summarized(levels [][]task) error {
	if !r.cfg.Settings.Call.ReportSummary {
		return r.levels(levels)
	}
	r.summary = map[string]*execution{}
	for _, level := range levels {
		for _, t := range level {
			r.summary[t.dir] = &execution{Status: "queued"}
		}
	}
	err := r.levels(levels)
	if unwritten := r.writeSummary(); err == nil {
		err = unwritten
	}
	return err
}

func (r *runner) writeSummary() error {
	byPath := map[string]*execution{}
	for dir, e := range r.summary {
		byPath[r.pathOf(dir)] = e
	}
	text, err := json.MarshalIndent(map[string]any{"executionStatus": byPath}, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(r.workspace.root, "pnpm-exec-summary.json")
	if err := fsys.WriteFile(file, append(text, '\n'), fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

func (r *runner) pathOf(dir string) string {
	return filepath.Join(r.workspace.root, filepath.FromSlash(dir))
}

// ran notes how a script ended; the caller holds the lock. Of several of one
// project one that failed counts.
func (r *runner) ran(dir string, took time.Duration, err error) {
	e := r.summary[dir]
	if e == nil || e.Status == "failure" {
		return
	}
	ms := float64(took) / float64(time.Millisecond)
	e.Status, e.Duration = "passed", &ms
	if err == nil {
		return
	}
	e.Status, e.Prefix, e.Message = "failure", r.pathOf(dir), err.Error()
	if exit, ok := errors.AsType[*spawn.ExitError](err); ok && exit.Signal == nil {
		e.Message = fmt.Sprintf("command failed with exit code %d", exit.Code)
	}
}

// skipped notes a project without the script, or behind one that failed.
func (r *runner) skipped(dir string) {
	if e := r.summary[dir]; e != nil {
		e.Status = "skipped"
	}
}
