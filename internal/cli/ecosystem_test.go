package cli_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"godwit/internal/cli"
)

// TestEcosystemFrozen lets lockfiles of well-known projects be checked as a
// frozen install does, and used as any other install does: they fit, and stay as
// they are. Nothing is asked of a registry.
func TestEcosystemFrozen(t *testing.T) {
	locks, _ := filepath.Glob("../../../shared/ecosystem/*/pnpm-lock.yaml")
	if len(locks) == 0 {
		t.Skip("no ../shared/ecosystem here")
	}
	for _, lock := range locks {
		dir := filepath.Dir(lock)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			before, err := os.ReadFile(lock)
			if err != nil {
				t.Fatal(err)
			}
			copied := filepath.Join(t.TempDir(), "project")
			copyTree(t, copied, dir)
			misfit := misfits[filepath.Base(dir)]
			for _, frozen := range []string{"--frozen-lockfile", "--prefer-frozen-lockfile"} {
				var errs bytes.Buffer
				p := process()
				p.Dir, p.Home, p.Stdout, p.Stderr, p.Env = copied, t.TempDir(), &bytes.Buffer{}, &errs, []string{"HOME=" + t.TempDir(), "npm_config_registry=https://registry.example/"}
				p.Args = []string{"install", frozen, "--lockfile-only", "--offline", "--trust-lockfile"} // age and trust would need packuments
				code := cli.Run(t.Context(), p)
				if misfit != "" {
					if frozen == "--frozen-lockfile" && (code == 0 || !strings.Contains(errs.String(), misfit)) {
						t.Errorf("status %d, want a word on %q:\n%s", code, misfit, errs.String())
					}
				} else if code != 0 {
					t.Fatalf("%s: status %d:\n%s", frozen, code, errs.String())
				}
				after, err := os.ReadFile(filepath.Join(copied, "pnpm-lock.yaml"))
				if err != nil || !bytes.Equal(before, after) {
					t.Errorf("%s: the lockfile changed (%v)", frozen, err)
				}
			}
		})
	}
}

// misfits are lockfiles that do not fit their project, and why: pnpm 12.21 refuses
// them, too. This one has typescript in dependencies of each project that has it
// as a peer, for an override gives it an alias: pnpm 12.21 leaves such a peer
// alone. Besides, packages/types lost the peer after it was locked.
var misfits = map[string]string{
	"typescript-eslint__typescript-eslint": "packages/parser: the lockfile has typescript in dependencies",
}

// copyTree copies files and directories so that they can be written.
func copyTree(t *testing.T, to, from string) {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
