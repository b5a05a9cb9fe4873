package spawn

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestLines(t *testing.T) {
	var got []string
	l := Lines{Emit: func(line string) { got = append(got, line) }}
	for _, part := range []string{"a", "b\nc\r\n\n", "d", strings.Repeat("e", maxLine)} {
		l.Write([]byte(part))
	}
	l.Write([]byte("f"))
	l.Close()
	if want := []string{"ab", "c", "", "d" + strings.Repeat("e", maxLine), "f"}; !slices.Equal(got, want) {
		t.Errorf("got %d lines", len(got))
	}
}

func TestEach(t *testing.T) {
	odd := errors.New("3")
	var ran, now, most atomic.Int32
	err := Each(10, 2, false, func(i int) error {
		ran.Add(1)
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		if i == 3 {
			return odd
		}
		if i == 7 {
			return errors.New("7")
		}
		return nil
	})
	if err != odd || ran.Load() != 10 || most.Load() > 2 {
		t.Errorf("%v after %d, at most %d at once", err, ran.Load(), most.Load())
	}
	ran.Store(0)
	if err := Each(10, 1, true, func(i int) error { ran.Add(1); return odd }); err != odd || ran.Load() != 1 {
		t.Errorf("bail: %v after %d", err, ran.Load())
	}
}

func TestRun(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no POSIX shell")
	}
	for line, want := range map[string]int{"exit 3": 3, "kill -9 $$": 137} {
		err := Run(exec.Command("sh", "-c", line), nil)
		if exit, ok := errors.AsType[*ExitError](err); !ok || exit.Code != want || (exit.Signal != nil) != (want > 128) {
			t.Errorf("%s: %v", line, err)
		}
	}
	if err := Run(exec.Command("/nothing/here"), nil); !errors.As(err, new(*NotFoundError)) {
		t.Errorf("no program: %v", err)
	}
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGTERM
	if exit, ok := errors.AsType[*ExitError](Run(exec.Command("sleep", "60"), NewSignals(signals))); !ok || exit.Code != 143 {
		t.Error("the signal did not arrive")
	}
}

// A signal that comes when a process has ended, and Run has not said so yet, is for
// the next one.
func TestSignalBetweenTwo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no POSIX shell")
	}
	s := NewSignals(nil)
	first := exec.Command("true")
	if err := s.start(first); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err != nil {
		t.Fatal(err)
	}
	s.hand(syscall.SIGTERM)
	for _, want := range []int{143, 0} {
		err := Run(exec.Command("sleep", "0.01"), s)
		if exit, _ := errors.AsType[*ExitError](err); want == 0 && err != nil || want != 0 && (exit == nil || exit.Code != want) {
			t.Errorf("%v, want %d", err, want)
		}
	}
}
