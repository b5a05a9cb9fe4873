package synth

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"testing"
)

type document struct {
	Tags     map[string]string `json:"dist-tags"`
	Versions map[string]struct {
		Dependencies, PeerDependencies map[string]string
		Dist                           struct{ Tarball, Integrity string }
	}
}

// read is all that a world has, by name, and a hash over it.
func read(t *testing.T, n int) (w *World, docs map[string]document, tarballs map[string][]byte, sum string) {
	t.Helper()
	w, err := New(n)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	h.Write(w.Manifest())
	docs, tarballs = map[string]document{}, map[string][]byte{}
	for p := range w.Packages() {
		var d document
		if err := json.Unmarshal(p.Document, &d); err != nil || docs[p.Name].Tags != nil {
			t.Fatalf("%s: %v, or twice", p.Name, err)
		}
		docs[p.Name] = d
		h.Write(p.Document)
		for path, data := range p.Tarballs {
			tarballs[Base+path] = data
		}
	}
	return w, docs, tarballs, fmt.Sprintf("%x", h.Sum(nil))
}

func TestTheSameAtEveryCall(t *testing.T) {
	_, _, _, one := read(t, 50)
	_, _, _, two := read(t, 50)
	if one != two { // the documents have the hashes of the tarballs
		t.Error("two calls make two worlds")
	}
}

// TestProportions walks from the project as an install does.
func TestProportions(t *testing.T) {
	const n = 250
	w, docs, tarballs, _ := read(t, n)
	var root struct{ Dependencies map[string]string }
	if err := json.Unmarshal(w.Manifest(), &root); err != nil {
		t.Fatal(err)
	}
	depth := map[string]int{}
	edges, size := 0, 0
	type wish struct{ name, wanted string }
	var level []wish
	for name, wanted := range root.Dependencies {
		level = append(level, wish{name, wanted})
	}
	for far := 1; len(level) > 0; far++ {
		var next []wish
		for _, w := range level {
			name, wanted := w.name, w.wanted
			d, ok := docs[name]
			if !ok {
				t.Fatalf("%s is wanted and not published", name)
			}
			version := ""
			for v := range d.Versions { // the latest of the major: it has a tarball
				if v[0] == wanted[1] && tarballs[d.Versions[v].Dist.Tarball] != nil {
					version = v
				}
			}
			if version == "" {
				t.Fatalf("%s@%s has no tarball", name, wanted)
			}
			key := name + "@" + version
			if depth[key] > 0 {
				continue
			}
			depth[key] = far
			m := d.Versions[version]
			if got := hashes(tarballs[m.Dist.Tarball])["integrity"]; got != m.Dist.Integrity {
				t.Errorf("%s: integrity %s, not %s", key, m.Dist.Integrity, got)
			}
			zip, err := gzip.NewReader(bytes.NewReader(tarballs[m.Dist.Tarball]))
			if err != nil {
				t.Fatal(err)
			}
			files, err := io.Copy(io.Discard, zip)
			if err != nil {
				t.Fatal(err)
			}
			size += int(files)
			edges += len(m.Dependencies)
			for to, wanted := range m.Dependencies {
				next = append(next, wish{to, wanted})
			}
		}
		level = next
	}
	deepest := 0
	for _, d := range depth {
		deepest = max(deepest, d)
	}
	t.Logf("%d packages, %d direct, %d edges, %d deep, %d kB each", len(depth), len(root.Dependencies), edges, deepest, size/n>>10)
	if len(depth) != n {
		t.Errorf("%d packages are reached, want %d", len(depth), n)
	}
	if each := float64(edges) / n; each < 1.7 || each > 2.3 {
		t.Errorf("%.2f edges a package", each)
	}
	if deepest < 6 || deepest > 25 {
		t.Errorf("%d levels", deepest)
	}
}

func TestTooFew(t *testing.T) {
	for _, n := range []int{-1, 0, 49, 1 << 30} {
		if _, err := New(n); err == nil {
			t.Errorf("a world of %d", n)
		}
	}
}
