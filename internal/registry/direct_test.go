package registry

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// talk is a server on loopback that speaks as say does: it is given each
// connection, numbered from 1, and closes it behind it.
func talk(t *testing.T, say func(n int, conn net.Conn, r *bufio.Reader)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends with the listener
		for n := 1; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				say(n, conn, bufio.NewReader(conn))
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/"
}

// asked reads a request and reports whether there was one.
func asked(r *bufio.Reader) bool {
	_, err := http.ReadRequest(r)
	return err == nil
}

func directly(t *testing.T) http.RoundTripper {
	t.Helper()
	p, err := newPools(Options{Timeout: time.Minute}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.metadata.shared
}

// get asks for url and reads the answer.
func get(ctx context.Context, rt http.RoundTripper, method, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := rt.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s", resp.StatusCode, body), err
}

// However an answer ends, the next request has its connection.
func TestDirectKeepsConnections(t *testing.T) {
	for _, secure := range []bool{false, true} {
		var made atomic.Int32
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/304":
				w.WriteHeader(http.StatusNotModified)
			case "/chunked":
				io.WriteString(w, "one")
				w.(http.Flusher).Flush()
				io.WriteString(w, "two")
			case "/early":
				w.WriteHeader(http.StatusEarlyHints)
				io.WriteString(w, "late")
			default:
				io.WriteString(w, strings.Repeat("x", 3*readBuffer))
			}
		}))
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				made.Add(1)
			}
		}
		if secure {
			s.StartTLS()
		} else {
			s.Start()
		}
		p, err := newPools(Options{Timeout: time.Minute, TLS: TLS{Insecure: true}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for _, c := range [][3]string{
				{"GET", "/304", "304 "}, {"GET", "/chunked", "200 onetwo"}, {"HEAD", "/", "200 "},
				{"GET", "/early", "200 late"}, {"GET", "/", "200 " + strings.Repeat("x", 3*readBuffer)},
			} {
				if got, err := get(t.Context(), p.tarballs.shared, c[0], s.URL+c[1]); err != nil || got != c[2] {
					t.Errorf("secure %v: %s %s: %.40q, %v", secure, c[0], c[1], got, err)
				}
			}
		}
		if n := made.Load(); n != 1 {
			t.Errorf("secure %v: %d connections for requests one after the other", secure, n)
		}
		s.Close()
	}
}

const whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// What became of a connection while nobody used it is nobody's error.
func TestDirectLeavesDeadConnections(t *testing.T) {
	for what, then := range map[string]func(conn net.Conn){
		"closed":          func(c net.Conn) { c.Close() },
		"reset":           func(c net.Conn) { c.(*net.TCPConn).SetLinger(0); c.Close() },
		"closed later":    func(net.Conn) {},
		"too long unused": func(c net.Conn) { io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n") },
		"noise":           func(c net.Conn) { io.WriteString(c, "noise\r\n\r\n") },
	} {
		idle, done := make(chan bool), make(chan bool)
		url := talk(t, func(n int, conn net.Conn, r *bufio.Reader) {
			asked(r)
			io.WriteString(conn, whole)
			if n == 1 {
				<-idle
				then(conn)
				close(done)
			}
			asked(r)
		})
		rt := directly(t)
		for i := range 2 {
			if got, err := get(t.Context(), rt, "GET", url); err != nil || got != "200 ok" {
				t.Errorf("%s: %q, %v", what, got, err)
			}
			if i == 0 {
				close(idle)
				<-done
			}
		}
	}
}

// Bytes that nobody asked for are not the answer to the next request.
func TestDirectUnaskedBytes(t *testing.T) {
	url := talk(t, func(n int, conn net.Conn, r *bufio.Reader) {
		for asked(r) {
			if n == 1 {
				io.WriteString(conn, whole+"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
			} else {
				io.WriteString(conn, whole)
			}
		}
	})
	rt := directly(t)
	for range 3 {
		if got, err := get(t.Context(), rt, "GET", url); err != nil || got != "200 ok" {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestDirectBadAnswers(t *testing.T) {
	for answer, want := range map[string]string{
		"":                               "unexpected EOF",
		"HTTP/1.1 200 OK\r\n":            "unexpected EOF",
		"hello\r\n\r\n":                  "malformed HTTP",
		"HTTP/1.1 101 Switching\r\n\r\n": errSwitched.Error(),
		strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", maxInformational):          errInformational.Error(),
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxAnswerHeader):               errHeader.Error(),
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: x\r\n", maxAnswerHeader/6+1):       errHeader.Error(),
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok":                              "unexpected EOF",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n":            "unexpected EOF",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!":        "multiple Content-Length",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n":  "invalid byte in chunk length",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: mine\r\nContent-Length: 2\r\n\r\nok":   "unsupported transfer encoding",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nok": "unexpected EOF",
	} {
		url := talk(t, func(_ int, conn net.Conn, r *bufio.Reader) {
			asked(r)
			io.WriteString(conn, answer)
		})
		got, err := get(t.Context(), directly(t), "GET", url)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %q, %v; want %s", answer, got, err, want)
		}
	}
}

// A request that changes something is sent once, whatever becomes of it.
func TestDirectAsksOnly(t *testing.T) {
	var requests atomic.Int32
	url := talk(t, func(n int, conn net.Conn, r *bufio.Reader) {
		for i := 0; asked(r); i++ {
			if n == 1 && i == 1 {
				requests.Add(1)
				return
			}
			requests.Add(1)
			io.WriteString(conn, whole)
		}
	})
	rt := directly(t)
	if got, err := get(t.Context(), rt, "DELETE", url); err != nil || got != "200 ok" {
		t.Fatalf("%q, %v", got, err)
	}
	if got, err := get(t.Context(), rt, "DELETE", url); err == nil || requests.Load() != 2 {
		t.Errorf("%q; %d requests came", got, requests.Load())
	}
}

// Who gives up gets the reason at once, wherever the server has fallen silent,
// and the connection ends.
func TestDirectGivesUp(t *testing.T) {
	reason := errors.New("enough")
	for what, said := range map[string]string{
		"before the answer": "", "in the header": "HTTP/1.1 200 OK\r\n", "in the body": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
	} {
		said, silent, ended := said, make(chan bool), make(chan bool)
		url := talk(t, func(_ int, conn net.Conn, r *bufio.Reader) {
			asked(r)
			io.WriteString(conn, said)
			close(silent)
			r.ReadByte() // until the other side has closed
			close(ended)
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { // ends with the server
			<-silent
			cancel(reason)
		}()
		if got, err := get(ctx, directly(t), "GET", url); err == nil || context.Cause(ctx) != reason {
			t.Errorf("%s: %q, %v", what, got, err)
		} else if what == "before the answer" && err != reason {
			t.Errorf("%s: %v", what, err)
		}
		<-ended
	}
}

// A server that takes the connection and says nothing of TLS is given up.
func TestDirectHandshakeEnds(t *testing.T) {
	url := talk(t, func(_ int, _ net.Conn, r *bufio.Reader) { r.WriteTo(io.Discard) })
	d := &direct{dial: new(net.Dialer).DialContext, tls: new(tls.Config), handshake: time.Millisecond}
	if got, err := get(t.Context(), d, "GET", strings.Replace(url, "http:", "https:", 1)); !errors.Is(err, errHandshake) {
		t.Errorf("%q, %v", got, err)
	}
}

// Connections that nobody wants end, and of those that nobody wants yet a few
// are kept.
func TestDirectIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made, open atomic.Int32
		d := &direct{widest: 2, dial: func(context.Context, string, string) (net.Conn, error) {
			made.Add(1)
			open.Add(1)
			here, there := net.Pipe()
			go func() { // ends when the other side closes
				defer open.Add(-1)
				for r := bufio.NewReader(there); asked(r); {
					time.Sleep(time.Second) // as long as all requests of a moment are under way
					io.WriteString(there, whole)
				}
			}()
			return here, nil
		}}
		want := func(when string, nowMade, nowOpen int32) {
			t.Helper()
			synctest.Wait()
			if made.Load() != nowMade || open.Load() != nowOpen {
				t.Errorf("%s: %d connections made, %d open; want %d and %d", when, made.Load(), open.Load(), nowMade, nowOpen)
			}
		}
		ask := func(n int) {
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					if got, err := get(t.Context(), d, "GET", "http://registry.example/a"); err != nil || got != "200 ok" {
						t.Errorf("%q, %v", got, err)
					}
				})
			}
			all.Wait()
		}
		ask(3)
		want("three at one time", 3, 2)
		time.Sleep(maxIdle - time.Second)
		ask(1)
		want("one of them again", 3, 2)
		time.Sleep(maxIdle - 2*time.Second)
		ask(1)
		want("the same one, long after the other", 3, 1)
		ask(2)
		want("two at one time", 4, 2)
		time.Sleep(maxIdle)
		ask(1)
		want("later than any is kept", 5, 1)
		d.mu.Lock()
		d.drop("http//registry.example:80")
		d.mu.Unlock()
	})
}
