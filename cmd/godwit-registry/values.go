package main

import (
	"encoding/base64"
	"log/slog"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"godwit/internal/front"
	"godwit/internal/resolve/policy"
)

// The methods here read one value each and note what is wrong with it.

// positive is n, or fallback for what is not given.
func (d *document) positive(at string, n, fallback int) int {
	if n < 0 {
		d.wrong(at, "want a number above 0")
	}
	if n == 0 {
		return fallback
	}
	return n
}

// duration reads "90s", "10m", "12h" and "7d".
func (d *document) duration(at, text string, fallback time.Duration) time.Duration {
	if text == "" {
		return fallback
	}
	unit, number := "", text
	if days, ok := strings.CutSuffix(text, "d"); ok {
		unit, number = "d", days
	}
	if unit == "d" {
		if n, err := strconv.ParseFloat(number, 64); err == nil && n >= 0 && n < 36500 {
			return time.Duration(n * 24 * float64(time.Hour))
		}
	} else if t, err := time.ParseDuration(text); err == nil && t >= 0 {
		return t
	}
	d.wrong(at, "want a time such as 90s, 12h or 7d")
	return fallback
}

// units of bytes.
var units = []struct {
	suffix string
	bytes  float64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}}

// bytes reads "10GiB"; 0 if nothing is given.
func (d *document) bytes(at, text string) int64 {
	if text == "" {
		return 0
	}
	for _, u := range units {
		number, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && n > 0 && n*u.bytes < 1<<60 {
			return int64(n * u.bytes)
		}
		break
	}
	d.wrong(at, "want a size such as 512MiB or 20GiB")
	return 0
}

// shortToken is below what nobody guesses: 96 bits in base64.
const shortToken = 16

func (d *document) tokens() []string {
	for _, t := range d.Tokens {
		if len(t) < shortToken {
			d.wrong("$.tokens", "a token has at least %d characters; openssl rand -base64 24 makes one", shortToken)
		}
	}
	return d.Tokens
}

func (d *document) prefixes() (out []netip.Prefix) {
	for _, text := range d.Trusted {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				d.wrong("$.trusted-proxies", "%q: want an address or a network such as 10.0.0.0/8", text)
				continue
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		out = append(out, p)
	}
	return out
}

func (d *document) publicURL() string {
	if d.PublicURL == "" {
		return ""
	}
	if _, ok := checkURL(d.PublicURL); !ok {
		d.wrong("$.public-url", "want a URL such as https://npm.example.com/")
	}
	return strings.TrimRight(d.PublicURL, "/")
}

// hosts are names alone: a port is whatever the client says.
func (d *document) hosts() []string {
	for _, h := range d.Hosts {
		if u, err := url.Parse("//" + h + "/"); err != nil || u.Hostname() != h || u.Host != h {
			d.wrong("$.hosts", "%q: want a name such as npm.example.com", h)
		}
	}
	return d.Hosts
}

// exclude reads a list of what a policy does not apply to.
func (d *document) exclude(key string, list []string) policy.Exclude {
	e, err := policy.ParseExclude(key, list)
	if err != nil {
		d.wrong("$."+key, "%v", err)
	}
	return e
}

func (d *document) noDowngrade() bool {
	switch d.Trust {
	case "", "off":
		return false
	case "no-downgrade":
		return true
	}
	d.wrong("$.trust-policy", "want off or no-downgrade")
	return false
}

// basePath reads "/npm/" as "/npm"; "" and "/" are no path.
func (d *document) basePath() string {
	text := strings.TrimRight(d.BasePath, "/")
	if text != "" && !front.IsPath(text) {
		d.wrong("$.base-path", "want a path such as /npm")
	}
	return text
}

// certificate reads the files of tls; nil without any.
func (d *document) certificate(log *slog.Logger, now func() time.Time) *certificate {
	if d.TLS.Cert == "" && d.TLS.Key == "" {
		return nil
	}
	if d.TLS.Cert == "" || d.TLS.Key == "" {
		d.wrong("$.tls", "cert and key go together")
		return nil
	}
	c, err := newCertificate(d.TLS.Cert, d.TLS.Key, log, now)
	if err != nil {
		d.wrong("$.tls", "%v", err)
	}
	return c
}

func (d *document) urls(at string, list []string) []string {
	for _, text := range list {
		if _, ok := checkURL(text); !ok {
			d.wrong(at, "%q: want a URL such as https://tarballs.example.com/", text)
		}
	}
	return list
}

// checkURL reports whether text is a URL of a registry, and what .npmrc would
// call it: "//host/path/".
func checkURL(text string) (prefix string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		return "", false
	}
	return "//" + u.Host + u.EscapedPath(), true
}

func encode(password string) string {
	return base64.StdEncoding.EncodeToString([]byte(password))
}
