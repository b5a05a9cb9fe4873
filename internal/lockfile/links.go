package lockfile

import (
	"cmp"
	"fmt"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// links compares what is linked to projects of the workspace with their present
// versions: a range may not admit them any more, or may do so by now (pnpm's
// linked_packages_are_up_to_date). A frozen install goes on all the same.
func (c *comparison) links(projects []Project) {
	byDir, byID := map[string]*npm.Manifest{}, map[string]bool{}
	for i := range projects {
		p := &projects[i]
		byDir[p.Dir] = p.Manifest
		byID[string(p.Manifest.Name)+"@"+p.Manifest.Version] = true
	}
	for i := range c.settings.Others {
		p := &c.settings.Others[i]
		byDir[p.Dir] = p.Manifest
		byID[string(p.Manifest.Name)+"@"+p.Manifest.Version] = true
	}
	if len(byDir) < 2 {
		return
	}
	for i := range projects {
		im := c.doc.Graph.Importer(projects[i].Dir)
		if im == nil {
			continue
		}
		for _, d := range im.Deps {
			if why := c.link(im.Dir, d, byDir, byID); why != "" {
				c.add(Reason{Code: CodeOutdated, Importer: im.Dir, Harmless: true, Message: d.Alias + ": " + why})
			}
		}
	}
}

// link says what is wrong with one dependency, if anything is.
func (c *comparison) link(dir string, d graph.Direct, byDir map[string]*npm.Manifest, byID map[string]bool) string {
	rng, workspace := strings.CutPrefix(d.Specifier, "workspace:")
	if !workspace && !c.settings.LinkWorkspace || strings.Contains(rng, "/") || strings.HasPrefix(rng, ".") || strings.Contains(d.Specifier, "link:") {
		return ""
	}
	if i := strings.LastIndexByte(rng, '@'); i > 0 {
		rng = rng[i+1:]
	}
	if d.Target.Link == "" {
		if !workspace && byID[string(d.Target.Key.ID())] {
			return fmt.Sprintf("%s is in the workspace now", d.Target.Key.ID())
		}
		return ""
	}
	m := byDir[graph.Arrive(c.settings.Root, dir, d.Target.Link)]
	if m == nil || admits(rng, cmp.Or(m.Version, "0.0.0")) {
		return ""
	}
	return fmt.Sprintf("the linked project has version %s, which %s does not admit", m.Version, d.Specifier)
}

func admits(rng, version string) bool {
	switch rng {
	case "", "*", "^", "~":
		return true
	}
	r, err1 := semver.ParseRange(rng, semver.Options{Loose: true})
	v, err2 := semver.Parse(version, semver.Options{Loose: true})
	return err1 != nil || err2 != nil || r.Match(v)
}
