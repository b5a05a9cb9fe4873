package main

import (
	"net/http"
	"sync"
)

// requests are those under way. One that is cut off goes on until it sees that; what
// it uses must be there so long.
type requests struct {
	mu   sync.Mutex // a group must not grow from nothing while somebody waits for it
	over bool
	on   sync.WaitGroup
}

// counted is next, for as long as requests are answered.
func (rs *requests) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !rs.begin() {
			panic(http.ErrAbortHandler) // its connection is closed, and it does not know yet
		}
		defer rs.on.Done()
		next.ServeHTTP(w, r)
	})
}

func (rs *requests) begin() bool {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if !rs.over {
		rs.on.Add(1)
	}
	return !rs.over
}

// end waits until none is left.
func (rs *requests) end() {
	rs.mu.Lock()
	rs.over = true
	rs.mu.Unlock()
	rs.on.Wait()
}
