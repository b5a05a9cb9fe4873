package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"godwit/internal/config"
)

// read makes settings of a file's text.
func read(t *testing.T, text string, env map[string]string) (*settings, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := testProcess(t, env).settings(path, file{})
	if err != nil {
		return nil, &named{strings.ReplaceAll(err.Error(), path, "c.yaml")}
	}
	return s, nil
}

type named struct{ text string }

func (e *named) Error() string { return e.text }

// testProcess is a process without a home.
func testProcess(t *testing.T, env map[string]string) *process {
	return &process{
		host:   config.Host{Dir: t.TempDir(), Home: t.TempDir(), OS: "linux"},
		stdout: io.Discard, stderr: io.Discard, now: time.Now, limitMemory: func(int64) {},
		getenv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}
}

const whole = `# everything
listen: 0.0.0.0:80
public-url: https://npm.example/
hosts: [registry.internal]
tokens: ["${TEAM}"]
trusted-proxies: [10.0.0.0/8, 192.0.2.1]
upstream:
  registry: https://registry.example/
scopes:
  "@acme":
    registry: https://acme.example/npm/
    token: ${ACME}
  "@old":
    registry: https://old.example/
    username: me
    password: ${NONE:-secret word}
allow: [https://tarballs.example/]
cache:
  dir: /var/cache/x
  disk: 20GiB
  memory: 512MiB
  stale: 0s
minimum-release-age: 3d
minimum-release-age-exclude: ["@acme/*"]
trust-policy: no-downgrade
trust-policy-exclude: [old]
trust-policy-ignore-after: 365d
limits: {connections: 10, rate: 5, burst: 6, shutdown: 1m}
log: {format: json, level: warn, requests: true}
`

func TestFile(t *testing.T) {
	s, err := read(t, whole, map[string]string{"TEAM": "0123456789abcdef", "ACME": "the token"})
	if err != nil {
		t.Fatal(err)
	}
	o, up := s.proxy, s.proxy.Upstream
	if s.listen != "0.0.0.0:80" || o.PublicURL != "https://npm.example" || s.tokens[0] != "0123456789abcdef" || len(s.trusted) != 2 ||
		up.Default != "https://registry.example/" || up.Scopes["@acme"] != "https://acme.example/npm/" || len(up.Credentials) != 2 ||
		up.Credentials[0].Token != "the token" || up.Credentials[0].Prefix != "//acme.example/npm/" || up.Credentials[1].Password != "c2VjcmV0IHdvcmQ=" ||
		o.Dir != "/var/cache/x/proxy" || o.DiskBytes != 20<<30 || o.MemoryBytes != 512<<20 || o.StaleFor != -1 || o.MinimumAge != 72*time.Hour || !o.NoDowngrade || o.TrustAge != 365*24*time.Hour ||
		s.connections != 10 || s.rate != 5 || s.burst != 6 || s.shutdown != time.Minute || !s.logAll {
		t.Errorf("%+v", s)
	}
}

func TestWrongFiles(t *testing.T) {
	for text, want := range map[string]string{
		"listen: 127.0.0.1:1\nlisen: x\n":                    `c.yaml:2: unknown field "lisen"`,
		"upstream: [":                                        "c.yaml:1: ",
		"a: 1\n---\nb: 2\n":                                  "2 documents",
		"\n\ntokens: [\"${X}\"]\n":                           "c.yaml:3: the variable X is not set",
		"listen: x":                                          "c.yaml:1: listen: want host:port",
		"public-url: ftp://x/":                               "c.yaml:1: public-url: want a URL",
		"cache:\n  disk: 5":                                  "c.yaml:2: cache.disk: want a size",
		"cache:\n  stale: soon":                              "c.yaml:2: cache.stale: want a time",
		"minimum-release-age: 3x":                            "c.yaml:1: minimum-release-age: want a time",
		"minimum-release-age-exclude: [\"a@^1\"]":            "c.yaml:1: minimum-release-age-exclude",
		"tokens: [short]":                                    "c.yaml:1: tokens: a token has at least",
		"trusted-proxies: [nobody]":                          "c.yaml:1: trusted-proxies",
		"scopes:\n  acme:\n    registry: https://a.example/": "c.yaml:2: scopes: \"acme\" is no scope",
		"upstream:\n  registry: https://u:p@a.example/":      "c.yaml:2: upstream.registry: want a URL",
		"upstream:\n  registry: https://a.example/\n  token: x\n  username: y": "upstream: give it a token, or",
		"upstream:\n  token: x":                "upstream: a credential must name its registry",
		"scopes:\n  \"@a\":\n    token: x":     "registry is missing",
		"log: {level: loud}":                   "c.yaml:1: log.level: want debug",
		"log: {format: xml}":                   "c.yaml:1: log.format: want text",
		"cafile: /nowhere/x.pem":               "c.yaml:1: cafile:",
		"base-path: npm":                       "c.yaml:1: base-path: want a path",
		"base-path: /a/../b":                   "c.yaml:1: base-path: want a path",
		"tls: {cert: /x.pem}":                  "c.yaml:1: tls: cert and key go together",
		"tls: {cert: /x, key: /y}":             "c.yaml:1: tls: stat /x: no such file",
		"trust-policy: all":                    "c.yaml:1: trust-policy: want off or no-downgrade",
		"trust-policy-exclude: [\"a*@1.0.0\"]": "c.yaml:1: trust-policy-exclude",
		"listen: [1, 2]":                       "c.yaml:1: listen: want a text",
		"limits: 5":                            "c.yaml:1: limits: want keys with values",
		"limits: {connections: many}":          "c.yaml:1: connections: want a number",
		"tokens: 0123456789abcdefgh":           "c.yaml:1: tokens: want a list",
		"log: {requests: 2}":                   "c.yaml:1: requests: want true or false",
		"- a":                                  "c.yaml:1: want keys with values",
		"just text":                            "c.yaml:1: want keys with values",
		"listen: 127.0.0.1:99999":              "c.yaml:1: listen: ",
		"hosts: [\"http://x/\"]":               "c.yaml:1: hosts: \"http://x/\": want a name",
		"log: {level: info}\nlog: {}":          "c.yaml:2: mapping key \"log\" already defined",
		"limits: {connections: -1}":            "c.yaml:1: limits.connections: want a number",
	} {
		_, err := read(t, "upstream: {registry: \"https://registry.example/\"}\n", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = read(t, text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n  %v\n  want %s", text, err, want)
		}
	}
}

// A value of the environment is a value, whatever is in it.
func TestVariablesAreNotYAML(t *testing.T) {
	hostile := "x\nlisten: 0.0.0.0:80 # ${OTHER}"
	s, err := read(t, "upstream: {registry: \"https://registry.example/\", token: \"${T}\"}\n", map[string]string{"T": hostile})
	if err != nil || s.listen != defaultListen || s.proxy.Upstream.Credentials[0].Token != hostile {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestSecretsAreNotInErrors(t *testing.T) {
	_, err := read(t, "upstream: {registry: \"nonsense\", token: \"${T}\"}\ntokens: [\"${S}\"]\n", map[string]string{"T": "hush", "S": "hush2"})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("%v", err)
	}
}

// Without a file the registry is the CLI's, without the user's credentials.
func TestNoConfiguration(t *testing.T) {
	p := testProcess(t, nil)
	npmrc := "registry=https://registry.example/\n//registry.example/:_authToken=private\n"
	if err := os.WriteFile(filepath.Join(p.host.Home, ".npmrc"), []byte(npmrc), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := p.settings("", file{})
	if err != nil {
		t.Fatal(err)
	}
	if s.listen != defaultListen || s.proxy.Upstream.Default != "https://registry.example/" || len(s.proxy.Upstream.Credentials) != 0 {
		t.Errorf("%+v", s.proxy.Upstream)
	}
	if rel, err := filepath.Rel(p.host.Home, s.proxy.Dir); err != nil || strings.HasPrefix(rel, "..") {
		t.Errorf("cache in %s", s.proxy.Dir)
	}
}

func TestFlagsCountBeforeTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yaml")
	text := "listen: 127.0.0.1:1\nupstream: {registry: \"https://registry.example/\", token: \"of that registry\"}\naliases: [\"https://a.example/\"]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	over := file{Listen: "127.0.0.1:2", Upstream: upstream{Registry: "https://other.example/"}, Aliases: []string{"https://b.example/"}}
	over.Cache.Dir = "/x"
	s, err := testProcess(t, nil).settings(path, over)
	if err != nil {
		t.Fatal(err)
	}
	if s.listen != "127.0.0.1:2" || s.cache != "/x" || s.proxy.Upstream.Default != "https://other.example/" || len(s.aliases) != 2 || len(s.proxy.Upstream.Credentials) != 0 {
		t.Errorf("%+v", s)
	}
}
