package project

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// SetBuilds puts rules into allowBuilds of a pnpm-workspace.yaml and returns the
// new file; raw may be empty. What the file says beside that stays as it is. The
// error is a *SyntaxError for a file that is damaged, or says what is to be
// written by hand.
func SetBuilds(file string, raw []byte, rules []BuildRule) ([]byte, error) {
	rules = slices.SortedFunc(slices.Values(rules), func(a, b BuildRule) int { return strings.Compare(a.Selector, b.Selector) })
	root, err := parseYAML(file, raw)
	if err != nil {
		return nil, err
	}
	if _, err := ParseWorkspace(file, raw); err != nil {
		return nil, err
	}
	e := newBuildsEdit(raw)
	i := slices.IndexFunc(root.Fields, func(f Field) bool { return f.Key == allowBuilds })
	switch {
	case i < 0:
		e.add(rules)
	default:
		err = e.change(root.Fields[i], rules)
	}
	out := []byte(strings.Join(e.lines, ""))
	if err == nil && !e.holds(file, out, rules) {
		err = fmt.Errorf("it is written in a way that cannot be edited")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: write under allowBuilds by hand: %s", file, err, strings.TrimSpace(e.text(rules, "")))
	}
	return out, nil
}

const allowBuilds = "allowBuilds"

// buildsEdit is a file by its lines, which have their ends.
type buildsEdit struct {
	lines   []string
	newline string
}

func newBuildsEdit(raw []byte) *buildsEdit {
	e := &buildsEdit{newline: "\n"}
	if bytes.Contains(raw, []byte("\r\n")) {
		e.newline = "\r\n"
	}
	for line := range strings.Lines(string(raw)) {
		e.lines = append(e.lines, line)
	}
	if n := len(e.lines); n > 0 && !strings.HasSuffix(e.lines[n-1], "\n") {
		e.lines[n-1] += e.newline
	}
	return e
}

// text is rules as lines.
func (e *buildsEdit) text(rules []BuildRule, indent string) string {
	var b strings.Builder
	for _, r := range rules {
		fmt.Fprintf(&b, "%s%s: %t%s", indent, yamlKey(r.Selector), r.Allow, e.newline)
	}
	return b.String()
}

// yamlKey is a text as a key: plain where that can mean nothing else.
func yamlKey(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-"
	letter := len(s) > 0 && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z')
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		letter = false
	}
	if letter && strings.Trim(s, plain) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// add adds the whole map.
func (e *buildsEdit) add(rules []BuildRule) {
	e.lines = append(e.lines, allowBuilds+":"+e.newline, e.text(rules, "  "))
}

// change changes the map that is there.
func (e *buildsEdit) change(f Field, rules []BuildRule) error {
	head := e.lines[f.Line-1]
	if _, rest, _ := strings.Cut(head, ":"); strings.Trim(cutComment(rest), " \t\r\n") != "" || len(f.Value.Fields) == 0 {
		return e.replace(f, rules)
	}
	indent := strings.Repeat(" ", f.Value.Fields[0].Column-1)
	inserted := map[int]string{} // before a line, by its index
	for _, r := range rules {
		old := f.Value.Fields
		i := slices.IndexFunc(old, func(o Field) bool { return o.Key == r.Selector })
		if i >= 0 {
			e.setValue(old[i], r, indent)
			continue
		}
		at := old[len(old)-1].Value.Line
		if i := slices.IndexFunc(old, func(o Field) bool { return o.Key > r.Selector }); i >= 0 {
			at = old[i].Line - 1
		}
		inserted[at] += e.text([]BuildRule{r}, indent)
	}
	var out []string
	for i := 0; i <= len(e.lines); i++ {
		if text := inserted[i]; text != "" {
			out = append(out, text)
		}
		if i < len(e.lines) {
			out = append(out, e.lines[i])
		}
	}
	e.lines = out
	return nil
}

// setValue writes a rule in the place of one that is there.
func (e *buildsEdit) setValue(old Field, r BuildRule, indent string) {
	line := strings.TrimRight(e.lines[old.Line-1], "\r\n")
	comment := line[len(cutComment(line)):]
	e.lines[old.Line-1] = strings.TrimSuffix(e.text([]BuildRule{r}, indent), e.newline) + comment + e.newline
}

// replace writes a map of one line anew, a rule to a line.
func (e *buildsEdit) replace(f Field, rules []BuildRule) error {
	all := slices.Clone(rules)
	for _, old := range f.Value.Fields {
		if old.Line != f.Line || old.Value.Kind != Bool {
			return fmt.Errorf("%s is no block of lines", allowBuilds)
		}
		if !slices.ContainsFunc(rules, func(r BuildRule) bool { return r.Selector == old.Key }) {
			all = append(all, BuildRule{old.Key, old.Value.Text == "true"})
		}
	}
	slices.SortFunc(all, func(a, b BuildRule) int { return strings.Compare(a.Selector, b.Selector) })
	e.lines[f.Line-1] = allowBuilds + ":" + e.newline + e.text(all, "  ")
	return nil
}

// cutComment is a line up to its comment, and the space before that.
func cutComment(line string) string {
	if i := strings.Index(line, " #"); i >= 0 {
		return strings.TrimRight(line[:i], " ")
	}
	return line
}

// holds reports whether the new file says what was asked for.
func (e *buildsEdit) holds(file string, raw []byte, rules []BuildRule) bool {
	w, err := ParseWorkspace(file, raw)
	if err != nil {
		return false
	}
	for _, r := range rules {
		if !slices.Contains(w.Shape.AllowBuilds, r) {
			return false
		}
	}
	return true
}
