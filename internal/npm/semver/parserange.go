package semver

import (
	"errors"
	"fmt"
	"strings"
)

// rangeParser turns the text of a range into comparators. node-semver does it
// by a chain of textual rewrites; nearly every range is left alone by them, so
// they are a slow path (rewrite.go) and the rest works on the text as it is.
type rangeParser struct {
	opts Options

	comps []comparator
	start int                     // where the current set begins in comps
	seen  map[comparator]struct{} // the current set, once it is long
	part  uint32                  // index of the current set in the text
	edge  bool                    // the current word is the first or last of its set
}

// maxRange is the one deliberate difference to node-semver, which has no limit:
// Intersects takes time quadratic in the length of a range, and ranges come from
// anybody. The longest published ones have a few hundred
// characters; 16 KiB keep the worst case below a second.
const maxRange = 16 << 10

var errNoComparator = errors.New("it holds no valid comparator")

func (p *rangeParser) parse(s string) (comps []comparator, raw string, err error) {
	if len(s) > maxRange {
		return nil, "", fmt.Errorf("longer than %d bytes", maxRange)
	}
	raw = collapseSpace(s)
	p.comps = make([]comparator, 0, estimate(raw))
	for rest, more := raw, true; more; p.part++ {
		var part string
		part, rest, more = strings.Cut(rest, "||")
		if err := p.set(trimSpace(part)); err != nil {
			return nil, "", err
		}
	}
	if len(p.comps) == 0 {
		return nil, "", errNoComparator
	}
	p.simplifyUnion()
	return p.comps, raw, nil
}

// estimate is what most ranges need: two comparators for each word. Beyond a
// few words it is left to append.
func estimate(raw string) int {
	words, prev := 0, byte(' ')
	for i := 0; i < len(raw) && words < 8; i++ {
		c := raw[i]
		if (prev == ' ' || prev == '|') && c != ' ' && c != '|' && c != '-' {
			words++
		}
		prev = c
	}
	return 2 * max(words, 1)
}

// set reads what stands between two "||".
func (p *rangeParser) set(s string) error {
	p.start, p.seen = len(p.comps), nil
	s = stripBuilds(s)
	if needsRewrite(s) {
		s = p.rewrite(s)
	}
	for rest, more, first := s, true, true; more; first = false {
		var word string
		word, rest, more = strings.Cut(rest, " ")
		p.edge = first || !more
		if err := p.word(word); err != nil {
			return err
		}
	}
	if len(p.comps) == p.start {
		return nil // loose mode threw everything away
	}
	p.simplifySet()
	p.comps[len(p.comps)-1].last = true
	return nil
}

// simplifySet reduces a set with the null set in it to just that, and drops
// "any" from beside other comparators.
func (p *rangeParser) simplifySet() {
	set := p.comps[p.start:]
	kept := set[:0]
	for i := range set {
		switch c := &set[i]; {
		case c.isNull():
			set[0] = *c
			p.comps = p.comps[:p.start+1]
			return
		case c.op == opAny:
		case len(kept) == i:
			kept = set[:i+1] // nothing was dropped yet, so nothing has to move
		default:
			kept = append(kept, *c)
		}
	}
	if len(kept) == 0 {
		kept = set[:1] // any
	}
	p.comps = p.comps[:p.start+len(kept)]
}

// simplifyUnion drops null sets, unless nothing else is there, and all other
// sets from beside "any".
func (p *rangeParser) simplifyUnion() {
	first, kept := p.comps[0], p.comps[:0]
	for i := range p.comps {
		switch c := &p.comps[i]; {
		case c.op == opAny:
			p.comps = append(p.comps[:0], *c)
			return
		case c.isNull():
		case len(kept) == i:
			kept = p.comps[:i+1]
		default:
			kept = append(kept, *c)
		}
	}
	if len(kept) == 0 {
		kept = append(kept, first)
	}
	p.comps = kept
}

// add appends a comparator to the current set unless it is there already.
// width is the length of its version in node-semver's text: as in the text of
// a version, it has a limit, and a number has one.
func (p *rangeParser) add(op operator, v Version, width int) error {
	if width > maxLength {
		return fmt.Errorf("it holds a version of more than %d characters", maxLength)
	}
	if v.Major > maxSafe || v.Minor > maxSafe || v.Patch > maxSafe {
		return fmt.Errorf("it holds a number above %d", uint64(maxSafe))
	}
	c := comparator{Version: v, op: op, part: p.part}
	if !p.repeats(c) {
		p.comps = append(p.comps, c)
	}
	return nil
}

// addAny appends the comparator that lets every version pass.
func (p *rangeParser) addAny() error { return p.add(opAny, Version{}, 0) }

// addBlank is addAny for a word that says "any" by itself. node-semver makes it
// an empty word, and loses those that stand between two others. It matters in
// loose mode, where the others may go away.
func (p *rangeParser) addBlank() error {
	if !p.edge {
		return nil
	}
	return p.addAny()
}

// junk refuses a word, which loose mode drops.
func (p *rangeParser) junk(word string) error {
	if p.opts.Loose {
		return nil
	}
	return fmt.Errorf("%.40q is not a comparator", word)
}

// repeats reports whether the current set holds c. Sets longer than any real
// one are looked up in a map, so that a hostile one costs linear time.
func (p *rangeParser) repeats(c comparator) bool {
	const long = 16
	set := p.comps[p.start:]
	if len(set) < long {
		for i := range set {
			if set[i].op == c.op && set[i] == c {
				return true
			}
		}
		return false
	}
	if p.seen == nil {
		p.seen = make(map[comparator]struct{}, 2*long)
		for _, s := range set {
			p.seen[s] = struct{}{}
		}
	}
	if _, ok := p.seen[c]; ok {
		return true
	}
	p.seen[c] = struct{}{}
	return false
}
