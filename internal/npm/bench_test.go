package npm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The documents are real packuments in a folder of your own:
//
//	GODWIT_PACKUMENTS=/some/folder go test -bench Packument ./internal/npm
//
// with react.json, next.json and so on in it.
func packuments(b *testing.B) map[Name][]byte {
	dir := os.Getenv("GODWIT_PACKUMENTS")
	if dir == "" {
		b.Skip("GODWIT_PACKUMENTS names no folder of packuments")
	}
	docs := map[Name][]byte{}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		b.Fatalf("no packuments in %s (%v)", dir, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		docs[Name(filepath.Base(file))] = body
	}
	return docs
}

func nameIn(b *testing.B, body []byte) Name {
	var doc struct{ Name Name }
	if err := json.Unmarshal(body, &doc); err != nil {
		b.Fatal(err)
	}
	return doc.Name
}

func BenchmarkPackumentScan(b *testing.B) {
	for file, body := range packuments(b) {
		name := nameIn(b, body)
		b.Run(string(file), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				p, err := ParsePackument(name, body)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := p.Manifest(p.DistTags["latest"]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPackumentEncodingJSON(b *testing.B) {
	for file, body := range packuments(b) {
		b.Run(string(file), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				var doc struct {
					Tags     map[string]string `json:"dist-tags"`
					Versions map[string]json.RawMessage
				}
				if err := json.Unmarshal(body, &doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPackumentIndexed(b *testing.B) {
	for file, body := range packuments(b) {
		name := nameIn(b, body)
		b.Run(string(file), func(b *testing.B) {
			p, err := ParsePackument(name, body)
			if err != nil {
				b.Fatal(err)
			}
			index, source := p.EncodeIndex(), *p.body.Load()
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				p, err := ParseIndexed(name, index, source)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := p.Manifest(p.DistTags["latest"]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkManifestDecode(b *testing.B) {
	for file, body := range packuments(b) {
		p, err := ParsePackument(nameIn(b, body), body)
		if err != nil {
			b.Fatal(err)
		}
		raw, err := p.Raw(p.DistTags["latest"])
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(file), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := DecodeManifest(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
