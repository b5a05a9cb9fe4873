package layout

import (
	"cmp"
	"path"
	"path/filepath"
	"strings"
)

// ModulesOf is the modules directory of the importer in dir.
func (o *Options) ModulesOf(dir string) string {
	switch {
	case o.Modules == "" || filepath.IsLocal(o.Modules):
		return path.Join(dir, cmp.Or(o.Modules, ModulesDir))
	case dir == ".":
		return o.Modules
	}
	return path.Join(dir, path.Base(o.Modules))
}

// StoreDir is the virtual store.
func (o *Options) StoreDir() string {
	return cmp.Or(o.VirtualStore, o.ModulesOf(".")+"/.pnpm")
}

// elsewhere moves what is in the modules directories of importers to where
// [Options.Modules] says. An importer is in no node_modules, so the first one in a
// path is its; in packages, and in a virtual store of another place, they keep
// their name, since Node has to find them.
func (l *Layout) elsewhere(opts *Options) {
	if opts.Modules == "" {
		return
	}
	ours := map[string]bool{} // what a link may lead to and moves
	for _, s := range l.Slots {
		ours[s.Dir] = s.Shared == ""
	}
	move := func(p *string) {
		if opts.VirtualStore != "" && strings.HasPrefix(*p, opts.VirtualStore+"/") || path.IsAbs(*p) {
			return
		}
		before, after, found := strings.Cut("/"+*p+"/", "/"+ModulesDir+"/")
		if found {
			*p = path.Join(opts.ModulesOf(path.Clean("."+before)), after)
		}
	}
	links := func(links []Link) {
		for i := range links {
			if move(&links[i].At); ours[links[i].Target] {
				move(&links[i].Target)
			}
		}
	}
	bins := func(b *Bins) {
		move(&b.Dir)
		for i := range b.From {
			if c := &b.From[i]; ours[c.Dir] || c.Package != nil || c.Real != "" {
				move(&c.Dir)
			}
		}
	}
	for i := range l.Slots {
		s := &l.Slots[i]
		move(&s.Dir)
		move(&s.Parent)
		for j := range s.Nested {
			move(&s.Nested[j])
		}
		links(s.Links)
		bins(&s.Bins)
	}
	for i := range l.Importers {
		links(l.Importers[i].Links)
		bins(&l.Importers[i].Bins)
	}
	for i := range l.Bins {
		bins(&l.Bins[i])
	}
	links(l.Hoisted)
	bins(&l.HoistBins)
}
