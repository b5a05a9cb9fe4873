package actual

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
)

// DrawReasons writes what is found as npm's text: a package and its place, and
// below it each dependency that leads to it, down to the projects.
func DrawReasons(w io.Writer, found []*Why) error {
	texts := make([]string, len(found))
	for i, why := range found {
		texts[i] = strings.Join(why.lines(nil), "\n")
	}
	_, err := io.WriteString(w, ui.Plain(strings.Join(texts, "\n\n")+"\n"))
	return err
}

// lines are a package, and what leads to it indented. above are those that it is
// shown below of.
func (w *Why) lines(above []*Why) []string {
	if w.Name == "" && w.Version == "" {
		return []string{"the root project"}
	}
	out := w.head()
	if slices.ContainsFunc(above, func(o *Why) bool { return o.Name == w.Name && o.Version == w.Version && o.Location == w.Location }) {
		return out
	}
	above = append(above[:len(above):len(above)], w)
	if w.Dependents != nil {
		for _, r := range *w.Dependents {
			out = append(out, indented(r.lines(above))...)
		}
	}
	for _, l := range w.Links {
		out = append(out, indented(l.lines(above))...)
	}
	return out
}

// head is the package itself.
func (w *Why) head() []string {
	text := w.Name + "@" + w.Version
	if f := w.Flags; f != nil {
		on := func(b *bool) bool { return b != nil && *b }
		for _, flag := range []struct {
			on   bool
			word string
		}{{f.Extraneous, "extraneous"}, {on(f.Dev), "dev"}, {on(f.Optional), "optional"}, {on(f.Peer), "peer"}, {on(f.Bundled), "bundled"}, {on(f.Overridden), "overridden"}} {
			if flag.on {
				text += " " + flag.word
			}
		}
	}
	if w.Location == "" {
		return []string{text}
	}
	return []string{text, w.Location}
}

// lines are a dependency, and whose it is.
func (r *Reason) lines(above []*Why) []string {
	text := r.Name + `@"` + r.Spec + `"`
	if r.Type == "workspace" {
		text = strings.TrimPrefix(r.Spec, "file:")
		if rel, err := filepath.Rel(r.From.Location, filepath.FromSlash(text)); err == nil {
			text = filepath.ToSlash(rel)
		}
	}
	if r.Ruled {
		text = "overridden " + text + ` (was "` + r.RawSpec + `")`
	}
	if r.Bundled {
		text = "bundled " + text
	}
	if r.Type != "prod" {
		text = r.Type + " " + text
	}
	out := r.From.lines(above)
	return append([]string{text + " from " + out[0]}, out[1:]...)
}

func indented(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = "  " + l
	}
	return out
}
