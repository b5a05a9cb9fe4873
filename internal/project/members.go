package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// MemberDirs lists the directories of the workspace at root that patterns
// match, as slash paths from root: the root itself, "." and first, if it has a
// manifest, then the others part by part. It only looks whether there is a
// manifest, and not into directories called node_modules or
// bower_components, nor through links (pnpm's workspace/projects).
//
// A pattern is a path with "*", "?", "[…]", "{a,b}" and "**"; "!" in front takes
// directories back, wherever it stands in the list. Wildcards match no name that
// begins with a dot. One with ".." in front finds directories outside of root. The
// error is a *PatternError.
//
// others has the name of the manifest of each directory whose manifest is no
// package.json; nil as a rule.
func MemberDirs(root string, patterns []string) (dirs []string, others map[string]string, err error) {
	w := memberWalk{root: root}
	var include [][]string
	for _, p := range patterns {
		body, not := strings.CutPrefix(p, "!")
		if not && strings.HasPrefix(body, "/") {
			continue // matches no path from the root
		}
		globs, err := parseGlob(p, body)
		if err != nil {
			return nil, nil, err
		}
		if not {
			w.exclude = append(w.exclude, globs...)
		} else {
			include = append(include, globs...)
		}
	}
	w.member(".")
	if err := w.walk(".", include); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(w.found, compareDirs)
	return slices.Compact(w.found), w.others, nil
}

// IsMember reports whether patterns match dir, a slash path from the root of
// the workspace. The root always is a member.
func IsMember(dir string, patterns []string) bool {
	match := dir == "."
	for _, p := range patterns {
		body, not := strings.CutPrefix(p, "!")
		globs, err := parseGlob(p, body)
		if err != nil || strings.HasPrefix(body, "/") || !matchesAny(globs, dir) {
			continue
		}
		if not && dir != "." {
			return false
		}
		match = true
	}
	return match
}

// MatchDir reports whether one pattern, without "!", matches dir.
func MatchDir(pattern, dir string) bool {
	if path.Clean(pattern) == dir {
		return true
	}
	globs, err := parseGlob(pattern, pattern)
	return err == nil && matchesAny(globs, dir)
}

// compareDirs orders slash paths part by part, "." first.
func compareDirs(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == ".":
		return -1
	case b == ".":
		return 1
	}
	return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/"))
}

// PatternError is a pattern of members that cannot be used.
type PatternError struct{ Pattern, Problem string }

func (e *PatternError) Error() string {
	return fmt.Sprintf("the pattern %q of the workspace's packages %s", e.Pattern, e.Problem)
}

// Code is pnpm's code for this error.
func (e *PatternError) Code() string { return "ERR_PNPM_WORKSPACE_INVALID_GLOB" }

// Hint is what the user can do.
func (e *PatternError) Hint() string {
	return "name directories below the root of the workspace, such as \"packages/*\""
}

// maxGlobs bounds what braces multiply to.
const maxGlobs = 1000

// parseGlob splits a pattern into its parts, once for each alternative of its
// braces. The root itself needs no glob.
func parseGlob(pattern, body string) ([][]string, error) {
	expanded := expandBraces([]string{body})
	if expanded == nil {
		return nil, &PatternError{pattern, "has too many alternatives"}
	}
	var out [][]string
	for _, text := range expanded {
		clean := strings.TrimPrefix(path.Clean(text), "./")
		switch {
		case clean == "." || text == "":
			continue
		case path.IsAbs(clean) || path.Base(clean) == "..":
			return nil, &PatternError{pattern, "leads to no directory of a project's own"}
		}
		parts := slices.CompactFunc(strings.Split(clean, "/"), func(a, b string) bool { return a == "**" && b == "**" })
		for _, part := range parts {
			if _, err := path.Match(part, ""); err != nil {
				return nil, &PatternError{pattern, "is no glob: " + err.Error()}
			}
		}
		out = append(out, parts)
	}
	return out, nil
}

// expandBraces replaces "{a,b}" by its alternatives, the first braces of each
// text at a time; nil if they are too many.
func expandBraces(texts []string) []string {
	for {
		var next []string
		changed := false
		for _, t := range texts {
			open := strings.IndexByte(t, '{')
			end := strings.IndexByte(t, '}')
			if open < 0 || end < open {
				next = append(next, t)
				continue
			}
			open = strings.LastIndexByte(t[:end], '{') // the innermost
			for alternative := range strings.SplitSeq(t[open+1:end], ",") {
				next = append(next, t[:open]+alternative+t[end+1:])
			}
			changed = true
		}
		if len(next) > maxGlobs {
			return nil
		}
		if texts = next; !changed {
			return texts
		}
	}
}

// ignored are directories that hold other people's packages.
var ignored = map[string]bool{"node_modules": true, "bower_components": true}

// memberWalk looks for members.
type memberWalk struct {
	root    string
	exclude [][]string
	found   []string
	others  map[string]string
}

// walk looks below dir for what is left of the globs.
func (w *memberWalk) walk(dir string, globs [][]string) error {
	names, err := w.candidates(dir, globs)
	if err != nil {
		return err
	}
	for _, name := range names {
		child := path.Join(dir, name)
		left, match := step(globs, name)
		if at := w.straight(child); match && !matchesAny(w.exclude, at) {
			w.member(at)
		}
		if len(left) > 0 {
			if err := w.walk(child, left); err != nil {
				return err
			}
		}
	}
	return nil
}

// straight is the path of a directory from root without a detour, as a pattern with
// ".." finds it.
func (w *memberWalk) straight(dir string) string {
	if !strings.HasPrefix(dir, "../") {
		return dir
	}
	rel, err := filepath.Rel(w.root, filepath.Join(w.root, filepath.FromSlash(dir)))
	if err != nil {
		return dir
	}
	return filepath.ToSlash(rel)
}

// member adds dir if it has a manifest.
func (w *memberWalk) member(dir string) {
	name := manifestIn(filepath.Join(w.root, filepath.FromSlash(dir)))
	if name == "" {
		return
	}
	w.found = append(w.found, dir)
	if name != ManifestFile {
		if w.others == nil {
			w.others = map[string]string{}
		}
		w.others[dir] = name
	}
}

// candidates are the names in dir that globs can begin with. A directory is
// read only if there is a wildcard.
func (w *memberWalk) candidates(dir string, globs [][]string) ([]string, error) {
	var names []string
	wild := false
	for _, g := range globs {
		if !isLiteral(g[0]) {
			wild = true
			continue
		}
		info, err := os.Lstat(filepath.Join(w.root, filepath.FromSlash(dir), g[0]))
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil, &PatternError{path.Join(dir, g[0]), "is a symbolic link: what is behind it may be somebody else's"}
		}
		if err == nil && info.IsDir() && !ignored[g[0]] {
			names = append(names, g[0])
		}
	}
	if wild {
		entries, err := os.ReadDir(filepath.Join(w.root, filepath.FromSlash(dir)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("look for the packages of the workspace: %w", err)
		}
		for _, e := range entries {
			if e.IsDir() && !ignored[e.Name()] {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func isLiteral(part string) bool { return !strings.ContainsAny(part, `*?[\`) }

// step is what is left of globs below a directory of that name; match says that
// one of them ends there.
func step(globs [][]string, name string) (left [][]string, match bool) {
	for _, g := range globs {
		for _, rest := range advance(g, name) {
			match = match || endsHere(rest)
			// Several ways to one rest would multiply with every level.
			same := func(g []string) bool { return slices.Equal(g, rest) }
			if len(rest) > 0 && !slices.ContainsFunc(left, same) {
				left = append(left, rest)
			}
		}
	}
	return left, match
}

// advance lists what can be left of a glob after one name.
func advance(glob []string, name string) [][]string {
	if len(glob) == 0 {
		return nil
	}
	if glob[0] == "**" {
		out := advance(glob[1:], name)
		if !strings.HasPrefix(name, ".") {
			out = append(out, glob)
		}
		return out
	}
	if ok, _ := path.Match(glob[0], name); ok && (!strings.HasPrefix(name, ".") || glob[0][0] == '.') {
		return [][]string{glob[1:]}
	}
	return nil
}

// endsHere reports whether nothing need follow.
func endsHere(rest []string) bool {
	return !slices.ContainsFunc(rest, func(part string) bool { return part != "**" })
}

// matchesAny reports whether one of the globs matches all of dir.
func matchesAny(globs [][]string, dir string) bool {
	match := dir == "." && slices.ContainsFunc(globs, endsHere)
	if dir == "." {
		return match
	}
	for name := range strings.SplitSeq(dir, "/") {
		if globs, match = step(globs, name); len(globs) == 0 && !match {
			return false
		}
	}
	return match
}
