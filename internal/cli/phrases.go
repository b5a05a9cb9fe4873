package cli

import (
	"slices"
	"strings"
)

// phrases are words of other tools that mean something with what follows them, in
// our words: pnpm's older ones, yarn's, letters, and those of bun's "pm". None of them is a
// command here, so that nothing gets another meaning.
var phrases = []struct{ said, means string }{
	{"recursive", "--recursive"}, {"multi", "--recursive"}, {"m", "--recursive"},

	{"global add", "add --global"}, {"global remove", "remove --global"}, {"global upgrade", "update --global"},
	{"global list", "list --global"}, {"global ls", "list --global"}, {"global bin", "bin --global"}, {"global dir", "root --global"},
	{"workspaces run", "--recursive run"},
	{"upgrade-interactive", "update --interactive"},
	{"tag list", "dist-tag ls"}, {"tag add", "dist-tag add"}, {"tag remove", "dist-tag rm"},
	{"npm tag list", "dist-tag ls"}, {"npm tag add", "dist-tag add"}, {"npm tag remove", "dist-tag rm"},
	{"npm publish", "publish"}, {"npm info", "view"}, {"npm audit", "audit"}, {"npm login", "login"}, {"npm logout", "logout"}, {"npm whoami", "whoami"},

	{"a", "add"}, {"r", "remove"}, {"x", "npx"}, // npm's and bun's
	{"pm ls", "list"}, {"pm list", "list"}, {"pm bin", "bin"}, {"pm why", "why"}, {"pm pack", "pack"}, {"pm version", "version"}, {"pm pkg", "pkg"},
	{"pm whoami", "whoami"}, {"pm trust", "approve-builds"}, {"pm untrusted", "ignored-builds"}, {"pm migrate", "import --to=bun"},
	{"pm cache rm", "cache clean --force"}, {"pm cache", "cache path"},
}

// inOurWords says in our words what a command line says in those of another tool,
// where it begins with such words.
func inOurWords(args []string) []string {
	at := firstWord(args)
	head, rest := args[:at], args[at:]
	for _, p := range phrases {
		words := strings.Fields(p.said)
		if len(rest) < len(words) || !slices.Equal(rest[:len(words)], words) {
			continue
		}
		if len(rest) == 1 && !strings.Contains(p.means, " ") {
			break // a word alone may be the name of a script
		}
		return slices.Concat(head, strings.Fields(p.means), rest[len(words):])
	}
	switch {
	case len(rest) > 2 && rest[0] == "workspace": // yarn workspace <name> <command>
		return slices.Concat(head, []string{"--fail-if-no-match", "--filter=" + rest[1]}, rest[2:])
	case len(rest) > 2 && rest[0] == "workspaces" && rest[1] == "foreach":
		return slices.Concat(head, foreach(rest[2:]))
	}
	return args
}

// firstWord is where the first word stands that is no flag.
func firstWord(args []string) int {
	for i := 0; i < len(args); i++ {
		switch {
		case slices.Contains([]string{"-C", "--dir", "--cwd", "-F", "--filter"}, args[i]):
			i++ // its value
		case strings.HasPrefix(args[i], "-") && args[i] != "--":
		default:
			return i
		}
	}
	return len(args)
}

// foreach reads the flags of yarn's "workspaces foreach", up to the command that is
// to run in each project. What stays as it is may be known or not.
func foreach(args []string) []string {
	same := map[string]string{
		"-A": "", "--all": "", "-W": "", "--worktree": "", "-v": "", "--verbose": "", "-t": "", "--topological": "",
		"-p": "--parallel", "-i": "--stream", "--interlaced": "--stream", "-n": "--dry-run",
	}
	valued := map[string]string{"--include": "--filter=", "--exclude": "--filter=!", "-j": "--workspace-concurrency=", "--jobs": "--workspace-concurrency="}
	out := []string{"--recursive"}
	for i := 0; i < len(args); i++ {
		name, value, has := strings.Cut(args[i], "=")
		if !strings.HasPrefix(name, "-") {
			return append(out, args[i:]...)
		}
		if len(name) > 2 && name[1] != '-' && !has { // several letters
			args = slices.Concat([]string{name[:2], "-" + name[2:]}, args[i+1:])
			i, name = 0, name[:2]
		}
		if flag, known := same[name]; known {
			if flag != "" {
				out = append(out, flag)
			}
			continue
		}
		flag, known := valued[name]
		switch {
		case !known:
			out = append(out, args[i])
		case has:
			out = append(out, flag+value)
		case i+1 < len(args):
			i++
			out = append(out, flag+args[i])
		}
	}
	return out
}
