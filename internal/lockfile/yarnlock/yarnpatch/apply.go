package yarnpatch

import (
	"fmt"
	"strings"
)

// Files are those of a package.
type Files interface {
	// Read returns a file; ok is false if there is none.
	Read(path string) (data []byte, ok bool)
	// Write changes a file, or adds one at the end.
	Write(path string, data []byte, exec bool)
}

// MismatchError is a file that has other lines than a patch expects. Yarn then
// leaves the package as it is.
type MismatchError struct{ Path string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("the patch does not fit the file %s", e.Path)
}

// Apply makes of the files what a patch makes of those of a version. After an error
// none of them is changed.
func (p *Patch) Apply(files Files, version string) error {
	changed := map[string]string{}
	for i := range p.files {
		f := &p.files[i]
		if !f.fits(version) {
			continue
		}
		if f.created {
			changed[f.path] = f.content()
			continue
		}
		text, ok := changed[f.path]
		if !ok {
			data, there := files.Read(f.path)
			if !there {
				return &MismatchError{f.path}
			}
			text = strings.ToValidUTF8(string(data), "\ufffd") // as node reads a text
		}
		var err error
		if changed[f.path], err = f.patch(text); err != nil {
			return err
		}
	}
	for i := range p.files { // in the order of the patch
		f := &p.files[i]
		if text, ok := changed[f.path]; ok {
			files.Write(f.path, []byte(text), f.exec)
			delete(changed, f.path)
		}
	}
	return nil
}

// content is what a file is created with.
func (f *file) content() string {
	if len(f.hunks) == 0 || len(f.hunks[0].parts) == 0 {
		return ""
	}
	first := f.hunks[0].parts[0]
	text := strings.Join(first.lines, "\n")
	if !first.noNewline {
		text += "\n"
	}
	return text
}

// patch is a text with its hunks applied. Each is looked for around the line that
// it names, up and down, but not before the end of the one before it.
func (f *file) patch(text string) (string, error) {
	lines := strings.Split(text, "\n")
	var out []string
	shift, done := 0, 0 // of the hunk before; lines of the text that are in out
	for i := range f.hunks {
		h := &f.hunks[i]
		guess := min(max(done, h.to.start+shift), len(lines)) // a patch can name any line
		at := h.find(lines, guess, done)
		if at < 0 {
			return "", &MismatchError{f.path}
		}
		shift += at - guess
		out = append(out, lines[done:at]...)
		out, done = h.apply(out, lines, at)
	}
	out = append(out, lines[done:]...)
	for _, h := range f.hunks {
		out = h.end(out)
	}
	return strings.Join(out, "\n"), nil
}

// end gives the file the end of its last line, or takes it, where the hunk says
// that one of both had none.
func (h *hunk) end(lines []string) []string {
	for _, p := range h.parts {
		switch {
		case p.noNewline && p.kind == '-':
			lines = append(lines, "")
		case p.noNewline && p.kind == '+':
			lines = lines[:max(len(lines)-1, 0)]
		}
	}
	return lines
}

// find is where a hunk fits nearest to the guess, or -1.
func (h *hunk) find(lines []string, guess, first int) int {
	up, down := max(0, guess-first), max(0, len(lines)-guess-h.from.length)
	for away := range max(up, down) + 1 {
		if away <= up && h.fits(lines, guess-away) {
			return guess - away
		}
		if away <= down && h.fits(lines, guess+away) {
			return guess + away
		}
	}
	return -1
}

// fits reports whether the lines at a place are those that the hunk begins with,
// but for white space at their ends.
func (h *hunk) fits(lines []string, at int) bool {
	for _, p := range h.parts {
		if p.kind == '+' {
			continue
		}
		for _, line := range p.lines {
			if at >= len(lines) || trimEnd(lines[at]) != trimEnd(line) {
				return false
			}
			at++
		}
	}
	return true
}

// trimEnd takes off what JavaScript takes for white space.
func trimEnd(s string) string {
	return strings.TrimRight(s, " \t\v\f\r\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff")
}

// apply appends what the hunk makes of the lines at a place, and returns how many
// lines of the text are done.
func (h *hunk) apply(out, lines []string, at int) ([]string, int) {
	for _, p := range h.parts {
		switch p.kind {
		case ' ':
			out = append(out, lines[at:at+len(p.lines)]...)
			at += len(p.lines)
		case '-':
			at += len(p.lines)
		case '+':
			out = append(out, p.lines...)
		}
	}
	return out, at
}
