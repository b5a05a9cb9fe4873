package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"godwit/internal/npm"
	"godwit/internal/registry"
	"godwit/internal/resolve/policy"
	"godwit/internal/testreg"
)

// aged starts a proxy that hides what is younger than three days. Of young only
// 1.0.0 and 1.1.0 are older.
func aged(t *testing.T, exclude ...string) *fixture {
	t.Helper()
	ago := func(d time.Duration) string { return time.Now().Add(-d).UTC().Format("2006-01-02T15:04:05.000Z") }
	day := 24 * time.Hour
	archive := "-- packages --\nyoung@1.0.0 time:" + ago(30*day) + "\nyoung@1.1.0 time:" + ago(20*day) +
		"\nyoung@1.2.0 time:" + ago(2*day) + "\nyoung@2.0.0 time:" + ago(day) + " tag:next\nnew@1.0.0 time:" + ago(time.Hour) + "\n"
	return begin(t, archive, func(o *Options, _ *testreg.Registry) {
		var err error
		o.MinimumAge = 3 * day
		if o.Exclude, err = policy.ParseExclude("x", exclude); err != nil {
			t.Fatal(err)
		}
	})
}

func keys[V any](m map[string]V) int { return len(m) }

func TestYoungVersionsAreHidden(t *testing.T) {
	f := aged(t)
	for _, accept := range []string{"application/json", short} {
		d := f.document("/young", "Accept", accept)
		if keys(d.Versions) != 2 || d.Tags["latest"] != "1.1.0" || d.Tags["next"] != "" || d.Time["2.0.0"] != "" {
			t.Errorf("%s: %+v", accept, d)
		}
	}
	if a := f.get("/-/package/young/dist-tags"); !strings.Contains(a.body, `"latest":"1.1.0"`) {
		t.Errorf("%s", a.body)
	}
	for path, status := range map[string]int{
		"/young/1.1.0": 200, "/young/latest": 200, "/young/2.0.0": 404, "/young/next": 404,
		"/young/-/young-1.1.0.tgz": 200, "/young/-/young-2.0.0.tgz": 403, "/new/-/new-1.0.0.tgz": 403,
	} {
		if a := f.get(path); a.status != status {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := f.get("/young/-/young-2.0.0.tgz"); !strings.Contains(a.body, "young@2.0.0 was published at") || !strings.Contains(a.body, "minimum-release-age") {
		t.Errorf("%s", a.body)
	}
}

// The resolver that stands beside the proxy hides the same.
func TestAdmit(t *testing.T) {
	f := aged(t)
	plain := begin(t, "", nil)
	body := f.upstream.URL + "/young"
	res, err := http.Get(body)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := npm.ParsePackument("young", text)
	if err != nil {
		t.Fatal(err)
	}
	left, until, err := f.Admit(doc)
	if err != nil || !until.After(f.clock.now()) || left.Len() != 2 || left.DistTags["latest"] != "1.1.0" || left.DistTags["next"] != "" {
		t.Errorf("%d versions, %v, %v", left.Len(), left.DistTags, err)
	}
	if all, until, err := plain.Admit(doc); err != nil || all != doc || !until.IsZero() {
		t.Errorf("without a policy: %v", err)
	}
}

func TestVersionsMature(t *testing.T) {
	f := aged(t)
	f.document("/young")
	f.clock.add(25 * time.Hour) // 1.2.0 is three days old; nothing new is published
	if err := f.upstream.Fault("* hang"); err != nil {
		t.Fatal(err)
	}
	f.down.Store(f.Proxy.upstream.Registry("young"), f.clock.now().Add(time.Hour))
	if d := f.document("/young", "Accept", short); d.Tags["latest"] != "1.2.0" {
		t.Errorf("%+v", d)
	}
}

func TestExcludedFromTheAge(t *testing.T) {
	f := aged(t, "new", "young@2.0.0")
	if d := f.document("/young", "Accept", short); keys(d.Versions) != 3 || d.Tags["latest"] != "2.0.0" {
		t.Errorf("%+v", d)
	}
	for path, status := range map[string]int{"/young/-/young-2.0.0.tgz": 200, "/young/-/young-1.2.0.tgz": 403, "/new/-/new-1.0.0.tgz": 200} {
		if a := f.get(path); a.status != status {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// A tarball that the cache has from before the policy was set is refused all
// the same.
func TestAgeCountsForTheCache(t *testing.T) {
	f := begin(t, "-- packages --\nnew@1.0.0 time:"+time.Now().UTC().Format(time.RFC3339)+"\n", nil)
	f.document("/new")
	for _, path := range []string{"/new/-/new-1.0.0.tgz", "/left-pad/-/left-pad-1.0.0.tgz"} {
		if a := f.get(path); a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	f.behind.work.Wait()
	f.restart(func(o *Options, _ *testreg.Registry) { o.MinimumAge = time.Hour })
	if a := f.get("/new/-/new-1.0.0.tgz"); a.status != http.StatusForbidden {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.get("/left-pad/-/left-pad-1.0.0.tgz"); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Without times nothing is known to be old.
func TestNoTimes(t *testing.T) {
	f := begin(t, `
-- packages --
bare@1.0.0
-- bare/packument.json --
{"name":"bare","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"bare","version":"1.0.0","dist":{"tarball":"{tarball:1.0.0}","integrity":"{integrity:1.0.0}"}}}}
`, func(o *Options, _ *testreg.Registry) { o.MinimumAge = time.Hour })
	for _, path := range []string{"/bare", "/bare/1.0.0", "/bare/-/bare-1.0.0.tgz"} {
		if a := f.get(path, "Accept", short); a.status != http.StatusForbidden && a.status != http.StatusBadGateway {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// The policy reads the whole document, which may have been driven out of the cache
// since somebody looked for it.
func TestAgeOfWhatWasDrivenOut(t *testing.T) {
	f := aged(t)
	if a := f.get("/young/-/young-2.0.0.tgz"); a.status != http.StatusForbidden {
		t.Errorf("%d %s", a.status, a.body)
	}
	key := f.key("young", registry.Full)
	f.disk.Remove(file("docs", key))
	f.memory.forget(renderKey(key, want{base: f.URL}))
	if a := f.get("/young/-/young-2.0.0.tgz"); a.status != http.StatusForbidden {
		t.Errorf("after that: %d %s", a.status, a.body)
	}
}
