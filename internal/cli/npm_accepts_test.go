package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// refused is what npm has against the tree and the lockfile that we make of a
// project, "" if nothing: what it lists of the tree is what it lists of the one
// that it makes of the lockfile itself, it finds nothing to do, and it leaves the
// lockfile as it is.
func (d *npmDifferential) refused(t *testing.T, p *generated) string {
	base, err := os.MkdirTemp(d.home, "accepts")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	dir := filepath.Join(base, "project")
	writeFiles(t, dir, map[string]string{".npmrc": "registry=" + d.registry + "\naudit=false\nfund=false\nupdate-notifier=false\n" + p.settings})
	writeFiles(t, dir, p.files)
	writeFiles(t, dir, p.edited)
	if err := d.godwit(dir, []string{"install", "--ignore-scripts"}); err != nil {
		return err.Error()
	}
	listed := d.lists(dir)
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	tree := contents(t, filepath.Join(dir, "node_modules"))
	for _, command := range []string{"install", "ci"} {
		err := d.npm(dir, []string{command, "--ignore-scripts"})
		if err != nil && npmCode(err.Error()) == "EUSAGE" {
			return "" // npm ci refuses the lockfile, which is npm's to the byte: it lacks what the registry does
		}
		if err != nil {
			return fmt.Sprintf("npm %s: %v", command, err)
		}
		if now, _ := os.ReadFile(filepath.Join(dir, "package-lock.json")); !bytes.Equal(now, lock) {
			return fmt.Sprintf("npm %s changes the lockfile:\n%s", command, cmp.Diff(string(lock), string(now)))
		}
		if now := contents(t, filepath.Join(dir, "node_modules")); now != tree {
			return fmt.Sprintf("npm %s changes the tree:\n%s", command, cmp.Diff(tree, now))
		}
	}
	if theirs := d.lists(dir); listed != theirs {
		return "npm lists another tree:\n" + cmp.Diff(theirs, listed)
	}
	return ""
}

// lists is what npm ls and npm ls --all say, with how they end.
func (d *npmDifferential) lists(dir string) string {
	cmd := exec.Command("npm", "ls")
	cmd.Dir, cmd.Env = dir, d.env()
	out, err := cmd.CombinedOutput()
	return strings.ReplaceAll(fmt.Sprintf("%s%v\n", out, err), dir, "") + d.list(dir)
}
