package npmaudit

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"godwit/internal/audit"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// TestAdvisory holds verdicts against those that npm's own calculator gave
// (@npmcli/metavuln-calculator 9.0.3): the versions of a package that an advisory
// names, and those of a dependent that follow.
func TestAdvisory(t *testing.T) {
	file, err := os.Open("testdata/advisories.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	count := 0
	for lines := bufio.NewScanner(file); lines.Scan(); count++ {
		var c struct {
			Bad           []string                   `json:"bad"`
			Range         string                     `json:"range"`
			Mid           map[string]json.RawMessage `json:"mid"`
			Vulnerable    []string                   `json:"vulnerable"`
			MidVulnerable []string                   `json:"midVulnerable"`
			MidRange      string                     `json:"midRange"`
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		plain := map[string]json.RawMessage{}
		for _, v := range c.Bad {
			plain[v] = json.RawMessage(`{"name":"bad","version":"` + v + `"}`)
		}
		of := &audit.Advisory{ID: 1, Vulnerable: c.Range}
		bad := newAdvisory("bad", of, nil, packument(t, "bad", plain))
		mid := newAdvisory("mid", of, bad, packument(t, "mid", c.Mid))
		if got := hit(bad); !slices.Equal(got, inOrder(c.Vulnerable)) {
			t.Errorf("%s\nvulnerable: %v", lines.Text(), got)
		}
		if got := hit(mid); !slices.Equal(got, inOrder(c.MidVulnerable)) {
			t.Errorf("%s\nmidVulnerable: %v", lines.Text(), got)
		}
		if mid.text != c.MidRange {
			t.Errorf("%s\nmidRange: %s", lines.Text(), mid.text)
		}
	}
	if count < 100 {
		t.Errorf("only %d cases", count)
	}
}

func packument(t *testing.T, name string, versions map[string]json.RawMessage) *npm.Packument {
	text, err := json.Marshal(map[string]any{"name": name, "versions": versions, "dist-tags": map[string]string{}})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := npm.ParsePackument(npm.Name(name), npm.Bytes(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func hit(a *advisory) []string {
	maps.DeleteFunc(a.vulnerable, func(_ string, is bool) bool { return !is })
	return inOrder(slices.Collect(maps.Keys(a.vulnerable)))
}

// inOrder sorts versions.
func inOrder(versions []string) []string {
	return slices.SortedFunc(slices.Values(versions), func(a, b string) int {
		return semver.MustParse(a).Compare(semver.MustParse(b))
	})
}

// A package that depends on itself is bad in all versions, which is what npm says.
func TestOwnDependency(t *testing.T) {
	doc := packument(t, "a", map[string]json.RawMessage{"1.0.0": json.RawMessage(`{"name":"a","version":"1.0.0"}`)})
	of := &audit.Advisory{ID: 1, Vulnerable: "<1.0.0"}
	own := newAdvisory("a", of, newAdvisory("a", of, nil, doc), doc)
	if own.text != "*" || own.meta() || !own.concerns("1.0.0") {
		t.Errorf("range %q", own.text)
	}
}

func TestSimplify(t *testing.T) {
	var all []semver.Version
	for _, v := range []string{"1.0.0", "1.1.0", "2.0.0", "2.1.0", "3.0.0"} {
		all = append(all, semver.MustParse(v))
	}
	for text, want := range map[string]string{
		"1.0.0 || 1.1.0":                     "<=1.1.0",
		"1.1.0 || 2.0.0 || 2.1.0":            "1.1.0 - 2.1.0",
		"1.0.0 || 1.1.0 || 2.0.0 || >=2.1.0": "*",
		"2.1.0 || 3.0.0":                     ">=2.1.0",
		"1.1.0 || 1.1.0":                     "1.1.0",
		"<2":                                 "<2", // no shorter one says the same
		"no range whatever, and a long one":  "no range whatever, and a long one",
	} {
		if got := simplify(all, text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The harder fix counts for what several projects are reached by.
func TestSettle(t *testing.T) {
	bad, a, b := &Vuln{Name: "bad", fix: Fix{Kind: FixInRange}}, &Vuln{Name: "a", fix: Fix{Kind: FixInRange}}, &Vuln{Name: "b"}
	a.follows(bad)
	if bad.fix.Kind != FixInRange {
		t.Error("an easy fix made it harder")
	}
	a.settle(Fix{Kind: FixForced, Version: "1.2.0"})
	if bad.fix.Version != "1.2.0" {
		t.Errorf("%+v", bad.fix)
	}
	a.settle(Fix{Kind: FixForced, Version: "2.0.0", Major: true})
	a.settle(Fix{Kind: FixForced, Version: "1.3.0"})
	if bad.fix.Version != "2.0.0" {
		t.Errorf("%+v", bad.fix)
	}
	b.follows(bad)
	if bad.fix.Kind != NoFix || len(bad.effects) != 2 {
		t.Errorf("%+v", bad)
	}
}
