package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"godwit/internal/npm"
)

// document is a packument with versions, each with a day of 2020-01 ("" for
// none), its evidence and whether it is deprecated.
type release struct {
	version, day, evidence string
	deprecated             bool
}

var evidences = map[string]string{
	"":          ``,
	"attested":  `,"dist":{"attestations":{"provenance":{"predicateType":"x"}}}`,
	"flag only": `,"_npmUser":{"trustedPublisher":{"id":"ci"}}`,
	"trusted":   `,"_npmUser":{"trustedPublisher":{"id":"ci"}},"dist":{"attestations":{"provenance":{}}}`,
	"confirmed": `,"_npmUser":{"approver":{"name":"y"}}`,
}

func document(t *testing.T, tags string, releases ...release) *npm.Packument {
	t.Helper()
	var versions, times []string
	for _, r := range releases {
		deprecated := ""
		if r.deprecated {
			deprecated = `,"deprecated":"no"`
		}
		versions = append(versions, fmt.Sprintf(`%q:{"name":"a","version":%q%s%s}`, r.version, r.version, evidences[r.evidence], deprecated))
		if r.day != "" {
			times = append(times, fmt.Sprintf(`%q:"2020-01-%sT00:00:00.000Z"`, r.version, r.day))
		}
	}
	body := fmt.Sprintf(`{"name":"a","dist-tags":{%s},"versions":{%s},"time":{%s}}`, tags, strings.Join(versions, ","), strings.Join(times, ","))
	doc, err := npm.ParsePackument("a", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func day(n int) time.Time { return time.Date(2020, 1, n, 0, 0, 0, 0, time.UTC) }

func TestTags(t *testing.T) {
	doc := document(t, `"latest":"3.0.0","next":"3.0.0-b","old":"1.9.0","gone":"9.9.9"`,
		release{version: "1.0.0", day: "01"}, release{version: "1.1.0", day: "02", deprecated: true},
		release{version: "2.0.0", day: "03"}, release{version: "2.1.0", day: "04", deprecated: true},
		release{version: "3.0.0-a", day: "05"}, release{version: "3.0.0-b", day: "20"},
		release{version: "1.9.0", day: "20"}, release{version: "3.0.0", day: "20"}, release{version: "3.1.0", day: "06"},
		release{version: "undated"}, release{version: "0.0.1"})
	v, err := (&Policy{Cutoff: day(10)}).View(doc, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	// latest may not go beyond what it stood for, so 3.1.0 is not it.
	for tag, want := range map[string]string{"latest": "2.0.0", "next": "3.0.0-a", "old": "1.0.0", "gone": "", "none": ""} {
		if got := v.Tag(doc, tag); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
	admitted := 0
	for i := range doc.Len() {
		if v.Admits(i) {
			admitted++
		}
	}
	if admitted != 6 {
		t.Errorf("%d versions are admitted", admitted)
	}
	var all *View
	if !all.Admits(0) || all.Tag(doc, "latest") != "3.0.0" {
		t.Error("the nil view lacks something")
	}
}

// The earlier of two cutoffs counts, and exclusions are from both.
func TestCutoffs(t *testing.T) {
	doc := document(t, "", release{version: "1.0.0", day: "05"}, release{version: "1.1.0", day: "15"})
	count := func(p *Policy, cutoff time.Time) (n int) {
		v, err := p.View(doc, cutoff)
		if err != nil {
			t.Fatal(err)
		}
		for i := range doc.Len() {
			if v.Admits(i) {
				n++
			}
		}
		return n
	}
	names, err := ParseExclude("x", []string{"b", "a*"})
	if err != nil {
		t.Fatal(err)
	}
	versions, err := ParseExclude("x", []string{"a@2.0.0 || 1.1.0"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		p      *Policy
		cutoff time.Time
		want   int
	}{
		{nil, time.Time{}, 2}, {nil, day(10), 1}, {&Policy{Cutoff: day(10)}, time.Time{}, 1},
		{&Policy{Cutoff: day(20)}, day(1), 0}, {&Policy{Cutoff: day(1)}, day(20), 0}, {&Policy{Cutoff: day(15)}, time.Time{}, 2},
		{&Policy{Cutoff: day(1), Exclude: names}, time.Time{}, 2}, {&Policy{Cutoff: day(1), Exclude: names}, day(10), 2},
		{&Policy{Cutoff: day(1), Exclude: versions}, time.Time{}, 1},
	} {
		if got := count(test.p, test.cutoff); got != test.want {
			t.Errorf("%+v, %v: %d, want %d", test.p, test.cutoff, got, test.want)
		}
	}
}

func TestTrust(t *testing.T) {
	doc := document(t, "",
		release{version: "1.0.0", day: "01", evidence: "attested"}, release{version: "1.1.0", day: "02", evidence: "flag only"},
		release{version: "1.2.0-rc", day: "02", evidence: "confirmed"}, release{version: "1.2.0", day: "03", evidence: "trusted"},
		release{version: "1.3.0", day: "04", evidence: "attested"}, release{version: "1.4.0", day: "05", evidence: "confirmed"},
		release{version: "1.5.0", day: "06"}, release{version: "2.0.0", day: "07"}, release{version: "2.1.0-a", day: "08", evidence: "attested"},
		release{version: "2.1.0-b", day: "09"}, release{version: "2.1.0", day: "10"}, release{version: "3.0.0"})
	p := &Policy{NoDowngrade: true, Now: day(31)}
	for version, earlier := range map[string]string{
		"1.0.0": "", "1.1.0": "1.0.0", "1.2.0": "", "1.3.0": "1.2.0", "1.4.0": "", "1.5.0": "1.4.0", "2.0.0": "",
		"2.1.0-a": "", "2.1.0-b": "2.1.0-a", "2.1.0": "",
	} {
		err := p.CheckTrust(doc, version)
		var bad *TrustError
		switch {
		case earlier == "" && err != nil, earlier != "" && (!errors.As(err, &bad) || bad.Earlier != earlier || bad.Code() != "ERR_PNPM_TRUST_DOWNGRADE"):
			t.Errorf("%s: %v, want one because of %q", version, err, earlier)
		}
	}
	if err := p.CheckTrust(doc, "3.0.0"); err == nil || !strings.Contains(err.Error(), "does not say when") {
		t.Error(err)
	}
	old := &Policy{NoDowngrade: true, Now: day(31), TrustAge: 24 * time.Hour}
	if err := old.CheckTrust(doc, "1.5.0"); err != nil {
		t.Error(err)
	}
}

func TestExclude(t *testing.T) {
	for _, test := range []struct{ entry, code string }{
		{"a@^1", "ERR_PNPM_INVALID_VERSION_UNION"}, {"a@1.0.0 || 2", "ERR_PNPM_INVALID_VERSION_UNION"},
		{"a*@1.0.0", "ERR_PNPM_NAME_PATTERN_IN_VERSION_UNION"},
	} {
		_, err := ParseExclude("setting", []string{test.entry})
		var bad *ExcludeError
		if !errors.As(err, &bad) || bad.Code() != test.code || !strings.HasPrefix(err.Error(), "setting: ") {
			t.Errorf("%s: %v", test.entry, err)
		}
	}
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"@s/*", "@s/x", true}, {"@s/*", "@t/x", false}, {"*-plugin-*", "x-plugin-y", true},
		{"*-plugin-*", "x-plugin", false}, {"a*a", "a", false}, {"*", "x", true}, {"!a", "b", true}, {"!a", "a", false},
	} {
		if matches(test.pattern, test.name) != test.want {
			t.Errorf("%s and %s", test.pattern, test.name)
		}
	}
}
