package proxy

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"godwit/internal/resolve/policy"
	"godwit/internal/testreg"
)

// propose asks what may be proposed of a name.
func (f *fixture) propose(name string) mature {
	f.t.Helper()
	a := f.get("/-/godwit/v1/mature/" + name)
	var m mature
	if err := json.Unmarshal([]byte(a.body), &m); a.status != http.StatusOK || err != nil {
		f.t.Fatalf("%s: %d %s, %v", name, a.status, a.body, err)
	}
	return m
}

func versions(list []release) string {
	var out []string
	for _, r := range list {
		out = append(out, r.Version)
	}
	return strings.Join(out, " ")
}

func TestMature(t *testing.T) {
	f := aged(t)
	m := f.propose("young")
	if versions(m.Releases) != "1.0.0 1.1.0" || m.Tags["latest"] != "1.1.0" || m.Tags["next"] != "" || len(m.Held) != 2 ||
		m.Releases[1].Published.IsZero() || m.Policy != (rules{3 * 24 * 60, "off"}) {
		t.Errorf("%+v", m)
	}
	first := m.Held[0]
	if first.Version != "1.2.0" || first.Because != "age" || !first.Until.Equal(first.Published.Add(72*time.Hour)) || !m.Next.Equal(first.Until) {
		t.Errorf("%+v, next %v", first, m.Next)
	}
	if m := f.propose("@acme%2fcore"); versions(m.Releases) != "1.0.0" || len(m.Held) != 0 || !m.Next.IsZero() {
		t.Errorf("%+v", m)
	}
	if a := f.get("/-/godwit/v1/mature/nobody-has-it"); a.status != http.StatusNotFound {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.get("/-/godwit/v1/mature/.."); a.status/100 != 4 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// The answer changes at the moment at which a version matures, for clients that
// keep answers as well, and back again if the clock does.
func TestMatureMatures(t *testing.T) {
	f := aged(t)
	f.propose("young")
	f.clock.add(24*time.Hour - time.Minute)
	f.propose("young")
	a := f.get("/-/godwit/v1/mature/young")
	if age, err := strconv.Atoi(strings.TrimPrefix(a.header.Get("Cache-Control"), "max-age=")); err != nil || age > 60 {
		t.Errorf("a minute before it says %q", a.header.Get("Cache-Control"))
	}
	f.clock.add(time.Hour)
	if m := f.propose("young"); versions(m.Releases) != "1.0.0 1.1.0 1.2.0" || m.Tags["latest"] != "1.2.0" {
		t.Errorf("%+v", m)
	}
	f.document("/young")
	f.clock.add(-2 * time.Hour)
	if m := f.propose("young"); versions(m.Releases) != "1.0.0 1.1.0" {
		t.Errorf("set back, it says %+v", m)
	}
	if d := f.document("/young", "Accept", short); d.Tags["latest"] != "1.1.0" {
		t.Errorf("set back, the packument is %+v", d)
	}
}

// Without times nothing is known to be mature.
func TestMatureWithoutTimes(t *testing.T) {
	f := begin(t, `
-- packages --
bare@1.0.0
half@1.0.0
-- bare/packument.json --
{"name":"bare","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"bare","version":"1.0.0","dist":{"tarball":"{tarball:1.0.0}","integrity":"{integrity:1.0.0}"}}}}
-- half/packument.json --
{"name":"half","dist-tags":{"latest":"1.0.0"},"time":{"modified":"2200-01-01T00:00:00.000Z"},"versions":{"1.0.0":{"name":"half","version":"1.0.0","dist":{"tarball":"{tarball:1.0.0}","integrity":"{integrity:1.0.0}"}}}}
`, func(o *Options, _ *testreg.Registry) { o.MinimumAge = time.Hour })
	if a := f.get("/-/godwit/v1/mature/bare"); a.status != http.StatusForbidden && a.status != http.StatusBadGateway {
		t.Errorf("%d %s", a.status, a.body)
	}
	if m := f.propose("half"); len(m.Releases) != 0 || len(m.Held) != 1 || !strings.Contains(m.Held[0].Message, "does not say when") || !m.Held[0].Until.IsZero() || len(m.Tags) != 0 {
		t.Errorf("%+v", m)
	}
	if a := f.get("/half/-/half-1.0.0.tgz"); a.status != http.StatusForbidden {
		t.Errorf("its tarball: %d %s", a.status, a.body)
	}
}

// vouched is a package whose 1.1.0 has lost the evidence that 1.0.0 had.
const vouched = `
-- packages --
vouched@1.0.0
vouched@1.1.0
vouched@2.0.0
-- vouched/packument.json --
{"name":"vouched","dist-tags":{"latest":"1.1.0"},
"time":{"1.0.0":"2026-01-01T00:00:00.000Z","1.1.0":"2026-02-01T00:00:00.000Z","2.0.0":"2026-03-01T00:00:00.000Z"},
"versions":{
"1.0.0":{"name":"vouched","version":"1.0.0","dist":{"tarball":"{tarball:1.0.0}","integrity":"{integrity:1.0.0}","attestations":{"provenance":{}}}},
"1.1.0":{"name":"vouched","version":"1.1.0","dist":{"tarball":"{tarball:1.1.0}","integrity":"{integrity:1.1.0}"}},
"2.0.0":{"name":"vouched","version":"2.0.0","dist":{"tarball":"{tarball:2.0.0}","integrity":"{integrity:2.0.0}"}}}}
`

// A version that is vouched for less is in no answer: packument, dist-tags,
// tarball, and what may be proposed.
func TestTrustPolicy(t *testing.T) {
	trusting := func(age time.Duration, exclude ...string) func(*Options, *testreg.Registry) {
		return func(o *Options, _ *testreg.Registry) {
			o.NoDowngrade, o.TrustAge = true, age
			var err error
			if o.TrustExclude, err = policy.ParseExclude("x", exclude); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := begin(t, vouched, trusting(0))
	for _, accept := range []string{"application/json", short} {
		if d := f.document("/vouched", "Accept", accept); keys(d.Versions) != 2 || d.Tags["latest"] != "1.0.0" {
			t.Errorf("%s: %+v", accept, d)
		}
	}
	for range 2 { // the second time by what is remembered
		for path, status := range map[string]int{"/vouched/-/vouched-1.0.0.tgz": 200, "/vouched/-/vouched-1.1.0.tgz": 403, "/vouched/-/vouched-2.0.0.tgz": 200, "/vouched/1.1.0": 404} {
			if a := f.get(path); a.status != status {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
	m := f.propose("vouched")
	if versions(m.Releases) != "1.0.0 2.0.0" || m.Tags["latest"] != "1.0.0" || m.Policy.TrustPolicy != "no-downgrade" || !m.Next.IsZero() ||
		len(m.Held) != 1 || m.Held[0].Because != "trust" || !strings.Contains(m.Held[0].Message, "vouched for less than before") {
		t.Errorf("%+v", m)
	}
	f.restart(trusting(0, "vouched@1.1.0"))
	if m := f.propose("vouched"); len(m.Held) != 0 {
		t.Errorf("excluded: %+v", m.Held)
	}
	if a := f.get("/vouched/-/vouched-1.1.0.tgz"); a.status != http.StatusOK {
		t.Errorf("excluded: %d %s", a.status, a.body)
	}
	f.restart(trusting(time.Hour)) // all of it is older
	if d := f.document("/vouched"); keys(d.Versions) != 3 {
		t.Errorf("old: %+v", d)
	}
	if a := f.get("/vouched/-/vouched-1.1.0.tgz"); a.status != http.StatusOK {
		t.Errorf("old: %d %s", a.status, a.body)
	}
	if a := f.get("/left-pad/-/left-pad-1.0.0.tgz"); a.status != http.StatusOK {
		t.Errorf("a package without evidence: %d %s", a.status, a.body)
	}
}
