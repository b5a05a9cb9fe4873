package testreg

import (
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/testreg/notary"
)

// A Registry serves the packages of its archives. It is an [http.Handler]; the
// ones that New and Start return also listen.
type Registry struct {
	// URL is the registry's address, without a slash at the end. Other is the
	// same packages on another host name and port, where neither auth nor
	// faults apply: a mirror to redirect to, whose requests must not carry the
	// registry's credentials. A Registry that does not listen has neither, and
	// names itself as each request's Host header does.
	URL, Other string

	closing chan struct{} // closed first by Close, so that hanging answers end
	servers []*httptest.Server

	mu      sync.Mutex // guards what follows
	fx      *fixtures
	cleared chan struct{} // closed, and replaced, by ClearFaults, so that answers that are held go on
	log     requestLog
	// asked is how often somebody asked whether a login in the browser is done.
	asked   int
	tokens  []object // beginning with the first that was made
	profile object   // nil: as it was at first
	staged  []*staged
	// sealer is made when somebody asks for it: it takes keys.
	sealer *notary.Notary
}

// common is the archive that scripts share.
//
//go:embed testdata/common.txtar
var common string

// Common is an archive of small packages of every kind, which tests share.
// Its own comment lists them.
func Common() []byte { return []byte(common) }

// New serves archives until t ends. What an archive says wrongly is fatal.
func New(t testing.TB, archives ...[]byte) *Registry {
	t.Helper()
	var files []File
	for _, a := range archives {
		files = append(files, txtar.Parse(a).Files...)
	}
	r, err := Start(files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// Start serves files on the loopback interface until Close.
func Start(files []File) (*Registry, error) {
	r, err := Open(files)
	if err != nil {
		return nil, err
	}
	main := httptest.NewUnstartedServer(r)
	other := httptest.NewUnstartedServer(http.HandlerFunc(r.serveOther))
	r.servers = []*httptest.Server{main, other}
	r.URL = "http://" + main.Listener.Addr().String()
	_, port, _ := net.SplitHostPort(other.Listener.Addr().String())
	r.Other = "http://localhost:" + port
	for _, s := range r.servers { // from here on r is read by several goroutines
		s.Start()
	}
	return r, nil
}

// Open reads files and returns a handler that does not listen.
func Open(files []File) (*Registry, error) {
	fx, err := load(files)
	if err != nil {
		return nil, fmt.Errorf("test registry: %w", err)
	}
	return &Registry{fx: fx, closing: make(chan struct{}), cleared: make(chan struct{})}, nil
}

// Close ends hanging answers, waits for the others, and refuses connections
// from then on. A second Close does nothing.
func (r *Registry) Close() {
	r.mu.Lock()
	servers := r.servers
	r.servers = nil
	r.mu.Unlock()
	if servers == nil {
		return
	}
	close(r.closing)
	for _, s := range servers {
		s.Close()
	}
}

// Fault orders faults, in the grammar of an archive's faults section. They come
// after those already ordered, and so have the last word.
func (r *Registry) Fault(lines ...string) error {
	faults, err := parseFaults("fault", strings.Join(lines, "\n"))
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fx.faults = append(r.fx.faults, faults...)
	return nil
}

// ClearFaults ends all faults, the archive's too, and lets go of the answers that
// are held.
func (r *Registry) ClearFaults() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fx.faults = nil
	close(r.cleared)
	r.cleared = make(chan struct{})
}

// hosts are the two addresses an answer may name.
type hosts struct{ registry, other string }

// expand replaces {registry} and {other}.
func (h hosts) expand(s string) string {
	return strings.NewReplacer("{registry}", h.registry, "{other}", h.other).Replace(s)
}
