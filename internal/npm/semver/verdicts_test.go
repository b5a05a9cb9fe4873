package semver

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"testing"
)

// verdicts is testdata/verdicts.json.gz, written by testdata/generate.mjs.
type verdicts struct {
	About    string
	Versions []versionRow
	Ranges   []rangeRow
	Compares [][4]int
	Incs     [][6]any
	Pairs    [][4]string
}

type versionRow struct{ text, strict, loose string }

type rangeRow struct {
	text     string
	ranges   [4]*string // by mode; nil is invalid
	versions []int
	verdicts string // a hexadecimal digit per version: one bit per mode
}

var modes = [4]Options{{}, {Loose: true}, {IncludePrerelease: true}, {Loose: true, IncludePrerelease: true}}

var loadVerdicts = sync.OnceValues(func() (*verdicts, error) {
	f, err := os.Open("testdata/verdicts.json.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var v verdicts
	return &v, json.NewDecoder(z).Decode(&v)
})

func table(t testing.TB) *verdicts {
	t.Helper()
	v, err := loadVerdicts()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (r *versionRow) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		err := json.Unmarshal(b, &r.text)
		r.strict, r.loose = r.text, r.text
		return err
	}
	return json.Unmarshal(b, &[]any{&r.text, &r.strict, &r.loose})
}

func (r *rangeRow) UnmarshalJSON(b []byte) error {
	var texts json.RawMessage
	if err := json.Unmarshal(b, &[]any{&r.text, &texts, &r.versions, &r.verdicts}); err != nil {
		return err
	}
	if string(texts) == "0" {
		return nil
	}
	return perMode(texts, &r.ranges)
}

// perMode reads a list of four, or what all four have in common.
func perMode(b []byte, into *[4]*string) error {
	if len(b) == 0 { // null
		return nil
	}
	if b[0] == '[' {
		return json.Unmarshal(b, into)
	}
	var s *string
	err := json.Unmarshal(b, &s)
	*into = [4]*string{s, s, s, s}
	return err
}

// mismatches reports at most a few of what may be thousands.
type mismatches struct {
	t        *testing.T
	n, total int
}

func (m *mismatches) check(ok bool, format string, args ...any) {
	m.t.Helper()
	m.total++
	if ok {
		return
	}
	if m.n++; m.n <= 10 {
		m.t.Errorf(format, args...)
	}
}

func (m *mismatches) done(what string) {
	m.t.Helper()
	if m.n > 0 {
		m.t.Errorf("%s: %d of %d differ", what, m.n, m.total)
	}
	m.t.Logf("%s: %d agree", what, m.total-m.n)
}

func show(s *string) string {
	if s == nil {
		return "none"
	}
	return strconv.Quote(*s)
}

func TestVersionVerdicts(t *testing.T) {
	m := mismatches{t: t}
	for _, row := range table(t).Versions {
		for _, o := range modes {
			want := row.strict
			if o.Loose {
				want = row.loose
			}
			v, err := Parse(row.text, o)
			got := v.String()
			if v.Build() != "" {
				got += "+" + v.Build()
			}
			if err != nil {
				got = ""
			}
			m.check(got == want, "Parse(%.80q, %+v) = %q (%v), want %q", row.text, o, got, err, want)
			m.check(Valid(row.text, o) == (want != ""), "Valid(%.80q, %+v)", row.text, o)
		}
	}
	m.done("versions")
}

func TestRangeVerdicts(t *testing.T) {
	m := mismatches{t: t}
	matches := mismatches{t: t}
	v := table(t)
	for _, row := range v.Ranges {
		for mode, o := range modes {
			r, err := ParseRange(row.text, o)
			want := row.ranges[mode]
			ok := (want == nil) == (err != nil) && (want == nil || *want == r.String())
			m.check(ok, "ParseRange(%.200q, %+v) = %q (%v), want %s", row.text, o, r.String(), err, show(want))
			if err != nil || want == nil {
				continue
			}
			for i, ref := range row.versions {
				bits, _ := strconv.ParseUint(row.verdicts[i:i+1], 16, 4)
				text := v.Versions[ref].text
				version, err := Parse(text, o)
				got := err == nil && r.Match(version)
				matches.check(got == (bits>>mode&1 == 1), "%q.Match(%q) with %+v = %v", row.text, text, o, got)
			}
		}
	}
	m.done("ranges")
	matches.done("matches")
}

func TestCompareVerdicts(t *testing.T) {
	m := mismatches{t: t}
	v := table(t)
	for _, row := range v.Compares {
		a, erra := Parse(v.Versions[row[0]].text, Options{Loose: true})
		b, errb := Parse(v.Versions[row[1]].text, Options{Loose: true})
		ok := erra == nil && errb == nil && a.CompareBuild(b) == row[2] && a.Compare(b) == row[3]
		m.check(ok, "%q to %q: %d and %d, want %d and %d", v.Versions[row[0]].text, v.Versions[row[1]].text, a.Compare(b), a.CompareBuild(b), row[3], row[2])
	}
	m.done("compares")
}

func TestIncVerdicts(t *testing.T) {
	m := mismatches{t: t}
	bases := map[string]IncBase{"": BaseZero, "0": BaseZero, "1": BaseOne, "false": BaseNone}
	for _, row := range table(t).Incs {
		text, release, id, base := row[0].(string), row[1].(string), row[2].(string), row[3].(string)
		for i, loose := range []bool{false, true} {
			want, _ := row[4+i].(string)
			got := ""
			if v, err := Parse(text, Options{Loose: loose}); err == nil {
				if v, err := Inc(v, release, IncOptions{Identifier: id, Base: bases[base], Loose: loose}); err == nil {
					got = v.String()
				}
			}
			m.check(got == want, "Inc(%q, %q, %q, %q, loose %v) = %q, want %q", text, release, id, base, loose, got, want)
		}
	}
	m.done("increments")
}

func TestPairVerdicts(t *testing.T) {
	m := mismatches{t: t}
	for _, row := range table(t).Pairs {
		for mode, o := range modes {
			a, erra := ParseRange(row[0], o)
			b, errb := ParseRange(row[1], o)
			if erra != nil || errb != nil {
				continue
			}
			m.check(Intersects(a, b) == (row[2][mode] == '1'), "Intersects(%q, %q, %+v) = %v", row[0], row[1], o, Intersects(a, b))
			m.check(Subset(a, b) == (row[3][mode] == '1'), "Subset(%q, %q, %+v) = %v", row[0], row[1], o, Subset(a, b))
		}
	}
	m.done("pairs")
}
