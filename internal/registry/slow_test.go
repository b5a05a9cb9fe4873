package registry

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// line is a registry at the end of a slow line: what it sends at one time comes
// after a pause, and who asks at the same time shares what the line carries.
type line struct {
	piece int           // bytes that come at one time
	pause time.Duration // before each piece, for each answer under way
	size  int           // of an answer; -1: it never ends
	slow  string        // the path of an answer that comes a byte at a time and never ends

	mu  sync.Mutex
	now int // answers under way
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.add(1)
	b := &trickle{line: l, left: l.size}
	if l.slow != "" && strings.HasSuffix(r.URL.Path, l.slow) {
		b.left, b.byte = -1, true
	}
	return &http.Response{StatusCode: http.StatusOK, ContentLength: int64(b.left), Body: b, Request: r, Header: http.Header{}}, nil
}

func (l *line) add(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now += n
	return l.now
}

type trickle struct {
	line *line
	left int
	byte bool
}

func (b *trickle) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), b.line.piece)
	if b.byte {
		n = 1
		time.Sleep(time.Second)
	} else {
		time.Sleep(b.line.pause * time.Duration(b.line.add(0)))
	}
	if b.left > 0 {
		n = min(n, b.left)
		b.left -= n
	}
	copy(p, bytes.Repeat([]byte("["), n))
	return n, nil
}

func (b *trickle) Close() error {
	b.line.add(-1)
	return nil
}

// An answer that comes a byte at a time ends some time, whatever was asked for.
func TestAnswerAByteAtATime(t *testing.T) {
	const attempts = 3
	for what, ask := range map[string]func(*testing.T, *Client) error{
		"packument": func(t *testing.T, c *Client) error {
			_, err := c.Packument(t.Context(), "a", Full)
			return err
		},
		"tarball": func(t *testing.T, c *Client) error {
			_, err := c.Tarball(t.Context(), TarballRequest{URL: "http://registry.example/a.tgz"})
			return err
		},
		"any other": func(t *testing.T, c *Client) error {
			return c.Relay(t.Context(), RelayRequest{Path: "-/all", Limit: 1 << 20}, func(r Relayed) error {
				_, err := io.ReadAll(r.Body)
				return err
			})
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := client(t, Options{Default: "http://registry.example", Transport: &line{piece: 1, pause: time.Second, size: -1}})
			began := time.Now()
			err := ask(t, c)
			var network *NetworkError
			if !errors.As(err, &network) || !errors.Is(err, errSlow) || network.Attempts != attempts {
				t.Errorf("%s: %v", what, err)
			}
			if took := time.Since(began); took > 2*attempts*defaultTimeout {
				t.Errorf("%s: it took %s", what, took)
			}
		})
	}
}

// A line of 56 KiB/s is slow, and honest: a tarball of 60 MB comes over it, and
// so does one for each of the requests that there may be at one time.
func TestSlowLine(t *testing.T) {
	for what, c := range map[string]struct {
		answers, size int
		piece         int
		pause         time.Duration
	}{
		"one large":        {1, 60 << 20, 5734, 100 * time.Millisecond},
		"many":             {defaultSockets, 1 << 20, 5734, 100 * time.Millisecond},
		"a telephone line": {defaultSockets, 64 << 10, 512, 100 * time.Millisecond},
		"in bursts":        {1, 1 << 20, 64 << 10, 59 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := &line{piece: c.piece, pause: c.pause, size: c.size}
			client := client(t, Options{Default: "http://registry.example", Transport: l, Timeout: time.Minute}) // pnpm's
			var asking sync.WaitGroup
			for range c.answers {
				asking.Go(func() {
					b, err := client.Tarball(t.Context(), TarballRequest{URL: "http://registry.example/a.tgz"})
					if err != nil || len(b) != c.size {
						t.Errorf("%s: %d bytes, %v", what, len(b), err)
					}
				})
			}
			asking.Wait()
		})
	}
}

// Beside others a slow answer costs nothing; when it is the last one it ends.
func TestSlowAnswerBesideOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{piece: 64 << 10, pause: time.Second, size: 32 << 20, slow: "/slow.tgz"}
		c := client(t, Options{Default: "http://registry.example", Transport: l, Timeout: time.Minute})
		began := time.Now()
		var asking sync.WaitGroup
		asking.Go(func() {
			if _, err := c.Tarball(t.Context(), TarballRequest{URL: "http://registry.example/a.tgz"}); err != nil {
				t.Error(err)
			}
		})
		asking.Go(func() {
			_, err := c.Tarball(t.Context(), TarballRequest{URL: "http://registry.example/slow.tgz", Once: true})
			if !errors.Is(err, errSlow) {
				t.Error(err)
			}
			if took := time.Since(began); took < 512*time.Second || took > 20*time.Minute {
				t.Errorf("it ended after %s", took)
			}
		})
		asking.Wait()
	})
}
