package integrity

import (
	"encoding/base64"
	"fmt"
	"hash"
	"io"
	"strings"
)

// MismatchError says that bytes are not those an integrity was made of.
type MismatchError struct {
	Want Integrity // the hashes that decided: any of them would have done
	Got  Integrity // of the bytes, by the same algorithm
	Size int64     // how many bytes there were
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("integrity mismatch: want %s, got %s (%d bytes)",
		strings.ReplaceAll(e.Want.text, " ", " or "), e.Got.text, e.Size)
}

// Verify checks data against the strongest hashes of in. The error is a
// *MismatchError, or ErrNoHash for the zero Integrity.
func (in Integrity) Verify(data []byte) error {
	v, err := in.NewVerifier()
	if err != nil {
		return err
	}
	v.Write(data)
	return v.Verify()
}

// Check checks data against an integrity as it is written down. The errors are
// those of [Parse] and [Integrity.Verify].
func Check(sri string, data []byte) error {
	in, err := Parse(sri)
	if err != nil {
		return err
	}
	return in.Verify(data)
}

// Verifier is an io.Writer that hashes what is written to it. It is for one
// goroutine.
type Verifier struct {
	want Integrity
	name string
	hash hash.Hash
	size int64
}

// NewVerifier starts a check against the strongest hashes of in. The only
// error is ErrNoHash, for the zero Integrity: without a hash nothing verifies.
func (in Integrity) NewVerifier() (*Verifier, error) {
	if in.IsZero() {
		return nil, fmt.Errorf("verify: %w", ErrNoHash)
	}
	want := in.Strongest()
	name := want.Algorithm()
	return &Verifier{want: want, name: name, hash: algorithms[indexOf(name)].new()}, nil
}

// Write never fails.
func (v *Verifier) Write(p []byte) (int, error) {
	v.size += int64(len(p))
	return v.hash.Write(p)
}

// Verify compares what was written so far. The error is a *MismatchError.
func (v *Verifier) Verify() error {
	var sum [64]byte
	got := base64.StdEncoding.EncodeToString(v.hash.Sum(sum[:0]))
	for want := range strings.SplitSeq(v.want.text, " ") {
		if want[len(v.name)+1:] == got {
			return nil
		}
	}
	return &MismatchError{Want: v.want, Got: Integrity{v.name + "-" + got}, Size: v.size}
}

// reader passes io.EOF on only when everything before it verified.
type reader struct {
	src io.Reader
	v   *Verifier
	err error // what the stream ended with; sticky
}

// NewReader returns a reader of src's bytes that ends in a *MismatchError
// instead of io.EOF when they are not those in was made of. Whoever acts on
// bytes before the end must be able to undo it. The error is that of
// [Integrity.NewVerifier].
func (in Integrity) NewReader(src io.Reader) (io.Reader, error) {
	v, err := in.NewVerifier()
	if err != nil {
		return nil, err
	}
	return &reader{src: src, v: v}, nil
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.src.Read(p)
	r.v.Write(p[:n])
	if err == io.EOF {
		if mismatch := r.v.Verify(); mismatch != nil {
			err = mismatch
		}
	}
	r.err = err
	return n, err
}
