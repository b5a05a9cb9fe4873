package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/store"
)

// memory is a registry whose tarballs are ready.
type memory struct{ tarball []byte }

func (m memory) Tarball(context.Context, npm.Name, string, func(int64) []byte) ([]byte, error) {
	return m.tarball, nil
}
func (m memory) Checkout(context.Context, string, string) (string, error) {
	return "", errors.New("a tarball is no commit")
}
func (m memory) TarballURL(name npm.Name, version string) string {
	return "https://registry.example/" + string(name) + "/" + version
}

type nobody struct{}

func (nobody) Emit(event.Event) {}

func tarball(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	text := []byte(`{"name":"a"}`)
	err := w.WriteHeader(&tar.Header{Name: "package/package.json", Size: int64(len(text)), Mode: 0o644})
	if err == nil {
		_, err = w.Write(text)
	}
	if err != nil || w.Close() != nil || zip.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestColdLinksRunAtOnce has a batch that is all cold: tarballs in memory, an
// empty store. The first link waits for a second one; should links ever run one
// after another, all goroutines wait, which synctest sees at once. The test
// counts, it never times.
func TestColdLinksRunAtOnce(t *testing.T) {
	data := tarball(t)
	synctest.Test(t, func(t *testing.T) {
		root := t.TempDir()
		st, err := store.Open(filepath.Join(root, "store"))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		met := make(chan struct{})
		var once sync.Once
		linker, err := link.New(link.Options{Roots: []link.Root{{Dir: root}}, Width: link.DefaultWidth(1), Probe: func(running int) {
			if running > 1 {
				once.Do(func() { close(met) })
			}
			<-met
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer linker.Close()
		tasks := newTasks(t.Context(), &Request{Root: root, Client: memory{data}, Store: st, Sink: nobody{}, Now: time.Now, Cores: 1})
		defer tasks.close()
		p := &plan.Plan{}
		for i := range 8 {
			key := graph.Key(fmt.Sprintf("p%d@1.0.0", i))
			p.Cold = append(p.Cold, plan.Place{Slot: layout.Slot{
				Package: &graph.Package{Key: key}, Dir: fmt.Sprintf("node_modules/.pnpm/%s/node_modules/p%d", key, i),
			}})
		}
		tasks.place(linker, p)
		if _, err := tasks.wait(); err != nil {
			t.Fatal(err)
		}
		if s := linker.Stats(); s.MaxConcurrent < 2 || s.Slots != len(p.Cold) {
			t.Errorf("%+v, want %d slots, at least 2 at once", s, len(p.Cold))
		}
	})
}
