package event

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestNDJSON(t *testing.T) {
	for want, e := range map[string]Event{
		`{"event":"resolved","key":"a@1.0.0"}`:                                                      Resolved{"a@1.0.0"},
		`{"cold":2,"event":"planned","skipped":3,"warm":1}`:                                         Planned{1, 2, 3},
		`{"bytes":10,"event":"downloaded","key":"a@1.0.0"}`:                                         Downloaded{"a@1.0.0", 10},
		`{"alias":"a","event":"changed","group":"dependencies","importer":".","new":"2","old":"1"}`: Changed{".", "a", "dependencies", "1", "2"},
		`{"code":"X","event":"warning","message":"two\nlines"}`:                                     Warning{"X", "two\nlines"},
		`{"event":"ignoredScripts","keys":["a"]}`:                                                   IgnoredScripts{[]string{"a"}},
		`{"event":"deprecated","key":"a","message":"\u001b"}`:                                       Deprecated{"a", "\x1b"},
	} {
		var b strings.Builder
		NewNDJSON(&b).Emit(e)
		if b.String() != want+"\n" {
			t.Errorf("%#v is %s not %s", e, b.String(), want)
		}
	}
}

func TestNDJSONSummary(t *testing.T) {
	var b strings.Builder
	NewNDJSON(&b).Emit(Done{UpToDate: true, Summary: Summary{MaxLinks: 4, WallMillis: 1.5, StageMillis: map[Stage]float64{LinkCold: 2}}})
	var got struct {
		Event    string
		UpToDate bool `json:"upToDate"`
		Summary  struct {
			MaxLinks    int                `json:"maxLinks"`
			WallMillis  float64            `json:"wallMillis"`
			StageMillis map[string]float64 `json:"stageMillis"`
		}
	}
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Event != "done" || !got.UpToDate || got.Summary.MaxLinks != 4 || got.Summary.WallMillis != 1.5 || got.Summary.StageMillis["link_cold"] != 2 {
		t.Errorf("%+v of %s", got, b.String())
	}
}

// TestNDJSONReaderGone goes on when nobody reads any more.
func TestNDJSONReaderGone(t *testing.T) {
	NewNDJSON(gone{}).Emit(Resolved{"a"})
}

type gone struct{}

func (gone) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }
