package cli

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"godwit/internal/cli/doctor"
	"godwit/internal/cli/ui"
	"godwit/internal/config"
	"godwit/internal/registry"
)

const (
	// doctorTimeout is how long a registry may take to answer: who waits longer
	// for one answer does not install.
	doctorTimeout = 10 * time.Second
	// slowAnswer is when an install of hundreds of packages begins to be slow by
	// the network alone.
	slowAnswer = time.Second
	// skewAllowed is what minimum-release-age and certificates do not care about;
	// AWS and Kerberos refuse clocks beyond the same 5 minutes.
	skewAllowed = 5 * time.Minute
)

// network looks at proxies, and asks each registry that packages come from.
func (x *examination) network(ctx context.Context) {
	n := &x.cfg.Settings.Network
	for _, p := range []struct {
		check string
		url   config.Secret
	}{{"https-proxy", n.HTTPSProxy}, {"proxy", n.HTTPProxy}} {
		if p.url.Empty() {
			continue
		}
		if u, err := parseProxy(p.check, p.url.Reveal()); err != nil {
			x.Say(p.check, doctor.Failure, "correct it in .npmrc or in the environment", "%v", err)
		} else {
			without := ""
			if len(n.NoProxy) > 0 {
				without = ", but not for " + strings.Join(n.NoProxy, ", ")
			}
			x.Say(p.check, doctor.Fine, "", "%s://%s%s", u.Scheme, u.Host, without)
		}
	}
	if x.cfg.Registries.Default == "" {
		x.Say("registry", doctor.Failure, "write registry=https://registry.example/ to ~/.npmrc", "no registry is configured")
		return
	}
	urls := []string{x.cfg.Registries.Default}
	scopes := x.cfg.Registries.Scopes()
	for _, scope := range slices.Sorted(maps.Keys(scopes)) {
		if !slices.Contains(urls, scopes[scope]) {
			urls = append(urls, scopes[scope])
		}
	}
	for _, at := range urls {
		x.registry(ctx, at)
	}
}

// registry asks one registry whether it is there, and who the user is there.
func (x *examination) registry(ctx context.Context, at string) {
	quick := *x.call
	cfg := *x.cfg
	quick.cfg = &cfg
	cfg.Settings.Network.Retries = 0 // one answer says it
	cfg.Settings.Network.Timeout = min(cfg.Settings.Network.Timeout, doctorTimeout)
	e, err := quick.endpointAt(at)
	if err != nil {
		x.Say("registry", doctor.Failure, "look at the certificates that the settings name", "%s: %s", at, err)
		return
	}
	x.transport(e)
	if cfg.Settings.Network.Offline {
		x.Say("registry", doctor.Doubt, "leave --offline out", "%s was not asked: offline", e.url)
		return
	}
	begin := x.Now()
	got, err := e.send(ctx, "", "-/ping", nil, nil)
	took := x.Now().Sub(begin)
	var status *registry.StatusError
	switch {
	case errors.As(err, &status) && status.Status < 500: // somebody is there; not every registry knows this question
	case err != nil:
		x.Say("registry", doctor.Failure, hintOf(err, "look at the network, at the proxy, and at the setting registry"), "%s", registry.Brief(err))
		return
	}
	took = took.Round(time.Millisecond)
	if took > slowAnswer {
		x.Say("registry", doctor.Doubt, "look at the network and the proxy", "%s takes %s to answer", e.url, took)
	} else {
		x.Say("registry", doctor.Fine, "", "%s answers in %s", e.url, took)
	}
	x.clock(got.header.Get("Date"))
	x.whoami(ctx, e)
}

// transport tells what others could read or change on the way.
func (x *examination) transport(e *endpoint) {
	u, err := url.Parse(e.url)
	if err != nil {
		return
	}
	switch near := loopback(u); {
	case u.Scheme == "http" && !near && e.loggedIn():
		x.Say("transport", doctor.Failure, "use https", "credentials for %s are sent without encryption", e.url)
	case u.Scheme == "http" && !near:
		x.Say("transport", doctor.Doubt, "use https", "%s is read without encryption: whoever is between can choose versions", e.url)
	case u.Scheme == "https" && !x.cfg.Settings.Network.StrictSSL:
		x.Say("transport", doctor.Doubt, "name the certificates to trust with cafile, and leave strict-ssl and NODE_TLS_REJECT_UNAUTHORIZED out", "the certificate of %s is not checked", e.url)
	}
}

// clock compares the registry's clock with ours, once.
func (x *examination) clock(date string) {
	theirs, err := http.ParseTime(date)
	if err != nil || x.Has("clock") {
		return
	}
	skew := x.Now().Sub(theirs).Truncate(time.Second)
	if skew.Abs() <= skewAllowed {
		x.Say("clock", doctor.Fine, "", "within %.0f minutes of the registry's", skewAllowed.Minutes())
		return
	}
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	x.Say("clock", doctor.Doubt, "set the clock: certificates and minimum-release-age go by it", "%s %s the registry's", roughly(skew.Abs()), direction)
}

// roughly is a duration for people.
func roughly(d time.Duration) string {
	if days := int(d.Hours() / 24); days > 1 {
		return ui.Count(days, "day")
	}
	return d.String()
}

// whoami says for whom the registry takes our credentials.
func (x *examination) whoami(ctx context.Context, e *endpoint) {
	if !e.loggedIn() {
		x.Say("auth", doctor.Fine, "", "nothing is configured for %s", e.url)
		return
	}
	from := e.cfg.Registries.Credentials(e.url, e.url).Source
	var answer struct{ Username string }
	_, err := e.send(ctx, "", "-/whoami", nil, &answer)
	var status *registry.StatusError
	switch {
	case err == nil && answer.Username != "":
		x.Say("auth", doctor.Fine, "", "%s at %s", ui.Plain(answer.Username), e.url)
	case errors.As(err, &status) && (status.Status == http.StatusUnauthorized || status.Status == http.StatusForbidden):
		x.Say("auth", doctor.Failure, "godwit login gets a new token", "%s refuses the credentials of %s", e.url, from)
	default:
		x.Say("auth", doctor.Doubt, "godwit view, for a package that only you may see, tells more", "%s does not say whose the credentials of %s are", e.url, from)
	}
}

// hintOf is what an error says to do, or else otherwise.
func hintOf(err error, otherwise string) string {
	var h hinted
	if errors.As(err, &h) && h.Hint() != "" {
		return h.Hint()
	}
	return otherwise
}
