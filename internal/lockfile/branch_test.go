package lockfile

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestBranchFile(t *testing.T) {
	for branch, want := range map[string]string{
		"main": "pnpm-lock.main.yaml", "Feature/Ä x_1.0-b": "pnpm-lock.feature!!!x_1.0-b.yaml",
	} {
		if got := BranchFile(branch); got != want {
			t.Errorf("%s: %s", branch, got)
		}
	}
}

func TestBranchesMerge(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "pnpm-lock.yaml", small)
	write(t, dir, "pnpm-lock..yaml", small)
	write(t, dir, "pnpm-lock.txt", small)
	write(t, dir, BranchFile("topic"), strings.ReplaceAll(strings.ReplaceAll(small, "1.0.0", "1.5.0"), "sha512-YQ==", "sha512-Yg=="))
	files, err := BranchFiles(dir)
	if err != nil || len(files) != 1 || filepath.Base(files[0].Path) != "pnpm-lock.topic.yaml" {
		t.Fatalf("files are %v, %v", files, err)
	}
	merged := Merge(read(t, filepath.Join(dir, "pnpm-lock.yaml")), read(t, files[0].Path))
	d := merged.Graph.Importer(".").Deps[0]
	if d.Target.Key != "a@1.5.0" || d.Specifier != "^1.5.0" || len(merged.Graph.Packages) != 2 {
		t.Errorf("merged to %+v of %d packages", d, len(merged.Graph.Packages))
	}
}
