package integrity

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"hash"
	"strings"
)

const sha1Size = sha1.Size

type algorithm struct {
	name string
	size int // bytes of a digest
	new  func() hash.Hash
}

// algorithms is all that can be checked, strongest first (ssri's order). md5
// is not among them: no registry relies on it.
var algorithms = [...]algorithm{
	{"sha512", sha512.Size, sha512.New},
	{"sha384", sha512.Size384, sha512.New384},
	{"sha256", sha256.Size, sha256.New},
	{"sha1", sha1.Size, sha1.New},
}

func indexOf(name string) int {
	for i := range algorithms {
		if algorithms[i].name == name {
			return i
		}
	}
	return -1
}

// checkDigest reports why digest cannot be the base64 of a digest of a.
func checkDigest(a *algorithm, digest string) error {
	if want := base64.StdEncoding.EncodedLen(a.size); len(digest) != want {
		return fmt.Errorf("%d characters of base64, want %d for %s", len(digest), want, a.name)
	}
	if strings.ContainsAny(digest, "\r\n") { // the decoder would skip them
		return fmt.Errorf("line break in base64")
	}
	var sum [sha512.Size + 2]byte // DecodedLen rounds up to whole groups
	// Strict, so that bytes have one spelling only and comparing text is
	// comparing digests.
	if n, err := base64.StdEncoding.Strict().Decode(sum[:], []byte(digest)); err != nil || n != a.size {
		return fmt.Errorf("malformed base64")
	}
	return nil
}
