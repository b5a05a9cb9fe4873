package spawn

import (
	"bytes"
	"sync"
)

// Lines cuts what is written to it into lines, so that the output of scripts
// that run at one time can be told apart. Safe for concurrent use.
type Lines struct {
	Emit func(line string) // is called with one line at a time, without its end

	mu   sync.Mutex
	rest []byte // of a line that has not ended
}

// maxLine is when a line that does not end is passed on all the same.
const maxLine = 64 << 10

// Write implements io.Writer; it never fails.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		switch {
		case i >= 0:
			l.Emit(string(bytes.TrimSuffix(l.rest[:i], []byte("\r"))))
			l.rest = l.rest[i+1:]
		case len(l.rest) >= maxLine:
			l.Emit(string(l.rest))
			l.rest = nil
		default:
			return len(p), nil
		}
	}
}

// Close passes on a last line without an end.
func (l *Lines) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rest) > 0 {
		l.Emit(string(l.rest))
		l.rest = nil
	}
}
