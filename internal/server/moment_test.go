package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"godwit/internal/npm"
	"godwit/internal/resolve/wire"
	"godwit/internal/server"
)

// ripening has a package with a version each day of June 2020.
const ripening = `
-- packages --
daily@1.0.1 time:2020-06-01T12:00:00Z
daily@1.0.2 time:2020-06-02T12:00:00Z
daily@1.0.3 time:2020-06-03T12:00:00Z
`

var june = time.Date(2020, 6, 1, 0, 0, 0, 0, time.UTC)

// at asks on a day of June, and an hour, for what is at least a day old, and says
// which version that is.
func (b *bench) at(day, hour int, change func(p *wire.Policy)) string {
	b.Helper()
	now := june.AddDate(0, 0, day-1).Add(time.Duration(hour)*time.Hour + 123456789)
	req := b.request(`{"dependencies":{"daily":"^1.0.0"}}`)
	req.Policy = &wire.Policy{Cutoff: now.Add(-24 * time.Hour), Setting: "minimumReleaseAge", Strict: true, Now: now}
	if change != nil {
		change(req.Policy)
	}
	return dailyOf(b.frames(b.post(req)))
}

// dailyOf is the version that an answer ends with, and what it told of besides.
func dailyOf(packages []*wire.Package, last *wire.Frame) string {
	if last.Done == nil {
		return fmt.Sprintf("%+v", last.Error)
	}
	_, rest, _ := strings.Cut(last.Done.Lockfile, "\n  daily@")
	is, _, _ := strings.Cut(rest, ":")
	out := is
	for _, p := range packages {
		if id := strings.TrimPrefix(p.ID, "daily@"); id != is {
			out += ", after " + id
		}
	}
	return out
}

// An answer under a policy of age is told again until a version ripens, whatever
// the time is; and who asks as of earlier does not get what was not there yet.
func TestReplayUntilRipe(t *testing.T) {
	b := start(t, server.Options{}, ripening)
	for _, c := range []struct {
		day, hour int
		want      string
		kind      server.Kind
	}{
		{3, 12, "1.0.2", server.Resolved}, // 1.0.2 is one day and some nanoseconds old
		{3, 13, "1.0.2", server.Replayed},
		{4, 11, "1.0.2", server.Replayed},
		{3, 12, "1.0.2", server.Replayed},
		{4, 12, "1.0.3, after 1.0.2", server.Resolved}, // now there is 1.0.3
		{4, 13, "1.0.3", server.Replayed},
		{9, 0, "1.0.3", server.Replayed},
		{4, 11, "1.0.2", server.Resolved}, // somebody whose clock is slow
		{4, 11, "1.0.2", server.Replayed},
	} {
		if got := b.at(c.day, c.hour, nil); got != c.want {
			t.Errorf("on day %d at %d it is %s, not %s", c.day, c.hour, got, c.want)
		}
		b.mu.Lock()
		if kind := b.outcomes[len(b.outcomes)-1].Kind; kind != c.kind {
			t.Errorf("on day %d at %d it is %s, not %s", c.day, c.hour, kind, c.kind)
		}
		b.mu.Unlock()
	}
}

// Requests that differ in more than the time are different ones.
func TestReplayOfOtherPolicies(t *testing.T) {
	b := start(t, server.Options{}, ripening)
	for i, change := range []func(p *wire.Policy){
		nil,
		func(p *wire.Policy) { p.Cutoff = time.Time{} }, // a request that pretends
		func(p *wire.Policy) { p.Strict = false },
		func(p *wire.Policy) { p.Exclude = []string{"daily"} },
		func(p *wire.Policy) { p.NoDowngrade = true },
		func(p *wire.Policy) { p.NoDowngrade, p.TrustAge = true, time.Hour },
	} {
		want := "1.0.2"
		if i == 1 || i == 3 {
			want = "1.0.3"
		}
		for _, hour := range []int{13, 14} {
			if got := b.at(3, hour, change); got != want {
				t.Errorf("%d: it is %s, not %s", i, got, want)
			}
		}
	}
	if k := b.kinds(); len(k) != 12 || slices.Contains(k[:1], server.Replayed) || countKinds(k, server.Replayed) != 6 {
		t.Errorf("the requests were %v", k)
	}
}

func countKinds(kinds []server.Kind, kind server.Kind) (n int) {
	for _, k := range kinds {
		if k == kind {
			n++
		}
	}
	return n
}

// What is told of the very moment is not told at another one.
func TestNoReplayOfYoung(t *testing.T) {
	b := start(t, server.Options{}, ripening)
	lenient := func(p *wire.Policy) { p.Strict = false }
	for range 2 {
		if got := b.at(1, 1, lenient); got != "1.0.1" {
			t.Errorf("it is %s", got)
		}
	}
	if k := b.kinds(); countKinds(k, server.Replayed) != 0 {
		t.Errorf("the requests were %v", k)
	}
}

// What who runs the server holds back is there as soon as it is ripe, although
// the packument need not be asked for again.
func TestReplayOfAdmitted(t *testing.T) {
	var clock atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(clock.Load())) }
	ripe := time.Now().Add(time.Minute)
	o := server.Options{Now: now, Admit: func(doc *npm.Packument) (*npm.Packument, time.Time, error) {
		if now().Before(ripe) {
			return doc.Filter(func(i int) bool { return doc.Key(i) != "1.0.3" }, map[string]string{"latest": "1.0.2"}), ripe, nil
		}
		return doc, time.Time{}, nil
	}}
	b := start(t, o, ripening)
	ask := func() string {
		return dailyOf(b.frames(b.post(b.request(`{"dependencies":{"daily":"^1.0.0"}}`))))
	}
	if first, second := ask(), ask(); first != "1.0.2" || second != first {
		t.Errorf("%s, %s", first, second)
	}
	clock.Store(int64(time.Minute))
	if ripened := ask(); ripened != "1.0.3, after 1.0.2" {
		t.Errorf("%s is what there is", ripened)
	}
	if k := b.kinds(); !slices.Equal(k, []server.Kind{server.Resolved, server.Replayed, server.Resolved}) {
		t.Errorf("the requests were %v", k)
	}
}

// Two who ask at about the same time share the work; who asks as of another time
// does not.
func TestJoinMoments(t *testing.T) {
	release := make(chan struct{})
	b := start(t, server.Options{Admit: func(doc *npm.Packument) (*npm.Packument, time.Time, error) {
		<-release // all have asked
		return doc, time.Time{}, nil
	}}, ripening)
	var answers []*http.Response
	for _, after := range []time.Duration{0, time.Second, 7 * time.Hour, -time.Second} {
		now := june.AddDate(0, 0, 2).Add(13*time.Hour + after)
		req := b.request(`{"dependencies":{"daily":"^1.0.0"}}`)
		req.Policy = &wire.Policy{Cutoff: now.Add(-24 * time.Hour), Now: now}
		answers = append(answers, b.post(req)) // it is admitted when there is a status
	}
	close(release)
	for _, resp := range answers {
		if packages, _ := b.frames(resp); len(packages) != 1 || packages[0].ID != "daily@1.0.2" {
			t.Errorf("it is %v", packages)
		}
	}
	if k := b.kinds(); countKinds(k, server.Joined) != 1 || countKinds(k, server.Resolved) != 3 {
		t.Errorf("the requests were %v", k)
	}
}
