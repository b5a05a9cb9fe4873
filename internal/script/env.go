package script

import (
	"bytes"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/npm/jsonscan"
)

// environment is that of a script whose line is complete. Of a variable that
// comes twice the last one counts (exec.Cmd).
func (h *Host) environment(s *Script, line string) []string {
	env := h.Environ(s.Dir)
	set := func(key, value string) { env = add(env, key, value) }
	packageVariables(s.Manifest, set)
	set("npm_package_json", filepath.Join(s.Dir, "package.json"))
	set("npm_lifecycle_event", s.Event)
	set("npm_lifecycle_script", line)
	set("PNPM_SCRIPT_SRC_DIR", s.Dir)
	return append(env, s.Env...)
}

// Environ is the environment of a command in the package at dir that is none of
// its scripts.
func (h *Host) Environ(dir string) []string {
	env := make([]string, 0, len(h.Env)+32)
	path := ""
	for _, kv := range h.Env {
		key, value, _ := strings.Cut(kv, "=")
		switch {
		case sameKey(key, "PATH"):
			path = value
		case !replaced(key):
			env = append(env, kv)
		}
	}
	set := func(key, value string) { env = add(env, key, value) }
	if h.Node != "" {
		set("NODE", h.Node)
		set("npm_node_execpath", h.Node)
	}
	if h.UserAgent != "" {
		set("npm_config_user_agent", h.UserAgent)
	}
	if h.NodeGyp != "" {
		set("npm_config_node_gyp", h.NodeGyp)
	}
	set("npm_execpath", h.Program)
	set("npm_command", h.Verb)
	set("INIT_CWD", h.InitDir)
	// A pnpm that a script calls must not begin to install (pnpm #10060).
	set("pnpm_config_verify_deps_before_run", "false")
	set("PATH", h.path(dir, path))
	return env
}

// add sets a variable. A process with a NUL in its environment cannot be
// started.
func add(env []string, key, value string) []string {
	return append(env, key+"="+strings.ReplaceAll(value, "\x00", ""))
}

func sameKey(a, b string) bool { return a == b || fsys.EnvIgnoresCase && strings.EqualFold(a, b) }

// replaced reports whether a variable does not reach scripts as it is: what is
// said anew about each package, and credentials among the settings, which are
// none of a package's business (pnpm).
func replaced(key string) bool {
	if fsys.EnvIgnoresCase {
		key = strings.ToLower(key)
	}
	if strings.HasPrefix(key, "npm_package_") || strings.HasPrefix(key, "npm_lifecycle_") {
		return true
	}
	for _, prefix := range []string{"npm_config_", "pnpm_config_"} {
		if rest, ok := strings.CutPrefix(strings.ToLower(key), prefix); ok && secret(rest) {
			return true
		}
	}
	return sameKey(key, "NODE") || sameKey(key, "INIT_CWD") || sameKey(key, "PNPM_SCRIPT_SRC_DIR")
}

// secret reports whether a setting, without its prefix, is a credential or of
// one registry: "_authToken", "//registry.example/:_password".
func secret(setting string) bool {
	return strings.ContainsAny(setting[:min(1, len(setting))], "_/@") || strings.Contains(setting, ":_")
}

// path is the PATH of scripts in dir: the commands of the package, of those
// around it up to the project, and what the host adds before and after those of
// this process.
func (h *Host) path(dir, inherited string) string {
	list := append(commandDirs(dir), h.Path...)
	if h.Commands != nil {
		list = slices.Insert(list, 0, h.Commands(dir))
	}
	if inherited != "" {
		list = append(list, inherited)
	}
	list = append(list, h.After...)
	return strings.Join(list, string(filepath.ListSeparator))
}

// commandDirs is the .bin of dir, and of each node_modules that dir is in, from
// the inside. What is above the outermost of them is another project.
func commandDirs(dir string) []string {
	const modules = "node_modules"
	out := []string{filepath.Join(dir, modules, ".bin")}
	for at := dir; ; {
		parent := filepath.Dir(at)
		if parent == at {
			return out
		}
		if filepath.Base(parent) == modules {
			out = append(out, filepath.Join(parent, ".bin"))
		}
		at = parent
	}
}

// stamped are the fields of a package.json that become variables (npm, pnpm).
var stamped = map[string]bool{"name": true, "version": true, "config": true, "engines": true, "bin": true}

// maxDepth bounds the recursion into a hostile package.json; config of real ones
// is flat.
const maxDepth = 32

// packageVariables tells set what scripts may know of a package.json. A text
// that is none of JSON has nothing to tell.
func packageVariables(manifest []byte, set func(key, value string)) {
	s := jsonscan.New(bytes.TrimPrefix(manifest, []byte("\xef\xbb\xbf"))) // editors put it there
	for key := range s.Members() {
		if name := string(key); stamped[name] {
			stamp("npm_package_"+name, s, set, maxDepth)
		}
	}
}

// stamp tells set of the value at hand and of what is in it.
func stamp(key string, s *jsonscan.Scanner, set func(key, value string), depth int) {
	switch kind := s.Kind(); {
	case depth == 0:
	case kind == '{':
		for name := range s.Members() {
			if len(name) > 0 && name[0] != '_' { // npm's own notes
				stamp(key+"_"+variable(string(name)), s, set, depth-1)
			}
		}
	case kind == '[':
		i := 0
		for range s.Elements() {
			stamp(key+"_"+strconv.Itoa(i), s, set, depth-1)
			i++
		}
	case kind == '"':
		raw := s.Value()
		text, _ := jsonscan.String(raw)
		if strings.Contains(text, "\n") {
			text = string(raw) // shells that list variables take lines for variables
		}
		set(key, text)
	case kind == 'n':
		set(key, "")
	default:
		set(key, string(s.Value()))
	}
}

// variable is a key of a package.json as part of the name of a variable.
func variable(key string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, key)
}
