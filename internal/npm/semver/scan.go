package semver

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// The scanners below return the end of the longest match at s[i:], or i where
// there is none. Their limits are those of node-semver's "safe" expressions.

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isIdent(c byte) bool { return isDigit(c) || isLetter(c) || c == '-' }

// scanDigits reads at most limit digits.
func scanDigits(s string, i, limit int) int {
	end := min(len(s), i+limit)
	for i < end && isDigit(s[i]) {
		i++
	}
	return i
}

// scanNumber reads a number: "0" or without leading zeros unless loose.
func scanNumber(s string, i int, loose bool) int {
	if loose {
		return scanDigits(s, i, maxDigits)
	}
	if i < len(s) && s[i] == '0' {
		return i + 1
	}
	return scanDigits(s, i, maxStrict)
}

// scanIdentifier reads one prerelease identifier: a run that holds a letter or
// a hyphen, else a number.
func scanIdentifier(s string, i int, loose bool) int {
	end := scanDigits(s, i, maxDigits)
	if end == len(s) || !isLetter(s[end]) && s[end] != '-' {
		return scanNumber(s, i, loose)
	}
	end++
	for limit := min(len(s), end+maxIdentTail); end < limit && isIdent(s[end]); {
		end++
	}
	return end
}

// scanPrerelease reads a prerelease with its hyphen, which loose mode does not
// ask for. pre is the text without the hyphen.
func scanPrerelease(s string, i int, loose bool) (pre string, end int) {
	start := i
	if i < len(s) && s[i] == '-' {
		start++
	} else if !loose {
		return "", i
	}
	end = scanIdentifier(s, start, loose)
	if end == start {
		// Loose mode reads "1.2.3-" as a prerelease that is called "-".
		if !loose || start == i {
			return "", i
		}
		start = i
		end = scanIdentifier(s, start, loose)
	}
	for end < len(s) && s[end] == '.' {
		next := scanIdentifier(s, end+1, loose)
		if next == end+1 {
			break
		}
		end = next
	}
	return s[start:end], end
}

// scanBuild reads build metadata with its plus sign.
func scanBuild(s string, i int) int {
	if i == len(s) || s[i] != '+' {
		return i
	}
	end := scanBuildIdentifier(s, i+1)
	if end == i+1 {
		return i
	}
	for end < len(s) && s[end] == '.' {
		next := scanBuildIdentifier(s, end+1)
		if next == end+1 {
			break
		}
		end = next
	}
	return end
}

func scanBuildIdentifier(s string, i int) int {
	for limit := min(len(s), i+maxIdentTail); i < limit && isIdent(s[i]); {
		i++
	}
	return i
}

// skipPrefix skips any number of "v", "=" and white space.
func skipPrefix(s string, i int) int {
	for i < len(s) {
		switch c := s[i]; {
		case c == 'v' || c == '=':
			i++
		case c <= ' ' || c >= utf8.RuneSelf:
			n := spaceLen(s[i:])
			if n == 0 {
				return i
			}
			i += n
		default:
			return i
		}
	}
	return i
}

// beyondSafe and exponential stand for numbers that are too large: JavaScript
// prints the sum of one and the latter as "1e+21", which is not a number to
// node-semver, and the former as digits, which are a number out of bounds.
const (
	beyondSafe  = maxSafe + 1
	exponential = 1 << 63
)

// number is the value of a run of digits, beyondSafe or exponential when it
// exceeds maxSafe.
func number(digits string) uint64 {
	if len(digits) > 15 { // 10^15-1 < maxSafe
		return bigNumber(digits)
	}
	var n uint64
	for i := 0; i < len(digits); i++ {
		n = n*10 + uint64(digits[i]-'0')
	}
	return n
}

func bigNumber(digits string) uint64 {
	if n, err := strconv.ParseUint(digits, 10, 64); err == nil && n <= maxSafe {
		return n
	}
	f, _ := strconv.ParseFloat(digits, 64) // +Inf out of range, as in JavaScript
	if f+1 >= 1e21 {
		return exponential
	}
	return beyondSafe
}

// normalizePre rewrites numeric identifiers the way JavaScript prints numbers.
// Only loose mode can have let leading zeros in.
func normalizePre(pre string, loose bool) string {
	if !loose || !hasLeadingZero(pre) {
		return pre
	}
	ids := strings.Split(pre, ".")
	for i, id := range ids {
		if allDigits(id) {
			if n := number(id); n < maxSafe {
				ids[i] = strconv.FormatUint(n, 10)
			}
		}
	}
	return strings.Join(ids, ".")
}

func hasLeadingZero(pre string) bool {
	for i := 0; i+1 < len(pre); i++ {
		if pre[i] == '0' && isDigit(pre[i+1]) && (i == 0 || pre[i-1] == '.') {
			return true
		}
	}
	return false
}

func allDigits(s string) bool {
	return s != "" && scanDigits(s, 0, len(s)) == len(s)
}
