package npm

import "strings"

const modules = "node_modules/"

// CutModules cuts a slash path at its last node_modules: "x/node_modules/@s/a" is "x"
// and "@s/a". One that is in none is whole above.
func CutModules(dir string) (above, alias string, found bool) {
	i := strings.LastIndex("/"+dir, "/"+modules)
	if i < 0 {
		return dir, "", false
	}
	return strings.TrimSuffix(dir[:i], "/"), dir[i+len(modules):], true
}

// SplitPlace splits the directory of a package in a tree of npm's as [CutModules]
// does. The alias is empty for the directory of a project, which somebody may keep
// inside of a package.
func SplitPlace(dir string) (above, alias string) {
	above, alias, _ = CutModules(dir)
	if slashes := strings.Count(alias, "/"); slashes > 1 || slashes == 1 && alias[0] != '@' {
		return dir, ""
	}
	return above, alias
}
