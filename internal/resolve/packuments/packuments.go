// Package packuments gets a resolver the packuments that it needs: the short form
// where that will do, else the full one.
package packuments

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"godwit/internal/npm"
	"godwit/internal/registry"
	"godwit/internal/resolve/policy"
)

// Registry is who has them.
type Registry interface {
	Packument(ctx context.Context, name npm.Name, form registry.Form) (*npm.Packument, error)
	// Revalidate is Packument without trust in any cache.
	Revalidate(ctx context.Context, name npm.Name, form registry.Form) (*npm.Packument, error)
}

// Source asks a registry. It is safe for concurrent use.
type Source struct {
	Registry Registry
	Policy   *policy.Policy
	Times    bool // publication times are needed of everything
	Full     bool // the full form is
}

// Packument implements a method of resolve.Source.
func (s *Source) Packument(ctx context.Context, name npm.Name, fresh bool) (*npm.Packument, error) {
	get := s.Registry.Packument
	if fresh {
		get = s.Registry.Revalidate
	}
	form := registry.Short
	if s.Full {
		form = registry.Full
	}
	doc, err := get(ctx, name, form)
	if err == nil && !s.Full && (needsLibc(doc) || s.Times && !doc.Full || s.Policy.NeedsTimes(doc)) {
		doc, err = full(ctx, get, name, doc)
	}
	var status *registry.StatusError
	if errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusGone) {
		return nil, NotFound{err}
	}
	return doc, err
}

// needsLibc reports whether a document may lack the one field that decides
// between packages for Linux: the public registry leaves libc out of the short
// form. pnpm asks for the full form of every optional package; what is for
// Linux shows already in the short one.
func needsLibc(doc *npm.Packument) bool {
	if doc.Full || doc.Len() == 0 {
		return false
	}
	last, err := doc.At(doc.Len() - 1)
	return err == nil && last.Libc == nil && slices.Contains(last.OS, "linux")
}

type getter func(context.Context, npm.Name, registry.Form) (*npm.Packument, error)

// full is the full form of a document, or the short one where the cache has no
// other and must do.
func full(ctx context.Context, get getter, name npm.Name, short *npm.Packument) (*npm.Packument, error) {
	doc, err := get(ctx, name, registry.Full)
	if errors.As(err, new(*registry.OfflineError)) {
		return short, nil
	}
	return doc, err
}

// NotFound is a package that does not exist, which an optional dependency may
// be.
type NotFound struct{ error }

// Unwrap is the reason.
func (e NotFound) Unwrap() error { return e.error }

// NotFound is what the resolver asks.
func (e NotFound) NotFound() bool { return true }

// Missing says of err that what is asked for does not exist.
func Missing(err error) NotFound { return NotFound{err} }
