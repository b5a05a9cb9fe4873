//go:build unix

package cli_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSecondWaits stops an install in its middle, starts another one in the
// same project, with another cache, and lets the first go on when the second
// says that it waits.
func TestSecondWaits(t *testing.T) {
	s := newSite(t, webOfPackages(8))
	want := s.fresh("fresh", "p0")
	s.store += "-cold"
	dir := s.project("app", "p0")
	var second *exec.Cmd
	var stderr io.Reader
	var said string
	_, firstErr, err := s.interrupt(dir, 3, func(first *os.Process) {
		first.Signal(syscall.SIGSTOP)
		defer first.Signal(syscall.SIGCONT)
		second = s.command(dir, "install")
		var err error
		second.Env = append(second.Env, "npm_config_cache_dir="+filepath.Join(s.dir, "another-cache"))
		if stderr, err = second.StderrPipe(); err != nil {
			t.Fatal(err)
		}
		if err := second.Start(); err != nil {
			t.Fatal(err)
		}
		said = readUntil(stderr, "waiting for it")
	})
	if err != nil {
		t.Fatalf("the first: %v\n%s", err, firstErr)
	}
	said += readUntil(stderr, "no such line")
	if err := second.Wait(); err != nil {
		t.Errorf("the second: %v", err)
	}
	if !strings.Contains(said, "another install is at work in "+dir) || !strings.HasSuffix(said, "Already up to date\n") {
		t.Errorf("the second said %q", said)
	}
	if diff := cmp.Diff(want, s.snapshot(dir)); diff != "" {
		t.Errorf("differs from a fresh install (-fresh +this):\n%s", diff)
	}
}

// TestInterrupted presses Ctrl-C while a tarball does not arrive.
func TestInterrupted(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		s := newSite(t, webOfPackages(8))
		want := s.fresh("fresh", "p0")
		s.store += "-cold"
		dir := s.project("app", "p0")
		s.depend(dir, "p1")
		s.install(dir)
		s.depend(dir, "p0")
		if err := s.registry.Fault("tarball:p0@* hang"); err != nil {
			t.Fatal(err)
		}
		// The planned work is the last event before the one that hangs.
		_, stderr, err := s.interrupt(dir, 9, func(p *os.Process) { p.Signal(sig) })
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%v: ended with %v, not with status 1", sig, err)
		}
		if stderr != "interrupted: run the same command again to go on\n" {
			t.Errorf("%v: said %q", sig, stderr)
		}
		s.registry.ClearFaults()
		if out := s.install(dir); !strings.Contains(out, "did not come to its end; node_modules is repaired") {
			t.Errorf("%v: the next install said %q", sig, out)
		}
		if diff := cmp.Diff(want, s.snapshot(dir)); diff != "" {
			t.Errorf("%v: differs from a fresh install (-fresh +repaired):\n%s", sig, diff)
		}
	}
}

// TestReaderGone closes the end of the pipe that an install writes events to.
// Whether it goes on or is killed for that, the next one finds its way.
func TestReaderGone(t *testing.T) {
	s := newSite(t, webOfPackages(8))
	want := s.fresh("fresh", "p0")
	dir := s.project("app", "p0")
	cmd := s.command(dir, "install", "--reporter", "ndjson")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	s.install(dir)
	if diff := cmp.Diff(want, s.snapshot(dir)); diff != "" {
		t.Errorf("differs from a fresh install (-fresh +this):\n%s", diff)
	}
}
