package unidiff

import (
	"io/fs"
	"strconv"
	"strings"
)

// Parse reads a patch file. What is not part of a diff, as the text of a mail,
// is passed over. The error is an [*Error].
func Parse(text []byte) (*Diff, error) {
	p := parser{lines: strings.Split(string(text), "\n")}
	for p.err == nil && p.at < len(p.lines) {
		p.section()
	}
	if p.err == nil && len(p.diff.files) == 0 {
		p.at = 0
		p.fail("", "begins a file without any diff in it")
	}
	if p.err != nil {
		return nil, p.err
	}
	return &p.diff, nil
}

type parser struct {
	lines []string
	at    int
	diff  Diff
	err   error
}

func (p *parser) fail(file, problem string) {
	if p.err == nil {
		p.err = &Error{Line: p.at + 1, File: file, Problem: problem}
	}
}

// header is the present line without its end.
func (p *parser) header() string {
	if p.at >= len(p.lines) {
		return ""
	}
	return strings.TrimSuffix(p.lines[p.at], "\r")
}

// section reads what comes next: the changes of one file, or a line of no
// meaning.
func (p *parser) section() {
	f := file{line: p.at + 1}
	head := p.header()
	rest, git := strings.CutPrefix(head, "diff --git ")
	switch {
	case git:
		f.from, f.to = gitNames(rest)
		p.at++
		p.extended(&f)
	case !strings.HasPrefix(head, "--- ") || p.at+1 >= len(p.lines) || !strings.HasPrefix(p.lines[p.at+1], "+++ "):
		p.at++
		return
	}
	p.names(&f)
	p.hunks(&f)
	if p.err != nil {
		return
	}
	for _, name := range []string{f.from, f.to} {
		if name != "" && (!fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00")) {
			p.err = &Error{Line: f.line, File: name, Problem: "names a file outside of the package", Outside: true}
			return
		}
	}
	if f.from == "" && f.to == "" {
		p.at = f.line - 1
		p.fail("", "names no file")
	}
	p.diff.files = append(p.diff.files, f)
}

// extended reads the lines that git writes before the names.
func (p *parser) extended(f *file) {
	for ; p.at < len(p.lines) && p.err == nil; p.at++ {
		head := p.header()
		key, value := cutKey(head)
		switch key {
		case "new file mode ":
			f.from, f.mode = "", p.mode(value)
		case "deleted file mode ":
			f.to = ""
		case "new mode ":
			f.mode = p.mode(value)
		case "rename from ", "copy from ":
			f.from = unquote(value)
		case "rename to ", "copy to ":
			f.to = unquote(value)
		case "GIT binary patch", "Binary files ":
			p.fail(f.name(), "is a binary patch, which cannot be applied")
		case "":
			return
		}
		if key == "copy from " {
			p.fail(f.from, "is copied, which pnpm's patches do not do")
		}
	}
}

// cutKey splits a line of git's extended header; the key is "" for another
// line.
func cutKey(head string) (key, value string) {
	for _, key := range []string{
		"index ", "old mode ", "new mode ", "new file mode ", "deleted file mode ", "similarity index ",
		"dissimilarity index ", "rename from ", "rename to ", "copy from ", "copy to ", "GIT binary patch", "Binary files ",
	} {
		if value, ok := strings.CutPrefix(head, key); ok {
			return key, value
		}
	}
	return "", ""
}

func (p *parser) mode(text string) mode {
	switch text {
	case "100644":
		return plain
	case "100755":
		return exec
	}
	p.fail("", "makes something else than a plain file (mode "+strconv.Quote(text)+")")
	return asItWas
}

// names reads "--- a/x" and "+++ b/x", which count more than the line "diff".
func (p *parser) names(f *file) {
	if p.at+1 >= len(p.lines) || !strings.HasPrefix(p.header(), "--- ") || !strings.HasPrefix(p.lines[p.at+1], "+++ ") {
		return
	}
	f.from = fileName(p.header()[len("--- "):])
	p.at++
	f.to = fileName(p.header()[len("+++ "):])
	p.at++
}

// fileName is the path after "---" or "+++": without the time that diff adds
// and without its first directory, "a" or "b". "/dev/null" stands for no file.
func fileName(text string) string {
	if !strings.HasPrefix(text, `"`) {
		text, _, _ = strings.Cut(text, "\t")
	}
	name := unquote(text)
	if name == "/dev/null" {
		return ""
	}
	return strip(name)
}

func strip(name string) string {
	if _, rest, ok := strings.Cut(name, "/"); ok {
		return rest
	}
	return name
}

// unquote reads a name as git writes it if it has special characters.
func unquote(name string) string {
	if len(name) > 1 && name[0] == '"' {
		if plain, err := strconv.Unquote(name); err == nil {
			return plain
		}
	}
	return name
}

// gitNames are the names in "diff --git a/x b/x". They matter where nothing else
// names the file, and there both are the same but for the first directory.
func gitNames(rest string) (from, to string) {
	if strings.HasPrefix(rest, `"`) {
		if first, err := strconv.QuotedPrefix(rest); err == nil {
			return strip(unquote(first)), strip(unquote(strings.TrimSpace(rest[len(first):])))
		}
	}
	if half := len(rest) / 2; len(rest)%2 == 1 && rest[half] == ' ' && strip(rest[:half]) == strip(rest[half+1:]) {
		return strip(rest[:half]), strip(rest[half+1:])
	}
	return "", ""
}

func (p *parser) hunks(f *file) {
	for p.err == nil && p.at < len(p.lines) && strings.HasPrefix(p.lines[p.at], "@@ ") {
		h := hunk{line: p.at + 1}
		start, old, new, ok := ranges(p.header())
		if !ok {
			p.fail(f.name(), "is no head of a hunk")
			return
		}
		p.at++
		h.old, h.start = old, start
		if old > 0 {
			h.start-- // of none, it is the line before the gap
		}
		p.body(f, &h, old, new)
		f.hunks = append(f.hunks, h)
	}
}

// body reads the lines of a hunk, of which the old file has old and the new one
// has new.
func (p *parser) body(f *file, h *hunk, old, new int) {
	for ; p.at < len(p.lines); p.at++ {
		text := p.lines[p.at]
		if strings.HasPrefix(text, `\`) && len(h.lines) > 0 {
			h.lines[len(h.lines)-1].last = true
			continue
		}
		if old == 0 && new == 0 {
			return
		}
		l := line{kind: ' '}
		if text != "" && text != "\r" { // editors cut the blank of an empty line
			l.kind, l.text = text[0], text[1:]
		}
		switch l.kind {
		case ' ':
			old, new = old-1, new-1
		case '-':
			old--
		case '+':
			new--
		default:
			p.fail(f.name(), "is no line of a hunk")
			return
		}
		if old < 0 || new < 0 {
			p.fail(f.name(), "is one line more than the head of its hunk says")
			return
		}
		h.lines = append(h.lines, l)
	}
	if old > 0 || new > 0 {
		p.fail(f.name(), "is where the patch ends, within a hunk")
	}
}

// ranges reads "@@ -1,2 +3,4 @@".
func ranges(head string) (start, old, new int, ok bool) {
	words := strings.Fields(head)
	if len(words) < 4 || !strings.HasPrefix(words[1], "-") || !strings.HasPrefix(words[2], "+") || !strings.HasPrefix(words[3], "@@") {
		return 0, 0, 0, false
	}
	start, old, ok = span(words[1][1:])
	if !ok {
		return 0, 0, 0, false
	}
	_, new, ok = span(words[2][1:])
	return start, old, new, ok
}

// maxLine bounds the numbers of a hunk's head: sums of two of them fit an int.
const maxLine = 1 << 30

func span(text string) (start, count int, ok bool) {
	first, second, both := strings.Cut(text, ",")
	start, err := strconv.Atoi(first)
	count = 1
	if err == nil && both {
		count, err = strconv.Atoi(second)
	}
	return start, count, err == nil && start >= 0 && count >= 0 && start < maxLine && count < maxLine && (start > 0 || count == 0)
}
