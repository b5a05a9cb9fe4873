package cli

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"godwit/internal/config"
	"godwit/internal/event"
	"godwit/internal/fsys"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/registry"
)

// client makes the registry client that the settings ask for.
func (c *call) client(sink event.Sink) (*registry.Client, error) {
	o, err := c.clientOptions(sink)
	if err != nil {
		return nil, err
	}
	return registry.New(o)
}

// clientOptions is how the settings want registries to be talked to.
func (c *call) clientOptions(sink event.Sink) (registry.Options, error) {
	n := &c.cfg.Settings.Network
	regs := &c.cfg.Registries
	if regs.Default == "" {
		return registry.Options{}, config.ErrNoRegistry
	}
	creds, err := credentials(regs)
	if err != nil {
		return registry.Options{}, err
	}
	tls, err := tlsOf(n, sink)
	if err != nil {
		return registry.Options{}, err
	}
	session := make([]byte, 8)
	rand.Read(session)
	return registry.Options{
		Default: regs.Default, Scopes: regs.Scopes(), Credentials: creds,
		Proxy: proxyFor(n), TLS: tls,
		Retry:   registry.Retry{Count: n.Retries, Factor: float64(n.RetryFactor), Min: n.RetryMin, Max: n.RetryMax},
		Timeout: n.Timeout, OpenFiles: fsys.OpenFiles(), MaxSockets: cmp.Or(n.Concurrency, n.MaxSockets), ReplaceHost: replaceHost(n.ReplaceHost, c.lock.Format != lockfile.Pnpm),
		UserAgent: c.userAgent(), Command: "install", Session: hex.EncodeToString(session),
		CacheDir: c.cacheDir(),
		Offline:  n.Offline, PreferOffline: n.PreferOffline, PreferOnline: n.PreferOnline,
		Now: c.Now, Sink: sink,
	}, nil
}

// replaceHost says which tarball URLs lead to the configured registry. "npmjs" is
// npm's word for the public registry and its default. godwit knows no host by
// heart: it takes for it whatever keeps tarballs where the public registry does,
// and never for pnpm's lockfiles: the others have the URL of every tarball.
func replaceHost(setting string, public bool) registry.ReplaceHost {
	switch setting {
	case "never":
		return registry.ReplaceHost{}
	case "", "npmjs":
		return registry.ReplaceHost{Public: public}
	case "always":
		return registry.ReplaceHost{Always: true}
	}
	return registry.ReplaceHost{Host: setting}
}

// userAgent has npm's form, which registries and scripts parse.
func (c *call) userAgent() string {
	if ua := c.cfg.Settings.Network.UserAgent; ua != "" {
		return ua
	}
	p := npm.PlatformOf(c.OS, c.Arch, "")
	return fmt.Sprintf("godwit/%s npm/? node/? %s %s", Version, p.OS, p.CPU)
}

func credentials(regs *config.Registries) ([]registry.Credential, error) {
	var out []registry.Credential
	for _, host := range regs.All() {
		cred := registry.Credential{Prefix: host.Prefix}
		switch kind, secret, _ := strings.Cut(host.Authorization.Reveal(), " "); kind {
		case "Bearer":
			cred.Token = secret
		case "Basic":
			cred.Basic = secret
		}
		var err error
		if cred.Cert, err = readPEM(host.CertFile); err != nil {
			return nil, err
		}
		if cred.Key, err = readPEM(host.KeyFile); err != nil {
			return nil, err
		}
		out = append(out, cred)
	}
	return out, nil
}

func tlsOf(n *config.Network, sink event.Sink) (registry.TLS, error) {
	t := registry.TLS{CA: []byte(strings.Join(n.CA, "\n")), Cert: []byte(n.Cert), Key: []byte(n.Key.Reveal()), Insecure: !n.StrictSSL}
	file, err := readAuthorities("cafile", n.CAFile, sink)
	if err != nil {
		return t, err
	}
	t.CA = append(t.CA, file...)
	t.ExtraCA, err = readAuthorities("NODE_EXTRA_CA_CERTS", n.ExtraCAFile, sink)
	return t, err
}

// readAuthorities reads a file of certificates. One that is not there is left out,
// with a warning, as Node, npm and pnpm do: in images such settings outlive the
// file. Where it is needed the connection fails.
func readAuthorities(key, file string, sink event.Sink) ([]byte, error) {
	data, err := readPEM(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	if sink != nil {
		sink.Emit(event.Warning{Code: "cafile", Message: fmt.Sprintf("%s names %s, which is not there: its certificates are left out", key, file)})
	}
	return nil, nil
}

func readPEM(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	return data, nil
}
