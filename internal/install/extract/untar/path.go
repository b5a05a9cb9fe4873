package untar

import (
	"bytes"
	"unicode/utf8"
	"unsafe"
)

// clean turns an archive's path into one relative to the package, with "/"
// between components, none of which is empty, "." or "..". It returns "" for
// what lies outside the first folder. The rules, and why:
//
//   - the first component goes, whatever it is called, as in npm ("package",
//     but also "react-19.0.0");
//   - a file beside the first folder is left out, as npm does;
//   - empty and "." components go, as they do when npm resolves the path
//     (packages with "package//lib" exist);
//   - a backslash separates, on every system: the store's tree must not depend
//     on where it was extracted, and on Windows nothing else would be safe;
//   - "..", absolute paths and drive letters are refused with a [PathError];
//   - bytes that are no UTF-8 become U+FFFD, as in every reader written in
//     JavaScript, and because some file systems take nothing else.
//
// What a file system forbids besides (Windows' device names, ":") is for the
// writer to say. The string shares memory with raw or with the arena.
func (p *parser) clean(raw []byte) (string, error) {
	cut := 0
	for cut < len(raw) && raw[cut] != '/' && raw[cut] != '\\' {
		cut++
	}
	switch {
	case cut == len(raw):
		return "", nil
	case cut == 0:
		return "", &PathError{string(raw), "is absolute"}
	case cut >= 2 && raw[1] == ':' && letter(raw[0]):
		return "", &PathError{string(raw), "names a drive"}
	}
	rest := raw[cut+1:]
	if plain(rest) {
		return view(rest), nil
	}
	return p.rewrite(raw, rest)
}

// plain reports whether path needs no rewriting. It errs on the safe side:
// what it sends to rewrite needlessly (dot files) comes back unchanged.
func plain(path []byte) bool {
	before := byte('/')
	for i, c := range path {
		if c-0x20 >= 0x60 || c == '\\' || before == '/' && (c == '/' || c == '.') || c == ':' && i == 1 {
			return false
		}
		before = c
	}
	return before != '/'
}

func (p *parser) rewrite(raw, path []byte) (string, error) {
	start := len(p.arena)
	for len(path) > 0 {
		k := 0
		for k < len(path) && path[k] != '/' && path[k] != '\\' {
			k++
		}
		part := path[:k]
		path = path[min(k+1, len(path)):]
		switch {
		case k == 0 || k == 1 && part[0] == '.':
			continue
		case k == 2 && part[0] == '.' && part[1] == '.':
			return "", &PathError{string(raw), `has a ".." in it`}
		case len(p.arena) == start && k >= 2 && part[1] == ':' && letter(part[0]):
			return "", &PathError{string(raw), "names a drive"}
		}
		if len(p.arena) > start {
			p.arena = append(p.arena, '/')
		}
		p.arena = appendUTF8(p.arena, part)
	}
	return view(p.arena[start:]), nil
}

// leaves reports whether a link at path leads out of the package. A symbolic
// link's target starts at its directory, a hard link's at the archive's root.
// Links are dropped either way, as npm drops them; but no packer makes one that
// leaves.
func leaves(path, target []byte, symbolic bool) bool {
	if len(target) > 0 && (target[0] == '/' || target[0] == '\\') || len(target) > 1 && target[1] == ':' && letter(target[0]) {
		return true
	}
	depth := 0
	down := func(part []byte) bool {
		switch string(part) {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		return depth > 0
	}
	split := func(p []byte) [][]byte {
		return bytes.FieldsFunc(p, func(r rune) bool { return r == '/' || r == '\\' })
	}
	if symbolic {
		at := split(path)
		for _, part := range at[:max(len(at)-1, 0)] {
			down(part)
		}
	}
	for _, part := range split(target) {
		if !down(part) {
			return true
		}
	}
	return false
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func appendUTF8(dst, s []byte) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		dst = utf8.AppendRune(dst, r)
		s = s[n:]
	}
	return dst
}

// view is b as a string without a copy: valid while b's bytes stay as they are.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
