package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

var errForbidden = errors.New("not one of ours")

// only allows the hosts of the URLs it is given.
func only(urls ...string) func(*url.URL) error {
	return func(u *url.URL) error {
		for _, allowed := range urls {
			if strings.HasPrefix(allowed, u.Scheme+"://"+u.Host) {
				return nil
			}
		}
		return errForbidden
	}
}

func TestAllowIsAskedBeforeEveryHop(t *testing.T) {
	inside, hits := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) { io.WriteString(w, "secret") })
	outside, _ := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		http.Redirect(w, r, inside.URL+"/metadata", http.StatusFound)
	})
	c := client(t, Options{Default: outside.URL, Allow: only(outside.URL)})
	for name, ask := range map[string]func() error{
		"redirected": func() error {
			_, err := c.Tarball(context.Background(), TarballRequest{URL: outside.URL + "/a.tgz"})
			return err
		},
		"direct": func() error {
			_, err := c.Tarball(context.Background(), TarballRequest{URL: inside.URL + "/a.tgz"})
			return err
		},
		"packument": func() error {
			_, err := c.Packument(context.Background(), "a", Short)
			return err
		},
	} {
		if err := ask(); !errors.Is(err, errForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if hits.count() != 0 {
		t.Errorf("the forbidden host was asked %d times", hits.count())
	}
}

func TestRelayPostsOnce(t *testing.T) {
	server, hits := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || string(body) != "{}" || r.Header.Get("Authorization") != "Bearer ours" {
			t.Errorf("%s %q, Authorization %q", r.Method, body, r.Header.Get("Authorization"))
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	host := strings.TrimPrefix(server.URL, "http:")
	c := client(t, Options{Default: server.URL, Credentials: []Credential{{Prefix: host, Token: "ours"}}})
	err := c.Relay(context.Background(), RelayRequest{Method: http.MethodPost, Path: "-/x", Body: []byte("{}"), Limit: 1}, nil)
	var status *StatusError
	if !errors.As(err, &status) || !strings.HasPrefix(err.Error(), "POST http://") || hits.count() != 1 {
		t.Errorf("%d requests: %v", hits.count(), err)
	}
}

func TestRelayedBodyIsNotSentElsewhere(t *testing.T) {
	server, hits := serve(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
	})
	c := client(t, Options{Default: server.URL})
	err := c.Relay(context.Background(), RelayRequest{Method: http.MethodPost, Path: "-/x", Body: []byte("{}"), Limit: 1}, nil)
	if !errors.Is(err, errMoved) || hits.count() != 1 {
		t.Errorf("%d requests: %v", hits.count(), err)
	}
}
