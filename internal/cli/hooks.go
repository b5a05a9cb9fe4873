package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"godwit/internal/event"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/pnpmfile"
	"godwit/internal/project"
	"godwit/internal/resolve"
	"godwit/internal/script"
)

// hooks are those of the project's pnpmfiles, as the engine wants them. The nil
// hooks are none.
type hooks struct {
	*pnpmfile.Hooks
	root    string
	file    string              // the last pnpmfile
	digest  string              // of the files
	about   pnpmfile.Resolution // what is the same for each resolution
	shape   *resolve.Shape
	write   lockfile.WriteOptions
	slots   string                   // directory of the virtual store, where the lockfile's copy is
	written map[string]*npm.Manifest // manifests of projects as they stand in the files, by directory
	read    map[string]*npm.Manifest // the same with the runtimes that they want
	shaped  map[string]*npm.Manifest // the same as shape makes them, but for the hook
	asked   bool                     // about the projects
	config  bool                     // updateConfig was called
}

// pnpmfiles are the files whose hooks run: the user's own, then those that the
// setting names, or the one at the root. Other tools' projects have none.
func (c *call) pnpmfiles() ([]pnpmfile.File, error) {
	s := &c.cfg.Settings.Resolve
	if s.IgnorePnpmfile || c.foreign() || c.npmProject() {
		return nil, nil
	}
	var files []pnpmfile.File
	if s.GlobalPnpmfile != "" {
		files = append(files, pnpmfile.File{Path: s.GlobalPnpmfile, Global: true})
	}
	files = append(files, c.plugins()...)
	named := map[string]bool{}
	for _, path := range s.Pnpmfile {
		if !filepath.IsAbs(path) {
			path = filepath.Join(c.workspace.top(), path)
		}
		if !named[path] {
			named[path] = true
			files = append(files, pnpmfile.File{Path: path})
		}
	}
	if err := pnpmfile.Check(files); err != nil {
		return nil, err
	}
	if len(s.Pnpmfile) == 0 {
		if path := pnpmfile.Find(c.workspace.top()); path != "" {
			files = append(files, pnpmfile.File{Path: path})
		}
	}
	return files, nil
}

// hooks are those of the project. Nothing runs before it is needed.
func (c *call) hooks(sink event.Sink) (*hooks, error) {
	files, err := c.pnpmfiles()
	if err != nil || len(files) == 0 {
		return nil, err
	}
	h := &hooks{
		Hooks: pnpmfile.New(pnpmfile.Options{
			Files: files, Node: script.FindNode(pathOf(c.Env)), Dir: c.workspace.root, Env: c.Env, Stderr: c.Stderr,
			Log: func(hook, message string) { sink.Emit(event.Output{Line: hook + ": " + message}) },
		}),
		root: c.workspace.root, file: files[len(files)-1].Path, written: map[string]*npm.Manifest{}, read: map[string]*npm.Manifest{}, shaped: map[string]*npm.Manifest{},
	}
	h.digest, err = digestOf(files)
	return h, err
}

// digestOf sums up what is in pnpmfiles, the user's own too; "" for none.
func digestOf(files []pnpmfile.File) (string, error) {
	if len(files) == 0 {
		return "", nil
	}
	all := slices.Clone(files)
	for i := range all {
		all[i].Global = false
	}
	return pnpmfile.Sum(all)
}

// change gives the hooks a part in what the project changes in manifests.
func (h *hooks) change(ctx context.Context, s *shaping) {
	if h == nil {
		return
	}
	if s.shape == nil {
		s.shape = &resolve.Shape{}
	}
	h.shape, s.hooks = s.shape, h.digest
	s.shape.Read = func(was, m *npm.Manifest, raw []byte) func() (*npm.Manifest, error) {
		wait := h.ask(ctx, was, m, raw)
		return func() (*npm.Manifest, error) {
			out, err := wait()
			if err != nil || out == nil {
				return m, err
			}
			hooked, err := npm.DecodeManifest(out)
			if err != nil {
				return nil, err
			}
			// What the package is, and where its files are, no hook decides.
			hooked.Name, hooked.Version, hooked.Dist = m.Name, m.Version, m.Dist
			return hooked, nil
		}
	}
}

// ask begins to ask readPackage about a manifest.
func (h *hooks) ask(ctx context.Context, was, m *npm.Manifest, raw []byte) func() ([]byte, error) {
	if raw == nil {
		raw = []byte("{}") // a repository without a package.json
	}
	doc, err := pnpmfile.Document(raw, was, m)
	if err != nil {
		return func() ([]byte, error) { return nil, fmt.Errorf("ask readPackage about %s: %w", m.Name, err) }
	}
	return h.ReadPackage(ctx, doc)
}

// close ends what runs for them.
func (h *hooks) close() {
	if h != nil {
		h.Close()
	}
}

// join makes hooks those of a request.
func (h *hooks) join(req *install.Request, c *call) {
	if h == nil {
		return
	}
	req.Hooks = h
	h.write.TarballURL, h.write.IncludeTarballURL = req.Client.TarballURL, req.TarballURLs
	h.slots = absolute(h.root, req.Layout.StoreDir())
	h.about = pnpmfile.Resolution{LockfileDir: h.root, StoreDir: c.cfg.Settings.Dirs.Store, Registries: c.registries()}
}

// note keeps what a project's manifest was before anything changed it.
func (h *hooks) note(im *install.Importer, shaped *npm.Manifest) {
	if h != nil {
		h.written[im.Dir], h.read[im.Dir], h.shaped[im.Dir] = cmp.Or(im.Written, im.Manifest), im.Manifest, shaped
	}
}

// Projects implements install.Hooks.
func (h *hooks) Projects(ctx context.Context, importers []install.Importer) error {
	if h.asked {
		return nil
	}
	h.asked = true
	switch late, err := h.Needs(ctx, updateConfig); {
	case err != nil:
		return err
	case late && !h.config:
		return &pnpmfile.UnsupportedError{File: h.file, What: updateConfig + " of another file, without naming it"}
	}
	waits := make([]func() ([]byte, error), len(importers))
	bases := make([]*npm.Manifest, len(importers))
	for i := range importers {
		im := &importers[i]
		if im.Member != nil {
			continue // it keeps what the lockfile has
		}
		// What a command added is there already; else the hook comes before overrides.
		bases[i] = im.Manifest
		if im.Manifest == h.shaped[im.Dir] {
			bases[i] = h.shape.Extend(h.read[im.Dir])
		}
		waits[i] = h.ask(ctx, h.written[im.Dir], bases[i], im.JSON)
	}
	for i := range importers {
		if waits[i] == nil {
			continue
		}
		out, err := waits[i]()
		if err != nil {
			return err
		}
		if err := h.take(&importers[i], bases[i], out); err != nil {
			return err
		}
	}
	return nil
}

// take gives an importer the dependencies that a hook wants for it; out is nil
// for those that it has.
func (h *hooks) take(im *install.Importer, base *npm.Manifest, out []byte) error {
	dir := filepath.Join(h.root, filepath.FromSlash(im.Dir))
	if out != nil {
		parsed, err := project.Parse(filepath.Join(dir, project.ManifestFile), out)
		if err != nil {
			return err
		}
		next, m := importer(im.Dir, parsed), *base
		m.Dependencies, m.DevDependencies, m.OptionalDependencies = parsed.Dependencies, parsed.DevDependencies, parsed.OptionalDependencies
		m.PeerDependencies, m.OptionalPeers, m.Bundled = parsed.PeerDependencies, parsed.OptionalPeers, parsed.Bundled
		im.Meta, im.PublishDirectory, im.NoLinkDirectory = next.Meta, next.PublishDirectory, next.NoLinkDirectory
		base = &m
	}
	im.Manifest = h.shape.Finish(base, filepath.ToSlash(dir))
	return nil
}

// Before implements install.Hooks.
func (h *hooks) Before(ctx context.Context, present *lockfile.Document) (*lockfile.Document, error) {
	const hook = "preResolution"
	if needs, err := h.Needs(ctx, hook); err != nil || !needs {
		return present, err
	}
	about := h.about
	about.WantedLockfile, about.CurrentLockfile = json.RawMessage("{}"), json.RawMessage("{}")
	if present != nil {
		about.WantedLockfile, about.ExistsNonEmptyWantedLockfile = present.JSON(h.write), len(present.Graph.Packages) > 0
	}
	current, err := lockfile.Read(lockfile.File{Format: lockfile.Pnpm, Path: filepath.Join(h.slots, "lock.yaml")})
	if about.ExistsCurrentLockfile = err == nil; err == nil {
		about.CurrentLockfile = current.JSON(h.write)
	} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, lockfile.ErrEmpty) {
		return nil, err
	}
	out, err := h.PreResolution(ctx, &about)
	if err != nil || out == nil || present == nil {
		return present, err
	}
	return present.FromJSON("the lockfile as "+hook+" left it", out)
}

// Resolved implements install.Hooks.
func (h *hooks) Resolved(ctx context.Context, made *lockfile.Document) (*lockfile.Document, error) {
	const hook = "afterAllResolved"
	if needs, err := h.Needs(ctx, hook); err != nil || !needs {
		return made, err
	}
	out, err := h.AfterAllResolved(ctx, made.JSON(h.write))
	if err != nil || out == nil {
		return made, err
	}
	return made.FromJSON("the lockfile that "+hook+" returned", out)
}

// beforePacking is what the hook makes of the manifest of a package whose files
// are in dir, and whether that is something else.
func (h *hooks) beforePacking(manifest project.Node, dir string) (_ project.Node, changed bool, err error) {
	if h == nil {
		return manifest, false, nil
	}
	out, err := h.BeforePacking(context.Background(), []byte(manifest.Compact()), dir)
	if err != nil || out == nil {
		return manifest, false, err
	}
	manifest, err = project.ParseValue("the result of beforePacking", string(out))
	return manifest, true, err
}
