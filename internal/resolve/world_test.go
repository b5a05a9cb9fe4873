package resolve_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/specifier"
	"godwit/internal/resolve"
	"godwit/internal/testreg"
)

// host is how a test registry that does not listen calls itself.
const host = "http://registry.example"

// world is a registry and a project: all that a resolution depends on.
//
// In an archive, sections project/… are the project's files, "settings" its
// settings in the words of pnpm-workspace.yaml, "tarballs" lists files of the
// project that are tarballs of the registry (PATH NAME@VERSION), and
// "before/package.json" is an earlier manifest, whose lockfile the project
// still has. Everything else is the registry.
type world struct {
	registry []txtar.File
	project  []txtar.File
	before   []byte
	settings string
	tarballs string
}

func worldOf(files []txtar.File) *world {
	w := &world{}
	for _, f := range files {
		switch {
		case strings.HasPrefix(f.Name, "project/"):
			w.project = append(w.project, txtar.File{Name: strings.TrimPrefix(f.Name, "project/"), Data: f.Data})
		case f.Name == "before/package.json":
			w.before = f.Data
		case f.Name == "settings":
			w.settings = string(f.Data)
		case f.Name == "tarballs":
			w.tarballs = string(f.Data)
		case f.Name == lockName || f.Name == lockBefore:
		default:
			w.registry = append(w.registry, f)
		}
	}
	return w
}

const (
	lockName   = "pnpm-lock.yaml"
	lockBefore = "before/pnpm-lock.yaml"
)

func (w *world) setting(key string) string {
	for line := range strings.Lines(w.settings) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func (w *world) options() resolve.Options {
	suffix, _ := strconv.Atoi(w.setting("peersSuffixMaxLength"))
	return resolve.Options{
		AutoInstallPeers:     w.setting("autoInstallPeers") != "false",
		PeersFromHighest:     w.setting("autoInstallPeersFromHighestMatch") == "true",
		DedupePeers:          w.setting("dedupePeers") == "true",
		DedupePeerDependents: w.setting("dedupePeerDependents") != "false",
		LowestDirect:         w.setting("resolutionMode") == "lowest-direct",
		IgnoreCompat:         w.setting("ignoreCompatibilityDb") == "true",
		PeersSuffixMaxLength: suffix,
	}
}

func (w *world) lockfileSettings() lockfile.Settings {
	o := w.options()
	return lockfile.Settings{
		AutoInstallPeers: o.AutoInstallPeers, DedupePeers: o.DedupePeers, PeersSuffixMaxLength: o.PeersSuffixMaxLength,
	}
}

// write puts the project into dir; the registry is at address.
func (w *world) write(dir, address string, get func(url string) ([]byte, error)) error {
	for _, f := range w.project {
		data := bytes.ReplaceAll(f.Data, []byte("{registry}"), []byte(address))
		if err := writeFile(filepath.Join(dir, f.Name), data); err != nil {
			return err
		}
	}
	for line := range strings.Lines(w.tarballs) {
		words := strings.Fields(line)
		name, version := graph.Key(words[1]).Split()
		data, err := get(npm.TarballURL(address, name, version))
		if err != nil {
			return err
		}
		if err := writeFile(filepath.Join(dir, words[0]), data); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

// source answers from a handler, without a network.
type source struct {
	registry http.Handler
	dir      string // of the project
}

func (s *source) get(address, accept string) ([]byte, error) {
	req := httptest.NewRequest("GET", address, nil)
	req.Header.Set("Accept", accept)
	answer := httptest.NewRecorder()
	s.registry.ServeHTTP(answer, req)
	if answer.Code != http.StatusOK {
		return nil, missing(fmt.Sprintf("%s: %d", address, answer.Code))
	}
	return answer.Body.Bytes(), nil
}

type missing string

func (m missing) Error() string  { return string(m) }
func (m missing) NotFound() bool { return true }

func (s *source) Packument(_ context.Context, name npm.Name, _ bool) (*npm.Packument, error) {
	// The full form: only that of the public registry has libc in the short one.
	body, err := s.get(host+"/"+url.PathEscape(string(name)), "application/json")
	if err != nil {
		return nil, err
	}
	return npm.ParsePackument(name, body)
}

func (s *source) External(_ context.Context, spec specifier.Specifier, dir string) (*resolve.External, error) {
	rel := path.Join(dir, spec.Path)
	abs := filepath.Join(s.dir, filepath.FromSlash(rel))
	switch spec.Kind {
	case specifier.Link, specifier.Directory:
		m := &npm.Manifest{Name: npm.Name(spec.Alias)}
		raw, err := os.ReadFile(filepath.Join(abs, "package.json"))
		if err == nil {
			m, err = npm.DecodeManifest(raw)
		}
		if err != nil && spec.Kind == specifier.Directory {
			return nil, err
		}
		protocol := "file:"
		if spec.Kind == specifier.Link {
			protocol = "link:"
		}
		return &resolve.External{ID: protocol + rel, Manifest: m, Resolution: graph.Resolution{Kind: graph.Directory, Directory: rel}}, nil
	case specifier.Archive:
		data, err := os.ReadFile(abs)
		if err != nil {
			return nil, err
		}
		return tarballOf(data, "file:"+rel)
	case specifier.Tarball:
		data, err := s.get(spec.URL, "*/*")
		if err != nil {
			return nil, err
		}
		return tarballOf(data, spec.URL)
	}
	return nil, fmt.Errorf("%s is nothing that this source has", spec.Raw)
}

func (s *source) Integrity(_ context.Context, _ npm.Name, _, tarball string) (string, error) {
	data, err := s.get(tarball, "*/*")
	return integrity.Of(data).String(), err
}

func tarballOf(data []byte, where string) (*resolve.External, error) {
	gz, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for tr := tar.NewReader(gz); ; {
		h, err := tr.Next()
		if err != nil {
			return nil, err
		}
		if h.Name != "package/package.json" {
			continue
		}
		raw, err := io.ReadAll(tr)
		if err != nil {
			return nil, err
		}
		m, err := npm.DecodeManifest(raw)
		if err != nil {
			return nil, err
		}
		res := graph.Resolution{Kind: graph.Tarball, Tarball: where, Integrity: integrity.Of(data).String()}
		return &resolve.External{ID: where, Manifest: m, Resolution: res}, nil
	}
}

// lock resolves the project in dir and returns the lockfile. The one that dir
// has is used as an install would: what still fits stays.
func (w *world) lock(ctx context.Context, src resolve.Source, dir string) ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return nil, err
	}
	m, err := npm.DecodeManifest(raw)
	if err != nil {
		return nil, err
	}
	file := lockfile.File{Format: lockfile.Pnpm, Path: filepath.Join(dir, lockName)}
	present, err := lockfile.Read(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	projects := []lockfile.Project{{Dir: ".", Manifest: m}}
	req := &resolve.Request{Importers: []resolve.Importer{{Dir: ".", Manifest: m}}, Options: w.options()}
	if present != nil {
		if len(lockfile.Satisfies(present, projects, w.lockfileSettings())) == 0 {
			return os.ReadFile(file.Path)
		}
		req.Locked = present.Graph
	}
	res, err := resolve.Resolve(ctx, src, req)
	if err != nil {
		return nil, err
	}
	doc := lockfile.New(lockfile.Pnpm, res.Graph, projects, w.lockfileSettings(), present)
	canonical := func(name npm.Name, version string) string { return npm.TarballURL(host, name, version) }
	if _, err := lockfile.Write(file.Path, doc, doc.Text(lockfile.WriteOptions{TarballURL: canonical})); err != nil {
		return nil, err
	}
	return os.ReadFile(file.Path)
}

// godwit is the lockfile that we write for the world; before is the one it has
// already, or nil.
func (w *world) godwit(t testing.TB, before []byte) ([]byte, error) {
	reg, err := testreg.Open(w.registry)
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	src := &source{reg, t.TempDir()}
	get := func(url string) ([]byte, error) { return src.get(url, "*/*") }
	if err := w.write(src.dir, host, get); err != nil {
		t.Fatal(err)
	}
	if before != nil {
		if err := writeFile(filepath.Join(src.dir, lockName), before); err != nil {
			t.Fatal(err)
		}
	}
	return w.lock(t.Context(), src, src.dir)
}
