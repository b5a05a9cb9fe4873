package store

import (
	"fmt"
	"strconv"
	"strings"
)

// ID names a tree: the algorithm and digest of its tarball's integrity, or
// whatever a caller can say that identifies the bytes of a package that has no
// integrity (the commit of a git repository, the hash of a directory).
type ID struct{ algo, hex string }

// Bounds of the parts of an ID: the names of algorithms in use are at most six
// letters; a digest is MD5's 16 bytes at least and SHA-512's 64 at most.
const (
	maxAlgo = 16
	minHex  = 32
	maxHex  = 128
)

// NewID is the ID of a digest in lower-case hexadecimal. The algorithm is
// lower-case letters and digits.
func NewID(algo, hex string) (ID, error) {
	const digits = "0123456789abcdef"
	switch {
	case algo == "" || len(algo) > maxAlgo || strings.Trim(algo, "abcdefghijklmnopqrstuvwxyz0123456789") != "":
		return ID{}, fmt.Errorf("store id: algorithm %.20q: want 1 to %d lower-case letters and digits", algo, maxAlgo)
	case len(hex) < minHex || len(hex) > maxHex || strings.Trim(hex, digits) != "":
		return ID{}, fmt.Errorf("store id: digest %.20q: want %d to %d lower-case hexadecimal digits", hex, minHex, maxHex)
	}
	return ID{algo, hex}, nil
}

// ParseID reads what [ID.String] writes.
func ParseID(s string) (ID, error) {
	algo, hex, _ := strings.Cut(s, "-")
	return NewID(algo, hex)
}

// String is "sha512-" and the digest in hexadecimal.
func (id ID) String() string { return id.algo + "-" + id.hex }

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// rel is where the index of the tree is below trees/, or the link to its slot.
// 256 shards keep directories short: a store of 100,000 trees has 400 in each.
func (id ID) rel() string { return id.shard() + "/" + id.hex[2:] + "-" + id.algo }

// files is where the files of the tree are below trees/, the number-th directory
// that was made for them.
func (id ID) files(number int) string {
	if number == 0 {
		return id.rel() + filesSuffix
	}
	return id.rel() + "." + strconv.Itoa(number) + filesSuffix
}

const filesSuffix = ".tree"

func (id ID) shard() string { return id.hex[:2] }
