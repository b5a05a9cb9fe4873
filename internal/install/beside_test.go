package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/layout"
)

// What is on its way out of a node_modules that has to stay, since it is a volume, is
// no other tool's tree.
func TestOthersTree(t *testing.T) {
	for _, test := range []struct {
		entries []string
		want    string
	}{
		{nil, ""},
		{[]string{fsys.LostAndFound}, ""},
		{[]string{layout.ConfigDir, fsys.TempName(layout.ModulesDir), fsys.LostAndFound}, ""},
		{[]string{fsys.TempName(layout.ModulesDir), "a"}, "not made by this version"},
		{[]string{fsys.LostAndFound, ".modules.yaml", "a"}, "made by pnpm"},
	} {
		root := t.TempDir()
		for _, name := range test.entries {
			if err := os.MkdirAll(filepath.Join(root, layout.ModulesDir, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		req := &Request{Root: root, Sink: nobody{}, Now: time.Now}
		e := &engine{Request: req, importers: []Importer{{Dir: "."}}, tasks: newTasks(t.Context(), req)}
		defer e.tasks.close()
		if got, err := e.othersTree(); err != nil || !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%q: %q, %v", test.entries, got, err)
		}
	}
}
