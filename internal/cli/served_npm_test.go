package cli_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/cli"
	"godwit/internal/registry"
	"godwit/internal/server"
	"godwit/internal/testreg"
)

// servedNpm is a project of npm's and what is done to it, here and by a server.
type servedNpm struct {
	*testing.T
	registry, server string
	asked            chan server.Outcome
	cache            string
}

func startServedNpm(t *testing.T, archives ...[]byte) *servedNpm {
	t.Helper()
	s := &servedNpm{T: t, registry: testreg.New(t, archives...).URL, cache: t.TempDir(), asked: make(chan server.Outcome, 9)}
	client, err := registry.New(registry.Options{Default: s.registry, CacheDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	listening := httptest.NewServer(server.New(server.Options{Registry: client, Observe: func(o server.Outcome) { s.asked <- o }}))
	t.Cleanup(listening.Close)
	s.server = listening.URL
	return s
}

// call does it in a copy of the project, and says what is there then, and what
// was said.
func (s *servedNpm) call(files map[string]string, args ...string) string {
	s.Helper()
	dir := filepath.Join(s.TempDir(), "app")
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	var errs bytes.Buffer
	p := process()
	p.Dir, p.Home, p.Stdout, p.Stderr = dir, s.cache, &bytes.Buffer{}, &errs
	p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.cache, "npm_config_registry=" + s.registry, "npm_config_cache_dir=" + s.cache}
	p.Args = args
	cli.Run(s.Context(), p)
	out := regexp.MustCompile(`(?m)^Done in .*\n|^.* packages: .*\n`).ReplaceAllString(errs.String(), "")
	for _, name := range []string{"package-lock.json", "package.json"} {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		out += string(text)
	}
	return out
}

// compare fails if a call comes out in another way with a server, or if the
// server was not the one to resolve.
func (s *servedNpm) compare(files map[string]string, args ...string) string {
	s.Helper()
	args = append(args, "--lockfile-only")
	here := s.call(files, args...)
	there := s.call(files, append(args, "--resolve-server="+s.server)...)
	if here != there {
		s.Errorf("%q: here\n%s\nthere\n%s", args, here, there)
	}
	// The answer comes before the server says that it gave it.
	select {
	case asked := <-s.asked:
		if asked.Code == "ERR_GODWIT_RESOLVE_UNREACHABLE" || asked.Kind == server.Refused {
			s.Errorf("%q: the server answered %v", args, asked)
		}
	case <-time.After(time.Minute): // of a test that fails
		s.Errorf("%q: the server was not asked", args)
	}
	if len(s.asked) > 0 {
		s.Errorf("%q: the server was asked %d times more", args, len(s.asked))
	}
	return there
}

// Whatever a setting or a lockfile changes it changes on a server as well.
func TestServedNpm(t *testing.T) {
	s := startServedNpm(t, testreg.Common(), []byte(`-- packages --
plugin@1.0.0 peer:host@^1.0.0 peer?:extra@^1
plugin@2.0.0 peer:host@^2.0.0
host@1.0.0 time:2020-01-01
host@1.5.0 time:2021-01-01 peer:core@*
host@2.0.0 peer:core@^2.0.0
core@1.0.0
core@2.0.0 engine:node@>=99
kit@1.0.0 plugin@1 host@^1.0.0
old@1.0.0 time:2020-01-01
old@1.1.0 time:2021-01-01
-- strange@1.0.0/package.json --
{"bin": "./cli.js", "license": {"type": "MIT"}, "funding": "https://fund.example/", "engines": ["node >= 4"], "os": "!win32", "bundledDependencies": true,
 "scripts": {"preinstall": "x", "test": "y"}, "optionalDependencies": {"b": "1"}, "dependencies": {"b": "1", "c": "1"}, "peerDependenciesMeta": {"react": {"optional": true}}}
-- strange@1.0.0/cli.js --
`))
	app := func(rest string) map[string]string {
		return map[string]string{"package.json": `{"name": "app", "packageManager": "npm@11.0.0", ` + rest + `}`}
	}
	with := func(files map[string]string, lock string) map[string]string {
		files["package-lock.json"] = lock
		return files
	}
	lockOf := func(text string) string { return text[strings.Index(text, "{"):strings.Index(text, "\n}\n")] + "\n}\n" }
	for name, test := range map[string]struct {
		files map[string]string
		args  []string
		has   string // what shows that the setting counts
	}{
		"many":        {app(`"dependencies": {"a": "1", "native": "*", "bundler": "1", "aliased": "1", "@acme/ui": "1", "strange": "1", "half-old": "1", "tagged": "next"}`), nil, `"hasInstallScript": true`},
		"hosts":       {app(`"dependencies": {"kit": "1", "plugin": "1"}`), nil, `"node_modules/core"`},
		"legacy":      {app(`"dependencies": {"kit": "1", "plugin": "2"}`), []string{"--legacy-peer-deps"}, `"node_modules/kit/node_modules/plugin"`},
		"conflict":    {app(`"dependencies": {"plugin": "1", "host": "2"}`), nil, "ERESOLVE"},
		"force":       {app(`"dependencies": {"plugin": "1", "host": "2"}`), []string{"--force"}, "WARN overriding peer"},
		"strict":      {app(`"dependencies": {"kit": "1", "plugin": "2"}`), []string{"--strict-peer-deps"}, ""},
		"nested":      {app(`"dependencies": {"a": "1"}`), []string{"--install-strategy=nested"}, `"node_modules/a/node_modules/b/node_modules/c"`},
		"before":      {app(`"dependencies": {"old": "1"}`), []string{"--before=2020-06-01"}, `"version": "1.0.0"`},
		"young":       {app(`"dependencies": {"old": "^1.1.0"}`), []string{"--before=2020-06-01"}, "old"},
		"tag":         {app(`"dependencies": {"tagged": "*"}`), []string{"--tag=next"}, "3.0.0-next.4"},
		"overrides":   {app(`"dependencies": {"a": "1", "c": "1"}, "overrides": {"b": {"c": "2"}, "left-pad": "$c"}`), nil, `"node_modules/b/node_modules/c"`},
		"dedupe":      {app(`"dependencies": {"uses-lib-1": "1", "uses-lib-2": "1", "lib": ">=1"}`), []string{"--prefer-dedupe"}, "lib"},
		"no version":  {app(`"dependencies": {"a": "9"}`), nil, "ETARGET"},
		"no peers":    {app(`"dependencies": {"use-thing-too": "2"}, "peerDependencies": {"react": "17"}`), nil, `"peer": true`},
		"npm 6":       {with(app(`"dependencies": {"a": "1"}`), `{"name": "app", "lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "requires": {"b": "1"}}, "b": {"version": "1.0.0", "requires": {"c": "1"}}, "c": {"version": "1.0.0"}}}`), []string{"--no-prefer-frozen-lockfile"}, `"lockfileVersion": 3`},
		"other style": {map[string]string{"package.json": "{\n\t\"packageManager\": \"npm@11.0.0\",\n\t\"dependencies\": {\"a\": \"1\"}\n}\n"}, nil, "\t\"packages\""},
	} {
		t.Run(name, func(t *testing.T) {
			s.T = t
			if got := s.compare(test.files, append([]string{"install"}, test.args...)...); !strings.Contains(got, test.has) {
				t.Errorf("there is no %s in\n%s", test.has, got)
			}
		})
	}
	t.Run("changes", func(t *testing.T) {
		s.T = t
		old := lockOf(s.call(app(`"dependencies": {"a": "1", "left-pad": "1.0.0", "b": "1.0.0", "lib": "1.0.0"}`), "install", "--lockfile-only"))
		now := func() map[string]string {
			return with(app(`"dependencies": {"a": "1", "left-pad": "^1.0.0", "b": "^1.0.0", "lib": "2", "bundler": "1"}`), old)
		}
		if got := s.compare(now(), "install"); !strings.Contains(got, `left-pad-1.0.0.tgz`) || !strings.Contains(got, "lib-2.0.0.tgz") {
			t.Errorf("what fits does not stay:\n%s", got)
		}
		if got := s.compare(now(), "update"); !strings.Contains(got, `left-pad-1.3.0.tgz`) {
			t.Errorf("nothing is updated:\n%s", got)
		}
		if got := s.compare(now(), "update", "left-pad"); !strings.Contains(got, `left-pad-1.3.0.tgz`) || !strings.Contains(got, "/b-1.0.0.tgz") {
			t.Errorf("something else is updated:\n%s", got)
		}
		s.compare(now(), "dedupe")
		s.compare(now(), "add", "react-dom@17", "tagged@beta")
		s.compare(now(), "remove", "lib")
	})
}

// TestServedNpmFixtures resolves the cases of TestNpmFixture with a server, too.
func TestServedNpmFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/npm/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var reg txtar.Archive
			project := map[string]string{}
			for _, f := range archive.Files {
				if name, ok := strings.CutPrefix(f.Name, "reg/"); ok {
					reg.Files = append(reg.Files, txtar.File{Name: name, Data: f.Data})
				} else if f.Name == "settings" {
					project[".npmrc"] = string(f.Data)
				} else if !strings.HasPrefix(f.Name, "edited/") && f.Name != "refused" {
					project[f.Name] = string(f.Data)
				}
			}
			if text := txtar.Format(archive); bytes.Contains(text, []byte("file:")) || bytes.Contains(text, []byte("-- repository/")) {
				t.Skip("it has what only this machine can look at")
			}
			startServedNpm(t, txtar.Format(&reg)).compare(project, "install")
		})
	}
}
