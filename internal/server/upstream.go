package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/resolve/wire"
)

// checkRegistries refuses what cannot be answered at all: another registry for
// the names without a scope.
func (j *job) checkRegistries() error {
	if _, ok := j.asked.Registries[""]; !ok {
		return errors.New("the request names no registry")
	}
	return j.knows("")
}

// base is the client's registry for a name.
func (j *job) base(name npm.Name) string {
	r, ok := j.asked.Registries[name.Scope()]
	if !ok {
		r = j.asked.Registries[""]
	}
	return strings.TrimRight(r.URL, "/")
}

// knows reports whether the server gets name from where the client would.
func (j *job) knows(name npm.Name) error {
	base := j.base(name)
	if base == j.server.opts.Registry.Registry(name) || j.server.isOurs(base, j.here) {
		return nil
	}
	what := "the registry " + base
	if scope := name.Scope(); scope != "" {
		what += " for " + scope
	}
	return &unreachable{wire.CodeRegistry, what + " is not one that this server asks"}
}

// unreachable is what is left to the client.
type unreachable struct{ code, message string }

func (e *unreachable) Error() string { return e.message }
func (e *unreachable) Code() string  { return e.code }

// Packument implements resolve.Source.
func (j *job) Packument(ctx context.Context, name npm.Name, fresh bool) (*npm.Packument, error) {
	return j.source.Packument(ctx, name, fresh)
}

// upstream is the server's registries as far as a request may have them.
type upstream struct{ *job }

// Packument implements packuments.Registry.
func (j upstream) Packument(ctx context.Context, name npm.Name, form registry.Form) (*npm.Packument, error) {
	if err := j.knows(name); err != nil {
		return nil, err
	}
	if j.server.opts.Admit != nil {
		form = registry.Full
	}
	doc, err := j.server.docs.get(ctx, name, form)
	if err != nil {
		if j.mayHaveMore(name) && isRefused(err) {
			return nil, &unreachable{wire.CodeUnreachable, fmt.Sprintf("the server cannot get %s, and the client has a credential of its own for that registry", name)}
		}
		j.expires(j.server.opts.Now().Add(missing))
		return nil, err
	}
	j.expires(doc.Until)
	j.sees(doc.Packument)
	return j.admitted(doc.Packument)
}

// Revalidate implements packuments.Registry. What it finds is kept by the cache
// on disk, where the one in memory finds it when its own is old.
func (j upstream) Revalidate(ctx context.Context, name npm.Name, form registry.Form) (*npm.Packument, error) {
	if err := j.knows(name); err != nil {
		return nil, err
	}
	if j.server.opts.Admit != nil {
		form = registry.Full
	}
	doc, err := j.server.opts.Registry.Revalidate(ctx, name, form)
	if err != nil {
		return nil, err
	}
	j.sees(doc)
	return j.admitted(doc)
}

// admitted is what of a document anybody may have.
func (j upstream) admitted(doc *npm.Packument) (*npm.Packument, error) {
	if j.server.opts.Admit == nil {
		return doc, nil
	}
	doc, until, err := j.server.opts.Admit(doc)
	if !until.IsZero() {
		j.expires(until)
	}
	return doc, err
}

// missing is how long a package that does not exist stays so: no registry says,
// and somebody may be about to publish it.
const missing = 30 * time.Second

// mayHaveMore reports whether the client's registry may show it what it does not
// show the server.
func (j *job) mayHaveMore(name npm.Name) bool {
	r, ok := j.asked.Registries[name.Scope()]
	if !ok {
		r = j.asked.Registries[""]
	}
	return r.Private
}

func isRefused(err error) bool {
	var status *registry.StatusError
	if !errors.As(err, &status) {
		return false
	}
	switch status.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone:
		return true
	}
	return false
}

// sees notes the publications that the policy may have compared with its moment.
func (j *job) sees(doc *npm.Packument) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.holds.see(j.moment, doc)
}

// expires notes how long what was found is good for.
func (j *job) expires(until time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.until.IsZero() || until.Before(j.until) {
		j.until = until
	}
}

// externalKey is where an external is wanted, and in which words.
type externalKey struct{ dir, alias, specifier string }

// External implements resolve.Source: what comes past a registry is what the
// client says, or is left to it.
func (j *job) External(_ context.Context, s specifier.Specifier, dir string) (*resolve.External, error) {
	if e := j.externals[externalKey{dir, s.Alias, s.Raw}]; e != nil {
		return e.External(), nil
	}
	return nil, onlyThere(s)
}

func onlyThere(s specifier.Specifier) error {
	return &unreachable{wire.CodeUnreachable, fmt.Sprintf("%s is a %s dependency, which only the client can look at", s.Alias, s.Kind)}
}

// Integrity implements resolve.Source.
func (j *job) Integrity(_ context.Context, name npm.Name, version, _ string) (string, error) {
	return "", &unreachable{wire.CodeUnreachable, fmt.Sprintf("the registry tells no hash of %s@%s, so that its tarball has to be fetched", name, version)}
}
