package front

import (
	"net/http"
	"net/netip"
	"path"
	"strings"
)

// Origin is the URL at which a client reached this server, without a slash at its
// end and without a path of the server's own: by its connection and what it says
// in Host, or by what a trusted proxy says of that (X-Forwarded-Proto, -Host and
// -Prefix; of several the last, which is the nearest proxy's). Nothing of it is
// checked but its form: the host may be anybody's.
func Origin(r *http.Request, trusted []netip.Prefix) string {
	scheme, host, prefix := "http", r.Host, ""
	if r.TLS != nil {
		scheme = "https"
	}
	if isTrusted(peer(r), trusted) {
		if said := forwarded(r, "Proto"); said == "http" || said == "https" {
			scheme = said
		}
		if said := forwarded(r, "Host"); said != "" && !strings.ContainsAny(said, "/@?#\\ ") {
			host = said
		}
		if said := strings.TrimRight(forwarded(r, "Prefix"), "/"); IsPath(said) {
			prefix = said
		}
	}
	return scheme + "://" + strings.ToLower(host) + prefix
}

func forwarded(r *http.Request, what string) string {
	values := r.Header.Values("X-Forwarded-" + what)
	if len(values) == 0 {
		return ""
	}
	last := values[len(values)-1]
	return strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
}

// IsPath reports whether text is a path to put before others: "/npm", in
// characters that nobody escapes.
func IsPath(text string) bool {
	const most = 200 // far above what anybody configures, and short in a log
	plain := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("/-_.~", c)
	}
	return len(text) > 1 && len(text) <= most && text[0] == '/' && path.Clean(text) == text &&
		strings.IndexFunc(text, func(c rune) bool { return !plain(c) }) < 0
}

// Below serves what is below a path, "" for all, as if that path were not there.
// What apart says is served without it, too.
func Below(prefix string, next http.Handler, apart func(*http.Request) bool) http.Handler {
	if prefix == "" {
		return next
	}
	below := http.StripPrefix(prefix, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch rest, ok := strings.CutPrefix(r.URL.Path, prefix); {
		case ok && rest == "":
			r.URL.Path += "/"
			below.ServeHTTP(w, r)
		case ok && rest[0] == '/':
			below.ServeHTTP(w, r)
		case apart(r):
			next.ServeHTTP(w, r)
		default:
			refuse(w, http.StatusNotFound, "this registry is below "+prefix+"/")
		}
	})
}
