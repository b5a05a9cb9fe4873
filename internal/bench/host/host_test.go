package host

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary stand in for the measuring process.
func TestMain(m *testing.M) {
	if os.Getenv("BENCH_MEASURE") == "1" {
		if err := Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// shell is a command that runs a script in dir.
func shell(dir, script string) Command {
	return Command{
		Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: dir,
		Out: filepath.Join(dir, "out"), Err: filepath.Join(dir, "err"),
	}
}

func TestRunTellsWhatAProcessUsed(t *testing.T) {
	dir := t.TempDir()
	o, err := Run(context.Background(), shell(dir, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo said; echo cried >&2; exit 3"))
	if err != nil {
		t.Fatal(err)
	}
	if o.Code != 3 || o.TimedOut {
		t.Errorf("ended as %+v", o)
	}
	if o.Wall <= 0 || o.User+o.Sys <= 0 || o.MaxRSS < 100<<10 || o.MinorFaults == 0 {
		t.Errorf("usage: %+v", o.Usage)
	}
	for file, want := range map[string]string{"out": "said\n", "err": "cried\n"} {
		if got, _ := os.ReadFile(filepath.Join(dir, file)); string(got) != want {
			t.Errorf("%s: %q", file, got)
		}
	}
}

func TestLimitKillsTheWholeGroup(t *testing.T) {
	dir := t.TempDir()
	c := shell(dir, "sleep 600 & echo $! > child; wait")
	c.Limit = 300 * time.Millisecond
	o, err := Run(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !o.TimedOut || o.Code != -1 {
		t.Errorf("ended as %+v", o)
	}
	pid, err := os.ReadFile(filepath.Join(dir, "child"))
	if err != nil {
		t.Skip("the shell did not get to start a child")
	}
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
	if err == nil && !strings.Contains(string(stat), ") Z") {
		t.Errorf("the child lives: %s", stat)
	}
}

func TestRunOfSomethingThatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	c := shell(dir, "")
	c.Path = filepath.Join(dir, "nothing")
	if _, err := Run(context.Background(), c); err == nil {
		t.Error("no error")
	}
}

func TestMeasureRunsInAnotherProcess(t *testing.T) {
	t.Setenv("BENCH_MEASURE", "1")
	t.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector's pause at exit
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	o, err := Measure(context.Background(), []string{self}, shell(dir, "echo $PPID > parent; exit 4"))
	if err != nil || o.Code != 4 || o.Wall <= 0 {
		t.Fatalf("%+v, %v", o, err)
	}
	parent, err := os.ReadFile(filepath.Join(dir, "parent"))
	if self, _ := json.Marshal(os.Getpid()); err != nil || strings.TrimSpace(string(parent)) == string(self) {
		t.Errorf("the command's parent is this process: %s, %v", parent, err)
	}
	c := shell(dir, "")
	c.Dir = filepath.Join(dir, "nowhere")
	if _, err := Measure(context.Background(), []string{self}, c); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("the reason is lost: %v", err)
	}
}

func TestSizeCountsAFileOnce(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, n int) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, n), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a/one", 1000)
	write("b/two", 200)
	write("skipped/three", 30)
	if err := os.Link(filepath.Join(dir, "a/one"), filepath.Join(dir, "b/again")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("one", filepath.Join(dir, "a/link")); err != nil {
		t.Fatal(err)
	}
	if n, err := Size(dir, filepath.Join(dir, "skipped")); err != nil || n != 1200 {
		t.Errorf("%d, %v; want 1200", n, err)
	}
	if n, err := Size(filepath.Join(dir, "b")); err != nil || n != 1200 {
		t.Errorf("b: %d, %v; want 1200", n, err)
	}
	if n, err := Size(filepath.Join(dir, "nothing")); err != nil || n != 0 {
		t.Errorf("nothing: %d, %v", n, err)
	}
}
