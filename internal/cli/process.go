package cli

import (
	"io"
	"time"
)

// Process is what a command sees of the world: nothing below cmd reads a
// global, so that tests and servers can have several at once.
type Process struct {
	Args   []string // without the program's name
	Dir    string   // working directory, absolute
	Home   string   // "" where there is none
	Env    []string // "KEY=value"
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	Program  string // absolute path of this program, for scripts that call it; "" if unknown
	Terminal bool   // Stderr is one
	OS, Arch string // Go's words
	Cores    int
	Now      func() time.Time

	// Output runs a program in a directory and returns what it prints.
	Output func(dir, program string, args ...string) (string, error)
	// Grow is told, now and then, how many packages an install has to fetch at
	// least, so that it may be given more memory. May be nil.
	Grow func(packages int)
	// Libc is the C library of this machine.
	Libc func() string
}
