package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

var errBroken = errors.New("broken")

// walk decodes a whole document with the scanner, visiting everything.
func walk(s *Scanner, depth int) (any, error) {
	if depth > 100 {
		return nil, errTooDeep
	}
	switch s.Kind() {
	case '{':
		m := map[string]any{}
		for key := range s.Members() {
			name := string(key)
			v, err := walk(s, depth+1)
			if err != nil {
				return nil, err
			}
			m[name] = v
		}
		return m, s.Err()
	case '[':
		list := []any{}
		for range s.Elements() {
			v, err := walk(s, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, s.Err()
	case '"':
		v, ok := String(s.Value())
		if !ok {
			return nil, errBroken
		}
		return v, nil
	}
	raw := string(s.Value())
	switch raw {
	case "":
		return nil, errBroken
	case "null":
		return nil, nil
	case "true", "false":
		return raw == "true", nil
	}
	return json.Number(raw), nil
}

var errTooDeep = errors.New("too deep for this test")

func walkDocument(doc []byte) (any, error) {
	s := New(doc)
	v, err := walk(s, 0)
	if err != nil {
		return nil, err
	}
	return v, s.End()
}

var documents = []string{
	`{}`, `[]`, ` {"a" : 1 , "b":[true,false,null]} `, `"a\u00e9\"\\"`, `-0.5e+10`, `[[[[]]]]`,
	`{"a":{"b":{"c":"}]{["}},"a":2}`, "{\"k\\u0065y\":\"\xff\"}", `"\ud83d\ude00\ud83d"`, `["\\","\\\"","\\\\\""]`,
	`{"long":"` + strings.Repeat("x", 100) + `","q":"` + strings.Repeat(`\"`, 40) + `"}`,
	`["\"]"]`, `{"a":"\\\"}","b":"12345678\"]","c":["x\\"]}`,
	// broken
	``, ` `, `{`, `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `[1,]`, `[1 2]`, `{"a" 1}`, `{"a":}`, `{]`, `[}`,
	`"abc`, `"\`, `"\u12`, `"\x"`, "\"\n\"", `tru`, `nul`, `-`, `01`, `1.`, `1e`, `+1`, `.5`, `{}{}`, `{a:1}`, `"a""b"`, `[1]]`, `NaN`,
}

func TestAgreesWithEncodingJSON(t *testing.T) {
	for _, doc := range documents {
		compare(t, []byte(doc))
	}
}

func FuzzScanner(f *testing.F) {
	for _, doc := range documents {
		f.Add([]byte(doc))
	}
	f.Fuzz(compare)
}

// compare checks that visiting accepts exactly what encoding/json accepts and
// reads it the same, and that skipping ends where the value ends.
func compare(t *testing.T, doc []byte) {
	got, err := walkDocument(doc)
	if errors.Is(err, errTooDeep) {
		return
	}
	var want any
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	wantErr := d.Decode(&want)
	if wantErr == nil && d.More() || !json.Valid(doc) {
		wantErr = errBroken
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: got error %v, encoding/json %v", doc, err, wantErr)
	}
	s := New(doc)
	raw := s.Value()
	if err == nil {
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %#v, want %#v", doc, got, want)
		}
		if trimmed := bytes.Trim(doc, " \t\r\n"); !bytes.Equal(raw, trimmed) || s.End() != nil {
			t.Fatalf("%q: skipped as %q (%v)", doc, raw, s.Err())
		}
	}
}

func TestSkipsWhatTheBodyLeaves(t *testing.T) {
	s := New([]byte(`{"a":{"x":[1,2]},"b":[{"y":1}],"c":3}`))
	var keys []string
	for key := range s.Members() {
		keys = append(keys, string(key))
		if string(key) == "b" {
			for range s.Elements() {
				for range s.Members() {
				}
			}
		}
	}
	if err := s.End(); err != nil || strings.Join(keys, "") != "abc" {
		t.Errorf("got %q, %v", keys, err)
	}
}

func TestErrorNamesTheOffset(t *testing.T) {
	s := New([]byte(`{"a":1,"b" 2}`))
	for range s.Members() {
	}
	var syntax *SyntaxError
	if err := s.End(); !errors.As(err, &syntax) || syntax.Offset != 11 {
		t.Errorf("got %v, want an error at byte 11", err)
	}
}

// A document of brackets must cost neither stack nor more than linear time.
func TestDepthCostsNothing(t *testing.T) {
	doc := []byte(strings.Repeat(`{"a":[`, 1<<20))
	s := New(doc)
	for range s.Members() {
	}
	if s.Err() == nil {
		t.Error("an unclosed document was accepted")
	}
	doc = append(doc, strings.Repeat(`]}`, 1<<20)...)
	if s := New(doc); len(s.Value()) != len(doc) {
		t.Errorf("a deep document was refused: %v", s.Err())
	}
}
