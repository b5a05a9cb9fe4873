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

// NodeGyp is the program that the command in a directory of NodeGypDir calls. It
// looks for that in npm_config_node_gyp, and without it runs node with an empty
// name, which does nothing and is no error.
func NodeGyp(dir string) string {
	if dir == "" {
		return ""
	}
	// node_modules/@npmcli/run-script/lib/node-gyp-bin
	file := filepath.Join(dir, "..", "..", "..", "..", "node-gyp", "bin", "node-gyp.js")
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}
