package conflict

import "testing"

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
		"<<<<<<< a\n<<<<<<< a\n=======\n":    2,
		"<<<<<<< a\n=======\n||||||| x\ny\n": 3,
	} {
		if _, err := Split(bad); err == nil || err.(*MarkerError).Line != line {
			t.Errorf("%q: got %v, want an error of line %d", bad, err, line)
		}
	}
}
