package proxy

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"godwit/internal/registry"
	"godwit/internal/testreg"
)

// Who looked for a tarball in the cache before it was there, and for a download
// when it was over, does not have it fetched once more.
func TestDownloadThatEndedInBetween(t *testing.T) {
	looked, goOn := make(chan struct{}), make(chan struct{})
	f := begin(t, "", func(o *Options, _ *testreg.Registry) {
		o.Origin = func(r *http.Request) string {
			if r.Header.Get("X-Late") != "" { // it has looked into the cache
				close(looked)
				<-goOn
			}
			return "http://" + r.Host
		}
	})
	const path = "/left-pad/-/left-pad-1.0.0.tgz"
	late := make(chan answer, 1)
	go func() { late <- f.get(path, "X-Late", "1") }()
	<-looked
	want := f.get(path)
	f.behind.work.Wait()
	close(goOn)
	if a := <-late; a.status != http.StatusOK || a.body != want.body {
		t.Errorf("%d, %d bytes", a.status, len(a.body))
	}
	if n := f.upstream.Count("tarball:*"); n != 1 {
		t.Errorf("it was fetched %d times", n)
	}
}

// The same of a document.
func TestFlightThatEndedInBetween(t *testing.T) {
	f := begin(t, "", nil)
	f.document("/left-pad", "Accept", short)
	a := ask{name: "left-pad", form: registry.Short, base: f.URL}
	if r, err := f.fetch(t.Context(), a, nil); err != nil || r != f.memory.lookup(f.key(a.name, a.form)) {
		t.Errorf("%v %v", r, err)
	}
	if n := f.upstream.Count(); n != 1 {
		t.Errorf("it was fetched %d times", n)
	}
}

// A new document is on disk a moment before memory has its record. Where memory
// had no room for the old document, that is gone by then.
func TestDocumentThatIsBeingReplaced(t *testing.T) {
	f := begin(t, "", nil)
	old := f.get("/left-pad", "Accept", short)
	a := ask{name: "left-pad", form: registry.Short, base: f.URL}
	key := f.key(a.name, a.form)
	was := f.memory.lookup(key)
	f.clock.add(time.Minute)
	if err := f.upstream.Fault(`left-pad header="Last-Modified:Mon, 01 Jan 2035 00:00:00 GMT" body="{\"name\":\"left-pad\",\"versions\":{}}"`); err != nil {
		t.Fatal(err)
	}
	now := f.get("/left-pad", "Accept", short, "Cache-Control", "no-cache")
	if now.body == old.body || now.status != http.StatusOK {
		t.Fatalf("%d %s", now.status, now.body)
	}
	f.memory.keep(key, was, 1)
	f.memory.forget(renderKey(key, want{short: true, base: f.URL}))
	if a := f.get("/left-pad", "Accept", short); a.status != http.StatusOK || a.body != now.body {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A request that was cut off at the end, and goes on for a while, begins nothing.
func TestNothingBeginsAfterClose(t *testing.T) {
	f := begin(t, "", nil)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	d := f.join("a", func(context.Context, *download) { t.Error("a download began") })
	if _, _, err := d.next(t.Context(), nil, 0); !errors.Is(err, errClosed) {
		t.Errorf("the download ends with %v", err)
	}
	d.leave()
	_, err := f.documents.start(f.Proxy, "a", func(context.Context) (*record, error) {
		t.Error("a flight began")
		return nil, nil
	}).wait(t.Context())
	if !errors.Is(err, errClosed) {
		t.Errorf("the flight ends with %v", err)
	}
	if a := f.get("/left-pad/-/left-pad-1.0.0.tgz"); a.status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Connections have the machine's clock, whatever the proxy's says.
func TestSentByTheClockOfConnections(t *testing.T) {
	f := begin(t, "", nil)
	f.clock.add(-24 * time.Hour)
	for _, path := range []string{"/left-pad", "/left-pad/-/left-pad-1.0.0.tgz"} {
		if a := f.get(path); a.status != http.StatusOK || a.broken {
			t.Errorf("%s: %d, broken %t", path, a.status, a.broken)
		}
	}
}
