// Package jsonscan walks a JSON document by the extents of its values and
// decodes only what the caller asks for. A packument is megabytes of which an
// install needs kilobytes; here what is not needed costs little more than
// finding the quotes.
//
// What is walked (the members of visited objects) is checked. What is skipped
// is checked only as far as its end depends on it: strings are terminated and
// brackets are closed. Nothing recurses, so no document is too deep.
package jsonscan

import (
	"fmt"
	"iter"
)

// Scanner reads one document from front to back. After an error it stands
// still, every loop over it ends, and Err tells why.
type Scanner struct {
	buf []byte
	pos int
	// at is where the value starts that the next call may take, or -1. A loop
	// over Members uses it to skip what its body did not take.
	at  int
	err error
}

// New starts at the first value of doc. The scanner aliases doc.
func New(doc []byte) *Scanner {
	s := &Scanner{buf: doc}
	s.begin()
	return s
}

// SyntaxError says what was expected where.
type SyntaxError struct {
	Offset int64 // bytes from the start of the document
	Want   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: expected %s", e.Offset, e.Want)
}

// Err is the first error, or nil.
func (s *Scanner) Err() error { return s.err }

// Pos is the offset of the next unread byte.
func (s *Scanner) Pos() int { return s.pos }

func (s *Scanner) fail(at int, want string) {
	if s.err == nil {
		s.err = &SyntaxError{Offset: int64(at), Want: want}
	}
	s.pos, s.at = len(s.buf), -1
}

// begin puts the scanner at the start of a value.
func (s *Scanner) begin() {
	if s.space(); s.pos >= len(s.buf) {
		s.fail(s.pos, "a value")
		return
	}
	s.at = s.pos
}

func (s *Scanner) space() {
	for s.pos < len(s.buf) && isSpace(s.buf[s.pos]) {
		s.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// next consumes white space and then c, if c is there.
func (s *Scanner) next(c byte) bool {
	if s.space(); s.pos < len(s.buf) && s.buf[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// Kind is the first byte of the value at hand: one of { [ " t f n, or a digit
// or minus sign; 0 when there is none.
func (s *Scanner) Kind() byte {
	if s.at < 0 {
		return 0
	}
	return s.buf[s.at]
}

// Value takes the value at hand and returns its bytes, which alias the
// document. It returns nil when there is none or the document breaks inside.
func (s *Scanner) Value() []byte {
	start := s.at
	if start < 0 {
		return nil
	}
	s.at = -1
	end := skip(s.buf, start)
	if end < 0 {
		s.fail(start, "a complete value")
		return nil
	}
	s.pos = end
	return s.buf[start:end:end]
}

// Members takes the object at hand and yields its keys, decoded and valid
// until the next one. Inside the loop the member's value is at hand; what the
// body does not take is skipped. Of anything that is not an object it yields
// nothing. A body that leaves the loop early must not use the scanner again.
func (s *Scanner) Members() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if s.Kind() != '{' {
			s.Value()
			return
		}
		s.pos, s.at = s.at+1, -1
		for more := !s.next('}'); more && s.err == nil; more = s.comma('}') {
			key, ok := s.key()
			if !ok {
				return
			}
			if !yield(key) {
				return
			}
			s.Value()
		}
	}
}

// Elements takes the array at hand and yields once for each element, with the
// element at hand. The rules of Members apply.
func (s *Scanner) Elements() iter.Seq[byte] {
	return func(yield func(byte) bool) {
		if s.Kind() != '[' {
			s.Value()
			return
		}
		s.pos, s.at = s.at+1, -1
		for more := !s.next(']'); more && s.err == nil; more = s.comma(']') {
			if s.begin(); s.err != nil || !yield(s.Kind()) {
				return
			}
			s.Value()
		}
	}
}

// comma reports whether another member follows; closing is what may stand
// there instead.
func (s *Scanner) comma(closing byte) bool {
	switch {
	case s.err != nil:
		return false
	case s.next(','):
		return true
	case !s.next(closing):
		s.fail(s.pos, "',' or '"+string(closing)+"'")
	}
	return false
}

// key reads a member's key and its colon and puts its value at hand.
func (s *Scanner) key() ([]byte, bool) {
	s.space()
	start := s.pos
	if start >= len(s.buf) || s.buf[start] != '"' {
		s.fail(start, "a key")
		return nil, false
	}
	end := skipString(s.buf, start+1)
	if end < 0 {
		s.fail(start, "the end of the key")
		return nil, false
	}
	if s.pos = end; !s.next(':') {
		s.fail(s.pos, "':'")
		return nil, false
	}
	key, ok := unquote(s.buf[start:end])
	if !ok {
		s.fail(start, "a well-formed key")
		return nil, false
	}
	s.begin()
	return key, s.err == nil
}

// End reports whether nothing but white space follows the value just taken;
// otherwise it is an error.
func (s *Scanner) End() error {
	if s.err == nil {
		if s.space(); s.pos < len(s.buf) {
			s.fail(s.pos, "the end of the document")
		}
	}
	return s.err
}
