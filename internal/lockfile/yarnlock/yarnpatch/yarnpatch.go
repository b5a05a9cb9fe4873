// Package yarnpatch reads the patches that yarn has in itself, for packages that
// look into Plug'n'Play's archives with them, and says what yarn.lock says of a
// package that is patched so: a hash of the patch, and of what it makes.
//
// A patch is a git diff in which each file may say which versions it is for:
//
//	diff --git a/lib/index.js b/lib/index.js
//	index 4b56904..544e1cb 100644
//	semver exclusivity >=1.9
//	--- a/lib/index.js
//	+++ b/lib/index.js
//	@@ -1,2 +1,2 @@
package yarnpatch

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Patch is one patch, for all versions of a package.
type Patch struct{ files []file }

// file is what becomes of one file of some versions.
type file struct {
	versions string // a range, or "" for all
	path     string
	created  bool
	exec     bool // of a file that is created
	hunks    []hunk

	before, after *string // hashes as the diff has them; nil where it has none
}

// hunk is a part of a file that changes.
type hunk struct {
	from, to span
	parts    []part
}

// span is where a hunk stands; the first line is 1.
type span struct{ start, length int }

// part is a run of lines that are alike in what becomes of them.
type part struct {
	kind      byte // ' ', '+' or '-'
	lines     []string
	noNewline bool // the last line is the file's last, and has no end
}

// ErrUnknown is a patch that does more than yarn's own have done so far.
var ErrUnknown = errors.New("the patch does what none of yarn's did so far")

// Parse reads a patch.
func Parse(text string) (*Patch, error) {
	text = strings.ToValidUTF8(text, "\ufffd")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	p := &parser{out: &Patch{}}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("line %d of the patch: %w", i+1, err)
		}
	}
	if err := p.commit(); err != nil {
		return nil, err
	}
	if len(p.out.files) == 0 {
		return nil, errors.New("the patch changes nothing")
	}
	return p.out, nil
}

type parser struct {
	out   *Patch
	file  *file
	hunks bool // the lines are those of hunks
}

func (p *parser) line(line string) error {
	if p.hunks && line == "" {
		line = " " // git leaves out what is white at the end of a line, some editors do
	}
	if p.hunks && strings.ContainsRune("@ +-\\", rune(line[0])) {
		return p.hunkLine(line)
	}
	p.hunks = false
	if rest, ok := strings.CutPrefix(line, "diff --git a/"); ok {
		if err := p.commit(); err != nil {
			return err
		}
		_, to, ok := strings.Cut(rest, " b/")
		if !ok {
			return fmt.Errorf("%.80q names no files", line)
		}
		p.file = &file{path: strings.TrimRight(to, " \t")}
		return nil
	}
	if p.file == nil {
		return nil
	}
	return p.headLine(line)
}

// headLine reads what stands between the names of a file and its hunks.
func (p *parser) headLine(line string) error {
	for _, of := range []struct {
		prefix string
		take   func(rest string) error
	}{
		{"@@", func(string) error { p.hunks = true; return p.hunkLine(line) }},
		{"semver exclusivity ", func(rest string) error { p.file.versions = strings.TrimSpace(rest); return nil }},
		{"index ", p.hashes},
		{"new file mode ", func(mode string) error { p.file.created, p.file.exec = true, mode == "100755"; return nil }},
		{"old mode ", unknown}, {"deleted file mode ", unknown}, {"rename ", unknown},
	} {
		if rest, ok := strings.CutPrefix(line, of.prefix); ok {
			return of.take(rest)
		}
	}
	return nil
}

func unknown(string) error { return ErrUnknown }

func (p *parser) hashes(rest string) error {
	both, _, _ := strings.Cut(rest, " ")
	if before, after, ok := strings.Cut(both, ".."); ok {
		p.file.before, p.file.after = &before, &after
	}
	return nil
}

func (p *parser) hunkLine(line string) error {
	if line[0] == '@' {
		h, err := header(line)
		p.file.hunks = append(p.file.hunks, h)
		return err
	}
	h := &p.file.hunks[len(p.file.hunks)-1]
	last := len(h.parts) - 1
	switch {
	case line[0] != '\\':
		if last < 0 || h.parts[last].kind != line[0] {
			h.parts = append(h.parts, part{kind: line[0]})
			last++
		}
		h.parts[last].lines = append(h.parts[last].lines, line[1:])
	case last < 0:
		return fmt.Errorf("%.80q stands behind no line", line)
	default:
		h.parts[last].noNewline = true
	}
	return nil
}

// header reads "@@ -1,10 +1,119 @@".
func header(line string) (h hunk, err error) {
	fields := strings.Fields(line)
	if len(fields) < 4 || fields[0] != "@@" || fields[3] != "@@" || fields[1][0] != '-' || fields[2][0] != '+' {
		return h, fmt.Errorf("%.80q is no header of a hunk", line)
	}
	for i, to := range []*span{&h.from, &h.to} {
		start, length, ok := strings.Cut(fields[i+1][1:], ",")
		if !ok {
			length = "1"
		}
		n, err1 := strconv.Atoi(start)
		m, err2 := strconv.Atoi(length)
		if err1 != nil || err2 != nil || n < 0 || m < 0 {
			return h, fmt.Errorf("%.80q is no header of a hunk", line)
		}
		*to = span{max(n, 1), m}
	}
	return h, nil
}

// commit ends a file.
func (p *parser) commit() error {
	if p.file == nil {
		return nil
	}
	for _, h := range p.file.hunks {
		var from, to int
		for _, part := range h.parts {
			if part.kind != '+' {
				from += len(part.lines)
			}
			if part.kind != '-' {
				to += len(part.lines)
			}
		}
		if from != h.from.length || to != h.to.length {
			return fmt.Errorf("a hunk for %s has other lines than its header says", p.file.path)
		}
	}
	if len(p.file.hunks) == 0 && !p.file.created {
		return ErrUnknown
	}
	p.out.files = append(p.out.files, *p.file)
	p.file = nil
	return nil
}
