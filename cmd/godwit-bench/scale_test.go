package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"godwit/internal/bench/host"
	"godwit/internal/bench/report"
	"godwit/internal/bench/result"
)

// TestScaleEndToEnd makes up two projects, which a script installs that asks for
// the first dependency of each.
func TestScaleEndToEnd(t *testing.T) {
	curl := "/usr/bin/curl"
	if _, err := os.Stat(curl); err != nil {
		t.Skip("curl is not here")
	}
	asProgram(t)
	dir := t.TempDir()
	tool := filepath.Join(dir, "godwit")
	first := `$(sed 's/.*"dependencies":{"\([^"]*\)".*/\1/' package.json)`
	text := strings.NewReplacer("%CURL%", curl, "${registry}dep", "${registry}"+first).Replace(script)
	if err := os.WriteFile(tool, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	args := []string{"scale", "--sizes", "50,60", "--godwit", tool, "--tools", "godwit", "--phases", "p0", "--rounds", "1", "--fs", "folder",
		"--work", dir, "--out", out, "--listen", freePorts(t), "--synthetic", filepath.Join(dir, "synthetic")}
	for range 2 { // the second time the projects are there
		stdout, stderr, err := tell(t, args...)
		if err != nil {
			t.Fatalf("%v\n%s", err, stderr)
		}
		if !strings.Contains(stdout, "| phase | number | tool | 50 packages | 60 packages | each from 50 to 60 | growth |") || !strings.Contains(stdout, "| p0 | RSS | godwit | ") {
			t.Errorf("said:\n%s", stdout)
		}
	}
	for _, name := range []string{"scale.md", "scale.html", "scale.json", "50/report.md", "60/result.json"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestGrowthIsJudged(t *testing.T) {
	point := func(packages int, wall time.Duration) report.Point {
		cell := &result.Cell{Phase: "p0", Tool: "godwit"}
		if wall > 0 {
			cell.Samples = []result.Sample{{Usage: host.Usage{Wall: wall, User: time.Second, Sys: time.Second, MaxRSS: 1 << 20}}}
		}
		return report.Point{Packages: packages, Run: &result.Run{
			Phases: []result.Phase{{Name: "p0"}}, Tools: []result.Tool{{Name: "godwit"}}, Cells: []*result.Cell{cell},
		}}
	}
	for name, c := range map[string]struct {
		last time.Duration
		want string // "" for no error
	}{
		"linear": {4 * time.Second, ""}, "quadratic": {16 * time.Second, "wall of godwit in p0: 2.00"}, "not measured": {0, "nothing measured"},
	} {
		s := scaling{maxGrowth: 1.1}
		err := s.judge(report.Scale{Points: []report.Point{point(1000, time.Second), point(4000, c.last)}})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
