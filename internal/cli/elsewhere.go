package cli

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/config"
	"godwit/internal/install"
	"godwit/internal/layout"
)

// modules is the modules directory of each project, see [layout.Options].
func (c *call) modules() string {
	dir := filepath.Clean(c.cfg.Settings.Dirs.Modules)
	if rel, err := filepath.Rel(c.workspace.root, dir); filepath.IsAbs(dir) && err == nil {
		dir = rel
	}
	return filepath.ToSlash(dir)
}

// modulesOf is the absolute modules directory of the project in dir, a slash path from
// the root.
func (c *call) modulesOf(dir string) string {
	opts := layout.Options{Modules: c.modules()}
	return absolute(c.workspace.root, opts.ModulesOf(dir))
}

// otherModules is modules for a layout, which takes "" for what Node knows.
func (c *call) otherModules() string {
	if dir := c.modules(); dir != layout.ModulesDir {
		return dir
	}
	return ""
}

// commandsOf says where projects have commands; nil where Node would look for them.
func (c *call) commandsOf() func(project string) string {
	if c.otherModules() == "" {
		return nil
	}
	return func(project string) string {
		rel, err := filepath.Rel(c.workspace.root, project)
		if err != nil {
			rel = "."
		}
		return filepath.Join(c.modulesOf(filepath.ToSlash(rel)), ".bin")
	}
}

// virtualStore is the setting as a slash path from root; "" where there is none. It
// is absolute on another volume.
func (c *call) virtualStore(root string) string {
	dir := c.cfg.Settings.Dirs.VirtualStore
	if dir == "" {
		return ""
	}
	if rel, err := filepath.Rel(root, dir); err == nil {
		dir = rel
	}
	return filepath.ToSlash(dir)
}

// storeDir is the absolute directory of the virtual store.
func (c *call) storeDir() string {
	opts := layout.Options{Modules: c.otherModules(), VirtualStore: c.virtualStore(c.workspace.root)}
	return absolute(c.workspace.root, opts.StoreDir())
}

// absolute is where a slash path from root leads, unless it says so itself.
func absolute(root, dir string) string {
	if dir = filepath.FromSlash(dir); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(root, dir)
}

// outside are the directories outside of the root that an install writes in.
func (c *call) outside() []install.Outside {
	var out []install.Outside
	add := func(dir, key string, member bool) {
		known := slices.ContainsFunc(out, func(o install.Outside) bool { return o.Dir == dir })
		if rel, err := filepath.Rel(c.workspace.root, dir); !known && (err != nil || !filepath.IsLocal(rel)) {
			out = append(out, install.Outside{Dir: dir, Named: c.named(key), Member: member})
		}
	}
	if c.cfg.Settings.Dirs.VirtualStore != "" && !c.hoisted() {
		add(c.storeDir(), "virtual-store-dir", false)
	}
	if !filepath.IsLocal(c.modules()) {
		add(c.modulesOf("."), "modules-dir", false)
	}
	for _, dir := range c.workspace.dirs {
		if strings.HasPrefix(dir, "../") {
			add(c.modulesOf(dir), "modules-dir", true)
		}
	}
	return out
}

// named reports whether the user gave a setting, and no file of the project's did.
func (c *call) named(key string) bool {
	v, _ := c.cfg.Lookup(key)
	switch v.Source.Level {
	case config.FromHook, config.FromWorkspace, config.FromManifest, config.FromProject, config.FromDefault:
		return false
	}
	return true
}

// tree is what installs made of the project.
func (c *call) tree() *install.Tree {
	return &install.Tree{Root: c.workspace.root, Modules: c.otherModules(), Outside: c.outside()}
}

// mixed is a project whose files would be among packages by modules-dir; "" for none.
func (c *call) mixed() string {
	opts := layout.Options{Modules: c.otherModules()}
	if opts.Modules == "" {
		return ""
	}
	taken := map[string]bool{}
	for _, dir := range c.workspace.dirs {
		at := opts.ModulesOf(dir)
		if taken[at] || at == "." {
			return dir
		}
		taken[at] = true
	}
	for _, dir := range c.workspace.dirs {
		for above := dir; ; above = path.Dir(above) {
			if taken[above] {
				return dir
			}
			if above == path.Dir(above) {
				break
			}
		}
	}
	return ""
}
