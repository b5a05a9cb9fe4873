package download

import (
	"context"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

// shelf is a client whose tarballs are what their URLs say.
type shelf struct{ asked []string }

var errDown = errors.New("the registry is down")

func (s *shelf) Tarball(_ context.Context, name npm.Name, url string, _ func(int64) []byte) ([]byte, error) {
	s.asked = append(s.asked, string(name)+" "+url)
	if strings.Contains(url, "down") {
		return nil, errDown
	}
	return []byte(url), nil
}

func (s *shelf) Checkout(context.Context, string, string) (string, error) {
	return "", errors.New("a tarball is no commit")
}

func (s *shelf) TarballURL(name npm.Name, version string) string {
	return "https://registry.example/" + string(name) + "/" + version
}

func sri(data string) string {
	sum := sha512.Sum512([]byte(data))
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

func sri1(data string) string {
	sum := sha1.Sum([]byte(data))
	return "sha1-" + base64.StdEncoding.EncodeToString(sum[:])
}

func TestTarball(t *testing.T) {
	const usual, own = "https://registry.example/@s/a/1.0.0", "https://other.example/a.tgz"
	wrong := new(*IntegrityError)
	for _, test := range []struct {
		name  string
		key   graph.Key
		res   graph.Resolution
		asked string // name and URL; "" if nobody is asked
		want  string // the bytes; "" for an error
		err   func(error) bool
	}{
		{"where the registry keeps it", "@s/a@1.0.0", graph.Resolution{Integrity: sri(usual)}, "@s/a " + usual, usual, nil},
		{"peers are no part of the version", "@s/a@1.0.0(b@2.0.0)", graph.Resolution{Integrity: sri(usual)}, "@s/a " + usual, usual, nil},
		{"where the resolution says", "@s/a@1.0.0", graph.Resolution{Tarball: own, Integrity: sri(own)}, "@s/a " + own, own, nil},
		{"a dependency that is a URL", "a@" + own, graph.Resolution{Kind: graph.Tarball, Tarball: own}, "a " + own, own, nil},
		{"sha1 where there is nothing better", "@s/a@1.0.0", graph.Resolution{Integrity: sri1(usual)}, "@s/a " + usual, usual, nil},
		{"one of several hashes", "@s/a@1.0.0", graph.Resolution{Integrity: sri("x") + " " + sri(usual)}, "@s/a " + usual, usual, nil},
		{"the strongest hash counts", "@s/a@1.0.0", graph.Resolution{Integrity: sri("x") + " " + sri1(usual)}, "@s/a " + usual + ", @s/a " + usual, "", func(err error) bool { return errors.As(err, wrong) }},
		{"other bytes", "@s/a@1.0.0", graph.Resolution{Integrity: sri("x")}, "@s/a " + usual + ", @s/a " + usual, "", func(err error) bool { return errors.As(err, wrong) && (*wrong).URL == usual }},
		{"an integrity that is none", "@s/a@1.0.0", graph.Resolution{Integrity: "nonsense"}, "@s/a " + usual, "", func(err error) bool { return errors.As(err, wrong) }},
		{"the registry is down", "a@1.0.0", graph.Resolution{Tarball: "https://down.example/"}, "a https://down.example/", "", func(err error) bool { return errors.Is(err, errDown) }},
		{"a commit is checked out", "a@1.0.0", graph.Resolution{Kind: graph.Git, Repo: own}, "", "", func(err error) bool { return errors.Is(err, ErrUnsupported) }},
		{"a registry that names a file", "a@1.0.0", graph.Resolution{Tarball: "file:///etc/hosts"}, "", "", func(err error) bool { return errors.As(err, new(*LocalError)) }},
		{"a device", "a@file:/dev/zero", graph.Resolution{Kind: graph.Tarball, Tarball: "file:" + os.DevNull}, "", "", func(err error) bool { return errors.As(err, new(*fs.PathError)) }},
		{"a runtime", "node@runtime:1.0.0", graph.Resolution{Kind: graph.Binary, Tarball: own, Integrity: sri(own)}, "node " + own, own, nil},
		{"a runtime without a hash", "node@runtime:1.0.0", graph.Resolution{Kind: graph.Binary, Tarball: own}, "", "", func(err error) bool { return errors.As(err, new(*UncheckedError)) }},
		{"a runtime on this machine", "node@runtime:1.0.0", graph.Resolution{Kind: graph.Binary, Tarball: "file:a", Integrity: sri(own)}, "", "", func(err error) bool { return errors.As(err, new(*LocalError)) }},
		{"a runtime for other machines", "node@runtime:1.0.0", graph.Resolution{Kind: graph.Variations}, "", "", func(err error) bool { return errors.As(err, new(*PlatformError)) }},
		{"of a hook's own kind", "a@1.0.0", graph.Resolution{Kind: graph.Custom}, "", "", func(err error) bool { return errors.Is(err, ErrUnsupported) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := &shelf{}
			data, in, err := (&Source{Client: client}).Tarball(t.Context(), test.key, test.res)
			if got := strings.Join(client.asked, ", "); got != test.asked {
				t.Errorf("asked for %q", got)
			}
			if test.err != nil {
				if !test.err(err) || data != nil {
					t.Errorf("%q, %v", data, err)
				}
				return
			}
			if err != nil || string(data) != test.want {
				t.Fatalf("%q, %v", data, err)
			}
			if err := in.Verify(data); err != nil {
				t.Errorf("what it says the bytes are, they are not: %v", err)
			}
		})
	}
}

func TestLocalTarball(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "pack", "a.tgz")
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("bytes"), 0o644); err != nil {
		t.Fatal(err)
	}
	client := &shelf{}
	s := &Source{Client: client, Root: root}
	for _, url := range []string{"file:pack/a.tgz", "file:" + filepath.ToSlash(path)} {
		data, _, err := s.Tarball(t.Context(), "a@file:a.tgz", graph.Resolution{Kind: graph.Tarball, Tarball: url, Integrity: sri("bytes")})
		if err != nil || string(data) != "bytes" {
			t.Errorf("%s: %q, %v", url, data, err)
		}
	}
	if _, _, err := s.Tarball(t.Context(), "a@file:b.tgz", graph.Resolution{Kind: graph.Tarball, Tarball: "file:b.tgz"}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if len(client.asked) > 0 {
		t.Errorf("asked for %q", client.asked)
	}
}

func TestIntegrityError(t *testing.T) {
	err := error(&IntegrityError{URL: "https://registry.example/a", Err: errors.New("sha512-x, not sha512-y")})
	if got := err.Error(); !strings.Contains(got, "https://registry.example/a") || !strings.Contains(got, "sha512-y") {
		t.Error(got)
	}
}

// twice answers with something else the first time.
type twice struct {
	shelf
	first string
}

func (c *twice) Tarball(ctx context.Context, name npm.Name, url string, room func(int64) []byte) ([]byte, error) {
	data, err := c.shelf.Tarball(ctx, name, url, room)
	if len(c.asked) == 1 {
		return []byte(c.first), nil
	}
	return data, err
}

// What was damaged on its way comes right the second time; a network's page that
// comes again is called one.
func TestDamagedOnTheWay(t *testing.T) {
	const url, page = "https://registry.example/@s/a/1.0.0", "\n<!DOCTYPE html><p>Please sign in"
	client := &twice{first: url[:10]}
	data, _, err := (&Source{Client: client}).Tarball(t.Context(), "@s/a@1.0.0", graph.Resolution{Integrity: sri(url)})
	if err != nil || string(data) != url || len(client.asked) != 2 {
		t.Errorf("%q, %v, asked for %q", data, err, client.asked)
	}
	client = &twice{first: url}
	_, _, err = (&Source{Client: client}).Tarball(t.Context(), "@s/a@1.0.0", graph.Resolution{Integrity: sri("x")})
	var wrong *IntegrityError
	if !errors.As(err, &wrong) || !strings.Contains(wrong.Hint(), "registry") || strings.Contains(wrong.Hint(), "web page") {
		t.Errorf("%v", err)
	}
	_, _, err = (&Source{Client: pages(page)}).Tarball(t.Context(), "@s/a@1.0.0", graph.Resolution{Integrity: sri("x")})
	if !errors.As(err, &wrong) || !strings.Contains(wrong.Hint(), "web page") {
		t.Errorf("%v", err)
	}
}

// pages is a network that answers for everybody.
type pages string

func (p pages) Tarball(context.Context, npm.Name, string, func(int64) []byte) ([]byte, error) {
	return []byte(p), nil
}
func (p pages) Checkout(context.Context, string, string) (string, error) { return "", errDown }
func (p pages) TarballURL(npm.Name, string) string                       { return "https://registry.example/a" }
