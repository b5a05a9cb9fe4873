// Package releasekey checks that the Node project signed a document: the list of
// hashes of a release comes with a detached OpenPGP signature of one of those who
// make releases.
//
// Of OpenPGP (RFC 9580) this is what such signatures need: version 4, RSA or Ed25519,
// one document. Nothing is believed because a key says so: the keys are those in
// keys.txt, and when they expire does not matter, since what they signed was signed
// before.
package releasekey

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1" // names keys
	_ "crypto/sha256"
	_ "crypto/sha512"
	_ "embed"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// keys are the release keys of the Node project, each with its fingerprint and, in
// base64, the body of its public-key packet: those in its repository release-keys
// that can sign, but for one of DSA that signed the last release in 2016. They were
// taken from @pnpm/crypto.shasums-file 1001.0.6, which has them from there.
//
//go:embed keys.txt
var keys string

// Key can tell whether it signed something.
type Key struct {
	rsa *rsa.PublicKey
	ed  ed25519.PublicKey
}

// ErrNobody is a signature that is of none of the keys.
var ErrNobody = errors.New("none of the Node project's release keys made the signature")

// errMalformed is what is no OpenPGP, or a part of it that nobody signs releases with.
var errMalformed = errors.New("it is no OpenPGP signature of a document")

// Keys are the keys that the Node project signs releases with.
func Keys() ([]Key, error) {
	var out []Key
	for line := range strings.Lines(keys) {
		fingerprint, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		body, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("release key %s: %w", fingerprint, err)
		}
		sum := sha1.Sum(append([]byte{0x99, byte(len(body) >> 8), byte(len(body))}, body...))
		if !strings.EqualFold(hex.EncodeToString(sum[:]), fingerprint) {
			return nil, fmt.Errorf("release key %s is not the one of that fingerprint", fingerprint)
		}
		key, err := ParseKey(body)
		if err != nil {
			return nil, fmt.Errorf("release key %s: %w", fingerprint, err)
		}
		out = append(out, key)
	}
	return out, nil
}

// Numbers of RFC 9580, sections 9.1 and 9.5.
const (
	algorithmRSA   = 1
	algorithmEdDSA = 22 // Ed25519 as GnuPG has it
)

var hashes = map[byte]crypto.Hash{8: crypto.SHA256, 9: crypto.SHA384, 10: crypto.SHA512}

// ed25519OID begins a key for Ed25519 (RFC 9580, section 9.2).
var ed25519OID = "\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01"

// ParseKey reads the body of a public-key packet.
func ParseKey(body []byte) (Key, error) {
	r := reader{rest: body}
	version, _, algorithm := r.byte(), r.take(4), r.byte()
	if version != 4 {
		return Key{}, errMalformed
	}
	switch algorithm {
	case algorithmRSA:
		n, e := r.number(), r.number()
		exponent := new(big.Int).SetBytes(e)
		if r.short || !exponent.IsInt64() || exponent.Int64() > 1<<31-1 {
			return Key{}, errMalformed
		}
		return Key{rsa: &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}}, nil
	case algorithmEdDSA:
		oid, point := r.take(len(ed25519OID)), r.number()
		if r.short || string(oid) != ed25519OID || len(point) != 1+ed25519.PublicKeySize || point[0] != 0x40 {
			return Key{}, errMalformed
		}
		return Key{ed: point[1:]}, nil
	}
	return Key{}, errMalformed
}

// Check holds a document against a detached signature; one of the keys has to have
// made it. Errors: [ErrNobody], or what is no signature.
func Check(document, signature []byte, keys []Key) error {
	r := reader{rest: signature}
	for len(r.rest) > 0 {
		tag, body := r.packet()
		if r.short {
			return errMalformed
		}
		if tag != signatureTag {
			continue
		}
		s, err := parse(body)
		if err != nil {
			return err
		}
		digest := s.digest(document)
		for _, key := range keys {
			if s.of(key, digest) {
				return nil
			}
		}
	}
	return ErrNobody
}

// signatureTag is the type of a packet that is a signature.
const signatureTag = 2

// signature is one signature packet.
type signature struct {
	hashed    []byte // the part of the packet that is signed as well
	algorithm byte
	hash      crypto.Hash
	numbers   [2][]byte // one with RSA
}

func parse(body []byte) (*signature, error) {
	r := reader{rest: body}
	version, kind, algorithm, hash := r.byte(), r.byte(), r.byte(), r.byte()
	r.take(int(binary.BigEndian.Uint16(r.take(2))))
	s := &signature{algorithm: algorithm, hash: hashes[hash]}
	if r.short || version != 4 || kind != 0 || s.hash == 0 {
		return nil, errMalformed
	}
	s.hashed = body[:len(body)-len(r.rest)]
	r.take(int(binary.BigEndian.Uint16(r.take(2))))
	r.take(2) // the first bytes of the digest, which help nobody here
	s.numbers[0] = r.number()
	if algorithm == algorithmEdDSA {
		s.numbers[1] = r.number()
	}
	if r.short {
		return nil, errMalformed
	}
	return s, nil
}

// digest is what was signed (RFC 9580, section 5.2.4).
func (s *signature) digest(document []byte) []byte {
	h := s.hash.New()
	h.Write(document)
	h.Write(s.hashed)
	h.Write(binary.BigEndian.AppendUint32([]byte{4, 0xff}, uint32(len(s.hashed))))
	return h.Sum(nil)
}

// of reports whether the key made the signature.
func (s *signature) of(key Key, digest []byte) bool {
	switch {
	case key.rsa != nil && s.algorithm == algorithmRSA && len(s.numbers[0]) <= key.rsa.Size():
		return rsa.VerifyPKCS1v15(key.rsa, s.hash, digest, padded(s.numbers[0], key.rsa.Size())) == nil
	case key.ed != nil && s.algorithm == algorithmEdDSA && len(s.numbers[0]) <= 32 && len(s.numbers[1]) <= 32:
		return ed25519.Verify(key.ed, digest, append(padded(s.numbers[0], 32), padded(s.numbers[1], 32)...))
	}
	return false
}

// padded is a number in so many bytes: OpenPGP leaves out zeros in front.
func padded(number []byte, size int) []byte {
	return append(make([]byte, size-len(number)), number...)
}
