package cli

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"godwit/internal/event"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/resolve/compat"
)

// foreign reports whether the project keeps a lockfile of yarn's or bun's.
func (c *call) foreign() bool { return c.lock.Format == lockfile.Yarn || c.lock.Format == lockfile.Bun }

// bunProject reports whether that is bun's.
func (c *call) bunProject() bool { return c.lock.Format == lockfile.Bun }

// toolSettings is what the tool that a lockfile belongs to is told by files of its
// own.
type toolSettings struct {
	isolated bool
	limits   string // nmHoistingLimits of yarn
	files    []string
	// Of yarn.
	yarnrc     project.ToolSettings
	berry      bool // it is yarn 2 or later
	extensions compat.Extensions
}

// readTool reads the settings that say how yarn or bun lays node_modules out.
//
// Plug'n'Play, yarn's default since version 2, has no node_modules. A project that
// works with it works with node_modules, which lets packages see more and not
// less, so that it gets those, after a word.
func (c *call) readTool(sink event.Sink) error {
	root := c.workspace.root
	switch c.lock.Format {
	case lockfile.Yarn:
		rc, err := project.ReadYarnrc(root)
		if err != nil {
			return err
		}
		c.tool = toolSettings{isolated: rc.Linker == "pnpm", limits: rc.Limits, files: []string{project.YarnrcFile}, yarnrc: rc}
		berry, err := lockfile.IsBerry(c.lock, c.yarnVersion())
		if err != nil {
			return err
		}
		c.tool.berry = berry
		if c.tool.extensions, err = compat.Parse(extensionsOf(rc.PackageExtensions)); err != nil {
			return fmt.Errorf("%s: %w", project.YarnrcFile, err)
		}
		if berry && (rc.Linker == "" || rc.Linker == "pnp") && c.cfg.Settings.Install.Linker == "" {
			sink.Emit(event.Warning{Code: "NO_PNP", Message: "this project uses yarn's Plug'n'Play, which godwit does not make: it gets a node_modules; nodeLinker: node-modules in " + project.YarnrcFile + " says that it shall have one"})
		}
		c.warnUnread(sink, project.YarnrcFile, rc.Unread)
	case lockfile.Bun:
		rc, err := project.ReadBunfig(root)
		if err != nil {
			return err
		}
		c.tool = toolSettings{isolated: rc.Linker == "isolated", files: []string{project.BunfigFile}}
		if rc.Linker == "" && c.workspace.globs != nil {
			if c.tool.isolated, err = lockfile.IsolatesWorkspaces(c.lock); err != nil {
				return err
			}
		}
		c.warnUnread(sink, project.BunfigFile, rc.Unread)
	}
	return nil
}

// warnUnread tells of settings that would change what is installed, and that have
// another place.
func (c *call) warnUnread(sink event.Sink, file string, keys []string) {
	for _, key := range keys {
		sink.Emit(event.Warning{Code: "SETTING_IGNORED", Message: key + " of " + file + " is not read; write what it is for to .npmrc"})
	}
}

// foreignRequest changes what a request is for a project of yarn's or bun's.
func (c *call) foreignRequest(req *install.Request, src *source) {
	for _, file := range c.tool.files {
		req.Inputs = append(req.Inputs, filepath.ToSlash(file))
	}
	req.Lockfile.Resolutions = c.inputs.Project.Manifest.Resolutions
	if limits, ok := hoistingLimits[c.tool.limits]; ok {
		req.Layout.Limits = limits
	}
	switch c.lock.Format {
	case lockfile.Bun:
		req.Bun = &bunSource{source: src, prefer: c.prefer, own: c.bunRegistry()}
	case lockfile.Yarn:
		c.yarnRequest(req, src)
	}
}

// yarnExtends adds to manifests what yarn 2 and later add.
func (c *call) yarnExtends() func(*npm.Manifest) *npm.Manifest {
	builtin := sync.OnceValue(compat.Builtin) // it takes milliseconds, and few installs need it
	return func(m *npm.Manifest) *npm.Manifest { return c.tool.extensions.Apply(builtin().Apply(m)) }
}

// yarnRequest changes what a request is for a project of yarn's.
func (c *call) yarnRequest(req *install.Request, src *source) {
	if c.tool.berry {
		req.Lockfile.Extend = c.yarnExtends()
		req.Lockfile.Yarn = lockfile.YarnTool{Version: c.yarnVersion(), Compression: c.tool.yarnrc.Compression}
		req.Yarn = &berrySource{source: src, yarn: c.yarnVersion(), prefer: c.prefer}
	} else {
		req.Yarn = &chooser{source: src, prefer: c.prefer}
	}
	req.Complete = (&completer{client: src.client, platforms: !c.tool.berry}).complete
}

// yarnVersion is the version of yarn that the project says it is made with, or "".
func (c *call) yarnVersion() string {
	if c.inputs.Project == nil {
		return ""
	}
	if version, ok := strings.CutPrefix(c.inputs.Project.Manifest.PackageManager, "yarn@"); ok {
		version, _, _ = strings.Cut(version, "+") // a hash follows
		return version
	}
	// As yarn set version names the file.
	file := path.Base(c.tool.yarnrc.YarnPath)
	if version, ok := strings.CutPrefix(strings.TrimSuffix(file, path.Ext(file)), "yarn-"); ok {
		return version
	}
	return ""
}
