// Package spdx reads license expressions (SPDX 2.3, annex D): whether a text is
// one, and of which license.
package spdx

import (
	_ "embed" // the lists
	"strings"
	"sync"
)

// The lists of spdx.org, deprecated identifiers among them, as npm 11.19 has them
// (spdx-license-ids 3.0.23, spdx-exceptions 2.5.0).
var (
	//go:embed licenses.txt
	licenseList string
	//go:embed exceptions.txt
	exceptionList string
)

// lists are keyed by what is written, in lower case.
var lists = sync.OnceValue(func() (l struct{ licenses, exceptions map[string]string }) {
	l.licenses, l.exceptions = index(licenseList), index(exceptionList)
	return l
})

func index(list string) map[string]string {
	out := map[string]string{}
	for id := range strings.FieldsSeq(list) {
		out[strings.ToLower(id)] = id
	}
	return out
}

// Expression is what a text says.
type Expression struct {
	License string // the one license as the list writes it, or a reference; "" where there are several
	Plain   bool   // the text is that license's identifier and nothing else
	Exact   bool   // identifiers are written as the list has them
	Upper   bool   // operators are upper case
}

// maxText bounds a text, in bytes, and with it the recursion: the longest
// expressions of published packages have 200.
const maxText = 4096

// Parse reads an expression; ok is false where text is none. Case does not count.
func Parse(text string) (e Expression, ok bool) {
	if len(text) > maxText {
		return e, false
	}
	p := parser{tokens: tokens(text), out: Expression{Exact: true, Upper: true}}
	if !p.either() || len(p.tokens) > 0 {
		return e, false
	}
	if p.count > 1 {
		p.out.License = ""
	}
	_, listed := lists().licenses[strings.ToLower(strings.TrimSpace(text))]
	p.out.Plain = listed
	return p.out, true
}

// tokens splits at blanks, and before and behind brackets and "+".
func tokens(text string) []string {
	for _, mark := range []string{"(", ")", "+"} {
		text = strings.ReplaceAll(text, mark, " "+mark+" ")
	}
	return strings.Fields(text)
}

// parser takes an expression apart:
//
//	either  = both { OR both }
//	both    = one { AND one }
//	one     = "(" either ")" | license [ "+" ] [ WITH exception ]
type parser struct {
	tokens []string
	out    Expression
	count  int // of licenses
}

func (p *parser) either() bool { return p.joined("OR", p.both) }
func (p *parser) both() bool   { return p.joined("AND", p.one) }

func (p *parser) joined(word string, part func() bool) bool {
	for {
		if !part() {
			return false
		}
		if !p.operator(word) {
			return true
		}
	}
}

func (p *parser) operator(word string) bool {
	if len(p.tokens) == 0 || !strings.EqualFold(p.tokens[0], word) {
		return false
	}
	p.out.Upper = p.out.Upper && p.tokens[0] == word
	p.tokens = p.tokens[1:]
	return true
}

func (p *parser) one() bool {
	if p.operator("(") {
		return p.either() && p.operator(")")
	}
	if len(p.tokens) == 0 || !p.license(p.tokens[0]) {
		return false
	}
	p.tokens = p.tokens[1:]
	p.count++
	p.operator("+") // or any later version of it
	if !p.operator("WITH") {
		return true
	}
	if len(p.tokens) == 0 {
		return false
	}
	id, ok := lists().exceptions[strings.ToLower(p.tokens[0])]
	p.out.Exact = p.out.Exact && id == p.tokens[0]
	p.tokens = p.tokens[1:]
	return ok
}

// license reads an identifier, or a reference to a text that is elsewhere.
func (p *parser) license(word string) bool {
	if reference(word) {
		p.out.License = word
		return true
	}
	id, ok := lists().licenses[strings.ToLower(word)]
	p.out.Exact = p.out.Exact && id == word
	p.out.License = id
	return ok
}

func reference(word string) bool {
	if rest, ok := strings.CutPrefix(word, "DocumentRef-"); ok {
		document, license, found := strings.Cut(rest, ":")
		if !found || !idString(document) {
			return false
		}
		word = license
	}
	rest, ok := strings.CutPrefix(word, "LicenseRef-")
	return ok && idString(rest)
}

func idString(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}
