package cli

import (
	"bytes"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
)

// outputFile is stdout, as a file.
type outputFile struct{ bytes.Buffer }

func (*outputFile) Name() string { return "/dev/stdout" }

// godwit list | head is no failure that anybody has to read about.
func TestClosedPipeIsQuiet(t *testing.T) {
	write := func(path string, err error) string {
		var stderr bytes.Buffer
		printError(&Process{Stdout: &outputFile{}, Stderr: &stderr}, fmt.Errorf("print: %w", &fs.PathError{Op: "write", Path: path, Err: err}))
		return stderr.String()
	}
	if said := write("/dev/stdout", syscall.EPIPE); said != "" {
		t.Errorf("said %q", said)
	}
	for _, said := range []string{write("/dev/stdout", syscall.ENOSPC), write("/tmp/fifo", syscall.EPIPE)} {
		if said == "" {
			t.Error("another error is kept quiet")
		}
	}
}
