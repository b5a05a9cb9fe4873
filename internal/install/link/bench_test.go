package link

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"godwit/internal/store"
)

// packages is 1340 for the size of the fixture alotta-modules: 40,000 files.
var packages = flag.Int("packages", 40, "packages of the synthetic store, of 30 files each")

// workDir is for measuring on a fresh file system: ext4 is slow for a minute
// after many files were removed, so nothing is.
var workDir = flag.String("dir", "", "work here and remove nothing")

// synthetic fills a store with n packages of 30 files in 6 directories.
func synthetic(tb testing.TB, s *store.Store, n int) []*store.Tree {
	tb.Helper()
	trees := make([]*store.Tree, n)
	for i := range trees {
		name := fmt.Sprintf("package-%d", i)
		sum := sha512.Sum512([]byte(name))
		id, err := store.NewID("sha512", hex.EncodeToString(sum[:]))
		if err != nil {
			tb.Fatal(err)
		}
		if trees[i], err = s.Load(id); err == nil {
			continue // of an earlier run with -dir
		}
		trees[i], err = s.Add(id, func(w *store.Writer) error {
			if err := w.File("package.json", false, fmt.Appendf(nil, `{"name":%q,"version":"1.0.0"}`, name)); err != nil {
				return err
			}
			for j := range 29 {
				dir := []string{"", "lib/", "lib/util/", "dist/", "dist/esm/", "types/"}[j%6]
				if err := w.File(fmt.Sprintf("%sfile%d.js", dir, j), false, fmt.Appendf(nil, "module.exports = %d\n", j)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return trees
}

func BenchmarkSlots(b *testing.B) {
	dir := *workDir
	if dir == "" {
		dir = b.TempDir()
	}
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	trees := synthetic(b, s, *packages)
	for _, layout := range []string{"isolated", "hoisted"} {
		b.Run(layout, func(b *testing.B) {
			run := 0
			for b.Loop() {
				b.StopTimer()
				run++
				project := filepath.Join(dir, fmt.Sprint(layout, b.N, "-", run, "-", time.Now().UnixNano()))
				slots := make([]Slot, len(trees))
				for i, t := range trees {
					slots[i] = Slot{Tree: t, Dir: filepath.Join(project, "node_modules", t.Meta.Name)}
					if layout == "isolated" {
						slots[i].Dir = filepath.Join(project, "node_modules/.pnpm", t.Meta.Name+"@1.0.0/node_modules", t.Meta.Name)
					}
				}
				l, err := New(Options{Roots: []Root{{Dir: project}}, Width: DefaultWidth(runtime.NumCPU())})
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if err := l.Slots(context.Background(), slots); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if got := l.Stats().Linked; got != 30*len(trees) {
					b.Fatalf("linked %d files", got)
				}
				l.Close()
				b.StartTimer()
			}
		})
	}
}
