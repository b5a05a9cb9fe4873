package server

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/resolve"
	"godwit/internal/resolve/packuments"
	"godwit/internal/resolve/wire"
)

// job is a request that was understood.
type job struct {
	server    *Server
	here      string // at which the client reached the server
	asked     *wire.Request
	moment    moment
	resolve   func(context.Context) (*wire.Done, error) // by pnpm's rules or npm's
	request   *resolve.Request                          // nil for npm's
	source    packuments.Source
	externals map[externalKey]*wire.External
	announce  *run
	told      map[graph.Key]bool

	mu    sync.Mutex
	until time.Time // how long the packuments that were used need no other look
	holds span      // for which moments they say the same
}

// job makes one of a request.
func (s *Server) job(asked *wire.Request, here string) (*job, *refusal) {
	j := &job{server: s, here: here, asked: asked, moment: momentOf(asked.Policy), told: map[graph.Key]bool{}}
	if err := j.checkRegistries(); err != nil {
		return nil, &refusal{http.StatusUnprocessableEntity, wire.CodeRegistry, err, 0}
	}
	understand := j.understand
	if asked.Npm != nil {
		understand = j.understandNpm
	}
	if err := understand(); err != nil {
		return nil, badRequest(err)
	}
	return j, nil
}

// understand makes a job for pnpm's rules of what was asked.
func (j *job) understand() (err error) {
	if j.request, err = j.asked.Resolution(); err != nil {
		return err
	}
	asked := j.asked
	j.externals = make(map[externalKey]*wire.External, len(asked.Externals))
	for i := range asked.Externals {
		e := &asked.Externals[i]
		j.externals[externalKey{e.Dir, e.Alias, e.Specifier}] = e
	}
	j.request.Picked = j.picked
	j.request.Options.RegistryTarball = func(url string) (npm.Name, string, bool) { return npm.PackageAt(url, j.base) }
	j.source = packuments.Source{Registry: upstream{j}, Policy: j.request.Options.Policy, Times: j.request.Options.TimeBased}
	j.resolve = func(ctx context.Context) (*wire.Done, error) {
		res, err := resolve.Resolve(ctx, j, j.request)
		if err != nil {
			return nil, err
		}
		return j.done(res), nil
	}
	return nil
}

// work resolves, and says in r what it finds.
func (j *job) work(ctx context.Context, r *run) {
	j.announce = r
	done, err := j.resolve(ctx)
	if err != nil {
		r.say(&wire.Frame{Error: failureOf(ctx, err)})
		return
	}
	r.mu.Lock()
	done.Packages, r.holds = r.packages, j.holds
	if len(done.Young) == 0 { // of those it tells the very moment
		r.until = j.until
	}
	r.mu.Unlock()
	r.say(&wire.Frame{Done: done})
}

// picked says that a package will be needed. Those from elsewhere than a registry
// are the client's own.
func (j *job) picked(id graph.Key, res graph.Resolution) {
	if res.Kind != graph.Registry || j.told[id] {
		return
	}
	j.told[id] = true
	name, version := id.Split()
	j.announce.say(&wire.Frame{Package: &wire.Package{
		ID: string(id), Tarball: j.relative(name, version, res.Tarball), Integrity: res.Integrity,
	}})
}

// relative is a tarball's URL as a frame has it.
func (j *job) relative(name npm.Name, version, tarball string) string {
	base := j.server.opts.Registry.Registry(name)
	if tarball == npm.TarballURL(base, name, version) {
		return ""
	}
	if rest, below := strings.CutPrefix(tarball, base+"/"); below {
		return rest
	}
	return tarball
}

// done is what a resolution found, in the client's words.
func (j *job) done(res *resolve.Result) *wire.Done {
	out := &wire.Done{
		Lockfile: wire.LockfileText(j.translated(res.Graph), func(name npm.Name, version string) string {
			return npm.TarballURL(j.base(name), name, version)
		}),
		Unused: res.Unused, Times: res.Times,
	}
	if len(res.Deprecated) > 0 {
		out.Deprecated = map[string]string{}
		for key, message := range res.Deprecated {
			out.Deprecated[string(key)] = message
		}
	}
	for _, v := range res.Young {
		out.Young = append(out.Young, wire.Young{
			Name: string(v.Name), Version: v.Version, Published: v.Published, Cutoff: v.Cutoff, Chain: v.Chain,
		})
	}
	return out
}

// translated is the graph with tarballs where the client's registries have them.
func (j *job) translated(g *graph.Graph) *graph.Graph {
	same := &graph.Graph{Importers: g.Importers, Packages: maps.Clone(g.Packages), Links: g.Links}
	for key, p := range g.Packages {
		at := p.Resolution.Tarball
		if p.Resolution.Kind == graph.Registry {
			at = j.theirs(p.Name, at)
		}
		if at == p.Resolution.Tarball {
			continue
		}
		moved := *p
		moved.Resolution.Tarball = at
		same.Packages[key] = &moved
	}
	return same
}

// theirs is the URL of a tarball as the client knows its registry.
func (j *job) theirs(name npm.Name, tarball string) string {
	if rest, below := strings.CutPrefix(tarball, j.server.opts.Registry.Registry(name)+"/"); below {
		return j.base(name) + "/" + rest
	}
	return tarball
}

// ours is theirs the other way round.
func (j *job) ours(name npm.Name, tarball string) string {
	if rest, below := strings.CutPrefix(tarball, j.base(name)+"/"); below {
		return j.server.opts.Registry.Registry(name) + "/" + rest
	}
	return tarball
}
