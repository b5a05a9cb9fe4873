package event

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestTrace(t *testing.T) {
	zero := time.Unix(100, 0)
	at := func(ms int) time.Time { return zero.Add(time.Duration(ms) * time.Millisecond) }
	var b strings.Builder
	tr := NewTrace(&b, zero)
	tr.Add(Span{Name: "a@1.0.0", Kind: "fetch", Lane: "network", Slot: 0, Start: at(1), End: at(3)})
	tr.Add(Span{Name: `b"@1.0.0`, Kind: "fetch", Lane: "network", Slot: 1, Start: at(2), End: at(5), Err: errors.New("gone")})
	tr.Add(Span{Name: "c@1.0.0", Kind: "extract", Lane: "network", Slot: 0, Start: at(4), End: at(6)})
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	var got []traceEntry
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	if len(got) != 5 {
		t.Fatalf("%d entries, want two names of rows and three spans:\n%s", len(got), b.String())
	}
	last, failed := got[4], got[3]
	if last.Thread != got[1].Thread || last.Time != 4000 || last.Duration != 2000 || last.Phase != "X" {
		t.Errorf("third span: %+v", last)
	}
	if failed.Thread == last.Thread || failed.Args["error"] != "gone" || failed.Name != `b"@1.0.0` {
		t.Errorf("failed span: %+v", failed)
	}
	if got[0].Args["name"] != "network 0" || got[2].Args["name"] != "network 1" {
		t.Errorf("names of rows: %+v %+v", got[0], got[2])
	}
}

func TestTraceOfNothing(t *testing.T) {
	var b strings.Builder
	if err := NewTrace(&b, time.Now()).Close(); err != nil {
		t.Fatal(err)
	}
	var got []traceEntry
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil || len(got) != 0 {
		t.Errorf("%v: %q", err, b.String())
	}
}
