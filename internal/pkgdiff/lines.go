package pkgdiff

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// lines are those of a text, with their ends.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return slices.Collect(strings.Lines(text))
}

// run is lines in a row that stayed, came or went, of the longest way so far; before
// is what comes before them.
type run struct {
	sign   byte // ' ', '+' or '-'
	count  int
	before *run
}

// way is how far a way with so many changes came on its diagonal.
type way struct {
	there bool
	old   int // lines of the old text that are behind it, less one
	end   run // its last one; one without lines is none
}

// maxChanges bounds time and memory, which grow with its square: 10,000 take seconds,
// and a gigabyte at worst. What differs more is shown as if nothing were in common.
const maxChanges = 10_000

// compare is Myers' algorithm (An O(ND) Difference Algorithm, 1986), with jsdiff's
// choice between equally long ways and its bounds: who came to the end of a text need
// not look beyond it.
func compare(old, now []string, same func(a, b string) bool, limit int) []run {
	limit = min(len(old)+len(now), limit)
	c := comparing{old: old, now: now, same: same, ways: make([]way, 2*limit+3), middle: limit + 1}
	first := way{there: true, old: -1}
	if c.follow(&first, 0) {
		return first.end.all()
	}
	c.ways[c.middle] = first
	least, most := -limit, limit
	for changes := 1; changes <= limit; changes++ {
		for diagonal := max(least, -changes); diagonal <= min(most, changes); diagonal += 2 {
			w := c.step(diagonal)
			if w.there && c.follow(&w, diagonal) {
				return w.end.all()
			}
			c.ways[c.middle+diagonal] = w
			if w.there && w.old+1 >= len(old) {
				most = min(most, diagonal-1)
			}
			if w.there && w.old-diagonal+1 >= len(now) {
				least = max(least, diagonal+1)
			}
		}
	}
	return []run{{sign: '-', count: len(old)}, {sign: '+', count: len(now)}}
}

type comparing struct {
	old, now []string
	same     func(a, b string) bool
	ways     []way // by diagonal, which is old less new lines, from middle on
	middle   int
}

// step is the way that comes to a diagonal by one more change, if one does.
func (c *comparing) step(diagonal int) way {
	at := c.middle + diagonal
	removing, adding := c.ways[at-1], c.ways[at+1]
	c.ways[at-1] = way{} // nobody else comes from there
	canAdd := adding.there && adding.old-diagonal >= 0 && adding.old-diagonal < len(c.now)
	canRemove := removing.there && removing.old+1 < len(c.old)
	switch {
	case !canAdd && !canRemove:
		return way{}
	case !canRemove || canAdd && removing.old < adding.old:
		return way{true, adding.old, adding.end.longer('+', 1)}
	}
	return way{true, removing.old + 1, removing.end.longer('-', 1)}
}

// follow goes along what stayed, and reports whether that was all.
func (c *comparing) follow(w *way, diagonal int) bool {
	at, count := w.old-diagonal, 0
	for at+1 < len(c.now) && w.old+1 < len(c.old) && c.same(c.old[w.old+1], c.now[at+1]) {
		at, w.old, count = at+1, w.old+1, count+1
	}
	if count > 0 {
		w.end = w.end.longer(' ', count)
	}
	return w.old+1 >= len(c.old) && at+1 >= len(c.now)
}

// longer is a way with more lines at its end.
func (r run) longer(sign byte, count int) run {
	switch r.sign {
	case sign:
		r.count += count
		return r
	case 0:
		return run{sign: sign, count: count}
	}
	before := r // r itself would be allocated each time
	return run{sign, count, &before}
}

func (r run) all() []run {
	var out []run
	for at := &r; at != nil && at.sign != 0; at = at.before {
		out = append(out, *at)
	}
	slices.Reverse(out)
	return out
}

// hunk is a part that changed, with what is around it.
type hunk struct {
	oldStart, oldCount, newStart, newCount int
	lines                                  []string
}

// hunks are the changed parts as text, line by line.
func hunks(old, now []string, o *Options) []string {
	same := func(a, b string) bool { return a == b }
	if o.IgnoreSpace {
		same = func(a, b string) bool { return trimmed(a) == trimmed(b) }
	}
	runs := compare(old, now, same, maxChanges)
	w := writer{context: o.Context}
	for i, r := range runs {
		switch r.sign {
		case ' ':
			w.stay(now[w.y:w.y+r.count], i == len(runs)-1)
		case '-':
			w.change('-', old[w.x:w.x+r.count])
		case '+':
			w.change('+', now[w.y:w.y+r.count])
		}
	}
	w.end()
	return w.out
}

// writer puts hunks together.
type writer struct {
	context int
	x, y    int      // lines of the old and the new text that were looked at
	before  []string // that stayed last
	hunk    *hunk    // the open one, or nil
	out     []string
}

func (w *writer) change(sign byte, lines []string) {
	if w.hunk == nil {
		above := w.before[max(0, len(w.before)-w.context):]
		w.hunk = &hunk{oldStart: w.x + 1 - len(above), newStart: w.y + 1 - len(above)}
		w.hunk.add(' ', above)
	}
	w.hunk.add(sign, lines)
	if sign == '-' {
		w.x += len(lines)
	} else {
		w.y += len(lines)
	}
}

// stay is for lines that are in both. Few of them between changes end no hunk.
func (w *writer) stay(lines []string, last bool) {
	w.x, w.y, w.before = w.x+len(lines), w.y+len(lines), lines
	switch {
	case w.hunk == nil:
	case len(lines) <= 2*w.context && !last:
		w.hunk.add(' ', lines)
	default:
		w.hunk.add(' ', lines[:min(len(lines), w.context)])
		w.end()
	}
}

func (w *writer) end() {
	if w.hunk != nil {
		w.out, w.hunk = append(w.out, w.hunk.text()...), nil
	}
}

func (h *hunk) add(sign byte, lines []string) {
	for _, line := range lines {
		h.lines = append(h.lines, string(sign)+line)
	}
	if sign != '+' {
		h.oldCount += len(lines)
	}
	if sign != '-' {
		h.newCount += len(lines)
	}
}

func (h *hunk) text() []string {
	if h.oldCount == 0 {
		h.oldStart-- // what has no lines is behind the line that it names
	}
	if h.newCount == 0 {
		h.newStart--
	}
	out := []string{fmt.Sprintf("@@ -%d,%d +%d,%d @@", h.oldStart, h.oldCount, h.newStart, h.newCount)}
	for _, line := range h.lines {
		text, ended := strings.CutSuffix(line, "\n")
		if out = append(out, text); !ended {
			out = append(out, `\ No newline at end of file`)
		}
	}
	return out
}

// trimmed is a line without the white space at its ends, of which JavaScript knows
// one more than Unicode.
func trimmed(line string) string {
	return strings.TrimFunc(line, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
}
