package scratch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exercise writes into two volumes of g and checks that each begins empty.
func exercise(t *testing.T, g *Ground) {
	t.Helper()
	for range 2 {
		v, err := g.Volume("x")
		if err != nil {
			t.Fatal(err)
		}
		project := filepath.Join(v.Root, "project")
		if _, err := os.Stat(project); !os.IsNotExist(err) {
			t.Fatalf("a new volume holds a project: %v", err)
		}
		for range 2 {
			if err := os.MkdirAll(filepath.Join(project, "node_modules"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := v.Aside(project); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(project); !os.IsNotExist(err) {
				t.Fatalf("the project is still there: %v", err)
			}
		}
		if err := v.Aside(project); err != nil {
			t.Errorf("nothing to move: %v", err)
		}
		if err := g.Retire(v); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(g.base); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFolder(t *testing.T) {
	g, err := New(Options{Base: t.TempDir(), Kind: "folder"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(g.How(), "fresh folder") {
		t.Errorf("How: %s", g.How())
	}
	exercise(t, g)
}

func TestFileSystems(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs", "btrfs", "tmpfs"} {
		t.Run(kind, func(t *testing.T) {
			g, err := New(Options{Base: t.TempDir(), Kind: kind, Size: 512 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if g.why != nil {
				t.Skipf("not possible here: %v", g.why)
			}
			exercise(t, g)
		})
	}
}

func TestFallsBackToFolders(t *testing.T) {
	g, err := New(Options{Base: t.TempDir(), Kind: "nofs", Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(g.How(), "fresh folder") || !strings.Contains(g.How(), "nofs") {
		t.Errorf("How does not say what is used and why: %s", g.How())
	}
	exercise(t, g)
}
