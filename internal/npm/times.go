package npm

import (
	"math"
	"time"

	"godwit/internal/npm/jsonscan"
)

// unknownTime stands for "the document does not say". As Unix milliseconds it
// is 292 million years ago, when nothing was published.
const unknownTime = math.MinInt64

// Published is when a version was published; false when the document does not
// say, as the short form never does.
func (p *Packument) Published(version string) (time.Time, bool) {
	p.timed()
	at, err := p.find(version)
	if err != nil {
		return time.Time{}, false
	}
	return timeOf(p.entries[at].published)
}

// PublishedAt is Published for version i.
func (p *Packument) PublishedAt(i int) (time.Time, bool) {
	p.timed()
	p.indexed()
	return timeOf(p.entries[p.place[i]].published)
}

// Modified is when anything about the name last changed; false when the
// document does not say. No version was published later.
func (p *Packument) Modified() (time.Time, bool) {
	p.timed()
	return timeOf(p.modified)
}

func timeOf(millis int64) (time.Time, bool) {
	if millis == unknownTime {
		return time.Time{}, false
	}
	return time.UnixMilli(millis).UTC(), true
}

// parseTime reads what the registry writes: "2011-10-26T17:46:21.942Z".
func parseTime(s string) int64 {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return unknownTime
	}
	return t.UnixMilli()
}

// readTimes spreads the member "time" over the entries. Registries list both
// in about the same order, so the next entry is tried before all of them.
func (p *Packument) readTimes() {
	if !isKind(p.rawTimes, '{') {
		return
	}
	var byKey map[string]int
	next := 0
	s := jsonscan.New(p.rawTimes)
	for key := range s.Members() {
		millis := parseTime(stringValue(s.Value()))
		if string(key) == "modified" {
			p.modified = millis
			continue
		}
		if next < len(p.entries) && p.key(int32(next)) == string(key) {
			p.entries[next].published = millis
			next++
			continue
		}
		if byKey == nil {
			byKey = p.placesByKey()
		}
		if at, ok := byKey[string(key)]; ok {
			p.entries[at].published = millis
			next = at + 1
		}
	}
	p.rawTimes = nil
}

func (p *Packument) placesByKey() map[string]int {
	places := make(map[string]int, len(p.entries))
	for at := range p.entries {
		places[p.key(int32(at))] = at
	}
	return places
}
