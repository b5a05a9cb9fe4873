package server

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/resolve/bundled"
	"godwit/internal/resolve/npmtree"
	"godwit/internal/resolve/packuments"
	"godwit/internal/resolve/wire"
)

// npmJob is a request that is answered by npm's rules.
type npmJob struct {
	*job
	request *npmtree.Request
}

// understandNpm makes a job for npm's rules of what was asked.
func (j *job) understandNpm() (err error) {
	n := &npmJob{job: j}
	if n.request, err = j.asked.NpmResolution(); err != nil {
		return err
	}
	n.request.Picked = func(id graph.Key, res graph.Resolution) {
		if res.Integrity != "" { // else the client is told at the end that it has to do it all
			j.picked(id, res)
		}
	}
	for i := range n.request.Locked {
		p := &n.request.Locked[i]
		p.Resolved = j.ours(lockedName(p), p.Resolved)
	}
	j.source = packuments.Source{Registry: upstream{j}, Full: true}
	j.resolve = n.resolve
	return nil
}

// lockedName is the name of a package that the lockfile has: what it says, or
// what the directory is called.
func lockedName(p *graph.Placed) npm.Name {
	if p.Manifest != nil && p.Manifest.Name != "" {
		return p.Manifest.Name
	}
	return npm.Name(p.Alias())
}

// resolve finds the tree.
func (n *npmJob) resolve(ctx context.Context) (*wire.Done, error) {
	res, err := npmtree.Resolve(ctx, n, n.request)
	if err != nil {
		return nil, err
	}
	projects := map[string]bool{}
	for _, p := range n.request.Projects {
		projects[p.Dir] = true
	}
	done := &wire.Done{Placed: []wire.Placed{}}
	for i := range res.Placed {
		p := &res.Placed[i]
		w, err := wire.NewPlaced(p, projects[p.Dir])
		if err != nil {
			return nil, err
		}
		if w.Package != nil && !w.Bundled && !w.Short && w.Integrity == "" { // a short one is as the lockfile says
			_, err := n.Integrity(ctx, p.Manifest.Name, p.Manifest.Version, "")
			return nil, err
		}
		if w.Resolved != "" {
			w.Resolved = n.theirs(p.Manifest.Name, w.Resolved)
		}
		done.Placed = append(done.Placed, w)
	}
	for _, w := range res.Warnings {
		done.Warnings = append(done.Warnings, wire.Warning{Code: w.Code, Message: w.Message})
	}
	return done, nil
}

// External implements npmtree.Source.
func (n *npmJob) External(_ context.Context, s specifier.Specifier, _ string) (*resolve.External, error) {
	return nil, onlyThere(s)
}

// Project implements npmtree.Source: a directory that is no project of the
// request.
func (n *npmJob) Project(dir string) (*npm.Manifest, []byte, error) {
	return nil, nil, &unreachable{wire.CodeUnreachable, fmt.Sprintf("%.200q is a directory that only the client can look at", dir)}
}

// Bundled implements npmtree.Source. The URL may be the client's own word, so
// that nothing but a tarball of the server's registry for the name is fetched.
func (n *npmJob) Bundled(ctx context.Context, name npm.Name, tarball, integrity string) (*npmtree.Bundle, error) {
	if b := n.server.bundles.get(integrity); b != nil {
		return b, nil
	}
	if err := n.knows(name); err != nil {
		return nil, err
	}
	if base := n.server.opts.Registry.Registry(name); !strings.HasPrefix(tarball, base+"/") || strings.Contains(tarball, "..") {
		return nil, &unreachable{wire.CodeUnreachable, fmt.Sprintf("the tarball of %s, which has other packages in it, is past its registry", name)}
	}
	data, err := n.server.opts.Registry.Tarball(ctx, registry.TarballRequest{URL: tarball, Name: name})
	if err != nil {
		return nil, err
	}
	b, err := bundled.Look(data, integrity)
	if err != nil { // perhaps this server's way to it is to blame
		return nil, &unreachable{wire.CodeUpstream, fmt.Sprintf("look into %s: %v", tarball, err)}
	}
	n.server.bundles.put(integrity, b)
	return b, nil
}

// bundles keeps what was found in tarballs, by their integrity: it never
// changes, and to find it costs a download.
type bundles struct {
	mu    sync.Mutex
	by    map[string]*npmtree.Bundle
	bytes int
}

// maxBundles bounds the package.json files that are kept: those of a thousand
// packages that come with others.
const maxBundles = 8 << 20

func (k *bundles) get(integrity string) *npmtree.Bundle {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.by[integrity]
}

// put keeps a bundle. When there are too many all are forgotten: the few that
// are in use soon are there again.
func (k *bundles) put(integrity string, b *npmtree.Bundle) {
	if integrity == "" || b.Shrinkwrap != nil { // of the latter the size is not known
		return
	}
	size := len(integrity)
	for dir, text := range b.Packages {
		size += len(dir) + len(text)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.bytes += size; k.by == nil || k.bytes > maxBundles {
		k.by, k.bytes = map[string]*npmtree.Bundle{}, size
	}
	if size <= maxBundles {
		k.by[integrity] = b
	}
}
