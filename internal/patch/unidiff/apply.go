package unidiff

import (
	"strings"
	"unicode"
)

// Files are the files of a package: those that a patch is applied to.
type Files interface {
	// Read returns the bytes of a file; ok is false if there is none.
	Read(path string) (data []byte, ok bool, err error)
}

// Change is what a patch makes of one file.
type Change struct {
	Path    string
	Data    []byte
	Removed bool
	// From is the file whose mode this one keeps unless Mode is set; "" for a
	// new one.
	From string
	Mode *bool // is it executable; nil where the patch does not say
}

// Apply returns what becomes of the files that the patch names, in the order
// in which they are to be written. What is patched already stays as it is. The
// error is an [*Error], or one of files.
func (d *Diff) Apply(files Files) ([]Change, error) {
	a := applier{files: files, changed: map[string]int{}}
	for i := range d.files {
		if err := a.file(&d.files[i]); err != nil {
			return nil, err
		}
	}
	return a.out, nil
}

type applier struct {
	files   Files
	out     []Change
	changed map[string]int // path -> index in out
}

// read is a file as the changes so far left it.
func (a *applier) read(path string) ([]byte, bool, error) {
	if i, ok := a.changed[path]; ok {
		return a.out[i].Data, !a.out[i].Removed, nil
	}
	return a.files.Read(path)
}

func (a *applier) set(c Change) {
	if i, ok := a.changed[c.Path]; ok {
		if a.out[i].Mode != nil && c.Mode == nil {
			c.Mode = a.out[i].Mode
		}
		if c.From == c.Path {
			c.From = a.out[i].From
		}
		a.out[i] = c
		return
	}
	a.changed[c.Path] = len(a.out)
	a.out = append(a.out, c)
}

func (f *file) problem(hunk int, problem string) error {
	e := &Error{Line: f.line, File: f.name(), Hunk: hunk, Problem: problem}
	if hunk > 0 {
		e.Line = f.hunks[hunk-1].line
	}
	return e
}

func (a *applier) file(f *file) error {
	switch {
	case f.from == "":
		return a.create(f)
	case f.to == "":
		return a.remove(f)
	}
	old, there, err := a.read(f.from)
	if err != nil {
		return err
	}
	if !there {
		return f.problem(0, "changes a file that the package does not have")
	}
	data, failed := f.apply(string(old))
	if failed > 0 {
		if _, differs := f.reversed().apply(string(old)); differs > 0 {
			return f.problem(failed, "does not match the file")
		}
		data = string(old) // it is patched already
	}
	if f.from != f.to {
		if _, taken, err := a.read(f.to); err != nil || taken {
			return orElse(err, f.problem(0, "renames a file to one that is there"))
		}
		a.set(Change{Path: f.from, Removed: true})
	}
	a.set(Change{Path: f.to, Data: []byte(data), From: f.from, Mode: f.mode.executable()})
	return nil
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func (m mode) executable() *bool {
	if m == asItWas {
		return nil
	}
	yes := m == exec
	return &yes
}

// create makes a new file; one with other contents must not be in its place.
func (a *applier) create(f *file) error {
	data, failed := f.apply("")
	if failed > 0 {
		return f.problem(failed, "is not one of a new file")
	}
	old, there, err := a.read(f.to)
	if err != nil {
		return err
	}
	if there && string(old) != data {
		return f.problem(0, "makes a file that is there already")
	}
	a.set(Change{Path: f.to, Data: []byte(data), Mode: f.mode.executable()})
	return nil
}

// remove removes a file if it is what the patch thinks it is; git can be told
// to leave out what that is.
func (a *applier) remove(f *file) error {
	old, there, err := a.read(f.from)
	if err != nil || !there {
		return err
	}
	if len(f.hunks) > 0 {
		rest, failed := f.apply(string(old))
		if failed > 0 {
			return f.problem(failed, "does not match the file")
		}
		if rest != "" {
			return f.problem(0, "removes a file that has more in it")
		}
	}
	a.set(Change{Path: f.from, Removed: true})
	return nil
}

// reversed undoes what f does.
func (f *file) reversed() *file {
	r := &file{hunks: make([]hunk, len(f.hunks))}
	grown := 0
	for i, h := range f.hunks {
		back := hunk{lines: make([]line, len(h.lines)), start: h.start + grown}
		for k, l := range h.lines {
			switch l.kind {
			case '-':
				l.kind = '+'
			case '+':
				l.kind = '-'
			}
			if l.kind != '+' {
				back.old++
			}
			back.lines[k] = l
		}
		grown += back.old - h.old
		r.hunks[i] = back
	}
	return r
}

// maxDistance is how many lines from its place a hunk is looked for, as in
// pnpm and patch-package.
const maxDistance = 20

// apply returns the new text, or which hunk (from 1) does not match.
func (f *file) apply(text string) (result string, failed int) {
	lines := strings.Split(text, "\n")
	out := make([]string, 0, len(lines))
	ends := 0 // of files: what the empty string behind the last line end stands for
	from := 0
	for i := range f.hunks {
		h := &f.hunks[i]
		at := h.find(lines, from)
		if at < 0 {
			return "", i + 1
		}
		out = append(out, lines[from:at]...)
		from = at
		for k, l := range h.lines {
			// Of a run of like lines the last one tells.
			last := l.last && (k+1 == len(h.lines) || h.lines[k+1].kind != l.kind)
			switch l.kind {
			case ' ':
				out, from = append(out, lines[from]), from+1
			case '-':
				from++
				if last {
					ends++
				}
			case '+':
				out = append(out, l.text)
				if last {
					ends--
				}
			}
		}
	}
	out = append(out, lines[from:]...)
	if ends > 0 {
		out = append(out, "")
	} else if ends < 0 {
		out = out[:max(0, len(out)-1)]
	}
	return strings.Join(out, "\n"), 0
}

// find is the index of the line at which the hunk begins, the nearest one to
// its own that is not before from, or -1.
func (h *hunk) find(lines []string, from int) int {
	for d := range maxDistance + 1 {
		for _, at := range [2]int{h.start - d, h.start + d} {
			if at >= from && at <= len(lines)-h.old && h.matches(lines[at:]) {
				return at
			}
		}
	}
	return -1
}

func (h *hunk) matches(lines []string) bool {
	for _, l := range h.lines {
		if l.kind == '+' {
			continue
		}
		if len(lines) == 0 || !alike(lines[0], l.text) {
			return false
		}
		lines = lines[1:]
	}
	return true
}

func alike(a, b string) bool {
	return a == b || strings.TrimRightFunc(a, unicode.IsSpace) == strings.TrimRightFunc(b, unicode.IsSpace)
}
