package config

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/project"
)

// machine is a scratch home, project and npm installation.
type machine struct {
	t    *testing.T
	root string
	Host
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	root := t.TempDir()
	m := &machine{t: t, root: root, Host: Host{OS: "linux", Dir: filepath.Join(root, "app"), Home: filepath.Join(root, "home")}}
	m.write("app/package.json", "{}")
	m.write("usr/bin/node", "")
	m.write("usr/bin/npm", "")
	m.Env = []string{"PATH=relative:" + filepath.Join(root, "usr", "bin")}
	return m
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	file := filepath.Join(m.root, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		m.t.Fatal(err)
	}
}

// load is the whole way from a command line to a Config.
func (m *machine) load(line string, env ...string) (*Config, error) {
	m.t.Helper()
	args, err := ParseArgs(strings.Fields(line), testGrammar)
	if err != nil {
		return nil, err
	}
	h := m.Host
	h.Env = append(slices.Clone(m.Env), env...)
	var in Inputs
	in.Location, _ = args.Locate(h)
	in.Project, _ = project.Read(in.Location.Dir)
	if in.Location.Workspace != "" {
		if in.Workspace, err = project.ReadWorkspace(in.Location.Workspace); err != nil {
			return nil, err
		}
	}
	return Load(h, args, in)
}

func (m *machine) must(line string, env ...string) *Config {
	m.t.Helper()
	c, err := m.load(line, env...)
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

// TestTheFirstLevelCounts removes one level after the other.
func TestTheFirstLevelCounts(t *testing.T) {
	m := newMachine(t)
	m.write("app/pnpm-workspace.yaml", "# \nfetchRetries: 12\n")
	m.write("app/package.json", "{\"pnpm\": {\"fetchRetries\": 13}}")
	m.write("app/.npmrc", "; \n\nfetch-retries=14\n")
	m.write("home/.npmrc", "fetch-retries=15")
	m.write("home/.config/pnpm/config.yaml", "fetchRetries: 16")
	m.write("usr/etc/npmrc", "fetch-retries=17")
	m.write("usr/lib/node_modules/npm/npmrc", "fetch-retries=18")
	line, env := "--fetch-retries 9", []string{"NPM_CONFIG_FETCH_RETRIES=11", "PNPM_CONFIG_fetch-retries=10"}
	steps := []struct {
		want   int
		source string
		drop   func()
	}{
		{9, "--fetch-retries", func() { line = "" }},
		{10, "PNPM_CONFIG_fetch-retries", func() { env = env[:1] }},
		{11, "NPM_CONFIG_FETCH_RETRIES", func() { env = nil }},
		{12, "app/pnpm-workspace.yaml:2", func() { os.Remove(m.root + "/app/pnpm-workspace.yaml") }},
		{13, "app/package.json:1", func() { os.Remove(m.root + "/app/package.json"); m.write("app/package.json", "{}") }},
		{14, "app/.npmrc:3", func() { os.Remove(m.root + "/app/.npmrc") }},
		{15, "home/.npmrc:1", func() { os.Remove(m.root + "/home/.npmrc") }},
		{16, "home/.config/pnpm/config.yaml:1", func() { os.Remove(m.root + "/home/.config/pnpm/config.yaml") }},
		{17, "usr/etc/npmrc:1", func() { os.Remove(m.root + "/usr/etc/npmrc") }},
		{18, "usr/lib/node_modules/npm/npmrc:1", func() { os.Remove(m.root + "/usr/lib/node_modules/npm/npmrc") }},
		{2, "default", func() {}},
	}
	for _, step := range steps {
		c := m.must(line, env...)
		v, ok := c.Lookup("fetch-retries")
		if !ok || c.Settings.Network.Retries != step.want || v.Text != fmt.Sprint(step.want) || !strings.HasSuffix(v.Source.String(), step.source) {
			t.Errorf("got %d, %+v, want %d from %s", c.Settings.Network.Retries, v, step.want, step.source)
		}
		step.drop()
	}
}

func TestDefaults(t *testing.T) {
	m := newMachine(t)
	c := m.must("")
	s := c.Settings
	s.given = given{}
	want := Settings{
		Call:      Call{To: "pnpm", SearchLimit: 20, Format: "table"},
		Dirs:      Dirs{Store: m.root + "/home/.local/share/godwit/store", Cache: m.root + "/home/.cache/godwit", Modules: "node_modules", Global: m.root + "/home/.local/share/godwit/global", GlobalBin: m.root + "/home/.local/share/godwit/bin", GlobalPrefix: m.root + "/usr", DlxMaxAge: 24 * time.Hour, MaxSlotName: 120, MaxPeersSuffix: 1000},
		Include:   Include{true, true, true},
		Lockfile:  Lockfile{Enabled: true, PreferFrozen: true},
		Install:   Install{ImportMethod: "auto", Unshared: []string{"next", "expo", "react-native", "metro"}, HoistPattern: []string{"*"}, HoistingLimits: "none", ModulesDir: true, BinLinks: true, Symlink: true, ExtendNodePath: true, Runtimes: true},
		Build:     Build{Cache: true},
		Resolve:   Resolve{AutoInstallPeers: true, AllowGit: "all", AllowRemote: "all", AllowFile: "all", AllowDirectory: "all", DedupeDependents: true, BlockExotic: true, Mode: "highest", Tag: "latest", TrustPolicy: "off"},
		Workspace: Workspace{InstallAll: true, SharedLockfile: true, DedupeInjected: true, Hoist: true, PeersFromRoot: true},
		Network:   Network{StrictSSL: true, Retries: 2, RetryFactor: 10, RetryMin: 10 * time.Second, RetryMax: time.Minute, Timeout: 5 * time.Minute, ReplaceHost: "npmjs"},
		Save:      Save{Save: true, Prefix: "^", WorkspaceProtocol: "rolling", CatalogMode: "manual", CheckNames: true},
		Run:       Run{Sort: true, Bail: true, PrePost: true},
		Publish:   Publish{GzipLevel: 9, GitChecks: true, AuthType: "web", Fulcio: "https://fulcio.sigstore.dev", Rekor: "https://rekor.sigstore.dev"},
		Version:   Version{GitTag: true, TagPrefix: "v", Message: "%s", Hooks: true},
		Audit:     Audit{Level: "low"},
		Diff:      Diff{Unified: 3, Src: "a/", Dst: "b/"},
		Terminal:  Terminal{Reporter: "default", LogLevel: "notice", Color: "auto"},
	}
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(Settings{}, given{}, Secret{})); diff != "" {
		t.Error(diff)
	}
	if len(c.Warnings) != 0 {
		t.Errorf("warnings %v", c.Warnings)
	}
}

func TestDirectories(t *testing.T) {
	for _, tt := range []struct {
		os, env, store, cache string
	}{
		{"linux", "", "/h/.local/share/godwit/store", "/h/.cache/godwit"},
		{"linux", "XDG_DATA_HOME=/d XDG_CACHE_HOME=/c", "/d/godwit/store", "/c/godwit"},
		{"linux", "XDG_DATA_HOME=relative", "/h/.local/share/godwit/store", "/h/.cache/godwit"},
		{"darwin", "", "/h/Library/godwit/store", "/h/Library/Caches/godwit"},
		{"windows", "LocalAppData=/l", "/l/godwit/store", "/l/godwit/cache"},
		{"windows", "", "/h/AppData/Local/godwit/store", "/h/AppData/Local/godwit/cache"},
		{"darwin", "GODWIT_HOME=/g XDG_DATA_HOME=/d", "/g/store", "/g/cache"},
	} {
		c, err := Load(Host{OS: tt.os, Home: "/h", Dir: "/", Env: strings.Fields(tt.env)}, nil, Inputs{})
		if err != nil || c.Settings.Dirs.Store != tt.store || c.Settings.Dirs.Cache != tt.cache {
			t.Errorf("%s %s: %+v, %v", tt.os, tt.env, c.Settings.Dirs, err)
		}
	}
}

func TestGlobalDirectories(t *testing.T) {
	m := newMachine(t)
	data := "home/.local/share/godwit"
	for _, tt := range []struct{ npmrc, builtin, env, dir, bin string }{
		{"", "", "", data + "/global", data + "/bin"},
		{"", "", "PNPM_HOME=ROOT/p", "p/global", "p/bin"},
		{"", "", "PNPM_HOME=p", data + "/global", data + "/bin"}, // relative to what?
		{"", "", "GODWIT_HOME=ROOT/g PNPM_HOME=ROOT/p", "g/global", "g/bin"},
		{"prefix=ROOT/n", "", "", data + "/global", "n/bin"},
		{"prefix=ROOT/n", "", "PNPM_HOME=ROOT/p", "p/global", "p/bin"},
		{"global-bin-dir=ROOT/b\nglobal-dir=ROOT/d", "", "PNPM_HOME=ROOT/p", "d", "b"},
		{"", "prefix=ROOT/n", "", data + "/global", data + "/bin"},
		{"", "", "npm_config_prefix=ROOT/n npm_config_global_prefix=ROOT/n", data + "/global", data + "/bin"}, // in a script of npm's
		{"", "", "npm_config_prefix=ROOT/n", data + "/global", "n/bin"},
	} {
		here := strings.NewReplacer("ROOT", m.root, `\n`, "\n")
		m.write("home/.npmrc", here.Replace(tt.npmrc))
		m.write("usr/lib/node_modules/npm/npmrc", here.Replace(tt.builtin))
		d := m.must("", strings.Fields(here.Replace(tt.env))...).Settings.Dirs
		if d.Global != filepath.Join(m.root, tt.dir) || d.GlobalBin != filepath.Join(m.root, tt.bin) {
			t.Errorf("%q %q %q: %s and %s", tt.npmrc, tt.builtin, tt.env, d.Global, d.GlobalBin)
		}
	}
	m.write("home/.npmrc", "")
	m.write("app/.npmrc", "global-bin-dir=.\nglobal-dir=.\nprefix=.")
	if d := m.must("").Settings.Dirs; d.Global != filepath.Join(m.root, data, "global") || d.GlobalBin != filepath.Join(m.root, data, "bin") {
		t.Errorf("a project chose %s and %s", d.Global, d.GlobalBin)
	}
}

func TestSettingsThatAddUp(t *testing.T) {
	m := newMachine(t)
	m.write("npmapp/package.json", "{}")
	m.write("npmapp/package-lock.json", "{}")
	include := func(c *Config) any { return c.Settings.Include }
	tests := []struct {
		line, npmrc, env string
		get              func(*Config) any
		want             any
	}{
		{"--prod", "", "", include, Include{Prod: true, Optional: true}},
		{"--dev", "", "", include, Include{Dev: true}},
		{"--prod --dev", "", "", include, Include{Prod: true, Optional: true}},
		{"--no-prod", "production=true", "", include, Include{true, true, true}},
		{"--no-optional", "", "", include, Include{Prod: true, Dev: true}},
		{"--omit=dev --omit=optional", "", "", include, Include{Prod: true}},
		{"--omit=dev,optional --include=dev", "", "", include, Include{Prod: true, Dev: true}},
		{"", "omit[]=dev\nomit[]=optional", "", include, Include{Prod: true}},
		{"", "only=prod", "", include, Include{Prod: true, Optional: true}},
		{"", "only=prod\nalso=dev", "", include, Include{true, true, true}},
		{"", "", "npm_config_omit=dev\n\noptional", include, Include{Prod: true}},
		{"", "dev=true", "", include, Include{true, true, true}},
		{"", "", "NODE_ENV=production", include, Include{true, true, true}},
		{"-C ../npmapp", "", "NODE_ENV=production", include, Include{Prod: true, Optional: true}},
		{"-C ../npmapp --no-prod", "", "NODE_ENV=production", include, Include{true, true, true}},
		{"-C ../npmapp --include=dev", "", "NODE_ENV=production", include, Include{true, true, true}},
		{"-C ../npmapp --omit=optional", "", "NODE_ENV=production", include, Include{Prod: true, Dev: true}},
		{"--omit=peer", "", "", func(c *Config) any { return c.Settings.Resolve.AutoInstallPeers }, false},
		{"--legacy-peer-deps", "", "", func(c *Config) any { return c.Settings.Resolve.AutoInstallPeers }, false},
		{"--no-hoist", "", "", func(c *Config) any { return c.Settings.Install.HoistPattern }, []string(nil)},
		{"", "hoist-pattern[]=a*\nhoist-pattern[]=b", "", func(c *Config) any { return c.Settings.Install.HoistPattern }, []string{"a*", "b"}},
		{"", "", `pnpm_config_hoist_pattern=["x","y"]`, func(c *Config) any { return c.Settings.Install.HoistPattern }, []string{"x", "y"}},
		{"--shamefully-hoist", "", "", func(c *Config) any { return c.Settings.Install.PublicHoist }, []string{"*"}},
		{"", "install-strategy=linked", "", func(c *Config) any { return c.Settings.Install.Linker }, "isolated"},
		{"--node-linker hoisted", "install-strategy=linked", "", func(c *Config) any { return c.Settings.Install.Linker }, "hoisted"},
		{"", "enable-global-virtual-store=true", "", func(c *Config) any { return c.Settings.Install.SharedSlots }, true},
		{"--virtual-store local", "enable-global-virtual-store=true", "", func(c *Config) any { return c.Settings.Install.SharedSlots }, false},
		{"", "min-release-age=2", "", func(c *Config) any { return c.Settings.Resolve.MinReleaseAge }, 48 * time.Hour},
		{"--minimum-release-age 10", "min-release-age=2", "", func(c *Config) any { return c.Settings.Resolve.MinReleaseAge }, 10 * time.Minute},
		{"--before 2024-02-03", "", "", func(c *Config) any { return c.Settings.Resolve.Before.Format(time.RFC3339) }, "2024-02-03T00:00:00Z"},
		{"", "", "CI=true", func(c *Config) any { return []any{c.Settings.CI, c.Settings.Terminal.Reporter} }, []any{true, "append-only"}},
		{"--no-ci", "", "CI=true", func(c *Config) any { return c.Settings.CI }, false},
		{"--silent", "", "", func(c *Config) any { return c.Settings.Terminal.Reporter }, "silent"},
		{"", "color=true", "", func(c *Config) any { return c.Settings.Terminal.Color }, "auto"},
		{"--color", "", "NO_COLOR=1", func(c *Config) any { return c.Settings.Terminal.Color }, "always"},
		{"", "", "NO_COLOR=1", func(c *Config) any { return c.Settings.Terminal.Color }, "never"},
		{"", "", "FORCE_COLOR=1|NO_COLOR=1", func(c *Config) any { return c.Settings.Terminal.Color }, "always"},
		{"", "", "TERM=dumb", func(c *Config) any { return c.Settings.Terminal.Reporter }, "append-only"},
		{"", "", "FORCE_COLOR=0", func(c *Config) any { return c.Settings.Terminal.Color }, "never"},
		{"", "shrinkwrap=false", "", func(c *Config) any { return c.Settings.Lockfile.Enabled }, false},
		{"", "", "NODE_TLS_REJECT_UNAUTHORIZED=0", func(c *Config) any { return c.Settings.Network.StrictSSL }, false},
		{"--strict-ssl", "", "NODE_TLS_REJECT_UNAUTHORIZED=0", func(c *Config) any { return c.Settings.Network.StrictSSL }, true},
		{"", "ca=\"-----BEGIN\\nX\"\nkey=-----K\\\\nY", "", func(c *Config) any {
			return []string{c.Settings.Network.CA[0], c.Settings.Network.Key.Reveal()}
		}, []string{"-----BEGIN\nX", "-----K\nY"}},
		{"--store-dir ../s", "", "", func(c *Config) any { return c.Settings.Dirs.Store }, m.root + "/s"},
		{"", "cafile=~/ca.pem", "", func(c *Config) any { return c.Settings.Network.CAFile }, m.root + "/home/ca.pem"},
		{"", "cafile=./ca.pem", "", func(c *Config) any { return c.Settings.Network.CAFile }, m.root + "/app/ca.pem"},
		{"", "", "npm_config_user_agent=npm/1", func(c *Config) any { return c.Settings.Network.UserAgent }, ""},
		{"", "ignore-scripts=yes", "", func(c *Config) any { return c.Settings.Install.IgnoreScripts }, true},
		{"", "ignore-scripts", "", func(c *Config) any { return c.Settings.Install.IgnoreScripts }, true},
		{"", "save-prefix=${NO?}", "", func(c *Config) any { return c.Settings.Save.Prefix }, ""},
		{"", "https-proxy=null", "HTTPS_PROXY=http://p:1", func(c *Config) any { return c.Settings.Network.HTTPSProxy.Reveal() }, ""},
		{"", "", "http_proxy=http://p:1|no_proxy=a, b", func(c *Config) any {
			return []any{c.Settings.Network.HTTPSProxy.Reveal(), c.Settings.Network.HTTPProxy.Reveal(), c.Settings.Network.NoProxy}
		}, []any{"http://p:1", "http://p:1", []string{"a", "b"}}},
		{"", "proxy=http://q:1", "HTTPS_PROXY=http://p:1", func(c *Config) any { return c.Settings.Network.HTTPSProxy.Reveal() }, "http://q:1"},
	}
	for _, tt := range tests {
		m.write("app/.npmrc", tt.npmrc)
		var env []string
		if tt.env != "" {
			env = strings.Split(tt.env, "|")
		}
		c, err := m.load(tt.line, env...)
		if err != nil {
			t.Errorf("%q %q %q: %v", tt.line, tt.npmrc, tt.env, err)
		} else if diff := cmp.Diff(tt.want, tt.get(c)); diff != "" {
			t.Errorf("%q %q %q: %s", tt.line, tt.npmrc, tt.env, diff)
		}
	}
}

func TestWorkspaceSettings(t *testing.T) {
	m := newMachine(t)
	m.write("app/pnpm-workspace.yaml", `
hoistPattern: []
publicHoistPattern: ['*eslint*', types]
minimumReleaseAge: 1440
strictPeerDependencies: true
supportedArchitectures: {os: [darwin, current], cpu: [arm64]}
registries: {default: https://yaml.example/npm, '@s': 'https://s.example'}
noProxy: a.example
storeDir: ./st
globalVirtualStoreDir: x
linkWorkspacePackages: true
overides: {a: '1'}
`)
	m.write("app/.npmrc", "registry=https://npmrc.example/\nstrict-peer-dependencies=false\nverify-store-integrity=false")
	m.write("app/pkg/package.json", "{}")
	m.write("app/pkg/.npmrc", "registry=https://member.example/")
	c := m.must("-C pkg --cpu=x64")
	s := c.Settings
	got := []any{s.Install.HoistPattern, s.Install.PublicHoist, s.Resolve.MinReleaseAge, s.Resolve.StrictPeers, s.Resolve.Platform, s.Network.NoProxy, s.Dirs.Store, s.Workspace.Link, c.Registries.Default}
	want := []any{[]string(nil), []string{"*eslint*", "types"}, 24 * time.Hour, true, Platform{OS: []string{"darwin", "current"}, CPU: []string{"x64"}}, []string{"a.example"}, m.root + "/app/st", "true", "https://yaml.example/npm/"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if u, err := c.Registries.For("@s/x"); u != "https://s.example/" || err != nil {
		t.Errorf("@s/x is at %s, %v", u, err)
	}
	var codes []string
	for _, w := range c.Warnings {
		codes = append(codes, w.Code+" "+strings.ReplaceAll(w.Message, m.root, ""))
	}
	wantCodes := []string{
		"CONFIG_NOT_SUPPORTED /app/pnpm-workspace.yaml:10: global-virtual-store-dir is not supported by godwit yet; it is ignored",
		"CONFIG_UNKNOWN_KEY /app/pnpm-workspace.yaml:12: unknown setting overides",
		"CONFIG_IGNORED /app/pkg/.npmrc is ignored: settings of a workspace are those of its root, /app",
	}
	if diff := cmp.Diff(wantCodes, codes); diff != "" {
		t.Error(diff)
	}
}

func TestBadValues(t *testing.T) {
	m := newMachine(t)
	for _, tt := range []struct{ line, npmrc, want string }{
		{"--fetch-retries=x", "", `--fetch-retries: invalid value "x" of fetch-retries: expected a whole number`},
		{"--offline=maybe", "", `expected true or false`},
		{"--reporter=loud", "", `expected one of default, append-only, ndjson, silent`},
		{"--registry=nowhere", "", `expected a URL such as https://registry.example/`},
		{"--omit=prod", "", `expected some of dev, optional, peer`},
		{"--https-proxy=secret:pw", "", `--https-proxy: invalid value of https-proxy: expected a URL`},
		{"--modules-dir=./", "", `--modules-dir: invalid value "./" of modules-dir: expected a directory other than the project's`},
		{"--key=abc --fetch-timeout=-1", "", `expected a number of milliseconds`},
		{"--before=yesterday", "", `expected a date`},
		{"", "registry=${NOPE}", `/app/.npmrc:1: invalid value "${NOPE}" of registry: expected a URL; the variable in it is not set`},
		{"", "registry=ftp://x/", `/app/.npmrc:1: invalid value`},
		{"", "\n@s:registry=${NOPE}", `/app/.npmrc:2: invalid value`},
		{"", "_authToken=hunter2", `/app/.npmrc:1: _authToken: a credential must name its registry`},
		{"", "//h/:tokenHelper=/bin/x", `running a program for a token is not supported`},
		{"", "//h/:_authToken=\"a\\nb\"", `control character`},
	} {
		m.write("app/.npmrc", tt.npmrc)
		_, err := m.load(tt.line)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q %q: got %v\nwant %s", tt.line, tt.npmrc, err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "pw")) {
			t.Errorf("a secret in %v", err)
		}
	}
}

// TestBadFilesWarnOnce: what other tools may have put there is no error, and
// the next level counts.
func TestBadFilesWarnOnce(t *testing.T) {
	m := newMachine(t)
	m.write("app/.npmrc", "fetch-retries=many\nfrozen-lokfile=true\ninit-license=MIT\nprefix=/evil\nuserconfig=/evil\n//h/:_authToken=${NOPE}\n//h/:cafile=x\nglobal-virtual-store-dir=x\nverify-store-integrity=true")
	m.write("home/.npmrc", "fetch-retries=7\nfrozen-lokfile=true\nglobal-virtual-store-dir=x")
	c := m.must("", "npm_config_globalconfig="+m.root+"/none", "npm_config_npm_version=1", "npm_config__auth=x")
	if c.Settings.Network.Retries != 7 {
		t.Errorf("fetch-retries is %d", c.Settings.Network.Retries)
	}
	var got []string
	for _, w := range c.Warnings {
		got = append(got, w.Code+" "+strings.ReplaceAll(w.Message, m.root, ""))
	}
	want := []string{
		"CONFIG_UNKNOWN_KEY /app/.npmrc:2: unknown setting frozen-lokfile (did you mean frozen-lockfile?)",
		"CONFIG_IGNORED /app/.npmrc:4: prefix cannot be set here; it is ignored",
		"CONFIG_IGNORED /app/.npmrc:5: userconfig cannot be set here; it is ignored",
		"CONFIG_VARIABLE_NOT_SET /app/.npmrc:6: ${NOPE} is not set in the environment; //h/:_authToken is ignored",
		"CONFIG_NOT_SUPPORTED /app/.npmrc:7: //h/:cafile is not supported by godwit; it is ignored",
		"CONFIG_NOT_SUPPORTED /app/.npmrc:8: global-virtual-store-dir is not supported by godwit yet; it is ignored",
		"CONFIG_NOT_SUPPORTED /app/.npmrc:9: verify-store-integrity is not supported by godwit yet; it is ignored",
		`CONFIG_INVALID_VALUE /app/.npmrc:1: invalid value "many" of fetch-retries: expected a whole number; it is ignored`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUserConfigCanBeElsewhere(t *testing.T) {
	m := newMachine(t)
	m.write("home/.npmrc", "fetch-retries=1")
	m.write("other/npmrc", "fetch-retries=3\nprefix=~/glob")
	m.write("home/glob/etc/npmrc", "maxsockets=5")
	for _, c := range []*Config{m.must("--userconfig ../other/npmrc"), m.must("", "NPM_CONFIG_USERCONFIG="+m.root+"/other/npmrc")} {
		if n := c.Settings.Network; n.Retries != 3 || n.MaxSockets != 5 {
			t.Errorf("retries %d, sockets %d", n.Retries, n.MaxSockets)
		}
	}
}

// TestValuesAreNpms compares settings that npm has too with @npmcli/config on
// random files, environments and flags.
func TestValuesAreNpms(t *testing.T) {
	modules := npmModules(t)
	type level = []string
	type sample struct {
		Dir, Home, Prefix string
		Env               map[string]string
		Argv              level
	}
	values := map[string]level{
		"fetch-retries": {"1", "3", "x", "${N}", " 4 "}, "fetch-timeout": {"5", "1e4"}, "strict-ssl": {"true", "false", "0", "1"},
		"ignore-scripts": {"true", "false", "yes", ""}, "engine-strict": {"true", "1"}, "save-prefix": {"~", "", `"^"`, "'~'"},
		"tag": {"next", "${T}", "${NO?}", "a;b", `a\;b`}, "https-proxy": {"http://p.example:1/", "http://q.example/"},
		"cafile": {"~/ca", "/abs/ca"}, "offline": {"true", "false"}, "legacy-peer-deps": {"true", "false"}, "registry": {"https://a.example/", "https://b.example/${T}/"},
		"loglevel": {"silent", "warn", "loud"}, "@s:registry": {"https://s.example/", "https://t.example/"},
	}
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	root := t.TempDir()
	var samples []sample
	for i := range 100 {
		dir := filepath.Join(root, fmt.Sprint(i))
		s := sample{Dir: dir + "/app", Home: dir + "/home", Prefix: dir + "/usr", Env: map[string]string{"HOME": dir + "/home", "PREFIX": dir + "/usr", "N": "8", "T": "t"}}
		for _, name := range []string{"app/.npmrc", "home/.npmrc", "usr/etc/npmrc"} {
			var b strings.Builder
			for range random.IntN(6) {
				k := pick(keys)
				fmt.Fprintf(&b, "%s=%s\n", k, pick(values[k]))
			}
			file := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(b.String()), 0o644), os.WriteFile(dir+"/app/package.json", []byte("{}"), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		if k := pick(keys); random.IntN(2) == 0 && k[0] != '@' {
			s.Env[pick([]string{"npm_config_", "NPM_CONFIG_"})+strings.ReplaceAll(k, "-", "_")] = pick(values[k])
		}
		if random.IntN(2) == 0 {
			s.Argv = append(s.Argv, "--offline", "--fetch-retries", "6")
		}
		samples = append(samples, s)
	}
	var want []map[string]string
	node(t, fmt.Sprintf(`const m=%q,C=require(m+"/@npmcli/config"),d=require(m+"/@npmcli/config/lib/definitions");
process.on("log",()=>{});(async()=>{const out=[];for(const s of input){process.env.HOME=s.Home;
const c=new C({...d,npmPath:s.Dir+"/none",env:s.Env,argv:["node","npm",...(s.Argv||[])],cwd:s.Dir,execPath:s.Prefix+"/bin/node",platform:"linux",warn:false});
await c.load();try{c.validate()}catch{};const o={};for(const k of %s){const v=c.get(k);o[k]=v===null||v===undefined?"":String(v)};out.push(o)}
console.log(JSON.stringify(out))})()`, modules, jsonOf(keys)), samples, &want)
	for i, s := range samples {
		h := Host{OS: "linux", Dir: s.Dir, Home: s.Home}
		for k, v := range s.Env {
			h.Env = append(h.Env, k+"="+v)
		}
		args, err := ParseArgs(s.Argv, Grammar{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := Load(h, args, Inputs{Location: project.Location{Dir: s.Dir}})
		if err != nil {
			t.Fatal(err)
		}
		got := npmView(c)
		for _, k := range keys {
			if k == "registry" && c.Registries.Default == "" {
				continue // npm's default
			}
			if got[k] != want[i][k] {
				files, _ := filepath.Glob(filepath.Dir(s.Dir) + "/*/.npmrc")
				for _, f := range append(files, filepath.Dir(s.Dir)+"/usr/etc/npmrc") {
					text, _ := os.ReadFile(f)
					t.Logf("%s: %q", f, text)
				}
				t.Fatalf("%d: %s = %q, npm has %q; %v %v", i, k, got[k], want[i][k], s.Env, s.Argv)
			}
		}
	}
}

// npmView is what `npm config get` would print.
func npmView(c *Config) map[string]string {
	s := c.Settings
	scope, _ := c.Registries.Scopes()["@s"]
	return map[string]string{
		"fetch-retries": fmt.Sprint(s.Network.Retries), "fetch-timeout": fmt.Sprint(s.Network.Timeout.Milliseconds()), "strict-ssl": fmt.Sprint(s.Network.StrictSSL),
		"ignore-scripts": fmt.Sprint(s.Install.IgnoreScripts), "engine-strict": fmt.Sprint(s.Resolve.EngineStrict), "save-prefix": s.Save.Prefix, "tag": s.Resolve.Tag,
		"https-proxy": s.Network.HTTPSProxy.Reveal(), "cafile": s.Network.CAFile, "offline": fmt.Sprint(s.Network.Offline), "legacy-peer-deps": fmt.Sprint(s.Resolve.LegacyPeers),
		"registry": c.Registries.Default, "loglevel": s.Terminal.LogLevel, "@s:registry": scope,
	}
}

func jsonOf(list []string) string { return `["` + strings.Join(list, `","`) + `"]` }

// BenchmarkLoad is a project with one .npmrc and a user with another.
func BenchmarkLoad(b *testing.B) {
	root := b.TempDir()
	for _, dir := range []string{"app", "home"} {
		if err := errors.Join(os.Mkdir(filepath.Join(root, dir), 0o755), os.WriteFile(filepath.Join(root, dir, ".npmrc"), []byte("registry=https://r.example/\n//r.example/:_authToken=${T}\nstrict-peer-dependencies=true\n"), 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	h := Host{OS: "linux", Dir: root + "/app", Home: root + "/home", Env: []string{"T=1", "PATH=/usr/local/bin:/usr/bin:/bin", "npm_config_offline=true"}}
	args, err := ParseArgs([]string{"install", "--frozen-lockfile"}, testGrammar)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(h, args, Inputs{Location: project.Location{Dir: h.Dir}}); err != nil {
			b.Fatal(err)
		}
	}
}
