// Package front is what every request passes before a server looks at it: an
// id, limits, who may ask, the log and the count of answers.
package front

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"godwit/internal/throttle"
)

// Options say what passes. Next, Log and Now are required.
type Options struct {
	Next     http.Handler
	Log      *slog.Logger
	LogAll   bool                     // requests that went well, too
	Throttle *throttle.Throttle       // nil: no limit
	Tokens   []string                 // one of them opens the door; none: it is open
	Trusted  []netip.Prefix           // reverse proxies, whose X-Forwarded-* count
	Open     func(*http.Request) bool // what needs neither token nor its turn; may be nil
	Observe  func(Answer)             // called by many goroutines; may be nil
	Now      func() time.Time
}

// Answer is how a request ended.
type Answer struct {
	Request  *http.Request
	Status   int // 0 if the connection was broken off
	Bytes    int64
	Duration time.Duration
}

// front is the handler.
type front struct {
	Options
	tokens [][sha256.Size]byte
}

// New puts o.Next behind the front.
func New(o Options) http.Handler {
	f := &front{Options: o}
	for _, t := range o.Tokens {
		f.tokens = append(f.tokens, sha256.Sum256([]byte(t)))
	}
	return f
}

// slow is from when on a request is worth a line in the log by itself.
const slow = 5 * time.Second

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := f.Now()
	id := requestID(r)
	r = r.WithContext(context.WithValue(r.Context(), idKey{}, id))
	w.Header().Set("X-Request-Id", id)
	c := &counting{ResponseWriter: w}
	defer func() {
		a := Answer{r, c.status, c.bytes, f.Now().Sub(began)}
		reason := recover() // http.ErrAbortHandler breaks the connection; the server goes on with it
		if reason != nil {
			a.Status = 0
		}
		f.log(a)
		if f.Observe != nil {
			f.Observe(a)
		}
		if reason != nil {
			panic(reason)
		}
	}()
	if f.admit(c, r) {
		f.Next.ServeHTTP(c, r)
	}
}

// admit answers a request that may not go on.
func (f *front) admit(w http.ResponseWriter, r *http.Request) bool {
	if f.Open != nil && f.Open(r) {
		return true
	}
	if f.Throttle != nil {
		if wait, ok := f.Throttle.Take(Client(r, f.Trusted)); !ok {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			refuse(w, http.StatusTooManyRequests, "too many requests from this address")
			return false
		}
	}
	if len(f.tokens) == 0 || f.knows(token(r)) {
		return true
	}
	w.Header().Set("Www-Authenticate", `Bearer realm="godwit-registry"`)
	refuse(w, http.StatusUnauthorized, "this registry wants a token of its own: write //host/:_authToken=… to .npmrc")
	return false
}

// knows compares with every token, in the same time whichever it is.
func (f *front) knows(token string) bool {
	sum := sha256.Sum256([]byte(token))
	found := 0
	for i := range f.tokens {
		found |= subtle.ConstantTimeCompare(f.tokens[i][:], sum[:])
	}
	return found == 1
}

// token is what a client sent as _authToken, or as the password of _auth.
func token(r *http.Request) string {
	kind, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "Bearer") {
		return value
	}
	if pair, err := base64.StdEncoding.DecodeString(value); err == nil && strings.EqualFold(kind, "Basic") {
		_, password, _ := strings.Cut(string(pair), ":")
		return password
	}
	return ""
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text}) // a client that went away
}

func (f *front) log(a Answer) {
	level := slog.LevelInfo
	switch {
	case a.Status >= 500 || a.Status == 0:
		level = slog.LevelWarn
	case a.Status >= 400 && a.Status != http.StatusNotFound || a.Duration > slow || f.LogAll:
	default:
		level = slog.LevelDebug
	}
	ctx := a.Request.Context()
	if !f.Log.Enabled(ctx, level) {
		return
	}
	f.Log.Log(ctx, level, "request",
		"method", a.Request.Method, "path", cut(a.Request.URL.Path), "status", a.Status, "bytes", a.Bytes,
		"ms", a.Duration.Milliseconds(), "client", Client(a.Request, f.Trusted), "agent", cut(a.Request.UserAgent()))
}

// cut bounds what a client can write into the log.
func cut(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "…"
	}
	return s
}

// Client is the address a request comes from, without its port. What a trusted
// proxy says in X-Forwarded-For counts, from its end to the first address that
// is not trusted.
func Client(r *http.Request, trusted []netip.Prefix) string {
	host := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(host, trusted); i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		host = addr.Unmap().String()
	}
	return host
}

// peer is the address that the connection comes from.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func isTrusted(host string, trusted []netip.Prefix) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range trusted {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// idKey is the key of a request's id in its context.
type idKey struct{}

// requestID is the id that a reverse proxy gave, if it looks like one, or a new
// one.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	fit := 8 <= len(id) && len(id) <= 64
	for i := 0; fit && i < len(id); i++ {
		c := id[i]
		fit = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
	}
	if fit {
		return id
	}
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// WithIDs makes log lines that are about a request name it.
func WithIDs(h slog.Handler) slog.Handler { return withIDs{h} }

type withIDs struct{ slog.Handler }

func (h withIDs) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(idKey{}).(string); ok {
		r.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h withIDs) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withIDs{h.Handler.WithAttrs(attrs)}
}
func (h withIDs) WithGroup(name string) slog.Handler { return withIDs{h.Handler.WithGroup(name)} }

// counting counts what is answered.
type counting struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap lets http.ResponseController find what is below.
func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *counting) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counting) Write(b []byte) (int, error) {
	c.began()
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the way open on which the kernel copies a file to a
// connection.
func (c *counting) ReadFrom(r io.Reader) (int64, error) {
	c.began()
	n, err := io.Copy(c.ResponseWriter, r)
	c.bytes += n
	return n, err
}

func (c *counting) began() {
	if c.status == 0 {
		c.status = http.StatusOK
	}
}
