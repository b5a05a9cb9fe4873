package install

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/store"
)

// slow is a registry that says at once how large a tarball is and sends it later.
type slow struct {
	memory
	asked atomic.Int32
}

func (s *slow) Tarball(_ context.Context, _ npm.Name, _ string, room func(int64) []byte) ([]byte, error) {
	s.asked.Add(1)
	room(maxHeld / 2)
	time.Sleep(time.Second)
	return s.tarball, nil
}

// TestHeldOnTheWay has more bytes announced than may be in memory: nothing else is
// downloaded until there is room.
func TestHeldOnTheWay(t *testing.T) {
	data := tarball(t)
	synctest.Test(t, func(t *testing.T) {
		root := t.TempDir()
		st, err := store.Open(filepath.Join(root, "store"))
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		registry := &slow{memory: memory{data}}
		tasks := newTasks(t.Context(), &Request{Root: root, Client: registry, Store: st, Sink: nobody{}, Now: time.Now, Cores: 1})
		defer tasks.close()
		fetch := func(from, to int) {
			for i := from; i < to; i++ {
				tasks.prefetch(graph.Key(fmt.Sprintf("p%d@1.0.0", i)), graph.Resolution{Kind: graph.Tarball, Tarball: fmt.Sprintf("https://registry.example/p%d.tgz", i)})
			}
			synctest.Wait()
		}
		fetch(0, 3)
		fetch(3, 9)
		if n := registry.asked.Load(); n != 3 {
			t.Errorf("%d downloads began, want 3", n)
		}
		if _, err := tasks.wait(); err != nil {
			t.Fatal(err)
		}
		if n := registry.asked.Load(); n != 9 {
			t.Errorf("%d downloads in all, want 9", n)
		}
	})
}
