package server_test

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"godwit/internal/npm"
	"godwit/internal/resolve/wire"
	"godwit/internal/server"
)

// Who asks what was answered lately hears of its packages before the registry was
// asked again, and gets what is right now.
func TestHints(t *testing.T) {
	var clock atomic.Int64
	var hidden atomic.Bool
	hidden.Store(true)
	gate := make(chan struct{})
	close(gate)
	var wait atomic.Pointer[chan struct{}]
	wait.Store(&gate)
	b := start(t, server.Options{
		Now: func() time.Time { return time.Now().Add(time.Duration(clock.Load())) },
		Admit: func(doc *npm.Packument) (*npm.Packument, time.Time, error) {
			<-*wait.Load()
			if doc.Name != "left-pad" || !hidden.Load() {
				return doc, time.Time{}, nil
			}
			return doc.Filter(func(i int) bool { return doc.Key(i) != "1.3.0" }, map[string]string{"latest": "1.2.0"}), time.Time{}, nil
		},
	})
	req := b.request(`{"dependencies":{"left-pad":"^1.0.0","lib":"1"}}`)
	ids := func(packages []*wire.Package) string {
		var out []string
		for _, p := range packages {
			out = append(out, p.ID)
		}
		return strings.Join(out, " ")
	}
	packages, _ := b.frames(b.post(req))
	if got := ids(packages); got != "left-pad@1.2.0 lib@1.5.0" {
		t.Fatalf("there are %s", got)
	}

	clock.Store(int64(24 * time.Hour))
	hidden.Store(false)
	closed := make(chan struct{})
	wait.Store(&closed)
	resp := b.post(req)
	in := wire.NewReader(resp.Body)
	for _, want := range []string{"left-pad@1.2.0", "lib@1.5.0"} {
		if f, err := in.Next(); err != nil || f.Package == nil || f.Package.ID != want {
			t.Fatalf("before the registry is asked there is %+v, %v", f, err)
		}
	}
	close(closed)
	if f, err := in.Next(); err != nil || f.Package == nil || f.Package.ID != "left-pad@1.3.0" {
		t.Errorf("then there is %+v, %v", f, err)
	}
	f, err := in.Next()
	if err != nil || f.Done == nil || f.Done.Packages != 3 || strings.Contains(f.Done.Lockfile, "1.2.0") {
		t.Errorf("it ends with %+v, %v", f, err)
	}

	if _, err := in.Next(); err != io.EOF {
		t.Error(err)
	}

	// What led to nothing is not told again.
	packages, last := b.frames(b.post(req))
	if got := ids(packages); got != "left-pad@1.3.0 lib@1.5.0" && got != "lib@1.5.0 left-pad@1.3.0" || last.Done.Packages != 2 {
		t.Errorf("at last there are %s", got)
	}
	if k := b.kinds(); len(k) != 3 || k[1] != server.Resolved || k[2] != server.Replayed {
		t.Errorf("the requests were %v", k)
	}
}

// A moment before that of the last answer gets no hints: they may be too young.
func TestNoHintsOfTheFuture(t *testing.T) {
	b := start(t, server.Options{}, ripening)
	if got := b.at(9, 0, nil); got != "1.0.3" {
		t.Fatalf("it is %s", got)
	}
	if got := b.at(3, 13, nil); got != "1.0.2" {
		t.Errorf("it is %s", got)
	}
	if got := b.at(3, 14, nil); got != "1.0.2" {
		t.Errorf("it is %s", got)
	}
}
