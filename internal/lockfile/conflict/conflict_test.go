package conflict

import (
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	const text = "a\n<<<<<<< HEAD\nb\n||||||| base\nc\n=======\r\nd\n>>>>>>> topic\ne\n"
	if !Has(text) || Has("a\n=======\n") {
		t.Error("Has is wrong")
	}
	got, err := Split(text)
	if want := (Sides{"a\nb\ne\n", "a\nc\ne\n", "a\nd\ne\n"}); err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	const twice = "<<<<<<<\na\n=======\n>>>>>>>\n<<<<<<<\n=======\nb\n>>>>>>>\n="
	if got, err := Split(twice); err != nil || got != (Sides{"a\n=", "=", "b\n="}) {
		t.Errorf("two conflicts: got %q, %v", got, err)
	}
	for bad, line := range map[string]int{
		"<<<<<<< a\nx\n":                     2,
		"<<<<<<< a\n>>>>>>> b\n":             2,
		"x\n=======\n":                       2,
		"<<<<<<< a\n=======\n=======\n":      3,
		"<<<<<<< a\n<<<<<<< a\n=======\n":    3,
		strings.Repeat("<<<<<<<\n", 100000):  17,
		"<<<<<<< a\n=======\n||||||| x\ny\n": 3,
	} {
		if _, err := Split(bad); err == nil || err.(*MarkerError).Line != line {
			t.Errorf("%q: got %v, want an error of line %d", bad, err, line)
		}
	}
}

func TestSplitNested(t *testing.T) {
	for text, want := range map[string]Sides{
		// Somebody committed an unresolved conflict.
		"<<<<<<< HEAD\na\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\nd\n=======\ne\n>>>>>>> y\n": {"a\nb\nd\n", "", "e\n"},
		// Git had two common ancestors, and could not merge them.
		"<<<<<<< HEAD\na\n||||||| merged common ancestors\n<<<<<<<<< Temporary merge branch 1\nb\n||||||||| 1234567\nc\n" +
			"=========\nd\n>>>>>>>>> Temporary merge branch 2\n=======\ne\n>>>>>>> y\n": {"a\n", "b\n", "e\n"},
		// What only looks like a marker is text.
		"<<<<<<<x\n======= x\n>>>>>>\n": {"<<<<<<<x\n======= x\n>>>>>>\n", "<<<<<<<x\n======= x\n>>>>>>\n", "<<<<<<<x\n======= x\n>>>>>>\n"},
	} {
		if got, err := Split(text); err != nil || got != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func TestJoin(t *testing.T) {
	want := Sides{"a\n", "", "b"}
	got, err := Split(Join(want))
	if want.Theirs = "b\n"; err != nil || got != want {
		t.Errorf("got %q, %v", got, err)
	}
}
