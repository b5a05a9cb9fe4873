package workspace

import (
	"fmt"
	"testing"

	"godwit/internal/npm"
)

func TestLevels(t *testing.T) {
	project := func(name string, needs ...string) Project {
		m := &npm.Manifest{Name: npm.Name(name), Version: "1.0.0"}
		for _, n := range needs {
			m.Dependencies = append(m.Dependencies, npm.Dep{Alias: n, Specifier: "workspace:*"})
		}
		return Project{Dir: name, Manifest: m}
	}
	g := NewGraph([]Project{project("a", "b", "c"), project("b", "d"), project("c", "d"), project("d"), project("x", "y", "d"), project("y", "x")}, GraphOptions{})
	for _, tt := range []struct{ dirs, want string }{
		{"a b c d", "[[d] [b c] [a]]"},
		{"a d", "[[a d]]"},
		{"x y", "[[x] [y]]"},
		{"", "[]"},
	} {
		dirs := map[string]bool{}
		for _, r := range tt.dirs {
			dirs[string(r)] = r != ' '
		}
		if got := fmt.Sprint(g.Levels(dirs)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.dirs, got, tt.want)
		}
	}
}
