package yamltree

import (
	"regexp"
	"strings"
	"testing"
)

// seeds cover every construct of the plain notation and some beyond.
var seeds = []string{
	"", "a: b\n", "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n",
	"packages:\n\n  '@a/b@1.0.0':\n    resolution: {integrity: sha512-x==}\n    engines: {node: '>=4'}\n    os: [linux, '!win32']\n",
	"a:\n  - b\n  - c: d\n    e: f\n", "a: |-\n  x\n  y\nb: |2+\n   z\n\n",
	"? key\n: value: 1\n  other: 2\n", "a: \"x\\n\\u00e9\\U0001f389\"\n", "a: {}\nb: []\n", "# c\na: b # d\n",
	"a: &x\n  b: c\nd: *x\ne:\n  <<: *x\n", "a: >\n  folded\n  text\n", "a:\n- b\n-  c\n", "a: 'it''s'\n",
	"a:\r\n  b\r\n", "\ta: b\n", "a: [1, {b: c}, [d]]\n", "a: 'x\n  y'\n", "!!map {a: !!str 1}\n", "a: b\na: c\n", "k: {a: b,c: d}\n", "k: {0:0: 0}\n",
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	for _, g := range goldenScalars(f)[:200] {
		f.Add(g.Value)
		f.Add(g.Key)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text, 1)
		if err != nil || n == nil || n.Kind != Map {
			return
		}
		// What was written reads back the same, and is written the same again.
		written := string(Append(nil, n))
		again, err := Parse(written, 1)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", text, written, err)
		}
		if second := string(Append(nil, again)); second != written && !strings.Contains(written, "|+") {
			t.Fatalf("%q was written as %q, then as %q", text, written, second)
		}
	})
}

// numberKey is a key in a flow map that begins as a number does, like "1:2".
var numberKey = regexp.MustCompile(`[{,]\s*[-+.\w]*\d:[^ ]`)

// FuzzReadersAgree: what the plain reader accepts, the general one reads the
// same.
func FuzzReadersAgree(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain, err := parsePlain(text, 1)
		if err != nil || plain == nil || strings.Contains(text, "|") {
			return // literal blocks: the library loses white space at their ends
		}
		if numberKey.MatchString(text) {
			return // the library takes the digits for the key
		}
		general, err := parseGeneral(text, 1)
		if err == nil && !equal(plain, general) { // it refuses some valid YAML ("...:")
			t.Fatalf("%q: plain %q, general %q", text, Append(nil, plain), Append(nil, general))
		}
	})
}
