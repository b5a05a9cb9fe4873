package config

import (
	"os"
	"path/filepath"
	"strings"
)

// Host is the machine as the command sees it. Everything that is not in a
// project comes from here, so that tests and servers can have their own.
type Host struct {
	Dir  string   // working directory, absolute
	Home string   // home directory; "" when there is none
	OS   string   // GOOS of the host
	Env  []string // "KEY=value", as os.Environ has it

	// Spare is the directory to use in place of one below the home directory that can be
	// neither read nor made; "" where it can, or where there is no other. May be nil.
	Spare func(dir string) string

	// AskRegistry returns what `npm config get registry` answers in
	// directory dir. It is called at most once per npm installation, when
	// nothing else names a registry; nil is never asked.
	AskRegistry func(npm, dir string) (string, error)
}

// environ looks variables up, on Windows whatever their case.
type environ struct {
	vars map[string]string
	fold bool
}

func newEnviron(h Host) environ {
	e := environ{make(map[string]string, len(h.Env)), h.OS == "windows"}
	for _, kv := range h.Env {
		if i := strings.IndexByte(kv, '='); i > 0 {
			e.vars[e.name(kv[:i])] = kv[i+1:]
		}
	}
	return e
}

func (e environ) name(s string) string {
	if e.fold {
		return strings.ToUpper(s)
	}
	return s
}

func (e environ) lookup(name string) (string, bool) {
	v, ok := e.vars[e.name(name)]
	return v, ok
}

// first is the first of the names that is set and not empty, and its value.
func (e environ) first(names ...string) (name, value string) {
	for _, n := range names {
		if v, _ := e.lookup(n); v != "" {
			return n, v
		}
	}
	return "", ""
}

// usable is dir, or a directory of that name where dir cannot be.
func (h Host) usable(dir, name string) string {
	if h.Spare == nil {
		return dir
	}
	if spare := h.Spare(dir); spare != "" {
		return filepath.Join(spare, name)
	}
	return dir
}

// storeDir is where the store is when nothing says otherwise.
func storeDir(h Host, env environ) string {
	switch {
	case env.vars[env.name("GODWIT_HOME")] != "":
		return filepath.Join(env.vars[env.name("GODWIT_HOME")], "store")
	case h.OS == "windows":
		return filepath.Join(localAppData(h, env), "godwit", "store")
	}
	if _, data := env.first("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "godwit", "store")
	}
	if h.OS == "darwin" {
		return filepath.Join(h.Home, "Library", "godwit", "store")
	}
	return filepath.Join(h.Home, ".local", "share", "godwit", "store")
}

// globalHome is the directory that has global packages and their commands when
// nothing says otherwise. PNPM_HOME is pnpm's, whose packages we then share.
func globalHome(h Host, env environ) string {
	if _, home := env.first("GODWIT_HOME", "PNPM_HOME"); filepath.IsAbs(home) {
		return home
	}
	return filepath.Dir(storeDir(h, env))
}

// cacheDir is where the cache is when nothing says otherwise.
func cacheDir(h Host, env environ) string {
	switch {
	case env.vars[env.name("GODWIT_HOME")] != "":
		return filepath.Join(env.vars[env.name("GODWIT_HOME")], "cache")
	case h.OS == "windows":
		return filepath.Join(localAppData(h, env), "godwit", "cache")
	}
	if _, cache := env.first("XDG_CACHE_HOME"); filepath.IsAbs(cache) {
		return filepath.Join(cache, "godwit")
	}
	if h.OS == "darwin" {
		return filepath.Join(h.Home, "Library", "Caches", "godwit")
	}
	return filepath.Join(h.Home, ".cache", "godwit")
}

func localAppData(h Host, env environ) string {
	if _, dir := env.first("LOCALAPPDATA"); dir != "" {
		return dir
	}
	return filepath.Join(h.Home, "AppData", "Local")
}

// pnpmConfigFile is pnpm's own file of user settings (since version 11).
func pnpmConfigFile(h Host, env environ) string {
	name := filepath.Join("pnpm", "config.yaml")
	if _, dir := env.first("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, name)
	}
	// Without a home directory it is the root's, not that of the project at hand.
	home := filepath.Join(string(filepath.Separator), h.Home)
	switch h.OS {
	case "windows":
		return filepath.Join(localAppData(h, env), "pnpm", "config", "config.yaml")
	case "darwin":
		return filepath.Join(home, "Library", "Preferences", name)
	}
	return filepath.Join(home, ".config", name)
}

// pnpmAuthFile, beside that, has what pnpm does not want in it: registries and
// credentials, in the form of .npmrc.
const pnpmAuthFile = "auth.ini"

// npmInstall is what the configuration needs to know of the npm beside node.
type npmInstall struct {
	program string // "npm" as found on PATH; "" when it is not installed
	prefix  string // where npm's global things go by default; "" when unknown
	builtin string // the npmrc that the distributor of npm may have put there
}

// findNPM looks for node and npm on PATH, the way npm derives its prefix from
// the place of the node that runs it (@npmcli/config, loadGlobalPrefix).
func findNPM(h Host, env environ) npmInstall {
	var in npmInstall
	if in.program = onPath(h, env, "npm", ".cmd"); in.program == "" {
		in.program = onPath(h, env, "npm", ".exe")
	}
	node := onPath(h, env, "node", ".exe")
	if real, err := filepath.EvalSymlinks(node); node != "" && err == nil {
		node = real
	}
	_, prefix := env.first("PREFIX")
	switch {
	case prefix != "":
		in.prefix = prefix
	case node == "":
	case h.OS == "windows":
		in.prefix = filepath.Dir(node)
	default:
		in.prefix = filepath.Dir(filepath.Dir(node))
		if _, dest := env.first("DESTDIR"); dest != "" {
			in.prefix = filepath.Join(dest, in.prefix)
		}
	}
	switch {
	case node == "":
	case h.OS == "windows":
		in.builtin = filepath.Join(filepath.Dir(node), "node_modules", "npm", "npmrc")
	default:
		in.builtin = filepath.Join(filepath.Dir(filepath.Dir(node)), "lib", "node_modules", "npm", "npmrc")
	}
	return in
}

// onPath is the first file of that name in the directories of PATH, or "".
func onPath(h Host, env environ, name, windowsExt string) string {
	separator := ":"
	if h.OS == "windows" {
		separator, name = ";", name+windowsExt
	}
	path, _ := env.lookup("PATH")
	for dir := range strings.SplitSeq(path, separator) {
		if !filepath.IsAbs(dir) {
			continue // a relative entry would let a project choose the program
		}
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}
