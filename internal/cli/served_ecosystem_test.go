package cli_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"godwit/internal/cli"
	"godwit/internal/registry"
	"godwit/internal/server"
)

// TestServedEcosystem resolves well-known projects of ../shared/ecosystem, and
// those that GODWIT_PROJECTS lists, here and by a server, from the registry of
// GODWIT_REGISTRY: without a lockfile, and where there is one also with a
// lockfile that a range was changed after. The lockfiles are equal to the byte.
func TestServedEcosystem(t *testing.T) {
	from := strings.TrimRight(os.Getenv("GODWIT_REGISTRY"), "/")
	if from == "" {
		t.Skip("GODWIT_REGISTRY names no registry")
	}
	dirs, _ := filepath.Glob("../../../shared/ecosystem/*/package.json")
	for _, dir := range filepath.SplitList(os.Getenv("GODWIT_PROJECTS")) {
		dirs = append(dirs, filepath.Join(dir, "package.json"))
	}
	cache := t.TempDir()
	client, err := registry.New(registry.Options{Default: from, CacheDir: filepath.Join(cache, "v1")})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var asked []server.Outcome
	handler := server.New(server.Options{Registry: client, Observe: func(o server.Outcome) { asked = append(asked, o) }})
	listening := httptest.NewServer(handler)
	defer listening.Close()
	for _, manifest := range dirs {
		dir := filepath.Dir(manifest)
		for _, how := range []string{"fresh", "changed"} {
			t.Run(filepath.Base(dir)+"/"+how, func(t *testing.T) {
				project := filepath.Join(t.TempDir(), "project")
				copyTree(t, project, dir)
				if !prepareServed(t, project, how == "fresh") {
					t.Skip("it has no such lockfile")
				}
				lock := filepath.Join(project, "pnpm-lock.yaml")
				before, _ := os.ReadFile(lock)
				resolved := func(args ...string) string {
					var errs bytes.Buffer
					p := process()
					p.Dir, p.Stdout, p.Stderr = project, &bytes.Buffer{}, &errs
					p.Env = []string{"HOME=" + cache, "npm_config_registry=" + from, "npm_config_cache_dir=" + cache, "npm_config_trust_lockfile=true"}
					p.Args = append([]string{"install", "--lockfile-only", "--no-frozen-lockfile"}, args...)
					code := cli.Run(t.Context(), p)
					text, _ := os.ReadFile(lock)
					if before == nil {
						os.Remove(lock)
					} else if err := os.WriteFile(lock, before, 0o644); err != nil {
						t.Fatal(err)
					}
					if strings.Contains(errs.String(), "without the resolve server") {
						t.Log(errs.String())
					}
					if code != 0 {
						return regexp.MustCompile(`(?m)^WARN .*\n`).ReplaceAllString(errs.String(), "")
					}
					return string(text)
				}
				here := resolved()
				asked = nil
				there := resolved("--resolve-server=" + listening.URL)
				if here != there {
					os.WriteFile(filepath.Join(os.TempDir(), "here"), []byte(here), 0o644)
					os.WriteFile(filepath.Join(os.TempDir(), "there"), []byte(there), 0o644)
					t.Errorf("the lockfiles differ: %d and %d bytes", len(here), len(there))
				}
				t.Logf("%d bytes, the server: %+v", len(here), asked)
			})
		}
	}
}

// prepareServed makes of a project one that is to be resolved; false if that
// cannot be.
func prepareServed(t *testing.T, project string, fresh bool) bool {
	t.Helper()
	for _, name := range []string{"package-lock.json", "yarn.lock", "bun.lock", "bun.lockb", ".yarnrc.yml", ".npmrc"} {
		os.Remove(filepath.Join(project, name))
	}
	path := filepath.Join(project, "package.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`"packageManager": *"(yarn|npm|bun)[^"]*",?`).ReplaceAll(text, nil)
	if fresh {
		os.Remove(filepath.Join(project, "pnpm-lock.yaml"))
	} else {
		if _, err := os.Stat(filepath.Join(project, "pnpm-lock.yaml")); err != nil {
			return false
		}
		changed := regexp.MustCompile(`"\^(\d+)\.\d+\.\d+"`).ReplaceAll(text, []byte(`"^$1"`)) // what is locked fits still
		if bytes.Equal(changed, text) {
			changed = regexp.MustCompile(`"devDependencies": *\{`).ReplaceAll(text, []byte(`"devDependencies": {"left-pad": "^1.0.0",`))
		}
		text = changed
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return true
}
