package query

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// maxNesting bounds selectors in selectors: nobody types as many.
const maxNesting = 50

// list is selectors of which any may match.
type list []selector

// selector is what is between commas: conditions, and before some of them how what
// they are about is related to what those before them found.
type selector []step

type step struct {
	relation byte // '>', ' ' or '~' before cond; 0 where cond is about the same
	cond     condition
}

// condition is one simple selector.
type condition struct {
	kind  byte   // '*', '#', '.', '[' or ':'
	name  string // of '#', '.' and ':'
	attr  *attribute
	args  []string // of ':', at its commas
	inner list     // of :is, :not and :has
}

// attribute is what stands in brackets.
type attribute struct {
	name, operator, value string
	insensitive           bool
}

// SyntaxError is a selector that cannot be read.
type SyntaxError struct{ code, what, next string }

func (e *SyntaxError) Error() string { return e.what }

// Code is npm's code where npm has one.
func (e *SyntaxError) Code() string { return e.code }

// Hint is what the user can do.
func (e *SyntaxError) Hint() string { return e.next }

// Selector is a query that was read.
type Selector struct{ any list }

// Parse reads a query. "" selects nothing.
func Parse(text string) (*Selector, error) {
	if strings.TrimSpace(text) == "" {
		return &Selector{}, nil
	}
	all, err := parseList(text, 0)
	return &Selector{all}, err
}

func parseList(text string, depth int) (list, error) {
	if depth > maxNesting {
		return nil, &SyntaxError{what: fmt.Sprintf("selectors are nested deeper than %d levels", maxNesting)}
	}
	var out list
	for _, part := range split(text) {
		p := &parser{rest: strings.TrimSpace(part), depth: depth}
		if p.rest == "" {
			continue // npm overlooks a comma too many, too
		}
		s, err := p.selector()
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// bare goes through the bytes of text that are in no quotes and not escaped.
func bare(text string) iter.Seq2[int, byte] {
	return func(yield func(int, byte) bool) {
		var quote byte
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case c == '\\':
				i++
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			default:
				if !yield(i, c) {
					return
				}
			}
		}
	}
}

// split cuts at the commas that are in no brackets and quotes.
func split(text string) []string {
	var out []string
	depth, from := 0, 0
	for i, c := range bare(text) {
		switch {
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case c == ',' && depth == 0:
			out, from = append(out, text[from:i]), i+1
		}
	}
	return append(out, text[from:])
}

type parser struct {
	rest  string
	depth int
}

func (p *parser) selector() (selector, error) {
	var out selector
	relation := byte(0)
	for p.rest != "" {
		trimmed := strings.TrimLeft(p.rest, " \t\n")
		blank := len(trimmed) < len(p.rest)
		p.rest = trimmed
		switch c := p.rest[0]; {
		case c == '>' || c == '~':
			relation, p.rest = c, strings.TrimLeft(p.rest[1:], " \t\n")
			continue
		case c == '+':
			return nil, &SyntaxError{what: `the combinator "+" is not known: a tree of packages has no order`, next: `"~" is for all that have a dependent in common`}
		case blank && relation == 0 && len(out) > 0:
			relation = ' '
		}
		cond, err := p.condition()
		if err != nil {
			return nil, err
		}
		out = append(out, step{relation, cond})
		relation = 0
	}
	if relation != 0 {
		return nil, &SyntaxError{what: fmt.Sprintf("nothing stands behind %q", relation), next: `write "*" for anything`}
	}
	return out, nil
}

func (p *parser) condition() (condition, error) {
	c := condition{kind: p.rest[0]}
	switch c.kind {
	case '*':
		p.rest = p.rest[1:]
		return c, nil
	case '[':
		text, err := p.enclosed(']')
		if err == nil {
			c.attr, err = parseAttribute(text)
		}
		return c, err
	case '#', '.', ':':
	default:
		word := p.word()
		return c, &SyntaxError{"EQUERYNOSELECTOR", fmt.Sprintf("%q is no selector", word+p.rest[:min(len(p.rest), 1)]), fmt.Sprintf("write #%s for a name, [name=%s] for a property", word, word)}
	}
	p.rest = p.rest[1:]
	if c.name = p.word(); c.name == "" {
		return c, &SyntaxError{what: fmt.Sprintf("no name stands behind %q", c.kind)}
	}
	if c.kind == '.' && !slices.Contains(dependencyTypes, c.name) {
		return c, &SyntaxError{"EQUERYNODEPTYPE", fmt.Sprintf("`.%s` is not a supported dependency type", c.name), "there are ." + strings.Join(dependencyTypes, ", .")}
	}
	if c.kind == ':' {
		return c, p.pseudo(&c)
	}
	return c, nil
}

// pseudo reads what stands in parentheses behind a pseudo-class.
func (p *parser) pseudo(c *condition) error {
	if !slices.Contains(pseudoClasses, c.name) {
		return &SyntaxError{"EQUERYNOPSEUDO", fmt.Sprintf("`:%s` is not a supported pseudo selector", c.name), "there are :" + strings.Join(pseudoClasses, ", :")}
	}
	text := ""
	if strings.HasPrefix(p.rest, "(") {
		var err error
		if text, err = p.enclosed(')'); err != nil {
			return err
		}
	}
	switch c.name {
	case "is", "not", "has":
		if strings.TrimSpace(text) == "" {
			return &SyntaxError{what: fmt.Sprintf(":%s wants selectors in parentheses", c.name)}
		}
		var err error
		c.inner, err = parseList(text, p.depth+1)
		return err
	}
	switch {
	case strings.TrimSpace(text) == "":
		return nil
	case c.name == "path": // whose commas are those of "{a,b}"
		c.args = []string{strings.TrimSpace(text)}
		return nil
	}
	for _, arg := range split(text) {
		c.args = append(c.args, strings.TrimSpace(arg))
	}
	return nil
}

// word reads a name; a backslash makes any character a part of it.
func (p *parser) word() string {
	var b strings.Builder
	i := 0
	for ; i < len(p.rest); i++ {
		c := p.rest[i]
		if c == '\\' && i+1 < len(p.rest) {
			i++
			b.WriteByte(p.rest[i])
			continue
		}
		if strings.IndexByte(" \t\n>~+*#.:[]()=\"',", c) >= 0 {
			break
		}
		b.WriteByte(c)
	}
	p.rest = p.rest[i:]
	return b.String()
}

// enclosed is what is between the bracket that comes first and the one that ends
// it.
func (p *parser) enclosed(end byte) (string, error) {
	depth := 0
	for i, c := range bare(p.rest) {
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth > 0 {
				continue
			}
			if c != end {
				return "", &SyntaxError{what: fmt.Sprintf("%q ends with %q", p.rest[:i+1], c)}
			}
			text := p.rest[1:i]
			p.rest = p.rest[i+1:]
			return text, nil
		}
	}
	return "", &SyntaxError{what: fmt.Sprintf("no %q ends %q", end, p.rest)}
}

// parseAttribute reads "name", or "name", an operator and a value.
func parseAttribute(text string) (*attribute, error) {
	text = strings.TrimSpace(text)
	i := strings.IndexByte(text, '=')
	if i < 0 {
		if text == "" {
			return nil, &SyntaxError{what: "[] names no property"}
		}
		return &attribute{name: unescape(text)}, nil
	}
	a := &attribute{operator: "=", value: strings.TrimSpace(text[i+1:])}
	if i > 0 && strings.IndexByte("~*|^$", text[i-1]) >= 0 {
		i--
		a.operator = text[i : i+2]
	}
	if a.name = unescape(strings.TrimSpace(text[:i])); a.name == "" {
		return nil, &SyntaxError{what: fmt.Sprintf("[%s] names no property", text)}
	}
	if rest, flag := strings.CutSuffix(strings.TrimSuffix(a.value, "I"), " i"); flag || strings.HasSuffix(a.value, " I") {
		a.insensitive, a.value = true, strings.TrimSpace(rest)
	}
	a.value = unquote(a.value)
	return a, nil
}

func unescape(s string) string { return strings.ReplaceAll(s, `\`, "") }

// unquote takes the quotes off.
func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		s = s[1 : len(s)-1]
	}
	return unescape(s)
}
