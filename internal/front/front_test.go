package front

import (
	"bytes"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"godwit/internal/throttle"
)

// ask sends a request to a front with the options.
func ask(o Options, change func(*http.Request)) *httptest.ResponseRecorder {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Next == nil {
		o.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	}
	o.Now = time.Now
	r := httptest.NewRequest(http.MethodGet, "/left-pad", nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	New(o).ServeHTTP(w, r)
	return w
}

func header(key, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(key, value) }
}

func TestTokens(t *testing.T) {
	o := Options{Tokens: []string{"one", "two"}}
	for sent, status := range map[string]int{
		"": 401, "Bearer one": 200, "bearer two": 200, "Bearer three": 401, "Bearer ": 401, "one": 401, "Basic !": 401,
		"Basic " + base64.StdEncoding.EncodeToString([]byte("anybody:two")): 200,
	} {
		if w := ask(o, header("Authorization", sent)); w.Code != status {
			t.Errorf("%q: %d, want %d", sent, w.Code, status)
		}
	}
	o.Open = func(r *http.Request) bool { return true }
	if w := ask(o, nil); w.Code != http.StatusOK {
		t.Errorf("what is open: %d", w.Code)
	}
}

func TestThrottle(t *testing.T) {
	o := Options{Throttle: throttle.New(0.1, 1, time.Now)}
	if w := ask(o, nil); w.Code != http.StatusOK {
		t.Errorf("first: %d", w.Code)
	}
	if w := ask(o, nil); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("second: %d", w.Code)
	}
	if w := ask(o, func(r *http.Request) { r.RemoteAddr = "10.0.0.1:1" }); w.Code != http.StatusOK {
		t.Errorf("another client: %d", w.Code)
	}
}

func TestClient(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct{ remote, forwarded, want string }{
		{"1.2.3.4:5", "9.9.9.9", "1.2.3.4"}, // whoever is not trusted can say nothing
		{"10.0.0.1:5", "", "10.0.0.1"},
		{"10.0.0.1:5", "9.9.9.9", "9.9.9.9"},
		{"10.0.0.1:5", "8.8.8.8, 9.9.9.9, 10.0.0.2", "9.9.9.9"},
		{"[::ffff:10.0.0.1]:5", "9.9.9.9", "9.9.9.9"},
		{"10.0.0.1:5", "junk", "10.0.0.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := Client(r, trusted); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestLogNamesRequestsAndNoSecrets(t *testing.T) {
	var out bytes.Buffer
	o := Options{Log: slog.New(WithIDs(slog.NewTextHandler(&out, nil))), Tokens: []string{"one"}}
	o.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.Log.InfoContext(r.Context(), "inside")
		w.WriteHeader(http.StatusTeapot)
	})
	w := ask(o, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer one")
		r.Header.Set("X-Request-Id", "from-a-proxy-1")
	})
	if got := w.Header().Get("X-Request-Id"); got != "from-a-proxy-1" {
		t.Errorf("id %q", got)
	}
	if s := out.String(); strings.Count(s, "request=from-a-proxy-1") != 2 || !strings.Contains(s, "status=418") || strings.Contains(s, "one\n") || strings.Contains(s, "Bearer") {
		t.Errorf("%s", s)
	}
	w = ask(o, header("X-Request-Id", "x\"y z; a long one"))
	if got := w.Header().Get("X-Request-Id"); len(got) != 16 {
		t.Errorf("id %q", got)
	}
}

func TestBrokenAnswersAreObserved(t *testing.T) {
	var seen []Answer
	s := httptest.NewServer(New(Options{
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Observe: func(a Answer) { seen = append(seen, a) },
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		}),
	}))
	if res, err := http.Get(s.URL); err == nil {
		if _, err = io.ReadAll(res.Body); err == nil {
			t.Error("a broken answer looks whole")
		}
		res.Body.Close()
	}
	s.Close()
	if len(seen) != 1 || seen[0].Status != 0 || seen[0].Bytes != 4 {
		t.Errorf("%+v", seen)
	}
}

func TestLimit(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Limit(ln, 1)
	for range 3 { // each Close gives the slot to the next
		client, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := conn.(io.ReaderFrom); !ok {
			t.Error("files cannot be sent by the kernel")
		}
		conn.Close()
		conn.Close()
		client.Close()
	}
	l.(*limited).slots <- struct{}{} // the one slot is taken
	l.Close()
	if _, err := l.Accept(); err == nil {
		t.Error("Accept after Close")
	}
}
