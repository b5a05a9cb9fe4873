package cli

import (
	"io"
	"os"
	"time"
)

// Process is what a command sees of the world: nothing below cmd reads a
// global, so that tests and servers can have several at once.
type Process struct {
	Name   string   // the program's name, or path, by which it was called
	Args   []string // without the program's name
	Dir    string   // working directory, absolute
	Home   string   // "" where there is none
	Temp   string   // directory where everybody makes files; "" where there is none
	Env    []string // "KEY=value"
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	Program  string // absolute path of this program, for scripts that call it; "" if unknown
	Terminal bool   // Stderr is one
	Shown    bool   // Stdout is one
	OS, Arch string // Go's words
	Cores    int
	Now      func() time.Time

	// Signals gives the signals that would end the process to whoever runs
	// another one in its place, until stop. May be nil.
	Signals func() (signals <-chan os.Signal, stop func())
	// Raise ends the process by a signal, as the one that it ran was. May be nil.
	Raise func(os.Signal)

	// Secret reads a line that is typed, without showing it. May be nil.
	Secret func() (string, error)

	// Output runs a program in a directory and returns what it prints.
	Output func(dir, program string, args ...string) (string, error)
	// Libc is the C library of this machine.
	Libc func() string
}
