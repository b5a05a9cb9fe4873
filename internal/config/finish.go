package config

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"
)

// finish turns settings that mean something together, or that depend on the
// host, into their fields.
func (l *loader) finish() error {
	s := &l.Settings
	s.CIName, s.CI = detectCI(l.env)
	s.CI = s.given.ci.Or(s.CI)
	if err := l.finishDirs(); err != nil {
		return err
	}
	l.finishInclude()
	l.finishInstall()
	l.finishResolve()
	l.finishNetwork()
	l.finishTerminal()
	return l.finishRegistry()
}

func (l *loader) finishDirs() error {
	d, g := &l.Settings.Dirs, &l.Settings.given
	if cache := l.npmCache(); cache != "" {
		d.Store = cmp.Or(d.Store, filepath.Join(cache, "store"))
		d.Cache = cmp.Or(d.Cache, cache)
	}
	if d.Store == "" {
		d.Store = l.host.usable(storeDir(l.host, l.env), "store")
	}
	if d.Cache == "" {
		d.Cache = l.host.usable(cacheDir(l.host, l.env), "cache")
	}
	d.GlobalPrefix = g.prefix
	if d.Global == "" {
		d.Global = filepath.Join(globalHome(l.host, l.env), "global")
	}
	if d.GlobalBin == "" {
		d.GlobalBin = l.globalBin()
	}
	if l.host.OS == "windows" && !l.isSet("virtual-store-dir-max-length") {
		d.MaxSlotName = 60 // pnpm's, for paths of 260 characters
	}
	if filepath.Clean(d.Modules) == "." {
		return &ValueError{Key: "modules-dir", Text: d.Modules, Want: "a directory other than the project's", Source: l.values[rowOf("modules-dir")].src}
	}
	return nil
}

// npmCache is the directory that the user chose for npm's cache, or "". What npm
// tells the scripts that it runs was chosen by nobody.
func (l *loader) npmCache() string {
	_, inScript := l.env.lookup("npm_execpath")
	if inScript && l.values[rowOf("cache")].src.Level == FromEnv {
		return ""
	}
	return l.Settings.given.cache
}

// globalBin is where commands of global packages are when nothing says so. A
// prefix that the user chose for npm has a bin that is on PATH already; one that
// comes with node, or that npm tells its scripts, was chosen by nobody.
func (l *loader) globalBin() string {
	home := globalHome(l.host, l.env)
	src, prefix := l.values[rowOf("prefix")].src, l.Settings.given.prefix
	told, _ := l.env.lookup("npm_config_global_prefix")
	switch _, pnpm := l.env.first("GODWIT_HOME", "PNPM_HOME"); {
	case pnpm != "", src.Name == "", src.Level == FromBuiltin, src.Level == FromEnv && prefix == told:
	case l.host.OS == "windows":
		return prefix
	default:
		return filepath.Join(prefix, "bin")
	}
	return filepath.Join(home, "bin")
}

// finishInclude sums up what leaves groups out. npm: --omit, --include,
// --production, --only, --also, NODE_ENV; pnpm: --prod, --dev, --no-optional.
func (l *loader) finishInclude() {
	g, in := &l.Settings.given, &l.Settings.Include
	*in = Include{Prod: true, Dev: true, Optional: g.opt != No}
	switch {
	case g.prod == Yes || strings.HasPrefix(g.only, "prod"):
		in.Dev = false // also beside --dev, as in pnpm 12
	case g.dev == Yes || strings.HasPrefix(g.only, "dev"):
		in.Prod, in.Optional = false, false
	case g.dev == No:
		in.Dev = false
	case g.prod == Unset && !l.isSet("omit") && l.productionEnv():
		in.Dev = false
	}
	for _, group := range g.omit {
		in.set(group, false)
	}
	include := g.include
	if g.also != "" {
		include = append(slices.Clone(include), "dev")
	}
	for _, group := range include {
		in.set(group, true)
	}
	l.Settings.Bill.OmitPeers = slices.Contains(g.omit, "peer") && !slices.Contains(include, "peer")
}

// productionEnv reports whether NODE_ENV leaves devDependencies out: npm takes
// it for --omit=dev, pnpm 12 does not, and the project is npm's.
func (l *loader) productionEnv() bool {
	if v, _ := l.env.lookup("NODE_ENV"); v != "production" {
		return false
	}
	root := l.in.Location.Root()
	return isFile(filepath.Join(root, "package-lock.json")) || isFile(filepath.Join(root, "npm-shrinkwrap.json"))
}

// set includes a group or leaves it out. Peers are no group of their own:
// leaving them out is not installing them automatically.
func (in *Include) set(group string, included bool) {
	switch group {
	case "prod":
		in.Prod = included
	case "dev":
		in.Dev = included
	case "optional":
		in.Optional = included
	}
}

func (l *loader) finishInstall() {
	s, g := &l.Settings, &l.Settings.given
	if g.shrinkwrap == No && !l.isSet("lockfile") {
		s.Lockfile.Enabled = false
	}
	switch g.mode {
	case "skip-build":
		s.Install.IgnoreScripts = true
	case "update-lockfile":
		s.Lockfile.Only = true
	}
	if how := map[string]string{"clonefile": "clone", "hardlink": "hardlink", "copyfile": "copy"}[g.backend]; how != "" {
		s.Install.ImportMethod = how
	}
	if !g.hoist {
		s.Install.HoistPattern = nil
	}
	if g.shamefully {
		s.Install.PublicHoist = []string{"*"}
	}
	switch {
	case g.globalStyle:
		s.Resolve.Strategy = "shallow"
	case g.legacyBundling:
		s.Resolve.Strategy = "nested"
	}
	if s.Install.Linker == "" {
		switch s.Resolve.Strategy {
		case "linked":
			s.Install.Linker = "isolated"
		case "hoisted", "nested", "shallow":
			s.Install.Linker = "hoisted"
		}
	}
	s.Install.SharedSlots = g.virtualStore == "global" || g.virtualStore == "" && g.globalVirtualStore == Yes
}

func (l *loader) finishResolve() {
	r, g := &l.Settings.Resolve, &l.Settings.given
	if g.strictPeers && !l.isSet("strict-peer-dependencies") {
		r.StrictPeers = true
	}
	if r.LegacyPeers || slices.Contains(g.omit, "peer") && !slices.Contains(g.include, "peer") {
		r.AutoInstallPeers = false
	}
	if g.minAgeDays > 0 && !l.isSet("minimum-release-age") {
		r.MinReleaseAge = g.minAgeDays
	}
}

// finishNetwork adds what the environment says outside of npm_config_*:
// proxies as npm's agent reads them (https falls back to the proxy for http),
// certificates and checks as Node does.
func (l *loader) finishNetwork() {
	n, g := &l.Settings.Network, &l.Settings.given
	_, httpsEnv := l.env.first("HTTPS_PROXY", "https_proxy")
	_, httpEnv := l.env.first("HTTP_PROXY", "http_proxy", "PROXY", "proxy")
	n.HTTPSProxy = firstSecret(g.httpsProxy, g.proxy)
	n.HTTPProxy = firstSecret(g.proxy, g.httpsProxy)
	if !l.isSet("proxy") && !l.isSet("https-proxy") {
		n.HTTPSProxy = firstSecret(NewSecret(httpsEnv), NewSecret(httpEnv))
		n.HTTPProxy = NewSecret(httpEnv)
	}
	if !l.isSet("noproxy") {
		if _, hosts := l.env.first("NO_PROXY", "no_proxy"); hosts != "" {
			n.NoProxy = strings.FieldsFunc(hosts, func(c rune) bool { return c == ',' || c == ' ' })
		}
	}
	_, n.ExtraCAFile = l.env.first("NODE_EXTRA_CA_CERTS")
	if n.ExtraCAFile != "" {
		n.ExtraCAFile = absolute(n.ExtraCAFile, l.dir, "")
	}
	reject, _ := l.env.lookup("NODE_TLS_REJECT_UNAUTHORIZED")
	n.StrictSSL = g.strictSSL.Or(reject != "0")
	// One line of an .npmrc cannot hold PEM, so its line ends are written \n.
	for i, pem := range n.CA {
		n.CA[i] = unescapeLines(pem)
	}
	n.Cert, n.Key = unescapeLines(n.Cert), NewSecret(unescapeLines(n.Key.Reveal()))
}

func firstSecret(secrets ...Secret) Secret {
	for _, s := range secrets {
		if !s.Empty() {
			return s
		}
	}
	return Secret{}
}

func unescapeLines(pem string) string { return strings.ReplaceAll(pem, `\n`, "\n") }

func (l *loader) finishTerminal() {
	t := &l.Settings.Terminal
	switch t.Color {
	case "true":
		t.Color = "always"
		if values := l.values[rowOf("color")]; values.src.Level > FromEnv {
			t.Color = "auto" // in a file it is npm's default, not an order
		}
	case "false":
		t.Color = "never"
	}
	term, _ := l.env.lookup("TERM")
	dumb := term == "dumb" // cannot move its cursor: an editor's shell, say
	if t.Color == "auto" {
		noColor, _ := l.env.lookup("NO_COLOR")
		force, forced := l.env.lookup("FORCE_COLOR")
		switch {
		case forced && (force == "0" || force == "false"), !forced && (noColor != "" || dumb):
			t.Color = "never"
		case forced:
			t.Color = "always"
		}
	}
	if t.LogLevel == "debug" {
		t.LogLevel = "verbose" // pnpm's word
	}
	if t.LogLevel == "silent" && !l.isSet("reporter") {
		t.Reporter = "silent"
	}
	if t.Reporter == "default" && (l.Settings.CI || dumb) {
		t.Reporter = "append-only"
	}
}

// finishRegistry makes URLs comparable and finds a registry if none is given.
func (l *loader) finishRegistry() error {
	text, src := l.Settings.given.registry, l.values[rowOf("registry")].src
	if text == "" {
		if text, src = l.defaultRegistry(); text == "" {
			return nil
		}
	}
	u, err := normalizeURL(text)
	if err != nil {
		return &ValueError{Key: "registry", Want: "a URL such as https://registry.example/", Source: src}
	}
	l.Registries.Default = l.Registries.addUserinfo(u, src)
	l.Settings.given.registry = l.Registries.Default
	return nil
}

// isSet reports whether any level has a value for key.
func (l *loader) isSet(key string) bool { return l.values[rowOf(key)].src.Name != "" }
