package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/config"
	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/resolve"
	"godwit/internal/resolve/remote"
	"godwit/internal/resolve/wire"
)

// served lets a server resolve, where that can be. The nil served never does.
type served struct {
	client   *remote.Client
	settings wire.Settings
	lockfile lockfile.Settings
	sink     event.Sink
	here     string // why everything is resolved here, or ""
	fetches  bool   // what is resolved is downloaded
}

// served is the setting resolve-server.
func (c *call) served(src *source, shaping *shaping, to lockfile.Settings, sink event.Sink) *served {
	url := strings.TrimRight(c.cfg.Settings.Network.ResolveServer, "/")
	if url == "" {
		return nil
	}
	r := &c.cfg.Settings.Resolve
	s := &served{
		client: &remote.Client{
			URL: url, Transport: src.client.Transport(), UserAgent: c.userAgent(), Registry: src.client.Registry,
			Authorization: c.cfg.Registries.Credentials(url+"/", "").Authorization.Reveal(),
		},
		settings: wire.Settings{
			Registries: wireRegistries(&c.cfg.Registries, src), Extensions: shaping.list, IgnoredOptional: shaping.ignored,
			Patches: shaping.patches, AgeExclude: r.MinAgeExclude, TrustExclude: r.TrustExclude,
			Platforms: c.platforms(),
		},
		lockfile: to, sink: sink, fetches: !c.cfg.Settings.Lockfile.Only && !c.cfg.Settings.Call.DryRun,
	}
	if c.cfg.Settings.Network.Offline {
		s.here = "the network is off"
	}
	if slices.ContainsFunc(c.workspace.dirs, func(dir string) bool { return !filepath.IsLocal(dir) }) {
		s.here = "projects of the workspace are outside of its root"
	}
	if len(c.cfg.Registries.Prefixes()) > 0 {
		s.here = "registries have prefixes, which a server does not know"
	}
	if shaping.hooks != "" {
		s.here = "the hooks of the project's pnpmfile run on this machine"
	}
	return s
}

// wireRegistries tells where packages come from, and where this project has a
// credential, which stays here.
func wireRegistries(regs *config.Registries, src *source) map[string]wire.Registry {
	out := map[string]wire.Registry{}
	add := func(scope string, name npm.Name) {
		out[scope] = wire.Registry{URL: src.client.Registry(name), Private: src.client.HasCredential(name)}
	}
	add("", "a")
	for scope := range regs.Scopes() {
		add(scope, npm.Name(scope+"/a"))
	}
	return out
}

// asked puts a question to the server, unless why says that nobody but the resolver
// here can answer it, which is to find out then, as where used is false: the user
// was told. lacks counts what is certain to be downloaded: so many downloads begin
// at one time, at least.
func asked[R any](s *served, src *source, why string, lacks func() int, ask func() (R, error)) (answer R, used bool, err error) {
	if why = cmp.Or(s.here, why); why != "" {
		s.tell("%s", why)
		return answer, false, nil
	}
	if s.fetches {
		src.client.Prepare("a", lacks()) // while the server answers
	}
	answer, err = ask()
	return answer, !s.wasOfNoUse(err), err
}

// resolve asks the server. Without a result and an error the resolver here is to
// find out.
func (s *served) resolve(ctx context.Context, src *source, req *resolve.Request, importers []install.Importer) (*resolve.Result, error) {
	why := cmp.Or(s.here, onlyHere(req))
	local := &externals{source: src, request: req}
	if why == "" {
		why = local.find(ctx)
	}
	res, used, err := asked(s, src, why, func() int { return unlocked(req) }, func() (*resolve.Result, error) {
		q := &remote.Question{Request: req, Settings: s.settings, Lockfile: s.lockfile, Projects: install.Recorded(importers)}
		q.Settings.Externals = local.found
		return s.client.Resolve(ctx, q)
	})
	if !used {
		return nil, nil
	}
	if res != nil && req.Options.Shape != nil {
		// The projects' own manifests are changed here.
		here := req.Options.Shape.Overrides.Unused()
		res.Unused = slices.DeleteFunc(res.Unused, func(selector string) bool { return !slices.Contains(here, selector) })
	}
	return res, err
}

// wasOfNoUse tells why a server was of no use, if that is what the error says.
func (s *served) wasOfNoUse(err error) bool {
	var unusable *remote.UnusableError
	if !errors.As(err, &unusable) {
		return false
	}
	s.tell("%s: %v", s.client.URL, unusable)
	return true
}

// unlocked counts what projects depend on that the lockfile does not have.
func unlocked(req *resolve.Request) (n int) {
	for _, im := range req.Importers {
		var locked *graph.Importer
		if req.Locked != nil {
			locked = req.Locked.Importer(im.Dir)
		}
		for _, deps := range []npm.Deps{im.Manifest.Dependencies, im.Manifest.DevDependencies, im.Manifest.OptionalDependencies} {
			for _, d := range deps {
				if locked == nil || !slices.ContainsFunc(locked.Deps, func(l graph.Direct) bool { return l.Alias == d.Alias && l.Specifier == d.Specifier }) {
					n++
				}
			}
		}
	}
	return n
}

func (s *served) tell(format string, args ...any) {
	s.sink.Emit(event.Warning{
		Code: "RESOLVE_SERVER", Message: "resolved without the resolve server: " + fmt.Sprintf(format, args...),
	})
}

// onlyHere says what of a request no server can look at, or "".
func onlyHere(req *resolve.Request) string {
	if req.Options.Shape != nil {
		for _, d := range req.Options.Shape.Overrides.Entries() {
			if strings.HasPrefix(d.Specifier, "link:") || strings.HasPrefix(d.Specifier, "file:") {
				return fmt.Sprintf("the override of %s leads to a path", d.Alias)
			}
		}
	}
	return ""
}
