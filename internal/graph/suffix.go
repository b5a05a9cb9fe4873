package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// patchMark opens the segment of a peer suffix that is not a peer but the hash
// of the patch applied to the package.
const patchMark = "(patch_hash="

// suffixStart is the index at which the bracketed tail of s begins, or len(s).
// It scans from the end so that brackets inside a path ("a@file:x(y)/z") are
// not taken for a suffix, as pnpm's indexOfDepPathSuffix does.
func suffixStart(s string) int {
	start, depth := len(s), 0
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				start = i
			}
		default:
			if depth == 0 {
				return start
			}
		}
	}
	return len(s) // brackets all the way: there is no name
}

// Balanced reports whether the brackets of the key pair up.
func (k Key) Balanced() bool {
	depth := 0
	for i := 0; i < len(k); i++ {
		switch k[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

// Patch is the hash of the patch applied to the package, or "".
func (k Key) Patch() string {
	s := k.Suffix()
	if !strings.HasPrefix(s, patchMark) {
		return ""
	}
	hash, _, _ := strings.Cut(s[len(patchMark):], ")")
	return hash
}

// Peers are the segments of the peer suffix without their brackets, the patch
// not among them. A suffix that was too long is one segment, its hash.
func (k Key) Peers() []Key {
	var peers []Key
	s, depth, start := k.Suffix(), 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			if depth++; depth == 1 {
				start = i
			}
		case ')':
			if depth--; depth == 0 && !strings.HasPrefix(s[start:], patchMark) {
				peers = append(peers, Key(s[start+1:i]))
			}
		}
	}
	return peers
}

// PatchSuffix is how a key says that a package is patched.
func PatchSuffix(hash string) string { return patchMark + hash + ")" }

// PeerSuffix is the bracketed tail for the given peers, in pnpm's canonical
// order; without peers it is "". A tail whose inside is longer than maxLen
// bytes becomes the first 32 hex digits of its SHA-256 (pnpm's
// peersSuffixMaxLength, 1000 unless set).
func PeerSuffix(peers []Key, maxLen int) string {
	if len(peers) == 0 {
		return ""
	}
	parts := make([]string, len(peers))
	for i, p := range peers {
		parts[i] = string(p)
	}
	slices.Sort(parts)
	inside := strings.Join(parts, ")(")
	if len(inside) > maxLen {
		inside = shortHash(inside)
	}
	return "(" + inside + ")"
}

// shortHash is pnpm's createShortHash: half of a SHA-256, in hex.
func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// LinkVersion stands in a peer suffix for the version of a peer that is a
// linked directory: its path with everything a file name cannot hold turned
// into "+" ("../packages/a" -> "packages+a"). The mapping is that of filenamify
// 4, which pnpm once used and stays compatible with; it is lossy.
func LinkVersion(path string) string {
	var b strings.Builder
	last := '+'
	for _, r := range strings.TrimLeft(path, ".") {
		if r < 0x20 || (r >= 0x7f && r < 0xa0) || strings.ContainsRune(`"*+/:<>?\|`, r) {
			r = '+'
		}
		if r != '+' || last != '+' {
			b.WriteRune(r)
		}
		last = r
	}
	if s := strings.TrimRight(b.String(), "+."); s != "" || path == "" {
		return s
	}
	return "+"
}
