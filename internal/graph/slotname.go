package graph

import (
	"strings"
	"unicode/utf8"
)

// DefaultSlotNameLen is pnpm's virtualStoreDirMaxLength outside Windows, in
// bytes; there it is 60, because a path may have no more than 260 characters.
const (
	DefaultSlotNameLen = 120
	WindowsSlotNameLen = 60
)

// slotHashLen is what a shortened name ends with: "_" and 32 hex digits.
const slotHashLen = 33

// slotEscapes are the characters some file system refuses, and "#", which
// breaks URLs of source maps.
var slotEscapes = strings.NewReplacer(
	`\`, "+", "/", "+", ":", "+", "*", "+", "?", "+",
	`"`, "+", "<", "+", ">", "+", "|", "+", "#", "+",
)

// suffixEscapes flatten a peer suffix.
var suffixEscapes = strings.NewReplacer(")(", "_", "(", "_", ")", "_")

// SlotName is the directory of a package in the virtual store, byte for byte
// what pnpm 12.21 calls it (deps-path/dep_path_to_filename; 12.0 did not yet
// add hashes for what is ambiguous). A name ends with a hash if it
//
//   - is longer than maxLen bytes, or has an upper case letter and so could
//     collide where case does not count;
//   - ends with dots or spaces, which Windows drops and "+" replaces here;
//   - is that of a URL or path of which escaping lost something.
func SlotName(k Key, maxLen int) string {
	raw := string(k)
	s := raw
	if !strings.HasPrefix(s, "file:") {
		s = strings.TrimPrefix(s, "/")
	}
	s = slotEscapes.Replace(s)
	if strings.IndexByte(s, '(') >= 0 {
		s = suffixEscapes.Replace(strings.TrimSuffix(s, ")"))
	}
	kept := strings.TrimRight(s, ". ")
	switch trailing := len(s) - len(kept); {
	case trailing > 0 && isAmbiguous(raw):
		return hashed(kept+strings.Repeat("+", trailing), raw, maxLen)
	case trailing > 0:
		return hashed(kept+strings.Repeat("+", trailing), s, maxLen)
	case isAmbiguous(raw):
		return hashed(s, raw, maxLen)
	case len(s) > maxLen || !strings.HasPrefix(s, "file+") && hasUpper(s):
		return hashed(s, s, maxLen)
	}
	return s
}

// hashed is name, cut so that it fits, and the hash of input.
func hashed(name, input string, maxLen int) string {
	return cutRunes(name, max(maxLen-slotHashLen, 0)) + "_" + shortHash(input)
}

// isAmbiguous reports whether another key could escape to the same name: the
// location of a package that is not a registry's has one of the escaped
// characters other than "/".
func isAmbiguous(key string) bool {
	id, _, _ := strings.Cut(key, "(")
	id = strings.TrimPrefix(id, "/")
	if !strings.HasPrefix(id, "file:") {
		_, id = Key(id).Split()
	}
	scheme, location, _ := strings.Cut(id, ":")
	if scheme != "file" && isVersion(location) { // "work:1.0.0", of a named registry
		return false
	}
	return strings.ContainsAny(strings.TrimPrefix(location, "//"), `+\:*?"<>|#`)
}

// isVersion recognizes the shape of a semver version, build metadata included.
func isVersion(s string) bool {
	return s != "" && '0' <= s[0] && s[0] <= '9' && strings.Count(s, ".") >= 2 &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(".-+", r))
		})
}

func hasUpper(s string) bool {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

// cutRunes is the longest prefix of s that has at most n bytes and does not
// end inside a character.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
