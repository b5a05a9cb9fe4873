package specifier

import (
	"errors"
	"strings"
)

// isPath reports whether s can only be a path: ".", "..", "./…", "/…", "~/…",
// "C:…" and any other text with a dot in front (npm-package-arg).
func isPath(s string) bool {
	switch {
	case s == "":
		return false
	case s[0] == '.' || s[0] == '/' || strings.HasPrefix(s, "~/"):
		return true
	case strings.HasPrefix(s, `\\`) || strings.HasPrefix(s, `~\`):
		return true
	}
	return isDrive(s)
}

func isDrive(s string) bool {
	return len(s) >= 2 && s[1] == ':' && 'a' <= s[0]|0x20 && s[0]|0x20 <= 'z'
}

// IsArchive tells a tarball from a directory by its name, as npm does.
func IsArchive(path string) bool {
	path = strings.ToLower(path)
	return strings.HasSuffix(path, ".tgz") || strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tar")
}

// slashes makes a path written on any system readable on any (pnpm).
func slashes(path string) string { return strings.ReplaceAll(path, `\`, "/") }

// local: a path without a protocol. A directory is linked, as in pnpm; npm links
// those of file:, too, which pnpm copies.
func (s *Specifier) local(path string) error { return s.path(slashes(path), Link) }

func (s *Specifier) file(_, rest string) error { return s.path(filePath(rest), Directory) }

// path tells archives from directories, whose kind is given.
func (s *Specifier) path(path string, directory Kind) error {
	if path == "" {
		return errors.New("the path is missing")
	}
	s.Kind, s.Path = directory, path
	if IsArchive(s.Path) {
		s.Kind = Archive
	}
	return nil
}

func (s *Specifier) link(_, rest string) error {
	path := filePath(rest)
	if path == "" {
		return errors.New("the path is missing")
	}
	s.Kind, s.Path = Link, path
	return nil
}

// filePath is the path that follows "file:" or "link:". It is no URL: nothing
// is decoded, and extra slashes before a relative path ("file:///../x"), a home
// directory or a drive are dropped (npm-package-arg).
func filePath(rest string) string {
	rest = slashes(rest)
	bare := strings.TrimLeft(rest, "/")
	switch first, _, _ := strings.Cut(bare, "/"); {
	case len(rest) == len(bare):
		return rest
	case first == "." || first == ".." || first == "~" || isDrive(bare):
		return bare
	}
	return "/" + bare
}
