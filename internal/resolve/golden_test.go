package resolve_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/testreg"
)

var update = flag.Bool("update", false, "write the lockfiles that the pnpm of $"+oracleVariable+" makes into testdata/golden")
var goldenDir = flag.String("golden", "testdata/golden", "directory of the golden archives")

// TestGolden compares with lockfiles that pnpm 12 wrote for the same registry
// and project. They are recorded with
//
//	GODWIT_PNPM=/path/to/pnpm go test ./internal/resolve -run Golden -update
func TestGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(*goldenDir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files (%v)", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := worldOf(archive.Files)
			hashes := w.hashes(t)
			if *update {
				record(t, file, archive, w, hashes)
			}
			var before []byte
			if text := section(archive, lockBefore); text != "" {
				before = []byte(hashes.expand(text))
			}
			got, err := w.godwit(t, before)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(section(archive, lockName), hashes.abridge(string(got))); diff != "" {
				t.Errorf("lockfile (-pnpm +godwit):\n%s", diff)
			}
		})
	}
}

func record(t *testing.T, file string, archive *txtar.Archive, w *world, h hashes) {
	before, after, err := w.pnpm(t, oracle(t))
	if err != nil {
		t.Fatal(err)
	}
	keep := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != lockName && f.Name != lockBefore {
			keep = append(keep, f)
		}
	}
	archive.Files = keep
	if before != nil {
		archive.Files = append(archive.Files, txtar.File{Name: lockBefore, Data: []byte(h.abridge(string(before)))})
	}
	archive.Files = append(archive.Files, txtar.File{Name: lockName, Data: []byte(h.abridge(string(after)))})
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func section(archive *txtar.Archive, name string) string {
	for _, f := range archive.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// hashes are the integrities of a registry's tarballs as "{NAME@VERSION}":
// what gzip makes of them is not the same in every release of Go.
type hashes map[string]string

func (w *world) hashes(t *testing.T) hashes {
	reg, err := testreg.Open(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	src := &source{registry: reg}
	h := hashes{}
	for _, f := range w.registry {
		if f.Name != "packages" {
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			words := strings.Fields(line)
			if len(words) == 0 || strings.HasPrefix(words[0], "#") {
				continue
			}
			name, version := graph.Key(words[0]).Split()
			doc, err := src.Packument(t.Context(), name, false)
			if err != nil {
				t.Fatal(err)
			}
			m, err := doc.Manifest(version)
			if err != nil {
				t.Fatal(err)
			}
			h.add(words[0], m)
		}
	}
	return h
}

func (h hashes) add(id string, m *npm.Manifest) {
	if in := m.Dist.Integrity; in != "" {
		h["{"+id+"}"] = in
	}
}

func (h hashes) abridge(text string) string {
	for short, in := range h {
		text = strings.ReplaceAll(text, in, short)
	}
	return text
}

func (h hashes) expand(text string) string {
	for short, in := range h {
		text = strings.ReplaceAll(text, short, in)
	}
	return text
}
