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
// lockfile that a range was changed after; as projects of pnpm's and of npm's.
// The lockfiles are equal to the byte.
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
		for how, s := range map[string]servedCase{
			"fresh": {"pnpm-lock.yaml", true, ""}, "changed": {"pnpm-lock.yaml", false, ""},
			"npm-fresh": {"package-lock.json", true, ""}, "npm-changed": {"package-lock.json", false, ""},
			"npm-legacy": {"package-lock.json", true, "npm_config_legacy_peer_deps=true"},
		} {
			t.Run(filepath.Base(dir)+"/"+how, func(t *testing.T) {
				project := filepath.Join(t.TempDir(), "project")
				copyTree(t, project, dir)
				if !s.prepare(t, project) {
					t.Skip("it has no such lockfile")
				}
				lock := filepath.Join(project, s.lock)
				before, _ := os.ReadFile(lock)
				resolved := func(args ...string) string {
					var errs bytes.Buffer
					p := process()
					p.Dir, p.Home, p.Stdout, p.Stderr = project, cache, &bytes.Buffer{}, &errs
					p.Env = []string{"HOME=" + cache, "npm_config_registry=" + from, "npm_config_cache_dir=" + cache, "npm_config_trust_lockfile=true", s.env}
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

// servedCase is a lockfile, and whether the project loses it before it is
// resolved.
type servedCase struct {
	lock  string
	fresh bool
	env   string // a setting
}

// prepare makes of a project one that is to be resolved; false if that cannot
// be.
func (s servedCase) prepare(t *testing.T, project string) bool {
	t.Helper()
	for _, name := range []string{"pnpm-lock.yaml", "package-lock.json", "yarn.lock", "bun.lock", "bun.lockb", ".yarnrc.yml", ".npmrc"} {
		if name != s.lock || s.fresh {
			os.Remove(filepath.Join(project, name))
		}
	}
	path := filepath.Join(project, "package.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`"packageManager": *"[^"]*",?`).ReplaceAll(text, nil)
	if s.lock == "package-lock.json" {
		text = bytes.Replace(text, []byte("{"), []byte(`{"packageManager": "npm@11.0.0",`), 1)
	}
	if !s.fresh {
		if _, err := os.Stat(filepath.Join(project, s.lock)); err != nil {
			return false
		}
		// What is locked fits still: pnpm looks at the words, npm at the versions, so
		// that for it there has to be something new.
		changed := regexp.MustCompile(`"\^(\d+)\.\d+\.\d+"`).ReplaceAll(text, []byte(`"^$1"`))
		if bytes.Equal(changed, text) || s.lock == "package-lock.json" {
			changed = regexp.MustCompile(`"devDependencies": *\{`).ReplaceAll(changed, []byte(`"devDependencies": {"left-pad": "^1.0.0",`))
		}
		text = changed
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return true
}
