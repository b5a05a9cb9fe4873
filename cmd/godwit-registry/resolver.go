package main

import (
	"net/http"
	"path/filepath"

	"godwit/internal/front"
	"godwit/internal/registry"
	"godwit/internal/server"
)

// The resolver keeps packuments as it reads them, apart from the proxy's, which
// are packed and name tarballs at the proxy's address.
const (
	resolverDocuments = 256 << 20 // of ten large projects
	resolverReplays   = 64 << 20  // 80 answers of 1,300 packages each
	resolverMemory    = resolverDocuments + resolverReplays
)

// startResolver makes the endpoint that resolves, over a client of its own for
// the same registries. closeClient ends the client.
func (d *daemon) startResolver(p *process) (closeClient func() error, err error) {
	o := d.settings.proxy.Upstream
	o.CacheDir = filepath.Join(d.cache, "resolver")
	o.Allow, o.Now = d.proxy.CheckOrigin, p.now
	client, err := registry.New(o)
	if err != nil {
		return nil, err
	}
	so := server.Options{
		Registry: client, Version: version, Now: p.now,
		Limits:  server.Limits{Documents: resolverDocuments, Replays: resolverReplays},
		Client:  func(r *http.Request) string { return front.Client(r, d.trusted) },
		Observe: d.numbers.resolved, Aliases: d.aliases, Origin: d.origin,
	}
	if d.settings.proxy.Holds() {
		so.Admit = d.proxy.Admit
	}
	if u := d.settings.proxy.PublicURL; u != "" {
		so.Aliases = append(so.Aliases, u)
	}
	d.resolver = server.New(so)
	return client.Close, nil
}
