package query

import "testing"

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		":not", ":not()", ":is(", "[", "[]", "[=x]", "a", "#", ".", ":", "> ", "#a >", "#a + #b", ":attr2", ".nope", ")", "(", ":has(#a",
		":is(#a])", `"a"`,
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestParseBoundsNesting(t *testing.T) {
	text := "*"
	for range maxNesting + 2 {
		text = ":is(" + text + ")"
	}
	if _, err := Parse(text); err == nil {
		t.Error("there is no bound")
	}
}

// Any text is read or refused, and what is read can be asked.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"*", "#a.prod > [name^='x' i]:not(:root)", ":attr(a, :attr(b, [c=d]))", ":semver(^1, [version], gtr)", ":vuln([severity=high][cwe])",
		`:path(./a/**) ~ #\@s\/b`, ":outdated(major), :type(git)", ":has(> #b)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		w := smallWorld()
		_, _ = w.Select(t.Context(), s, w.Root)
	})
}
