package resolve_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/testreg"
)

// oracleVariable names a pnpm 12 executable. Nothing is run where it is unset.
const oracleVariable = "GODWIT_PNPM"

func oracle(t testing.TB) string {
	bin := os.Getenv(oracleVariable)
	if bin == "" {
		t.Skipf("%s does not name a pnpm 12 executable", oracleVariable)
	}
	return bin
}

// answersVariable names a directory that keeps what pnpm answered, so that a
// campaign after a change of ours runs pnpm for new projects only.
const answersVariable = "GODWIT_PNPM_ANSWERS"

// answer is what pnpm made of a world.
type answer struct {
	Before, After []byte
	Err           string
}

// pnpm is the lockfile that pnpm writes for the world, and the one it wrote
// for the manifest before, if the world has one.
func (w *world) pnpm(t testing.TB, bin string) (before, after []byte, err error) {
	file := w.answerFile()
	var a answer
	if raw, err := os.ReadFile(file); err != nil || json.Unmarshal(raw, &a) != nil {
		a = answer{}
		if a.Before, a.After, err = w.askPnpm(t, bin); err != nil {
			a.Err = err.Error()
		}
		if raw, err := json.Marshal(a); err == nil && file != "" {
			if err := writeFile(file, raw); err != nil {
				t.Fatal(err)
			}
		}
	}
	if a.Err != "" {
		err = errors.New(a.Err)
	}
	return a.Before, a.After, err
}

// answerFile is where the answer for the world is kept, or "".
func (w *world) answerFile() string {
	dir := os.Getenv(answersVariable)
	if dir == "" {
		return ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q\n", w.before, w.settings, w.tarballs)
	for _, f := range slices.Concat(w.registry, w.project) {
		fmt.Fprintf(h, "%q %q\n", f.Name, f.Data)
	}
	return filepath.Join(dir, hex.EncodeToString(h.Sum(nil)[:16]))
}

func (w *world) askPnpm(t testing.TB, bin string) (before, after []byte, err error) {
	reg, err := testreg.Start(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	// Not t.TempDir: it would keep the directories of a whole campaign.
	home, err := os.MkdirTemp("", "oracle")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(home)
	dir := filepath.Join(home, "project")
	get := func(url string) ([]byte, error) {
		answer, err := http.Get(url)
		if err != nil {
			return nil, err
		}
		defer answer.Body.Close()
		return io.ReadAll(answer.Body)
	}
	files := []txtar.File{
		{Name: ".npmrc", Data: []byte("registry=" + reg.URL + "/\n")},
		{Name: "pnpm-workspace.yaml", Data: []byte("minimumReleaseAge: 0\n" + w.settings)},
	}
	all := *w
	all.project = append(files, w.project...)
	if err := all.write(dir, reg.URL, get); err != nil {
		t.Fatal(err)
	}
	manifest := filepath.Join(dir, "package.json")
	if w.before != nil {
		after, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(manifest, w.before, 0o644); err != nil {
			t.Fatal(err)
		}
		if before, err = runPnpm(bin, home, dir); err != nil {
			return nil, nil, fmt.Errorf("before: %w", err)
		}
		if err := os.WriteFile(manifest, after, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	after, err = runPnpm(bin, home, dir)
	neutral := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(reg.URL), []byte(host)) }
	return neutral(before), neutral(after), err
}

func runPnpm(bin, home, dir string) ([]byte, error) {
	cmd := exec.Command(bin, "install", "--lockfile-only", "--ignore-scripts", "--no-frozen-lockfile")
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CACHE_HOME=" + filepath.Join(home, "cache"), "CI="}
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("pnpm: %w\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, lockName))
	if os.IsNotExist(err) {
		return nil, nil // a project without dependencies
	}
	return data, err
}
