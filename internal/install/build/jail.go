package build

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/script"
)

// Jail is where scripts run that may do nothing but build: they write in the
// directory of their package, read the system and what is named here, reach no
// network, and get an environment without secrets. Their home is a directory
// that goes when they end.
type Jail struct {
	Read []string // what packages may read of the project and the store, absolute
}

// JailError is a jail that was asked for and cannot be had. Nothing runs then.
type JailError struct{ Err error }

func (e *JailError) Error() string { return "jail: " + e.Err.Error() }
func (e *JailError) Unwrap() error { return e.Err }

// Code is the stable code of this error.
func (e *JailError) Code() string { return "ERR_GODWIT_NO_JAIL" }

// Hint is what the user can do.
func (e *JailError) Hint() string {
	return "install with --ignore-scripts, or with --no-jail if all that allowBuilds names may do what it likes"
}

// CheckJail returns a *JailError where there are no jails.
func CheckJail() error {
	if err := fsys.CheckJail(); err != nil {
		return &JailError{err}
	}
	return nil
}

// homeName is in node_modules of the package, where pnpm, too, lets scripts put
// what is temporary.
const homeName = ".tmp"

// run runs a process for the package in dir, in the jail.
func (j *Jail) run(cmd *exec.Cmd, h *script.Host, dir string) error {
	// Scripts may have put a link there that leads out.
	own, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer own.Close()
	const rel = "node_modules/" + homeName
	if err := own.MkdirAll(rel, 0o755); err != nil {
		return err
	}
	defer own.RemoveAll(rel)
	home := filepath.Join(dir, "node_modules", homeName)
	cmd.Env = append(slices.DeleteFunc(cmd.Env, func(kv string) bool { return !harmless(kv) }), "HOME="+home, "TMPDIR="+home)
	jail := fsys.Jail{Write: []string{dir}, Read: slices.Concat(system, j.Read, programs(h))}
	if err := jail.Start(cmd); err != nil {
		return fmt.Errorf("jail: %w", err)
	}
	return cmd.Wait()
}

// kept are variables that scripts need and that no secret is kept in; with a "*"
// at the end, all that begin so.
var kept = []string{
	"PATH", "TERM", "LANG", "LC_*", "TZ", "CI", "NODE_ENV", "NODE", "INIT_CWD", "PNPM_SCRIPT_SRC_DIR",
	"npm_package_*", "npm_lifecycle_*", "npm_node_execpath", "npm_execpath", "npm_command", "npm_config_user_agent",
	"pnpm_config_verify_deps_before_run",
	"CC", "CXX", "AR", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "MAKEFLAGS", "PYTHON", "PKG_CONFIG_PATH",
	// What node-gyp and prebuild-install make or look for.
	"npm_config_arch", "npm_config_build_from_source", "npm_config_debug", "npm_config_libc", "npm_config_node_gyp", "npm_config_nodedir",
	"npm_config_platform", "npm_config_python", "npm_config_runtime", "npm_config_target", "npm_config_target_arch",
	"npm_config_target_libc", "npm_config_target_platform",
}

func harmless(kv string) bool {
	key, _, _ := strings.Cut(kv, "=")
	return slices.ContainsFunc(kept, func(k string) bool {
		prefix, any := strings.CutSuffix(k, "*")
		return key == k || any && strings.HasPrefix(key, prefix)
	})
}

// system is what programs of a usual Linux read: not /etc as a whole, where there
// may be keys, nor an etc below a prefix of npm, where its npmrc is, nor any
// home.
var system = []string{
	"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store",
	"/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/libexec", "/usr/include", "/usr/share",
	"/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/usr/local/lib64", "/usr/local/include", "/usr/local/share",
	"/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/etc/timezone",
	"/etc/os-release", "/etc/alpine-release", "/etc/debian_version", "/etc/lsb-release", "/etc/nsswitch.conf",
	"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/ssl/openssl.cnf", "/etc/mime.types", "/etc/python3",
	// Of other processes /proc says no more than their names to who is in a jail.
	"/proc", "/sys/fs/cgroup", "/sys/devices/system",
}

// programs are the directories of commands, what Node has around it, and this
// program.
func programs(h *script.Host) []string {
	out := []string{h.Program}
	for _, kv := range h.Env {
		if key, value, _ := strings.Cut(kv, "="); key == "PATH" {
			for _, dir := range filepath.SplitList(value) {
				if filepath.Base(dir) == "bin" || filepath.Base(dir) == "shims" || filepath.Base(dir) == "sbin" {
					out = append(out, dir) // any other one may be a home
				}
			}
		}
	}
	if h.Node == "" {
		return out
	}
	node := h.Node
	if real, err := filepath.EvalSymlinks(node); err == nil {
		node = real
	}
	prefix := filepath.Dir(filepath.Dir(node))
	return append(out, node, filepath.Join(prefix, "bin"), filepath.Join(prefix, "include", "node"), filepath.Join(prefix, "lib", "node_modules"))
}
