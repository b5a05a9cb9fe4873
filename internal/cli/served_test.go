package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"godwit/internal/registry"
	"godwit/internal/server"
	"godwit/internal/testreg/script"
)

// commands are those of package script, and
//
//	resolver [-alias URL] [-to URL] [-token TOKEN]
//
// starts a resolve server in front of $REGISTRY, or another registry, that may
// want a token, and sets $RESOLVER and $RESOLVER_HOST; and
//
//	resolver -answer FILE
//
// one that answers every request with the lines of a file, then hangs up;
//
//	served [-count N] [KIND]
//
// prints how requests to the last server ended, "resolved" or "refused
// ERR_GODWIT_…", and fails when there are none of that kind, or not N.
func commands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	all := script.Commands()
	all["resolver"], all["served"], all["unhashed"] = startResolver, showServed, unhashed
	if os.Getenv("SERVED") != "" { // every script with a server, to see which differ
		plain := all["registry"]
		all["registry"] = func(ts *testscript.TestScript, neg bool, args []string) {
			plain(ts, neg, args)
			if !neg && len(args) > 0 && args[0] != "-stop" && args[0] != "-as" {
				startResolver(ts, false, nil)
				ts.Setenv("npm_config_resolve_server", ts.Getenv("RESOLVER"))
			}
		}
	}
	return all
}

type servedKey struct{}

// servedLog is what a server was asked.
type servedLog struct {
	under    sync.WaitGroup // requests under way
	mu       sync.Mutex
	outcomes []string
}

func (l *servedLog) add(o server.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcomes = append(l.outcomes, strings.TrimSpace(string(o.Kind)+" "+o.Code))
}

func startResolver(ts *testscript.TestScript, neg bool, args []string) {
	o, to, log := server.Options{Version: "0"}, ts.Getenv("REGISTRY"), &servedLog{}
	var handler http.Handler
	token := ""
	for ; len(args) > 1; args = args[2:] {
		switch args[0] {
		case "-alias":
			o.Aliases = append(o.Aliases, args[1])
		case "-to":
			to = args[1]
		case "-token":
			token = args[1]
		case "-answer":
			handler = answering(ts.ReadFile(args[1]))
		}
	}
	if neg || len(args) > 0 {
		ts.Fatalf("usage: resolver [-alias URL] [-to URL] [-token TOKEN] [-answer FILE]")
	}
	if handler == nil {
		client, err := registry.New(registry.Options{
			Default: to, CacheDir: ts.MkAbs(".resolver"), Retry: registry.Retry{Factor: 1, Min: time.Millisecond, Max: time.Millisecond},
		})
		ts.Check(err)
		ts.Defer(func() { client.Close() })
		o.Registry, o.Observe = client, log.add
		handler = server.New(o)
	}
	listening := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.under.Add(1)
		defer log.under.Done()
		if token != "" && r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	ts.Defer(listening.Close)
	ts.Setenv("RESOLVER", listening.URL)
	ts.Setenv("RESOLVER_HOST", strings.TrimPrefix(listening.URL, "http://"))
	ts.Value(servedKey{}).(map[string]*servedLog)[""] = log
}

// answering says the same to everybody. A line of "…" keeps the connection open
// without a word until the client gives up.
func answering(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		for line := range strings.Lines(text) {
			if line == "…\n" {
				<-r.Context().Done()
				return
			}
			fmt.Fprint(w, line)
			w.(http.Flusher).Flush()
		}
	})
}

func showServed(ts *testscript.TestScript, neg bool, args []string) {
	count, kind := -1, ""
	if len(args) > 1 && args[0] == "-count" {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		count, args = n, args[2:]
	}
	if len(args) > 0 {
		kind = args[0]
	}
	log := ts.Value(servedKey{}).(map[string]*servedLog)[""]
	log.under.Wait() // the client may be gone before its request has ended
	log.mu.Lock()
	found := slices.Clone(log.outcomes)
	log.outcomes = nil
	log.mu.Unlock()
	found = slices.DeleteFunc(found, func(o string) bool { return !strings.HasPrefix(o, kind) })
	fmt.Fprintln(ts.Stdout(), strings.Join(found, "\n"))
	switch {
	case neg && len(found) > 0, !neg && count < 0 && len(found) == 0, count >= 0 && len(found) != count:
		ts.Fatalf("the server was asked: %s", strings.Join(found, ", "))
	}
}
