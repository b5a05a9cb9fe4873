package semver

import "strings"

// partial is a version of which the tail may be missing or wildcards.
type partial struct {
	prefix              string // any mix of "v", "=" and blanks
	major, minor, patch string // as written; "" where missing
	pre                 string // as written, without hyphen
}

// parsePartial matches node-semver's XRANGEPLAIN against all of s.
func (p *rangeParser) parsePartial(s string) (v partial, ok bool) {
	loose := p.opts.Loose
	i, end := skipPrefix(s, 0), 0
	v.prefix = s[:i]
	for n, field := range [...]*string{&v.major, &v.minor, &v.patch} {
		if end = scanXNumber(s, i, loose); end == i {
			return v, false
		}
		*field = s[i:end]
		i = end
		if i == len(s) {
			return v, true
		}
		if n < 2 {
			if s[i] != '.' {
				return v, false
			}
			i++
		}
	}
	start := i - len(v.patch)
	i, v.pre, end = scanTail(s, start, i, loose)
	v.patch = s[start:i]
	return v, scanBuild(s, end) == len(s)
}

// scanXNumber reads a number or a wildcard.
func scanXNumber(s string, i int, loose bool) int {
	if i < len(s) && (s[i]|0x20 == 'x' || s[i] == '*') {
		return i + 1
	}
	return scanNumber(s, i, loose)
}

// isX reports whether a part of a version is missing or a wildcard.
func isX(s string) bool {
	return s == "" || s[0]|0x20 == 'x' || s[0] == '*'
}

// word turns one word of a range into comparators.
func (p *rangeParser) word(w string) error {
	if w == "" {
		return p.addBlank()
	}
	switch w[0] {
	case '^':
		if v, ok := p.parsePartial(w[1:]); ok {
			return p.caret(v)
		}
	case '~':
		if v, ok := p.parsePartial(strings.TrimPrefix(w[1:], ">")); ok {
			return p.tilde(v)
		}
	default:
		op, rest := cutOperator(w)
		if v, ok := p.parsePartial(rest); ok {
			return p.xrange(w, op, rest, v)
		}
		return p.starred(w)
	}
	return p.junk(w)
}

// cutOperator splits off node-semver's GTLT.
func cutOperator(w string) (operator, string) {
	op := opEQ
	switch {
	case w == "":
		return op, w
	case w[0] == '<':
		op, w = opLT, w[1:]
	case w[0] == '>':
		op, w = opGT, w[1:]
	}
	if w != "" && w[0] == '=' {
		if op != opEQ {
			op++ // < becomes <=, > becomes >=
		}
		w = w[1:]
	}
	return op, w
}

// tilde: patches may change; minors may if none is given.
func (p *rangeParser) tilde(v partial) error {
	switch {
	case isX(v.major):
		return p.addBlank()
	case isX(v.minor):
		return p.span(v.floor(1), p.lowest(), bumpMajor)
	case isX(v.patch):
		return p.span(v.floor(2), p.lowest(), bumpMinor)
	}
	return p.span(v, v.pre, bumpMinor)
}

// caret: the leftmost number that is not zero stays.
func (p *rangeParser) caret(v partial) error {
	up := bumpMajor
	if v.major == "0" && !isX(v.minor) { // by text, as in node-semver: "00" is no "0"
		up = bumpMinor
		if v.minor == "0" && !isX(v.patch) {
			up = bumpPatch
		}
	}
	switch {
	case isX(v.major):
		return p.addBlank()
	case isX(v.minor):
		return p.span(v.floor(1), p.lowest(), up)
	case isX(v.patch):
		return p.span(v.floor(2), p.lowest(), up)
	}
	return p.span(v, v.pre, up)
}

// xrange: an optional operator before a version that may have wildcards.
func (p *rangeParser) xrange(word string, op operator, rest string, v partial) error {
	xMajor, xMinor, xPatch := isX(v.major), isX(v.minor), isX(v.patch)
	switch {
	case xMajor && !xMinor || xMinor && !xPatch:
		return p.junk(word) // "x.1" or "1.x.2"
	case xMajor && (op == opLT || op == opGT):
		return p.add(opLT, Version{pre: "0"}, len("0.0.0-0"))
	case xMajor:
		return p.addBlank()
	case xMinor:
		return p.bounded(word, op, v.floor(1), bumpMajor)
	case xPatch:
		return p.bounded(word, op, v.floor(2), bumpMinor)
	}
	return p.comparator(word, op, rest, v)
}

// bounded adds an x-range that begins at v and ends before the next of unit up,
// or with an operator what lies on one side of it.
func (p *rangeParser) bounded(word string, op operator, v partial, up bump) error {
	switch op {
	case opEQ:
		return p.span(v, p.lowest(), up)
	case opGTE:
		return p.lower(v, p.lowest())
	case opLT:
		return p.add(opLT, v.version(ceiling), v.width(ceiling))
	}
	edge, width := up.apply(v)
	if edge.Major == exponential || edge.Minor == exponential {
		return p.junk(word)
	}
	if op == opLTE {
		edge.pre = ceiling
		return p.add(opLT, edge, width+preWidth(edge.pre))
	}
	edge.pre = p.lowest()
	return p.add(opGTE, edge, width+preWidth(edge.pre))
}

// comparator adds a version without wildcards. Strict mode knows no prefix but
// one "v".
func (p *rangeParser) comparator(word string, op operator, rest string, v partial) error {
	if !p.opts.Loose && v.prefix != "" && v.prefix != "v" {
		return p.junk(word)
	}
	if word == ">=0.0.0" && !p.opts.IncludePrerelease || word == ">=0.0.0-0" && p.opts.IncludePrerelease {
		return p.addAny()
	}
	return p.add(op, v.version(normalizePre(v.pre, p.opts.Loose)), len(rest))
}

// starred gives a word that matched nothing another chance without its first
// star: node-semver takes "1.2.3*" for "1.2.3".
func (p *rangeParser) starred(w string) error {
	star := strings.IndexByte(w, '*')
	if star < 0 {
		return p.junk(w)
	}
	i := star
	if i > 0 && w[i-1] == '=' {
		i--
	}
	if i > 0 && (w[i-1] == '<' || w[i-1] == '>') {
		i--
	}
	bare := w[:i] + w[star+1:]
	op, rest := cutOperator(bare)
	v, ok := p.parsePartial(rest)
	if !ok || isX(v.major) || isX(v.minor) || isX(v.patch) {
		return p.junk(w)
	}
	return p.comparator(bare, op, rest, v)
}

// lowest is the prerelease that bounds an x-range from below.
func (p *rangeParser) lowest() string {
	if p.opts.IncludePrerelease {
		return "0"
	}
	return ""
}

// ceiling is the prerelease that bounds a range from above, so that it holds
// no prerelease of what comes next.
const ceiling = "0"

// span adds ">=v-pre" and "<" the next version of unit up.
func (p *rangeParser) span(v partial, pre string, up bump) error {
	if err := p.lower(v, pre); err != nil {
		return err
	}
	edge, width := up.apply(v)
	edge.pre = ceiling
	return p.add(opLT, edge, width+preWidth(edge.pre))
}

// lower adds ">=v-pre", which is "any" where v is the lowest of all versions.
func (p *rangeParser) lower(v partial, pre string) error {
	if v.major == "0" && v.minor == "0" && v.patch == "0" && pre == p.lowest() {
		return p.addAny()
	}
	return p.add(opGTE, v.version(normalizePre(pre, p.opts.Loose)), v.width(pre))
}

// floor replaces what follows the first n numbers by zeros.
func (v partial) floor(n int) partial {
	f := partial{major: v.major, minor: v.minor, patch: "0"}
	if n == 1 {
		f.minor = "0"
	}
	return f
}

func (v *partial) version(pre string) Version {
	return Version{Major: number(v.major), Minor: number(v.minor), Patch: number(v.patch), pre: pre}
}

// width is the length of the version in node-semver's text.
func (v *partial) width(pre string) int {
	return len(v.major) + len(v.minor) + len(v.patch) + 2 + preWidth(pre)
}

func preWidth(pre string) int {
	if pre == "" {
		return 0
	}
	return 1 + len(pre)
}

// bump says which number the upper bound of a range increments.
type bump uint8

const (
	bumpMajor bump = iota
	bumpMinor
	bumpPatch
)

// apply returns the first release after all that share v's numbers up to the
// bumped one, and its length in node-semver's text. A number that JavaScript
// would print with an exponent comes back as exponential.
func (up bump) apply(v partial) (edge Version, width int) {
	switch up {
	case bumpMajor:
		edge.Major = next(v.major)
		return edge, decimals(edge.Major) + len(".0.0")
	case bumpMinor:
		edge.Major, edge.Minor = number(v.major), next(v.minor)
		return edge, len(v.major) + 1 + decimals(edge.Minor) + len(".0")
	}
	edge.Major, edge.Minor, edge.Patch = number(v.major), number(v.minor), next(v.patch)
	return edge, len(v.major) + len(v.minor) + 2 + decimals(edge.Patch)
}

func next(digits string) uint64 {
	n := number(digits)
	if n == exponential {
		return n
	}
	return n + 1
}

func decimals(n uint64) int {
	d := 1
	for ; n > 9; n /= 10 {
		d++
	}
	return d
}
