package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"godwit/internal/resolve/wire"
)

// refusal is a request that gets no run.
type refusal struct {
	status int
	code   string
	err    error
	after  time.Duration // when to come again; 0 does not say
}

// resolve answers one request.
func (s *Server) resolve(w http.ResponseWriter, r *http.Request) {
	began := s.opts.Now()
	out := Outcome{Kind: Refused}
	run, kind, no := s.admit(w, r)
	if no != nil {
		out.Code = no.code
		no.write(w)
	} else {
		out.Kind = kind
		s.send(w, r, run)
		s.runs.leave(run)
		run.mu.Lock()
		out.Packages, out.Code = run.packages, run.code
		run.mu.Unlock()
	}
	out.Duration = s.opts.Now().Sub(began)
	s.observe(out)
}

// admit finds or begins the run for a request.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (*run, Kind, *refusal) {
	if wait, ok := s.rate.Take(s.opts.Client(r)); !ok {
		return nil, "", &refusal{http.StatusTooManyRequests, wire.CodeBusy, errors.New("this client sends too many requests"), wait}
	}
	body, done, no := s.read(w, r)
	if no != nil {
		return nil, "", no
	}
	defer done()
	// Who calls the server what decides which registries are its own.
	here := s.opts.Origin(r)
	q := question{key: sha256.Sum256(append(body, here...))}
	if run, kind := s.runs.join(q); run != nil {
		return run, kind, nil
	}
	asked, err := wire.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, "", badRequest(err)
	}
	if asked.Policy != nil { // which has the time in it, so that no two are equal
		q.key, q.moment = timelessKey(asked, here), momentOf(asked.Policy)
		if run, kind := s.runs.join(q); run != nil {
			return run, kind, nil
		}
	}
	job, no := s.job(asked, here)
	if no != nil {
		return nil, "", no
	}
	run, kind, err := s.runs.begin(r.Context(), q, job.work)
	if err != nil {
		return nil, "", busy(err)
	}
	return run, kind, nil
}

// timelessKey is the key of a request whenever it is made.
func timelessKey(r *wire.Request, here string) (key runKey) {
	h := sha256.New()
	if err := timeless(r).Encode(h); err != nil {
		panic("server: " + err.Error()) // it was decoded
	}
	io.WriteString(h, here)
	h.Sum(key[:0])
	return key
}

const (
	// maxRead is how long a request may take to arrive: 64 MiB at 20 Mbit/s.
	maxRead = 30 * time.Second
	// maxArrived bounds the requests in memory that no run has yet: four of the
	// longest, or thousands of the usual.
	maxArrived = 256 << 20
)

// read takes in the body of a request, unpacked. done gives its memory back.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (data []byte, done func(), no *refusal) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(maxRead)) // not supported in some tests
	limit := s.opts.Limits.Body
	var in io.Reader = http.MaxBytesReader(w, r.Body, limit)
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, badRequest(err)
		}
		in = z
	default:
		return nil, nil, &refusal{http.StatusUnsupportedMediaType, wire.CodeRequest, errors.New("the request is packed in a way that is not known"), 0}
	}
	var body bytes.Buffer
	counted := &counted{in, &s.arrived, 0}
	_, err := body.ReadFrom(io.LimitReader(counted, limit+1))
	done = func() { s.arrived.Add(-counted.n) }
	switch {
	case err == nil && counted.n <= limit:
		return body.Bytes(), done, nil
	case err == errBusy:
		no = busy(err)
	case counted.n > limit || errors.As(err, new(*http.MaxBytesError)):
		no = &refusal{http.StatusRequestEntityTooLarge, wire.CodeTooLarge, fmt.Errorf("the request has more than %d bytes", limit), 0}
	default:
		no = badRequest(err)
	}
	done()
	return nil, nil, no
}

// counted adds what is read to a sum, and stops when that is too much.
type counted struct {
	io.Reader
	sum *atomic.Int64
	n   int64 // of this one
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	if c.sum.Add(int64(n)) > maxArrived {
		err = errBusy
	}
	return n, err
}

func busy(err error) *refusal {
	return &refusal{http.StatusServiceUnavailable, wire.CodeBusy, err, time.Second}
}

func badRequest(err error) *refusal {
	return &refusal{http.StatusBadRequest, wire.CodeRequest, err, 0}
}

func (no *refusal) write(w http.ResponseWriter) {
	if no.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(no.after.Seconds()))))
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(wire.Failure{Code: no.code, Message: no.err.Error()}) // the client is gone
}

// piece is what is written under one deadline: a client that takes less in that
// time does not read.
const piece = 64 << 10

// send writes what the run says, as it says it, until its end or the client's.
func (s *Server) send(w http.ResponseWriter, r *http.Request, run *run) {
	h := w.Header()
	h.Set("Content-Type", wire.AnswerType)
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // proxies of nginx's kind hold back what is not marked so
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	_ = control.Flush() // the client sees that somebody is at work
	for at := 0; ; {
		lines, over, err := run.from(r.Context(), at)
		if err != nil || len(lines) == 0 && over {
			return
		}
		at += len(lines)
		for len(lines) > 0 {
			n := min(len(lines), piece)
			_ = control.SetWriteDeadline(time.Now().Add(s.opts.Limits.Write)) // not supported in some tests
			if _, err := w.Write(lines[:n]); err != nil {
				return
			}
			if control.Flush() != nil {
				return
			}
			lines = lines[n:]
		}
	}
}
