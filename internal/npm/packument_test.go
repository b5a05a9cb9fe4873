package npm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sample = `{
  "_id": "a", "name": "a", "readme": "\"versions\":{",
  "dist-tags": {"latest": "1.1.0", "odd": 3, "next": "2.0.0-rc.1"},
  "versions": {
    "1.0.0": {"name": "a", "version": "1.0.0", "deprecated": "old"},
    "not a version": {"version": "0"},
    "1.1.0": {"name": "other", "version": "9.9.9", "dependencies": {"b": "^1"}},
    "1.2.0": "removed",
    "v2.0.0-rc.1": {},
    "1.0.0": {"name": "a", "version": "1.0.0", "bin": "x.js"}
  },
  "time": {"created": "2010-01-01T00:00:00.000Z", "modified": "2020-02-02T00:00:00.000Z",
    "1.1.0": "2012-01-01T00:00:00.000Z", "1.0.0": "2011-01-01T00:00:00.500Z", "v2.0.0-rc.1": "soon", "0.0.1": "2010-01-01T00:00:00.000Z"}
}`

// eachWay runs test with the document scanned, and with it read by its index.
func eachWay(t *testing.T, name Name, body string, test func(*testing.T, *Packument)) {
	t.Helper()
	scanned, err := ParsePackument(name, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	index := scanned.EncodeIndex()
	indexed, err := ParseIndexed(name, index, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if again := indexed.EncodeIndex(); !bytes.Equal(index, again) {
		t.Errorf("the index of the indexed document differs:\n%q\n%q", index, again)
	}
	t.Run("scanned", func(t *testing.T) { test(t, scanned) })
	t.Run("indexed", func(t *testing.T) { test(t, indexed) })
}

func TestPackument(t *testing.T) {
	eachWay(t, "a", sample, func(t *testing.T, p *Packument) {
		var keys, versions []string
		for i, v := range p.Versions() {
			keys, versions = append(keys, p.Key(i)), append(versions, v.String())
		}
		if want := []string{"1.0.0", "1.1.0", "v2.0.0-rc.1"}; !slices.Equal(keys, want) || p.Len() != 3 {
			t.Errorf("keys: got %q, want %q", keys, want)
		}
		if want := []string{"1.0.0", "1.1.0", "2.0.0-rc.1"}; !slices.Equal(versions, want) {
			t.Errorf("versions: got %q, want %q", versions, want)
		}
		if diff := cmp.Diff(map[string]string{"latest": "1.1.0", "next": "2.0.0-rc.1"}, p.DistTags); diff != "" {
			t.Error(diff)
		}
		if !p.Full {
			t.Error("a document with times is not full")
		}
		if m, err := p.Manifest("1.0.0"); err != nil || m.Deprecated != "" || m.Bin["a"] != "x.js" {
			t.Errorf("of a version that comes twice the last one counts: got %+v, %v", m, err)
		}
		if m, err := p.At(1); err != nil || m.Name != "a" || m.Version != "1.1.0" || len(m.Dependencies) != 1 {
			t.Errorf("identity is the document's: got %+v, %v", m, err)
		}
		if _, err := p.Manifest("not a version"); !errors.Is(err, ErrNoVersion) {
			t.Errorf("got %v, want ErrNoVersion", err)
		}
		if _, err := p.Manifest("1.2.0"); !errors.Is(err, ErrNoVersion) {
			t.Errorf("got %v, want ErrNoVersion", err)
		}
	})
}

func TestPackumentTimes(t *testing.T) {
	eachWay(t, "a", sample, func(t *testing.T, p *Packument) {
		for version, want := range map[string]string{
			"1.0.0": "2011-01-01T00:00:00.5Z", "1.1.0": "2012-01-01T00:00:00Z", "v2.0.0-rc.1": "", "0.0.1": "", "modified": "",
		} {
			at, ok := p.Published(version)
			if got := at.Format(time.RFC3339Nano); ok && got != want || ok != (want != "") {
				t.Errorf("%s: got %v, %v, want %q", version, got, ok, want)
			}
		}
		if at, ok := p.PublishedAt(1); !ok || at.Year() != 2012 {
			t.Errorf("got %v, %v", at, ok)
		}
		if at, ok := p.Modified(); !ok || at.Year() != 2020 {
			t.Errorf("got %v, %v", at, ok)
		}
	})
	eachWay(t, "a", `{"name":"a","modified":"2021-01-01T00:00:00.000Z","versions":{"1.0.0":{}}}`, func(t *testing.T, p *Packument) {
		if _, ok := p.Published("1.0.0"); ok || p.Full {
			t.Error("the short form has no times")
		}
		if at, ok := p.Modified(); !ok || at.Year() != 2021 {
			t.Errorf("got %v, %v", at, ok)
		}
	})
}

func TestPackumentDeprecated(t *testing.T) {
	body := `{"versions":{"1.0.0":{"deprecated":"x"},"1.0.1":{"a":{"deprecated":"x"}},"1.0.2":{"deprecated":""},
		"1.0.3":{"deprecated":true},"1.0.4":{"\u0064eprecated":"y"},"1.0.5":{]}}`
	eachWay(t, "a", body, func(t *testing.T, p *Packument) {
		for i, want := range []bool{true, false, false, true, true, false} {
			if got := p.Deprecated(i); got != want {
				t.Errorf("%s: got %v, want %v", p.Key(i), got, want)
			}
		}
	})
}

func TestPackumentRefuses(t *testing.T) {
	for _, body := range []string{``, `[]`, `null`, `<html>`, `{"name":"a"`, `{"versions":{"1.0.0":{"a":"`, `{"name":"a"}x`} {
		if _, err := ParsePackument("a", []byte(body)); err == nil || !strings.Contains(err.Error(), "packument of a") {
			t.Errorf("%q: got %v, want an error that names the packument", body, err)
		}
	}
	for _, body := range []string{`{"name":"b"}`, `{"name":7}`, `{"name":"A"}`} {
		if _, err := ParsePackument("a", []byte(body)); !errors.Is(err, ErrWrongName) {
			t.Errorf("%q: got %v, want ErrWrongName", body, err)
		}
	}
}

// A version that is broken inside does not spoil its neighbours.
func TestPackumentBrokenVersion(t *testing.T) {
	eachWay(t, "a", `{"versions":{"1.0.0":{"name":tru},"1.0.1":{"dependencies":{"b":"1"}}}}`, func(t *testing.T, p *Packument) {
		if _, err := p.Manifest("1.0.0"); err == nil || !strings.Contains(err.Error(), "a@1.0.0") {
			t.Errorf("got %v, want an error that names a@1.0.0", err)
		}
		if m, err := p.Manifest("1.0.1"); err != nil || len(m.Dependencies) != 1 {
			t.Errorf("got %+v, %v", m, err)
		}
	})
}

func TestManifestIsDecodedOnce(t *testing.T) {
	p, err := ParsePackument("a", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	var got [8]*Manifest
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			got[i], _ = p.Manifest("1.1.0")
			p.Published("1.0.0")
			p.Deprecated(0)
			p.MoveBody(strings.NewReader(sample))
		})
	}
	wg.Wait()
	for _, m := range got {
		if m == nil || m != got[0] {
			t.Fatalf("got %v: not one manifest", got)
		}
	}
}

func TestParseIndexedRefuses(t *testing.T) {
	p, err := ParsePackument("a", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	index := p.EncodeIndex()
	for cut := range index {
		if _, err := ParseIndexed("a", index[:cut], strings.NewReader(sample)); !errors.Is(err, ErrBadIndex) {
			t.Fatalf("cut to %d of %d bytes: got %v", cut, len(index), err)
		}
	}
	if _, err := ParseIndexed("b", index, strings.NewReader(sample)); !errors.Is(err, ErrBadIndex) {
		t.Errorf("another name: got %v", err)
	}
	if _, err := ParseIndexed("a", index, strings.NewReader(sample[:100])); !errors.Is(err, ErrBadIndex) {
		t.Errorf("a body that is too short: got %v", err)
	}
	if _, err := ParseIndexed("a", append(index, 0), strings.NewReader(sample)); !errors.Is(err, ErrBadIndex) {
		t.Errorf("a byte too many: got %v", err)
	}
}

func FuzzPackument(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"versions":{"1.0.0":{"dist":{"tarball":"x"}},"1.0.0":{}},"versions":{"2.0.0":{}},"time":[]}`))
	f.Add([]byte(`{"name":"a","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"deprecated":"\u00`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := ParsePackument("a", body)
		var want struct {
			Name     any
			Versions map[string]json.RawMessage
		}
		valid := json.Unmarshal(body, &want) == nil
		if err != nil {
			return
		}
		for i := range p.Versions() {
			m, err := p.At(i)
			key := p.Key(i)
			if err == nil && (m.Name != "a" || m.Version != key) {
				t.Fatalf("%s decoded as %s@%s", key, m.Name, m.Version)
			}
			p.Deprecated(i)
			p.Published(key)
		}
		p.Modified()
		again, err := ParseIndexed("a", p.EncodeIndex(), bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if again.Len() != p.Len() || fmt.Sprint(again.DistTags) != fmt.Sprint(p.DistTags) {
			t.Fatalf("the index has %d versions and tags %v, the document %d and %v", again.Len(), again.DistTags, p.Len(), p.DistTags)
		}
		if !valid || bytes.Contains(bytes.ToLower(body), []byte("ersions\"")) && strings.Count(strings.ToLower(string(body)), "ersions") > 1 {
			return // encoding/json merges fields that come twice and ignores case
		}
		for i := range p.Versions() {
			raw, err := p.Raw(p.Key(i))
			if err != nil || !bytes.Equal(raw, want.Versions[p.Key(i)]) {
				t.Fatalf("%s: got %q, %v, want %q", p.Key(i), raw, err, want.Versions[p.Key(i)])
			}
		}
	})
}

func FuzzParseIndexed(f *testing.F) {
	p, err := ParsePackument("a", []byte(sample))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.EncodeIndex())
	f.Fuzz(func(t *testing.T, index []byte) {
		p, err := ParseIndexed("a", index, strings.NewReader(sample))
		if err != nil {
			return
		}
		for i := range p.Versions() {
			p.At(i)
			p.Deprecated(i)
			p.PublishedAt(i)
		}
	})
}

func TestFilter(t *testing.T) {
	doc, err := ParsePackument("a", []byte(`{"name":"a","dist-tags":{"latest":"2.0.0"},"versions":{"1.0.0":{"version":"1.0.0"},"x":{},"2.0.0":{"version":"2.0.0"}},
 "time":{"modified":"2020-03-01T00:00:00.000Z","1.0.0":"2020-01-01T00:00:00.000Z","2.0.0":"2020-02-01T00:00:00.000Z"}}`))
	if err != nil {
		t.Fatal(err)
	}
	old := doc.Filter(func(i int) bool { return doc.Key(i) != "2.0.0" }, map[string]string{"latest": "1.0.0"})
	if old.Len() != 1 || old.Key(0) != "1.0.0" || old.DistTags["latest"] != "1.0.0" || !old.Full || doc.Len() != 2 {
		t.Errorf("%d versions, %v; %d before", old.Len(), old.DistTags, doc.Len())
	}
	if _, err := old.Manifest("2.0.0"); !errors.Is(err, ErrNoVersion) {
		t.Errorf("the version that was left out: %v", err)
	}
	if at, known := old.Published("1.0.0"); !known || at.Month() != time.January {
		t.Errorf("published %v, %t", at, known)
	}
	if m, err := old.Manifest("1.0.0"); err != nil || m.Version != "1.0.0" {
		t.Errorf("%v, %v", m, err)
	}
}
