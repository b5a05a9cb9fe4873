package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"godwit/internal/cli/ui"
	"godwit/internal/config"
	"godwit/internal/event"
	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/layout"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/resolve"
	"godwit/internal/script"
	"godwit/internal/store"
)

// filesPerCore is how many files an install has open for each core: two slots and a
// tarball in work, with three directories and a file each, and as many again for
// connections.
const filesPerCore = 32

// runInstall is the command install: from settings to a request to the
// engine.
func runInstall(ctx context.Context, c *call) error {
	if c.cfg.Settings.Call.Global { // npm's way to say: the project that this is
		c.args.Positional = []string{"add", "."}
		return c.addGlobal(ctx)
	}
	return c.install(ctx, func(req *install.Request) error {
		c.lifecycle(req)
		return nil
	})
}

// install makes the request, lets change have its word, runs it, and tells what became
// of packages where that was asked for.
func (c *call) install(ctx context.Context, change func(*install.Request) error) error {
	began, asked := c.Now(), &c.cfg.Settings.Call
	var became *foretold
	err := c.installQuietly(ctx, func(req *install.Request) error {
		if c.npmProject() && (asked.JSON || asked.DryRun) {
			req.Foretell = func(all []install.Transition) error { became = c.foretold(all); return nil }
		}
		return change(req)
	})
	if became == nil && asked.JSON {
		became = c.foretold(nil)
	}
	if err != nil || became == nil {
		return err
	}
	return c.tell(became, asked.DryRun, began)
}

// installQuietly is an install of which a command tells itself.
func (c *call) installQuietly(ctx context.Context, change func(*install.Request) error) error {
	reporter := c.reporter()
	defer reporter.Close()
	if err := c.look(reporter); err != nil {
		return err
	}
	env, err := c.configDeps(ctx)
	if err != nil {
		return err
	}
	hooks, err := c.hooks(reporter)
	if err != nil {
		return err
	}
	defer hooks.close()
	shaping, err := c.shaped(ctx, hooks, reporter)
	if err != nil {
		return err
	}
	src, err := c.openSource(reporter)
	if err != nil {
		return err
	}
	defer src.close()
	s := &c.cfg.Settings // after the hooks
	req := c.request(src, reporter, shaping, hooks)
	if req.Import, err = install.ParseImportMethod(s.Install.ImportMethod); err != nil {
		return err
	}
	if req.Builds, err = c.builds(); err != nil {
		return err
	}
	if err := change(req); err != nil {
		return err
	}
	c.checkFirst(req)
	c.pruneCatalogs(req)
	if env != nil && c.workspace.top() == c.workspace.root {
		req.Env = env.Text()
	}
	err = c.traced(req, func() error { return install.Install(ctx, req) })
	var none *NoMatchError
	if errors.As(err, &none) && !s.Workspace.FailIfNone {
		reporter.Emit(event.Warning{Code: "NO_PROJECTS", Message: none.Error()})
		return nil
	}
	return err
}

// look finds out what the project has: a lockfile, a tool and members.
func (c *call) look(sink event.Sink) error {
	for _, w := range c.cfg.Warnings {
		sink.Emit(w)
	}
	if err := c.findLock(); err != nil {
		return err
	}
	c.warnLocks(sink)
	if err := c.checkManager(sink); err != nil {
		return err
	}
	if err := c.readTool(sink); err != nil {
		return err
	}
	return c.workspace.list()
}

// shaped is what changes manifests by the settings, once the hooks had their word on
// those and nothing in them is refused.
func (c *call) shaped(ctx context.Context, hooks *hooks, sink event.Sink) (*shaping, error) {
	if err := c.configure(ctx, hooks); err != nil {
		return nil, err
	}
	if err := c.unsupported(); err != nil {
		return nil, err
	}
	if err := c.checkScope(); err != nil {
		return nil, err
	}
	shaping, err := c.shaping()
	if err != nil {
		return nil, err
	}
	for _, w := range shaping.warnings {
		sink.Emit(w)
	}
	hooks.change(ctx, shaping)
	c.warnOldBuilds(sink)
	c.warnOfNpm(sink)
	c.rules, err = c.peerRules()
	return shaping, err
}

// warnOfNpm tells of what is for npm alone and has no effect in other projects.
func (c *call) warnOfNpm(sink event.Sink) {
	if len(c.inputs.Project.Manifest.Overrides.Fields) > 0 && c.lock.Format == lockfile.Pnpm {
		// A pnpm-lock.yaml is made as pnpm makes it, and pnpm reads its own.
		sink.Emit(event.Warning{Code: "OVERRIDES_IGNORED", Message: "\"overrides\" in package.json are for npm; like pnpm, this install goes without them"})
	}
	if strategy := c.cfg.Settings.Resolve.Strategy; (strategy == "nested" || strategy == "shallow") && !c.npmProject() {
		sink.Emit(event.Warning{Code: "CONFIG_NOT_SUPPORTED", Message: "install-strategy=" + strategy + " is for npm's projects; packages are hoisted"})
	}
}

// traced writes a Chrome trace of what run does to the file of --trace.
func (c *call) traced(req *install.Request, run func() error) error {
	path := c.cfg.Settings.Call.Trace
	if path == "" {
		return run()
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the trace: %w", err)
	}
	defer f.Close()
	trace := event.NewTrace(f, c.Now())
	req.Trace = trace.Add
	err = run()
	if closeErr := trace.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("write the trace: %w", closeErr)
	}
	return err
}

func (c *call) reporter() ui.Reporter {
	t := &c.cfg.Settings.Terminal
	o := ui.Options{
		Kind: t.Reporter, Stdout: c.Stdout, Stderr: c.Stderr,
		Terminal: c.Terminal && !c.cfg.Settings.CI, Progress: t.Progress.Or(true),
		Warnings: t.LogLevel != "error", Colour: c.colour(c.Terminal), Approve: "approve-builds", Now: c.Now,
	}
	if c.shared {
		o.Approve += " -g"
	}
	if t.LogLevel == "silent" {
		o.Kind = "silent"
	}
	return ui.New(o)
}

// colour reports whether what is written to a stream has colours; terminal says
// whether that stream is one.
func (c *call) colour(terminal bool) bool {
	switch c.cfg.Settings.Terminal.Color {
	case "always":
		return true
	case "never":
		return false
	}
	return terminal
}

func (c *call) openStore() (*store.Store, error) {
	return store.Open(filepath.Join(c.cfg.Settings.Dirs.Store, "v1"))
}

func (c *call) cacheDir() string { return filepath.Join(c.cfg.Settings.Dirs.Cache, "v1") }

func (c *call) request(src *source, sink event.Sink, shaping *shaping, hooks *hooks) *install.Request {
	s := &c.cfg.Settings
	root := c.workspace.root
	choice := c.choice(root)
	from := origins{src.client, src.prefixed, src.git, src.arrived, c.npmProject(), s.Install.FrozenStore}
	req := &install.Request{
		Root: root, Outside: c.outside(), LocksDir: filepath.Join(c.cacheDir(), "locks"),
		Projects: func() ([]install.Importer, error) { return c.shapedProjects(shaping, hooks, sink) },
		Client:   from, Store: src.store, Sink: sink, Now: c.Now, Cores: min(c.Cores, max(1, fsys.OpenFiles()/filesPerCore)),
		Lockfile: c.lockSettings(), Layout: c.layoutOptions(),
		Unshared:     s.Install.Unshared,
		HoistMembers: s.Workspace.Hoist,
		NoModules:    !s.Install.ModulesDir, TarballURLs: s.Lockfile.TarballURLs,
		Hoisted:     c.hoisted(),
		Patches:     shaping.patches,
		Verify:      c.verifier(src, from.TarballURL, choice.File()),
		Platform:    c.platform(),
		UseLockfile: s.Lockfile.Enabled, Frozen: c.frozen(), Resolve: !s.Lockfile.PreferFrozen,
		NoBins:       !s.Install.BinLinks,
		LockfileOnly: s.Lockfile.Only, KeepLockfile: s.Lockfile.Keep || !s.Save.Save && commandOf(c.args.Positional) != "update",
		Filtered: c.filtered(),
		Force:    s.Call.Force, DryRun: s.Call.DryRun,
		IgnoreScripts: s.Install.IgnoreScripts,
		NoRuntimes:    !s.Install.Runtimes,
		EngineStrict:  s.Resolve.EngineStrict, StrictPeers: s.Resolve.StrictPeers,
		Choice:   choice,
		Settings: c.treeSettings(shaping, choice.File()), Inputs: c.workspace.inputs(choice),
		Node: c.nodeVersion,
		Out:  c.Stdout,
	}
	shaping.settings(&req.Lockfile)
	hooks.join(req, c)
	if c.foreign() {
		c.foreignRequest(req, src)
	}
	if s.Install.SharedSlots && !c.hoisted() && req.Layout.Modules == "" {
		req.Layout.Shared = &layout.Shared{Dir: filepath.ToSlash(src.store.Links())}
	}
	if c.npmProject() {
		resolver := c.npmResolver(src)
		resolver.served = c.served(src, shaping, req.Lockfile, sink)
		req.Resolver = resolver
		return req
	}
	l := c.localResolver(src, shaping)
	l.served, l.platform = c.served(src, shaping, req.Lockfile, sink), req.Platform
	if c.workspace.base != "" {
		c.tellOthers(req)
		l.others = func() ([]resolve.Member, error) { return c.otherMembers(shaping) }
	}
	req.Resolver = l
	return req
}

// frozen is what may become of the lockfile.
func (c *call) frozen() install.Frozen {
	s := &c.cfg.Settings
	switch {
	case s.Lockfile.Frozen == config.Yes:
		return install.MustBeFrozen
	case s.Lockfile.Frozen == config.Unset && s.CI && (c.lock.Format == lockfile.Pnpm || c.lock.Format == lockfile.Yarn): // npm and bun write it there, too
		return install.FrozenIfAny
	}
	return install.NotFrozen
}

// shapedProjects are the projects to install for, as settings and hooks have them.
func (c *call) shapedProjects(shaping *shaping, hooks *hooks, sink event.Sink) ([]install.Importer, error) {
	importers, err := c.projects()
	if err == nil {
		checkNames(importers, sink)
		err = c.checkCycles(importers, sink)
	}
	for i, im := range importers {
		importers[i].Manifest = shaping.shape.Project(im.Manifest, filepath.ToSlash(filepath.Join(c.workspace.root, im.Dir)))
		hooks.note(&im, importers[i].Manifest)
	}
	return importers, err
}

// lockSettings is what a resolution depends on, but for what shapes manifests.
func (c *call) lockSettings() lockfile.Settings {
	s := &c.cfg.Settings
	return lockfile.Settings{
		Root:             filepath.ToSlash(c.workspace.root),
		AutoInstallPeers: s.Resolve.AutoInstallPeers, DedupePeers: s.Resolve.DedupePeers, PeersSuffixMaxLength: s.Dirs.MaxPeersSuffix,
		ExcludeLinks: s.Lockfile.ExcludeLinks, InjectWorkspace: s.Workspace.Inject, LegacyPeers: s.Resolve.LegacyPeers, OmitResolved: s.Lockfile.OmitResolved, NpmOverrides: len(c.inputs.Project.Manifest.Overrides.Fields) > 0,
		LinkWorkspace: c.linking() != resolve.LinkNone, Catalogs: recordedCatalogs(c.catalogs()),
	}
}

func (c *call) layoutOptions() layout.Options {
	s := &c.cfg.Settings
	return layout.Options{
		Modules: c.otherModules(), VirtualStore: c.virtualStore(c.workspace.root), SlotNameLen: s.Dirs.MaxSlotName, Groups: groups(s.Include),
		Hoist: matcher(s.Install.HoistPattern), PublicHoist: matcher(s.Install.PublicHoist),
		Bins: c.binStyle(), NoLinks: !s.Install.Symlink, SlotsOnly: s.Install.SlotsOnly,
		DedupeDirect: s.Workspace.DedupeDirect, ManualPeers: !s.Resolve.AutoInstallPeers || c.foreign(), Limits: hoistingLimits[s.Install.HoistingLimits],
	}
}

// binStyle is what commands are by the settings, or nil where the layout knows.
func (c *call) binStyle() *layout.BinStyle {
	s, style := &c.cfg.Settings.Install, layout.Scripts
	switch prefer := s.SymlinkBins; {
	case prefer == config.Yes && !c.hoisted():
		style = layout.Links
	case prefer == config.No && c.hoisted(), !s.ExtendNodePath && !c.hoisted():
	default:
		return nil
	}
	return &style
}

// hoisted reports whether node_modules has directories of packages, not slots.
func (c *call) hoisted() bool {
	if linker := c.cfg.Settings.Install.Linker; linker != "" {
		return linker == "hoisted"
	}
	return c.lock.Format == lockfile.Npm || c.foreign() && !c.tool.isolated
}

var hoistingLimits = map[string]layout.Limits{
	"none": layout.NoLimits, "workspaces": layout.ByProject, "dependencies": layout.ByDependency,
}

// groups are the kinds of dependencies that the settings include; never nil, which
// is all of them to many.
func groups(in config.Include) []graph.Group {
	out := []graph.Group{}
	for _, g := range []struct {
		on bool
		g  graph.Group
	}{{in.Prod, graph.Prod}, {in.Dev, graph.Dev}, {in.Optional, graph.Optional}} {
		if g.on {
			out = append(out, g.g)
		}
	}
	return out
}

// platform decides which optional packages fit, on any of the platforms.
func (c *call) platform() func(os, cpu, libc []string) bool {
	// An install with nothing to do never asks.
	all := sync.OnceValue(c.platforms)
	return func(os, cpu, libc []string) bool {
		return slices.ContainsFunc(all(), func(p npm.Platform) bool { return p.Supports(os, cpu, libc) })
	}
}

// platforms is this machine, or what the settings name instead.
func (c *call) platforms() []npm.Platform {
	here := npm.PlatformOf(c.OS, c.Arch, c.Libc())
	want := c.cfg.Settings.Resolve.Platform
	list := func(named []string, current string) []string {
		if len(named) == 0 {
			return []string{current}
		}
		out := make([]string, len(named))
		for i, n := range named {
			if out[i] = n; n == "current" {
				out[i] = current
			}
		}
		return out
	}
	var all []npm.Platform
	for _, o := range list(want.OS, here.OS) {
		for _, arch := range list(want.CPU, here.CPU) {
			for _, l := range list(want.Libc, here.Libc) {
				all = append(all, npm.Platform{OS: o, CPU: arch, Libc: l})
			}
		}
	}
	return all
}

// digest sums up every setting that shapes node_modules and, behind a dot, what says
// where it comes from: a change of one makes the tree stale. That a call was for some
// projects only is known without.
func (c *call) digest(shaping *shaping) string {
	s := &c.cfg.Settings
	in, store := s.Install, ""
	if in.SharedSlots {
		store = s.Dirs.Store // it is a part of the tree
	}
	in.ImportMethod, in.FrozenStore = "", false
	h := sha256.New()
	fmt.Fprintln(h, s.Include, in, store, s.Dirs.Modules, s.Dirs.VirtualStore, s.Dirs.MaxSlotName,
		s.Dirs.MaxPeersSuffix, s.Resolve, s.Workspace.Lasting(), c.workspace.dirs, s.Lockfile.Enabled, shaping.digest(),
		c.buildRules(), c.trusted())
	if s.Save.PruneCatalogs { // it is no part of the tree, but has to be done once
		fmt.Fprintln(h, "prune", c.catalogs())
	}
	origin := sha256.Sum256(fmt.Append(nil, Version, s.Install.ImportMethod, s.Install.FrozenStore, s.Dirs.Store, c.cfg.Registries.Default))
	return hex.EncodeToString(h.Sum(nil)[:16]) + "." + hex.EncodeToString(origin[:8])
}

// nodeVersion is the version to check engines against: what the settings say,
// else the node on PATH; zero where there is none. Node takes 12 ms to answer, and
// all linking waits for that, so what it says is remembered.
func (c *call) nodeVersion() semver.Version {
	text := c.cfg.Settings.Resolve.NodeVersion
	ask := func() (string, error) { return c.Output(c.Dir, "node", "--version") }
	if node := script.FindNode(pathOf(c.Env)); text == "" && script.IsNode(node) {
		text = config.Remembered(c.cfg.Settings.Dirs.Cache, "node-version", node, isVersion, ask)
	} else if text == "" {
		text, _ = ask()
	}
	v, err := semver.Parse(text, semver.Options{Loose: true})
	if err != nil {
		return semver.Version{}
	}
	return v
}

func isVersion(text string) bool { return semver.Valid(text, semver.Options{Loose: true}) }
