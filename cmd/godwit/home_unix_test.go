//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Containers run as any user, who has no home directory then, or somebody else's.
func TestNoHome(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "home"), 0o700); err != nil {
		t.Fatal(err)
	}
	spare := filepath.Join(dir, fmt.Sprintf("godwit-%d", os.Geteuid()), "store")
	for home, want := range map[string]string{
		filepath.Join(dir, "home"):  filepath.Join(dir, "home", ".local", "share", "godwit", "store"),
		filepath.Join(file, "home"): spare, // where not even root makes anything
	} {
		if got, _ := strings.CutSuffix(storePath(t, dir, "HOME="+home), "/v1"); got != want && !strings.Contains(got, "Library") {
			t.Errorf("%s: %s, want %s", home, got, want)
		}
	}
	// Whoever has no such variable is in the list of users, or has no home.
	if got := storePath(t, dir); !filepath.IsAbs(got) || strings.HasPrefix(got, filepath.Join(dir, ".local")) {
		t.Errorf("without HOME: %s", got)
	}
}

func storePath(t *testing.T, dir string, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "store", "path")
	cmd.Dir = dir
	cmd.Env = append(env, asMain+"=1", "TMPDIR="+dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
