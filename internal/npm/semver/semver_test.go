package semver

import (
	"slices"
	"strings"
	"testing"
)

// The verdict tables say that everything is as in node-semver. The tests here
// say what that is, in a few words, and cover what only this package has.

func TestParse(t *testing.T) {
	v, err := Parse(" v1.22.333-beta.4+build.5 ", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if v.Major != 1 || v.Minor != 22 || v.Patch != 333 || v.Prerelease() != "beta.4" || v.Build() != "build.5" || !v.IsPrerelease() {
		t.Errorf("got %#v", v)
	}
	if v.String() != "1.22.333-beta.4" {
		t.Errorf("String() = %q", v)
	}
	if v.Release() != MustParse("1.22.333") {
		t.Errorf("Release() = %v", v.Release())
	}
}

func TestParseErrorsAreShort(t *testing.T) {
	for _, s := range []string{strings.Repeat("1", 1<<20), "1." + strings.Repeat("x", 200)} {
		if _, err := Parse(s, Options{}); err == nil || len(err.Error()) > 200 {
			t.Errorf("Parse: error %.300v", err)
		}
		if _, err := ParseRange(">"+s, Options{}); err == nil || len(err.Error()) > 250 {
			t.Errorf("ParseRange: error %.300v", err)
		}
	}
}

func TestZeroValues(t *testing.T) {
	var v Version
	var r Range
	if v.String() != "0.0.0" || r.Match(v) || r.String() != "" || r.IsAny() {
		t.Errorf("zero version %q; zero range matches %v, is any %v", v, r.Match(v), r.IsAny())
	}
	if Intersects(r, mustParseRange("*")) || MaxIndex([]Version{v}, r) >= 0 {
		t.Error("the zero range holds something")
	}
}

func TestRangeAccessors(t *testing.T) {
	r := mustParseRange("  ^1.2 ||\t2.x ")
	if r.Raw() != "^1.2 || 2.x" || r.String() != ">=1.2.0 <2.0.0-0||>=2.0.0 <3.0.0-0" || r.IsAny() {
		t.Errorf("Raw %q, String %q, IsAny %v", r.Raw(), r.String(), r.IsAny())
	}
	if v, ok := mustParseRange("=1.2.3").Exact(); !ok || v != MustParse("1.2.3") {
		t.Errorf("Exact = %v, %v", v, ok)
	}
	if _, ok := mustParseRange("1.2").Exact(); ok {
		t.Error("1.2 is exact")
	}
	if !mustParseRange("").IsAny() || !mustParseRange("1 || *").IsAny() {
		t.Error("any is not any")
	}
}

func TestMax(t *testing.T) {
	versions := []Version{MustParse("1.0.0"), MustParse("1.5.0+a"), MustParse("1.5.0+b"), MustParse("2.0.0-rc.1"), MustParse("1.9.0-rc.1"), MustParse("1.2.0")}
	for _, c := range []struct {
		text string
		o    Options
		want int
	}{
		{"^1", Options{}, 1}, // the first of equals; no prereleases
		{"^1", Options{IncludePrerelease: true}, 4},
		{"^1.9.0-0", Options{}, 4},
		{">2", Options{}, -1},
	} {
		r, err := ParseRange(c.text, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if got := MaxIndex(versions, r); got != c.want {
			t.Errorf("MaxIndex(%q, %+v) = %d, want %d", c.text, c.o, got, c.want)
		}
	}
}

func TestSortOrder(t *testing.T) {
	// The example of semver.org, section 11.
	want := strings.Fields("1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0")
	var versions []Version
	for _, s := range want {
		versions = append(versions, MustParse(s))
	}
	slices.Reverse(versions)
	slices.SortFunc(versions, Version.Compare)
	for i, v := range versions {
		if v.String() != want[i] {
			t.Errorf("place %d: %s, want %s", i, v, want[i])
		}
	}
}

// The map takes over where sets are long: same result, linear time.
func TestLongSetIsDeduplicated(t *testing.T) {
	text := strings.Repeat(">=1.0.0 >=2.0.0 ", 500)
	if got := mustParseRange(text).String(); got != ">=1.0.0 >=2.0.0" {
		t.Errorf("got %.80q", got)
	}
	var long []string
	for i := range 40 {
		long = append(long, ">="+string(rune('1'+i%9))+".0."+strings.Repeat("1", 1+i/9))
	}
	once := strings.Join(long, " ")
	if a, b := mustParseRange(once).String(), mustParseRange(once+" "+once).String(); a != b || a != once {
		t.Errorf("once %q, twice %q", a, b)
	}
}

func TestRangeLengthLimit(t *testing.T) {
	if _, err := ParseRange(strings.Repeat(" ", maxRange), Options{}); err != nil {
		t.Error(err)
	}
	if _, err := ParseRange(strings.Repeat(" ", maxRange+1), Options{}); err == nil {
		t.Error("no error")
	}
}

func TestSharedRangeIsNotChanged(t *testing.T) {
	r := mustParseRange("1.x || 2.x || 3.0.0")
	before := r.String()
	Intersects(r, r)
	Subset(r, mustParseRange(">=1"))
	if r.String() != before {
		t.Errorf("%q became %q", before, r.String())
	}
}

func TestNoAllocations(t *testing.T) {
	r := mustParseRange("^1.2.3 || ^2.0.0-beta.1")
	v := MustParse("2.0.0-beta.10")
	for name, f := range map[string]func(){
		"Parse": func() { Parse("1.2.3-beta.1+build", Options{}) },
		"Match": func() { r.Match(v) },
		"Valid": func() { Valid("1.2.3", Options{}) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if n := testing.AllocsPerRun(100, func() { ParseRange("^1.2.3 || >=2", Options{}) }); n > 1 {
		t.Errorf("ParseRange: %v allocations", n)
	}
}

// mustParseRange is [ParseRange] without options for ranges written in tests.
func mustParseRange(s string) Range {
	r, err := ParseRange(s, Options{})
	if err != nil {
		panic("semver: " + err.Error())
	}
	return r
}
