// Package integrity checks bytes against subresource-integrity strings
// ("sha512-…"), in the dialect that npm's ssri writes and accepts: several
// hashes separated by white space, options after "?" ignored, the strongest
// algorithm present decides alone.
package integrity

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Integrity is one or more hashes of the same bytes. It is comparable; the
// zero value has no hash. Values come out of this package only, so that every
// hash in one is well-formed.
type Integrity struct {
	text string // "algorithm-base64", strongest algorithm first, separated by blanks
}

// ErrNoHash is the cause of an error when a string has no hash that could be
// checked.
var ErrNoHash = errors.New("it holds no sha512, sha384, sha256 or sha1 hash")

// maxHashes bounds what a hostile packument can make us keep and compare. Real
// ones hold one or two.
const maxHashes = 64

// Parse reads an integrity string. Hashes of algorithms other than sha1,
// sha256, sha384 and sha512 are passed over, which is an error (ErrNoHash) when
// nothing is left. A hash of a known algorithm that cannot be one, because of
// its length or its base64, is an error too: ssri would carry it along and fail
// when it is compared.
func Parse(s string) (Integrity, error) {
	if in, ok := parseSingle(s); ok {
		return in, nil
	}
	var groups [len(algorithms)][]string
	count := 0
	for field := range strings.FieldsSeq(s) {
		field, _, _ = strings.Cut(field, "?")
		name, digest, _ := strings.Cut(field, "-")
		i := indexOf(name)
		if i < 0 {
			continue
		}
		if count++; count > maxHashes {
			return Integrity{}, fmt.Errorf("integrity %.60q…: more than %d hashes", s, maxHashes)
		}
		if err := checkDigest(&algorithms[i], digest); err != nil {
			return Integrity{}, fmt.Errorf("integrity %.120q: %w", field, err)
		}
		groups[i] = append(groups[i], field)
	}
	if count == 0 {
		return Integrity{}, fmt.Errorf("integrity %.120q: %w", s, ErrNoHash)
	}
	ordered := make([]string, 0, count)
	for i := range groups {
		ordered = append(ordered, groups[i]...)
	}
	return Integrity{strings.Join(ordered, " ")}, nil
}

// parseSingle is the case that nearly all packuments hold, without allocation.
func parseSingle(s string) (Integrity, bool) {
	name, digest, _ := strings.Cut(s, "-")
	i := indexOf(name)
	if i < 0 || checkDigest(&algorithms[i], digest) != nil {
		return Integrity{}, false
	}
	return Integrity{s}, true
}

// FromShasum is the integrity of the sha1 in hexadecimal that old packuments
// have as dist.shasum.
func FromShasum(shasum string) (Integrity, error) {
	sum, err := hex.DecodeString(strings.TrimSpace(shasum))
	if err != nil || len(sum) != sha1Size {
		return Integrity{}, fmt.Errorf("shasum %.60q: want %d hexadecimal digits", shasum, 2*sha1Size)
	}
	return fromSum("sha1", sum), nil
}

// Of is the sha512 integrity of data.
func Of(data []byte) Integrity {
	sum := sha512.Sum512(data)
	return fromSum("sha512", sum[:])
}

func fromSum(name string, sum []byte) Integrity {
	return Integrity{name + "-" + base64.StdEncoding.EncodeToString(sum)}
}

// String is the hashes, those of the strongest algorithm first. [Parse] takes
// it back.
func (in Integrity) String() string { return in.text }

// IsZero reports whether in has no hash.
func (in Integrity) IsZero() bool { return in.text == "" }

// Strongest is in without the hashes that do not decide: those of weaker
// algorithms. More than one hash may be left; data has to match any of them.
func (in Integrity) Strongest() Integrity {
	name, _, _ := strings.Cut(in.text, "-")
	for i := 0; i < len(in.text); i++ {
		if in.text[i] == ' ' && !strings.HasPrefix(in.text[i+1:], name+"-") {
			return Integrity{in.text[:i]}
		}
	}
	return in
}

// Algorithm is the name of the strongest algorithm, "" for the zero value.
func (in Integrity) Algorithm() string {
	name, _, _ := strings.Cut(in.text, "-")
	return name
}

// Hex is the strongest algorithm and its first digest in lower-case
// hexadecimal, which is what store entries are named after. Both are "" for
// the zero value.
func (in Integrity) Hex() (algorithm, digest string) {
	if in.IsZero() {
		return "", ""
	}
	first, _, _ := strings.Cut(in.text, " ")
	algorithm, b64, _ := strings.Cut(first, "-")
	sum, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		panic("integrity: " + first + " was not checked when it was made")
	}
	return algorithm, hex.EncodeToString(sum)
}
