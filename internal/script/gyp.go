package script

import (
	"os"
	"path/filepath"
)

// NodeGypDir is the directory with a command node-gyp that came with the npm of
// this node, else with the first npm in a PATH, or "" if there is none. Packages
// take it for granted that npm has it in the PATH of scripts.
func NodeGypDir(node, path string) string {
	var modules []string
	if node != "" {
		if real, err := filepath.EvalSymlinks(node); err == nil {
			node = real
		}
		bin := filepath.Dir(node)
		modules = []string{
			filepath.Join(bin, "..", "lib", "node_modules"), // Unix, as Node is released
			filepath.Join(bin, "node_modules"),              // Windows
			filepath.Join(bin, "..", "share", "nodejs"),     // Debian
		}
	}
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue // would be another one for each script
		}
		if npm, err := filepath.EvalSymlinks(filepath.Join(dir, "npm")); err == nil {
			modules = append(modules, filepath.Join(npm, "..", "..", ".."), filepath.Join(dir, "node_modules"))
			break
		}
	}
	for _, dir := range modules {
		dir = filepath.Join(dir, filepath.FromSlash("npm/node_modules/@npmcli/run-script/lib/node-gyp-bin"))
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
