package spawn

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A server that a script starts hears of the signal once, and Run ends after it, not
// with the shell.
func TestSignalBelowShell(t *testing.T) {
	dir := t.TempDir()
	// It ends a moment later, and tells how often it was asked to.
	const server = `n=0; trap 'n=$((n+1))' TERM; echo ready >&3; while [ $n = 0 ]; do sleep 0.01; done; sleep 0.3; echo heard $n > told; exit 7`
	if err := os.WriteFile(filepath.Join(dir, "server"), []byte(server), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"sh server; echo next > next",
		"sh server && echo next > next",
		"(sh server; true)",
		"sh server | cat",
	} {
		os.Remove(filepath.Join(dir, "told"))
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir, cmd.ExtraFiles = dir, []*os.File{w}
		from := make(chan os.Signal)
		go func() {
			bufio.NewReader(r).ReadString('\n')
			from <- syscall.SIGTERM
		}()
		err = Run(cmd, NewSignals(from))
		w.Close()
		r.Close()
		if _, ok := errors.AsType[*ExitError](err); !ok {
			t.Errorf("%s: %v", line, err)
		}
		told, _ := os.ReadFile(filepath.Join(dir, "told"))
		if got := string(told); got != "heard 1\n" {
			t.Errorf("%s: the server said %q", line, got)
		}
		if _, err := os.Stat(filepath.Join(dir, "next")); err == nil {
			t.Errorf("%s: went on", line)
		}
	}
}

// What a program starts that is no shell is its own concern.
func TestSignalBelowProgram(t *testing.T) {
	dir := t.TempDir()
	const program = `trap 'exit 0' TERM; sh -c 'trap "echo too > told" TERM; echo ready >&3; n=0; while [ $n -lt 50 ]; do n=$((n+1)); sleep 0.01; done' & wait; wait`
	if err := os.WriteFile(filepath.Join(dir, "program"), []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("sh", "-c", "exec sh program")
	cmd.Dir, cmd.ExtraFiles = dir, []*os.File{w}
	from := make(chan os.Signal)
	lines := bufio.NewReader(r)
	go func() {
		lines.ReadString('\n')
		from <- syscall.SIGTERM
	}()
	if err := Run(cmd, NewSignals(from)); err != nil {
		t.Error(err)
	}
	w.Close()
	lines.ReadString('\n') // until all that had the pipe are gone
	if told, err := os.ReadFile(filepath.Join(dir, "told")); err == nil {
		t.Errorf("what it started said %q", told)
	}
}
