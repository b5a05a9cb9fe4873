package registry

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// counting starts a registry that counts connections.
func counting(t *testing.T) (url string, opened func() int) {
	t.Helper()
	var mu sync.Mutex
	n := 0
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") }))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			mu.Lock()
			defer mu.Unlock()
			n++
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL, func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// Connections that were opened ahead are the ones that downloads go over.
func TestPrepare(t *testing.T) {
	url, opened := counting(t)
	c := client(t, Options{Default: url})
	c.Prepare("a", 3)
	c.spares.running.Wait()
	for i := range c.spares.open[url[len("http://"):]] { // however long the next line lets itself be waited for
		c.spares.open[url[len("http://"):]][i].since = time.Now().Add(time.Hour)
	}
	for range 2 {
		if _, err := c.Tarball(t.Context(), TarballRequest{URL: url + "/a.tgz"}); err != nil {
			t.Error(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); opened() < 3 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // the server counts a little later than it accepts
	}
	if n := opened(); n != 3 {
		t.Errorf("%d connections were opened", n)
	}
	if n := len(c.spares.open[url[len("http://"):]]); n != 2 {
		t.Errorf("%d of them were not taken", n)
	}
}

// One that waited too long is not used: the server may have closed it.
func TestOldSparesAreNotUsed(t *testing.T) {
	url, _ := counting(t)
	c := client(t, Options{Default: url})
	c.Prepare("a", 1)
	c.spares.running.Wait()
	addr := url[len("http://"):]
	c.spares.open[addr][0].since = time.Now().Add(-maxSpare)
	c.spares.open[addr][0].Close()
	if _, err := c.Tarball(t.Context(), TarballRequest{URL: url + "/a.tgz", Once: true}); err != nil {
		t.Error(err)
	}
}

// A proxy, and a client without a network, are left alone; a registry that is
// down does no harm.
func TestPrepareNothing(t *testing.T) {
	target, opened := counting(t)
	at, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxied := client(t, Options{Default: "http://127.0.0.1:1", Proxy: func(*url.URL) (*url.URL, error) { return at, nil }})
	proxied.Prepare("a", 2)
	offline := client(t, Options{Default: target, Offline: true})
	offline.Prepare("a", 2)
	down := client(t, Options{Default: "http://127.0.0.1:1"})
	down.Prepare("a", 2)
	for _, c := range []*Client{proxied, offline, down} {
		c.spares.running.Wait()
	}
	if opened() != 0 {
		t.Error("a connection was opened")
	}
}
