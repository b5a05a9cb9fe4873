package fsys

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// CheckPath reports why a slash path from elsewhere (a tarball, a package.json)
// is not the path of a file below a directory: it is empty or absolute, has an
// empty, "." or ".." segment or a zero byte, or, on Windows, anything that
// system reads in its own way.
func CheckPath(path string) error {
	if err := checkPath(path); err != nil {
		return fmt.Errorf("path %q: %w", clip(path), err)
	}
	return nil
}

var (
	errEmpty    = errors.New("is empty")
	errAbsolute = errors.New("is absolute")
	errSegment  = errors.New(`has an empty, "." or ".." segment`)
	errZero     = errors.New("has a zero byte")
)

func checkPath(path string) error {
	switch {
	case path == "":
		return errEmpty
	case path[0] == '/':
		return errAbsolute
	case strings.IndexByte(path, 0) >= 0:
		return errZero
	}
	for rest, more := path, true; more; {
		var seg string
		seg, rest, more = strings.Cut(rest, "/")
		if seg == "" || seg == "." || seg == ".." {
			return errSegment
		}
		if err := checkName(seg); err != nil {
			return err
		}
	}
	return nil
}

// checkWindowsName refuses what Windows does not take for a plain name: its
// separators and wildcards, streams ("a:b"), trailing dots and spaces, which it
// drops, and the names of devices, with any extension
// (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
func checkWindowsName(seg string) error {
	for i := range len(seg) {
		if c := seg[i]; c < ' ' || strings.IndexByte(`\/:*?"<>|`, c) >= 0 {
			return fmt.Errorf("has %q, which Windows does not allow in a name", c)
		}
	}
	if last := seg[len(seg)-1]; last == '.' || last == ' ' {
		return errors.New("has a segment that ends with a dot or space, which Windows drops")
	}
	stem, _, _ := strings.Cut(seg, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	device := slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}, stem)
	if !device {
		for _, port := range []string{"COM", "LPT"} {
			n, ok := strings.CutPrefix(stem, port)
			device = device || ok && slices.Contains([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³"}, n)
		}
	}
	if device {
		return fmt.Errorf("has the segment %q, which Windows takes for a device", seg)
	}
	return nil
}

// clip bounds what an error shows of a hostile path.
func clip(s string) string {
	const most = 200 // more than fits a line helps nobody
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// TempName is a name for something temporary beside name: ".name.x.tmp" with 64
// random bits for x, and no more of name than fits the 255 bytes a name may
// have.
func TempName(name string) string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	const room = 200
	return "." + strings.ToValidUTF8(name[:min(len(name), room)], "") + "." + hex.EncodeToString(b[:]) + ".tmp"
}

// IsTempName reports whether name is one of [TempName].
func IsTempName(name string) bool {
	rest, ok := strings.CutSuffix(name, ".tmp")
	if !ok || rest == "" || rest[0] != '.' {
		return false
	}
	random := rest[strings.LastIndexByte(rest, '.')+1:]
	return len(random) == 16 && strings.Trim(random, "0123456789abcdef") == ""
}

func sortEntries(entries []fs.DirEntry) {
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
}
