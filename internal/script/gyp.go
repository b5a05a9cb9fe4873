package script

import (
	"os"
	"path/filepath"
)

// NodeGypDir is the directory with a command node-gyp that came with the npm of
// this node, or "" if there is none. Packages take it for granted that npm has
// it in the PATH of scripts.
func NodeGypDir(node string) string {
	if node == "" {
		return ""
	}
	if real, err := filepath.EvalSymlinks(node); err == nil {
		node = real
	}
	const wrapper = "npm/node_modules/@npmcli/run-script/lib/node-gyp-bin"
	bin := filepath.Dir(node)
	for _, modules := range []string{
		filepath.Join(bin, "..", "lib", "node_modules"), // Unix, as Node is released
		filepath.Join(bin, "node_modules"),              // Windows
		filepath.Join(bin, "..", "share", "nodejs"),     // Debian
	} {
		dir := filepath.Join(modules, filepath.FromSlash(wrapper))
		if _, err := os.Stat(filepath.Join(dir, "node-gyp")); err == nil {
			return dir
		}
	}
	return ""
}
