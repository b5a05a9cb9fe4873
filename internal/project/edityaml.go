package project

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// SetYAML puts a value into a pnpm-workspace.yaml, under a path of keys, and
// returns the new file; raw may be empty. The Missing value takes the key away,
// and maps that become empty with it. What the file says beside that stays as it
// is, comments included: new keys go where the alphabet wants them, if it has had
// its way with the others. The error is a *SyntaxError for a file that is
// damaged or would be, or says what is to be written by hand.
func SetYAML(file string, raw []byte, keys []string, value Node) ([]byte, error) {
	if _, err := ParseWorkspace(file, raw); err != nil {
		return nil, err
	}
	out, err := editYAML(file, raw, keys, value, false)
	if err != nil {
		return nil, err
	}
	_, err = ParseWorkspace(file, out)
	return out, err
}

// setManifestYAML does that to a package.yaml, where what is new comes last in its
// map (pnpm 12).
func setManifestYAML(file string, raw []byte, keys []string, value Node) ([]byte, error) {
	out, err := editYAML(file, raw, keys, value, true)
	if len(raw) > 0 && raw[len(raw)-1] != '\n' {
		out = bytes.TrimSuffix(bytes.TrimSuffix(out, []byte("\n")), []byte("\r"))
	}
	return out, err
}

func editYAML(file string, raw []byte, keys []string, value Node, last bool) ([]byte, error) {
	text := strings.ReplaceAll(string(raw), "\r\n", "\n")
	root, err := parseYAML(file, []byte(text))
	if err != nil {
		return nil, err
	}
	e := newYAMLEdit(text)
	e.last = last
	byHand := func() error {
		hint := strings.TrimSpace(e.entry("", keys, value))
		if value.Kind == Missing {
			hint = "take out " + strings.Join(keys, " > ")
		}
		return fmt.Errorf("%s is written in a way that cannot be edited: by hand, %s", file, hint)
	}
	if strings.ContainsAny(text, "\r\u0085\u2028\u2029") { // lines end there, too, as the parser counts them
		return nil, byHand()
	}
	want := with(root, keys, value)
	e.set(root.Fields, keys, value)
	out := []byte(strings.Join(e.lines, ""))
	if last && strings.HasPrefix(text, "{") && !strings.Contains(text, "#") {
		out = []byte(flow(want) + "\n")
	}
	if got, err := parseYAML(file, out); err != nil || !sameNode(got, want) {
		return nil, byHand()
	}
	if len(text) < len(raw) {
		out = bytes.ReplaceAll(out, []byte("\n"), []byte("\r\n"))
	}
	return out, nil
}

// with is what a map is once a value is set.
func with(n Node, keys []string, value Node) Node {
	n.Kind, n.Text, n.Fields = Map, "", slices.Clone(n.Fields)
	i := slices.IndexFunc(n.Fields, func(f Field) bool { return f.Key == keys[0] })
	if len(keys) > 1 {
		old := Node{}
		if i >= 0 {
			old = n.Fields[i].Value
		}
		if value = with(old, keys[1:], value); len(value.Fields) == 0 {
			value = Node{}
		}
	}
	switch {
	case value.Kind == Missing && i >= 0:
		n.Fields = slices.Delete(n.Fields, i, i+1)
	case value.Kind == Missing:
	case i >= 0:
		n.Fields[i].Value = value
	default:
		n.Fields = append(n.Fields, Field{Key: keys[0], Value: value})
	}
	return n
}

// sameNode compares values, not places. The order of keys says nothing.
func sameNode(a, b Node) bool {
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Fields) != len(b.Fields) {
		return false
	}
	for _, f := range a.Fields {
		if !sameNode(f.Value, b.Field(f.Key)) {
			return false
		}
	}
	return slices.EqualFunc(a.Items, b.Items, sameNode)
}

// yamlEdit is a file by its lines, which have their ends.
type yamlEdit struct {
	lines []string
	last  bool // what is new comes last in its map
}

func newYAMLEdit(text string) *yamlEdit {
	e := &yamlEdit{}
	for line := range strings.Lines(text) {
		e.lines = append(e.lines, line)
	}
	if n := len(e.lines); n > 0 && !strings.HasSuffix(e.lines[n-1], "\n") {
		e.lines[n-1] += "\n"
	}
	return e
}

// set changes the map that has these fields.
func (e *yamlEdit) set(fields []Field, keys []string, value Node) {
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == keys[0] })
	switch {
	case i < 0 && value.Kind == Missing:
	case i < 0:
		e.add(fields, keys, value)
	case len(keys) == 1 && value.Kind == Missing:
		e.replace(fields[i], "")
	case len(keys) == 1:
		e.replace(fields[i], e.again(fields[i], value))
	default:
		e.inside(fields[i], keys, value)
	}
}

// inside changes the map that is the value of f, unless it is not written line by
// line: then it is written anew.
func (e *yamlEdit) inside(f Field, keys []string, value Node) {
	after := with(f.Value, keys[1:], value)
	_, rest, _ := strings.Cut(e.lines[f.Line-1], ":")
	switch block := strings.Trim(cutComment(rest), " \t\n") == "" && len(f.Value.Fields) > 0; {
	case len(after.Fields) == 0:
		e.replace(f, "")
	case block:
		e.set(f.Value.Fields, keys[1:], value)
	case e.last && len(keys) == 2 && strings.HasPrefix(strings.TrimSpace(rest), "{") && e.end(f) == f.Line:
		e.replace(f, indentOf(f)+yamlKey(f.Key)+": "+flow(after)+"\n")
	case strings.Contains(strings.Join(e.lines[f.Line-1:e.end(f)], ""), "#"):
		// To write it anew would lose a comment; what is missing is noticed.
	default:
		slices.SortFunc(after.Fields, func(a, b Field) int { return strings.Compare(a.Key, b.Key) })
		e.replace(f, e.entry(indentOf(f), keys[:1], after))
	}
}

// flow is a value on one line.
func flow(n Node) string {
	var items []string
	for _, item := range n.Items {
		items = append(items, flow(item))
	}
	for _, f := range n.Fields {
		items = append(items, yamlKey(f.Key)+": "+flow(f.Value))
	}
	switch n.Kind {
	case List:
		return "[" + strings.Join(items, ", ") + "]"
	case Map:
		return "{" + strings.Join(items, ", ") + "}"
	}
	return yamlText(n)
}

func indentOf(f Field) string { return strings.Repeat(" ", max(0, f.Column-1)) }

// add adds a field to a map: where the alphabet wants it if the map is sorted, else
// behind the others. A map at the top of the file is sorted if all but "packages"
// in front is, and keeps its empty lines between fields (pnpm 12).
func (e *yamlEdit) add(fields []Field, keys []string, value Node) {
	top := len(fields) == 0 || fields[0].Column == 1
	spaced := top && e.spaced(fields)
	if e.last && len(fields) > 0 {
		e.lines = slices.Insert(e.lines, e.end(fields[len(fields)-1]), e.entry(indentOf(fields[0]), keys, value))
		return
	}
	sorted := fields
	if top && len(fields) > 0 && fields[0].Key == "packages" {
		sorted = fields[1:]
	}
	if slices.IsSortedFunc(sorted, func(a, b Field) int { return strings.Compare(a.Key, b.Key) }) {
		if i := slices.IndexFunc(sorted, func(f Field) bool { return f.Key > keys[0] }); i >= 0 {
			text := e.entry(indentOf(sorted[i]), keys, value)
			if spaced {
				text += "\n"
			}
			e.lines = slices.Insert(e.lines, e.before(sorted[i], top && len(sorted) == len(fields) && i == 0), text)
			return
		}
	}
	if !top {
		e.lines = slices.Insert(e.lines, e.end(fields[len(fields)-1]), e.entry(indentOf(fields[0]), keys, value))
		return
	}
	if spaced {
		e.lines = append(e.lines, "\n")
	}
	e.lines = append(e.lines, e.entry("", keys, value))
}

// before is the index of the line to put something before a field: its own, but
// above all comments before the first of the file.
func (e *yamlEdit) before(f Field, first bool) int {
	head := slices.IndexFunc(e.lines, func(line string) bool { return line != "" && strings.Contains("-%", line[:1]) })
	if first && (head < 0 || head >= f.Line-1) {
		return 0
	}
	return f.Line - 1
}

// spaced reports whether an empty line stands before each field but the first.
func (e *yamlEdit) spaced(fields []Field) bool {
	for i := 1; i < len(fields); i++ {
		gap := e.lines[e.end(fields[i-1]) : fields[i].Line-1]
		if !slices.ContainsFunc(gap, func(line string) bool { return strings.TrimSpace(line) == "" }) {
			return false
		}
	}
	return len(fields) > 1
}

// again is a field with another value. The key of a text stays as it is written.
func (e *yamlEdit) again(f Field, value Node) string {
	text := e.entry(indentOf(f), []string{f.Key}, value)
	line := e.lines[f.Line-1]
	if quote := line[min(f.Column-1, len(line)-1)]; value.Kind != String || quote != '\'' && quote != '"' {
		return text
	}
	// Nothing that is quoted here may have a quote of its own: that is noticed.
	key, _, closed := strings.Cut(line[f.Column:], line[f.Column-1:f.Column])
	rest := line[min(len(line), f.Column+len(key)+1):]
	blank := len(rest) - len(strings.TrimLeft(rest, " "))
	if !closed || !strings.HasPrefix(rest[blank:], ":") {
		return text
	}
	return line[:f.Column+len(key)+1+blank] + ": " + yamlText(value) + "\n"
}

// replace puts text in the place of a field; a comment behind a value of one line
// stays. What is taken away takes the empty lines behind it along, at the end of the
// file those before it (pnpm 12).
func (e *yamlEdit) replace(f Field, text string) {
	end := e.end(f)
	if text == "" {
		start, end := e.gone(f, end)
		e.lines = slices.Delete(e.lines, start, end)
		return
	}
	line := strings.TrimRight(e.lines[f.Line-1], "\n")
	if comment := line[len(cutComment(line)):]; comment != "" && end == f.Line && strings.Count(text, "\n") == 1 {
		text = strings.TrimSuffix(text, "\n") + comment + "\n"
	}
	e.lines = slices.Replace(e.lines, f.Line-1, end, text)
}

// gone are the lines that a field takes along which goes, of which the last is
// before end.
func (e *yamlEdit) gone(f Field, end int) (int, int) {
	start, next := f.Line-1, end
	for next < len(e.lines) && strings.TrimSpace(e.lines[next]) == "" {
		next++
	}
	switch {
	case next == len(e.lines):
		for start > 0 && strings.TrimSpace(e.lines[start-1]) == "" {
			start--
		}
		return start, next
	case len(e.lines[next])-len(strings.TrimLeft(e.lines[next], " ")) == f.Column-1:
		return start, next
	}
	return start, end // the empty lines are for what the map stands in
}

// end is the index of the line behind a field: behind what is indented deeper,
// or a list that is not.
func (e *yamlEdit) end(f Field) int {
	end := f.Line
	for i := f.Line; i < len(e.lines); i++ {
		text := strings.Trim(e.lines[i], " \t\n")
		indent := len(e.lines[i]) - len(strings.TrimLeft(e.lines[i], " "))
		switch {
		case text == "" || text[0] == '#':
			continue
		case indent < f.Column && !(indent == f.Column-1 && (text == "-" || strings.HasPrefix(text, "- "))):
			return end
		}
		end = i + 1
	}
	return end
}

// entry is a value under a path of keys, as lines.
func (e *yamlEdit) entry(indent string, keys []string, value Node) string {
	head := indent + yamlKey(keys[0]) + ":"
	if len(keys) > 1 {
		return head + "\n" + e.entry(indent+"  ", keys[1:], value)
	}
	switch {
	case value.Kind == List && len(value.Items) == 0:
		return head + " []\n"
	case value.Kind == Map && len(value.Fields) == 0:
		return head + " {}\n"
	case value.Kind == List:
		text := head + "\n"
		for _, item := range value.Items {
			text += indent + "  - " + yamlText(item) + "\n"
		}
		return text
	case value.Kind == Map:
		text := head + "\n"
		for _, f := range value.Fields {
			text += e.entry(indent+"  ", []string{f.Key}, f.Value)
		}
		return text
	}
	return head + " " + yamlText(value) + "\n"
}

// yamlText is a scalar.
func yamlText(n Node) string {
	switch n.Kind {
	case String:
		if plainYAML(n.Text) {
			return n.Text
		}
		if strings.ContainsFunc(n.Text, func(r rune) bool {
			return r < ' ' || r == 0x7F || r == 0x85 || r == 0x2028 || r == 0x2029 || r == '\uFEFF'
		}) {
			return strconv.QuoteToASCII(n.Text)
		}
		return singleQuoted(n.Text)
	case Null, Missing:
		return "null"
	}
	return n.Text
}

func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// letters are what plain texts may begin with, and plainRest what they may have
// behind that, in the judgement of all YAML libraries.
const (
	plainRest = letters + "0123456789._/@^~+=*-"
	letters   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// yamlKey is a text as a key: plain where that can mean nothing else.
func yamlKey(s string) string {
	if PlainKey(s) {
		return s
	}
	return singleQuoted(s)
}

// PlainKey reports whether a text can stand as a key of YAML without quotes.
func PlainKey(s string) bool {
	return s != "" && strings.IndexByte(letters, s[0]) >= 0 && strings.Trim(s, plainRest) == "" && !reserved(s)
}

// plainYAML reports whether a text can stand as a value without quotes.
func plainYAML(s string) bool {
	if s == "" || reserved(s) || strings.Trim(s, plainRest+":") != "" || strings.HasSuffix(s, ":") {
		return false
	}
	if strings.IndexByte(letters+"^/", s[0]) >= 0 || s[0] == '~' && len(s) > 1 { // "~" alone is null
		return true
	}
	// A version: two dots cannot be a number, and what has no colon is no time.
	return s[0] >= '0' && s[0] <= '9' && strings.Count(s, ".") >= 2 && !strings.Contains(s, ":")
}

// reserved reports whether YAML takes a plain text for something else.
func reserved(s string) bool {
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}

// cutComment is a line up to its comment, and the space before that. What is in
// quotes is none.
func cutComment(line string) string {
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0 // a doubled one opens again
			}
		case c == '\'' || c == '"':
			if i == 0 || strings.IndexByte(" '[{,:", line[i-1]) >= 0 {
				quote = c
			}
		case c == '#' && i > 0 && line[i-1] == ' ':
			return strings.TrimRight(line[:i-1], " ")
		}
	}
	return line
}
