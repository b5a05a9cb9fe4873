package replay

import (
	"encoding/json"
	"net/http"
)

// Control steers the registry. It belongs on a listener of its own, so that
// asking for the counts does not change them:
//
//	GET  /stats   the counts, as JSON
//	POST /reset   the counts as they were; then zero
//	POST /freeze  misses are errors
//	POST /thaw    misses go to the upstream
func (g *Registry) Control() http.Handler {
	mux := http.NewServeMux()
	report := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(g.Stats())
	}
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { report(w) })
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, _ *http.Request) { report(w); g.Reset() })
	mux.HandleFunc("POST /freeze", func(w http.ResponseWriter, _ *http.Request) { g.Freeze(); report(w) })
	mux.HandleFunc("POST /thaw", func(w http.ResponseWriter, _ *http.Request) { g.Thaw(); report(w) })
	return mux
}
