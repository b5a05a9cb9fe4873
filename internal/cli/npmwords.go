package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/config"
	"godwit/internal/project"
)

// npmWords says in our words what the command line of a project with npm's
// workspaces says in npm's, wherever npm looks for it: behind the name of a script,
// too, up to "--". A letter has another meaning for pnpm (-w), and a word another
// form (--workspace).
//
//	-w X, --workspace X        --filter for that name, or directory, or all below it
//	--workspaces, -ws          all but the root
//	--include-workspace-root   the root, too; -iwr
//	--no-workspaces            the root alone
//	init -w X                  --member
func npmWords(p *Process) []string {
	w := splitWords(p.Args)
	if len(w.members) == 0 && !w.all && !w.none {
		return p.Args
	}
	command := commandOf(w.rest[firstWord(w.rest):])
	if filter, _ := config.Flag("--filter"); command != "" && command != "init" && !filter.Admits(command) {
		return p.Args // it is refused by the name that was typed
	}
	if command == "init" { // of members that are not there yet
		var out []string
		for _, m := range w.members {
			out = append(out, "--member="+m)
		}
		return append(out, w.rest...)
	}
	c := &call{Process: p, args: &config.Args{}}
	loc, err := project.Locate(w.dir(p.Dir))
	if err != nil || loc.Workspace != "" {
		return p.Args
	}
	ws := projectSet{root: loc.Dir, here: "."}
	if c.inputs.Project, err = project.Read(loc.Dir); err != nil || c.npmWorkspace(&ws, loc.Dir) != nil || !ws.npm {
		return p.Args
	}
	root, err := filepath.Rel(loc.Dir, ws.root)
	if err != nil {
		return p.Args
	}
	return append(w.filters(filepath.ToSlash(root)), w.rest...)
}

// words is a command line taken apart.
type words struct {
	members []string // of -w
	all     bool
	none    bool // of the members
	root    bool
	changed string // value of -C
	rest    []string
}

func splitWords(args []string) words {
	var w words
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		next := func() string {
			if !hasValue && i+1 < len(args) {
				i++
				value = args[i]
			}
			return value
		}
		switch {
		case name == "--":
			w.rest = append(w.rest, args[i:]...)
			return w
		case (name == "-w" || name == "--workspace") && (hasValue || i+1 < len(args) && !strings.HasPrefix(args[i+1], "-")):
			w.members = append(w.members, next())
		case slices.Contains([]string{"--workspaces", "-ws"}, name) && value != "false":
			w.all = true
		case name == "--no-workspaces" && !hasValue || name == "--workspaces" && value == "false":
			w.none = true
		case slices.Contains([]string{"--include-workspace-root", "-iwr"}, name) && value != "false":
			w.root = true
		case slices.Contains([]string{"-C", "--dir", "--cwd", "--prefix"}, name):
			at := i
			w.changed = next()
			w.rest = append(w.rest, args[at:i+1]...)
		default:
			w.rest = append(w.rest, args[i])
		}
	}
	return w
}

// dir is the directory that the call is for.
func (w *words) dir(dir string) string {
	if filepath.IsAbs(w.changed) {
		return w.changed
	}
	return filepath.Join(dir, w.changed)
}

// filters are the flags for the projects that were named. root is the way to the
// workspace's own.
func (w *words) filters(root string) []string {
	if w.none {
		return []string{"--filter=" + pathSelector(root)}
	}
	if w.all && len(w.members) == 0 {
		if w.root {
			return []string{"--recursive", "--include-workspace-root"}
		}
		return []string{"--recursive", "--filter=!" + pathSelector(root)}
	}
	out := []string{"--fail-if-no-match"}
	for _, m := range w.members {
		dir := strings.TrimSuffix(filepath.ToSlash(m), "/")
		out = append(out, "--filter="+m, "--filter={"+dir+"}", "--filter={"+dir+"/**}")
	}
	if w.root {
		out = append(out, "--filter="+pathSelector(root))
	}
	return out
}

// pathSelector writes a relative path so that --filter takes it for one.
func pathSelector(dir string) string {
	if strings.HasPrefix(dir, ".") {
		return dir
	}
	return "./" + dir
}
