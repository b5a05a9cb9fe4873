package workspace

// Levels puts the projects in dirs in an order in which each comes after those
// it depends on: the projects of one level can be worked on at one time. Of
// projects that depend on each other in a circle the first comes first.
func (g *Graph) Levels(dirs map[string]bool) [][]string {
	var levels [][]string
	done := make([]bool, len(g.projects))
	var left []int
	for i, p := range g.projects {
		if dirs[p.Dir] {
			left = append(left, i)
		} else {
			done[i] = true
		}
	}
	for len(left) > 0 {
		var ready, blocked []int
		for _, i := range left {
			if g.isReady(i, done) {
				ready = append(ready, i)
			} else {
				blocked = append(blocked, i)
			}
		}
		if len(ready) == 0 {
			ready, blocked = left[:1], left[1:]
		}
		var level []string
		for _, i := range ready {
			done[i] = true
			level = append(level, g.projects[i].Dir)
		}
		levels, left = append(levels, level), blocked
	}
	return levels
}

func (g *Graph) isReady(i int, done []bool) bool {
	for _, to := range g.needs[i] {
		if to != i && !done[to] {
			return false
		}
	}
	return true
}

// Needs are the projects that one depends on itself.
func (g *Graph) Needs(dir string) []string { return g.dirs(g.needs, dir) }

// Dependents are the projects that depend on one themselves.
func (g *Graph) Dependents(dir string) []string { return g.dirs(g.reversed(), dir) }

func (g *Graph) dirs(next [][]int, dir string) []string {
	i, ok := g.byDir[dir]
	if !ok {
		return nil
	}
	out := make([]string, len(next[i]))
	for k, to := range next[i] {
		out[k] = g.projects[to].Dir
	}
	return out
}
