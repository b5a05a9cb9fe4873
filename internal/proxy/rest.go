package proxy

import (
	"errors"
	"net/http"
	"time"

	"godwit/internal/registry"
)

// maxRest is how long a registry that asked for it is left alone. Beyond that one
// more request is no burden, and shows whether it still means it.
const maxRest = time.Minute

// rest notes that a registry asks to be left alone for a while, if err says so.
// what tells packuments and tarballs apart, which seldom come from one server.
func (p *Proxy) rest(what string, err error) {
	var status *registry.StatusError
	if !errors.As(err, &status) || status.After <= 0 ||
		status.Status != http.StatusTooManyRequests && status.Status != http.StatusServiceUnavailable {
		return
	}
	after := min(status.After, maxRest)
	if p.rested(what) == nil { // else it said so a moment ago
		p.opts.Log.Warn("the registry wants to be left alone", "what", what, "status", status.Status, "for", after)
	}
	p.resting.Store(what, p.opts.Now().Add(after))
}

// rested is an error while that time is not over: the registry's own, told again.
func (p *Proxy) rested(what string) error {
	until, ok := p.resting.Load(what)
	if !ok {
		return nil
	}
	left := until.(time.Time).Sub(p.opts.Now())
	if left <= 0 || left > maxRest { // over, or the clock was set back
		p.resting.Delete(what)
		return nil
	}
	return &registry.StatusError{Status: http.StatusTooManyRequests, Message: "it wants to be left alone for a while", After: left}
}
