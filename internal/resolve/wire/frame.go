package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Frame is a line of an answer. Exactly one of its fields is set.
type Frame struct {
	Package *Package `json:"package,omitempty"`
	Done    *Done    `json:"done,omitempty"`
	Error   *Failure `json:"error,omitempty"`
}

// Package is a package of a registry that was picked and that the client has to
// have, as far as can be told by then. No ID comes twice; a
// package that was picked need not be in the lockfile, if what wanted it turned
// out to be optional and broken.
type Package struct {
	ID string `json:"id"` // name@version
	// Tarball is "" for where registries keep tarballs, else a path below the
	// registry of the name, or a URL.
	Tarball   string `json:"tarball,omitempty"`
	Integrity string `json:"integrity"`
}

// Done is the result.
type Done struct {
	Packages   int                  `json:"packages"`           // frames before this one
	Lockfile   string               `json:"lockfile,omitempty"` // pnpm-lock.yaml without settings
	Placed     []Placed             `json:"placed,omitempty"`   // instead of it, by npm's rules
	Warnings   []Warning            `json:"warnings,omitempty"`
	Deprecated map[string]string    `json:"deprecated,omitempty"`
	Unused     []string             `json:"unused,omitempty"` // selectors of overrides that no package had anything for
	Times      map[string]time.Time `json:"times,omitempty"`
	Young      []Young              `json:"young,omitempty"`
}

// Young is a version that is newer than the policy wants, see policy.Violation.
type Young struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Published time.Time `json:"published,omitzero"`
	Cutoff    time.Time `json:"cutoff"`
	Chain     []string  `json:"chain,omitempty"`
}

// Failure is how a resolution ended that found nothing.
type Failure struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`         // all of it, chain and cause included
	Chain   []string `json:"chain,omitempty"` // of those who asked for what failed, the importer first
	Cause   string   `json:"cause,omitempty"` // the message without the chain
	Hint    string   `json:"hint,omitempty"`
	// Verdict says that it is about the project: to resolve elsewhere would find
	// the same.
	Verdict bool `json:"verdict,omitempty"`
}

// Append writes the frame as a line.
func (f *Frame) Append(dst []byte) []byte {
	b := bytes.NewBuffer(dst)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(f); err != nil {
		panic("wire: " + err.Error()) // strings and numbers only
	}
	return b.Bytes()
}

// Limits of an answer.
const (
	// maxPackageLine is far above names, integrities and URLs.
	maxPackageLine = 64 << 10
	// maxAnswer is five times the lockfile of the largest workspace known, 13 MB.
	maxAnswer = 64 << 20
	// maxPackages is as many as fit such a lockfile.
	maxPackages = 200_000
)

// Errors of an answer that is not what the protocol says.
var (
	ErrCutOff   = errors.New("the answer ends in the middle")
	ErrTooLong  = errors.New("the answer is longer than any that is right")
	ErrDisorder = errors.New("the answer has a line that cannot stand there")
)

// Reader reads the frames of an answer and refuses one that is out of order. The
// zero value is not usable; see [NewReader].
type Reader struct {
	in       *bufio.Reader
	read     int
	seen     map[string]bool // IDs of packages
	finished bool
}

// NewReader reads frames from r.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(r, maxPackageLine), seen: map[string]bool{}}
}

// Next is the next frame, or io.EOF behind the last. Errors of the connection are
// wrapped.
func (r *Reader) Next() (*Frame, error) {
	line, err := r.line()
	switch {
	case err == io.EOF && r.finished:
		return nil, io.EOF
	case err == io.EOF:
		return nil, ErrCutOff
	case err != nil:
		return nil, err
	case r.finished:
		return nil, fmt.Errorf("%w: behind the end", ErrDisorder)
	}
	var f Frame
	if err := json.Unmarshal(line, &f); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDisorder, err)
	}
	return &f, r.check(&f, len(line))
}

// line reads up to a line's end. What is not ended is cut off.
func (r *Reader) line() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		long := bytes.Clone(line)
		for err == bufio.ErrBufferFull {
			if r.read+len(long) > maxAnswer {
				return nil, ErrTooLong
			}
			line, err = r.in.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	if err == io.EOF && len(line) > 0 {
		err = ErrCutOff
	}
	if r.read += len(line); err == nil && r.read > maxAnswer {
		err = ErrTooLong
	}
	return line, err
}

func (r *Reader) check(f *Frame, size int) error {
	set := 0
	for _, is := range []bool{f.Package != nil, f.Done != nil, f.Error != nil} {
		if is {
			set++
		}
	}
	switch {
	case set != 1:
		return fmt.Errorf("%w: it is of %d kinds", ErrDisorder, set)
	case f.Package == nil:
		r.finished = true
		if f.Done != nil && f.Done.Packages != len(r.seen) {
			return fmt.Errorf("%w: %d packages were sent, and %d came", ErrDisorder, f.Done.Packages, len(r.seen))
		}
		return nil
	case size > maxPackageLine || len(r.seen) == maxPackages:
		return ErrTooLong
	case r.seen[f.Package.ID]:
		return fmt.Errorf("%w: %.200q comes twice", ErrDisorder, f.Package.ID)
	}
	r.seen[f.Package.ID] = true
	return nil
}
