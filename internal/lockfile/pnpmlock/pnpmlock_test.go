package pnpmlock

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lockfiles(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, pattern := range []string{"../../../../shared/ecosystem/*/pnpm-lock.yaml", "../../../../shared/fixtures/*/pnpm-lock.yaml", "testdata/pnpm12/*.yaml"} {
		paths, _ := filepath.Glob(pattern)
		for _, p := range paths {
			data, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			files[p] = data
		}
	}
	return files
}

func TestRoundTrip(t *testing.T) {
	for name, data := range lockfiles(t) {
		doc, err := Read(name, data)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		got := doc.Append(nil, WriteOptions{KeepEnv: true})
		if diff := cmp.Diff(string(data), string(got)); diff != "" {
			t.Errorf("%s (-file +written):\n%.3000s", name, diff)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for name, data := range lockfiles(b) {
		if len(data) < 100_000 {
			continue
		}
		b.Run(filepath.Base(filepath.Dir(name)), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(name, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for name, data := range lockfiles(b) {
		if len(data) < 100_000 {
			continue
		}
		doc, err := Read(name, data)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(filepath.Base(filepath.Dir(name)), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				doc.Append(nil, WriteOptions{})
			}
		})
	}
}
