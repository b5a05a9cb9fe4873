package testreg

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An exchange is a request and the answer that takes shape: first as the
// fixtures say, then as the faults want it, then encoded, then sent.
type exchange struct {
	request     *http.Request
	route       route
	path        string // decoded
	escapedPath string
	hosts       hosts

	status int
	header http.Header
	body   []byte

	latency time.Duration
	hold    bool               // before the answer, wait for ClearFaults
	stop    int                // bytes of the body to send before the connection ends; -1 for all
	hang    bool               // at stop, wait for the client to give up
	reset   bool               // at stop, reset the connection
	chunked bool               // send no Content-Length
	claim   func(real int) int // Content-Length that is not the body's
}

// json answers with a document.
func (x *exchange) json(status int, v any) {
	body, err := encode(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(strconv.Quote(err.Error()))
	}
	x.status, x.body = status, body
	x.header.Set("Content-Type", "application/json")
}

// refuse answers with an error as the public registry words it.
func (x *exchange) refuse(status int, message string) {
	x.header.Del("Cache-Control")
	x.header.Del("Last-Modified")
	x.json(status, object{{"error", message}})
}

// finish encodes the body: a validator, 304 for a client that has it, gzip for
// one that asked.
func (x *exchange) finish() {
	if x.status != http.StatusOK {
		return
	}
	sum := sha1.Sum(x.body)
	tag := `"` + hex.EncodeToString(sum[:]) + `"`
	x.header.Set("ETag", tag)
	if x.notModified(tag) {
		x.status, x.body = http.StatusNotModified, nil
		x.header.Del("Content-Type")
		return
	}
	isTarball := x.route.kind == kindTarball
	if !isTarball && strings.Contains(x.request.Header.Get("Accept-Encoding"), "gzip") {
		var b bytes.Buffer
		gz := gzip.NewWriter(&b)
		gz.Write(x.body) // a bytes.Buffer takes everything
		gz.Close()
		x.body = b.Bytes()
		x.header.Set("Content-Encoding", "gzip")
	}
}

// notModified reports whether the client holds what tag names. As RFC 9110
// says, If-Modified-Since counts only without If-None-Match.
func (x *exchange) notModified(tag string) bool {
	if held := x.request.Header.Get("If-None-Match"); held != "" {
		return strings.Contains(held, tag)
	}
	since, err1 := http.ParseTime(x.request.Header.Get("If-Modified-Since"))
	modified, err2 := http.ParseTime(x.header.Get("Last-Modified"))
	return err1 == nil && err2 == nil && !modified.After(since)
}

// delay lets the latency pass, and waits for cleared if the answer is held.
func (x *exchange) delay(cleared, closing <-chan struct{}) {
	if x.latency > 0 {
		t := time.NewTimer(x.latency)
		defer t.Stop()
		wait(x, t.C, closing)
	}
	if x.hold {
		wait(x, cleared, closing)
	}
}

// send delivers the answer, or as much of it as the faults allow. What breaks
// off ends in a panic with [http.ErrAbortHandler], as net/http wants it.
func (x *exchange) send(w http.ResponseWriter, closing <-chan struct{}) {
	if x.stop == 0 && (x.hang || x.reset) {
		x.breakOff(w, closing)
	}
	for key, values := range x.header {
		w.Header()[key] = values
	}
	length := len(x.body)
	if x.claim != nil {
		length = x.claim(length)
		// net/http writes nothing of a body that is longer than its claim.
		x.body = x.body[:min(length, len(x.body))]
	}
	if !x.chunked && x.status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(x.status)
	if x.request.Method == http.MethodHead {
		return
	}
	if x.stop < 0 {
		w.Write(x.body) // an error is the client gone, or the false length
		return
	}
	w.Write(x.body[:min(x.stop, len(x.body))])
	http.NewResponseController(w).Flush()
	x.breakOff(w, closing)
}

// breakOff ends the connection in the middle of the answer. It does not return.
func (x *exchange) breakOff(w http.ResponseWriter, closing <-chan struct{}) {
	switch {
	case x.hang:
		wait[struct{}](x, nil, closing)
	case x.reset:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				tcp.SetLinger(0) // close with RST
			}
			conn.Close()
		}
	}
	panic(http.ErrAbortHandler)
}

// wait returns when c fires. It ends the exchange when the client gives up or
// closing is closed.
func wait[T any](x *exchange, c <-chan T, closing <-chan struct{}) {
	select {
	case <-c:
	case <-x.request.Context().Done():
		panic(http.ErrAbortHandler)
	case <-closing:
		panic(http.ErrAbortHandler)
	}
}
