package install

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"godwit/internal/graph"
	"godwit/internal/npm/integrity"
	"godwit/internal/store"
)

// With shared slots a plan is made anew when an optional package cannot be had.
// Packages that are being patched then do not see what is decided about builds;
// the race detector tells if they do.
func TestPatchesWhileThePlanIsMadeAnew(t *testing.T) {
	root := t.TempDir()
	st, err := store.Open(filepath.Join(root, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	res := graph.Resolution{Kind: graph.Registry, Integrity: integrity.Of([]byte("a")).String()}
	id, err := TreeID(res.Integrity)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Add(id, func(w *store.Writer) error { return w.File("package.json", false, []byte("{}")) }); err != nil {
		t.Fatal(err)
	}
	tasks := newTasks(t.Context(), &Request{Root: root, Store: st, Sink: nobody{}, Now: time.Now, Cores: 1})
	defer tasks.close()
	p := &graph.Package{Key: "a@1.0.0", Resolution: res}
	var both sync.WaitGroup
	both.Go(func() {
		if tree, err := tasks.published(p, nil); err != nil || tree.ID != id {
			t.Errorf("%v, %v", tree, err)
		}
		_ = tasks.unreadable(p, nil)
	})
	tasks.builds = builds{source: map[string]string{"built": id.String()}, made: map[string]bool{}}
	both.Wait()
	if !tasks.Has("built") || tasks.Has("other") {
		t.Error("what is built of files that are there can be made")
	}
}
