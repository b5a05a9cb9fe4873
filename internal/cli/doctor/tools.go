package doctor

import (
	"cmp"
	"strings"

	"godwit/internal/npm/semver"
	"godwit/internal/script"
)

// Tools looks for the programs that scripts and repositories need: in path, as PATH
// has it. Output runs one and is what it prints; want is the project's range for
// node, or "".
func (r *Report) Tools(path, want string, output func(program string, args ...string) (string, error)) {
	node := script.FindNode(path)
	version := script.NodeVersion(node)
	if version == "" && node != "" {
		text, _ := output(node, "--version")
		version = strings.TrimPrefix(text, "v")
	}
	switch {
	case node == "":
		r.Say("node", Doubt, "install Node.js: packages can be installed without it, but no script of theirs runs", "there is none in PATH")
	case want != "" && version != "" && !satisfies(version, want):
		r.Say("node", Doubt, "install a version that fits", "%s is %s, and the project wants %s", node, version, want)
	default:
		r.Say("node", Fine, "", "%s (%s)", cmp.Or(version, "of an unknown version"), node)
	}
	if text, err := output("git", "--version"); err != nil {
		r.Say("git", Doubt, "install git, if a package is to come from a repository", "it cannot be run")
	} else {
		r.Say("git", Fine, "", "%s", strings.TrimPrefix(text, "git version "))
	}
}

func satisfies(version, want string) bool {
	v, err := semver.Parse(version, semver.Options{})
	if err != nil {
		return true // a build of one's own
	}
	r, err := semver.ParseRange(want, semver.Options{Loose: true})
	return err != nil || r.Match(v)
}
