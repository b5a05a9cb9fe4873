package pnpmlock

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// What hooks get and give back unchanged is the lockfile that it was.
func TestJSONIsTheSameLockfile(t *testing.T) {
	for name, data := range lockfiles(t) {
		d, err := Read(name, data)
		if err != nil {
			if !errors.Is(err, ErrEmpty) {
				t.Error(err)
			}
			continue
		}
		text := d.JSON(WriteOptions{})
		if !json.Valid(text) || strings.Contains(string(text), "\n") {
			t.Errorf("%s: no JSON on one line", name)
		}
		again, err := FromJSON(name, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want, got := d.Append(nil, WriteOptions{}), again.Append(nil, WriteOptions{}); string(got) != string(want) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestFromJSONRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                            "EOF",
		`[]`:                          "map of sections",
		`"x"`:                         "map of sections",
		`{}`:                          "lockfileVersion",
		`{"lockfileVersion":"9.0"`:    "EOF",
		`{"lockfileVersion":"9.0"}{}`: "more than one",
		`{"lockfileVersion":"9.0","settings":[]}`:                       "",
		`{"lockfileVersion":"9.0","importers":{"..":{}}}`:               "importer",
		`{"lockfileVersion":"9.0","x":` + strings.Repeat(`[`, 70) + `}`: "nested",
	} {
		_, err := FromJSON("the lockfile", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v", text, err)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add(small)
	f.Add(`{"lockfileVersion":"9.0","importers":{".":{}},"importers":{".":{}},"packages":{"a@1.0.0":{"resolution":{"integrity":"sha512-x"}}},"snapshots":{"a@1.0.0":{}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Read("x", []byte(text))
		if err != nil {
			d, err = FromJSON("x", []byte(text))
		}
		if err != nil {
			return
		}
		again, err := FromJSON("x", d.JSON(WriteOptions{}))
		if err != nil {
			t.Fatal(err)
		}
		if want, got := d.Append(nil, WriteOptions{}), again.Append(nil, WriteOptions{}); string(got) != string(want) {
			t.Fatalf("%s\nis not\n%s", got, want)
		}
	})
}
