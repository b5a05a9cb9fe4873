package replay

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// inMemory is the size up to which a body is kept in memory: below it, opening
// the file and the extra write of sendfile cost more than copying the bytes.
const inMemory = 64 << 10

// body is an answer ready to send: headers made, bytes in a file.
type body struct {
	file   string // holds the bytes
	bytes  []byte // the same bytes, for a body of at most inMemory
	size   int64
	etag   string
	header http.Header // shared by all answers; never changed
}

// newBody describes the file; source is the recorded file whose size and time
// give the ETag, the same for the plain and the compressed body.
func newBody(file, source string, header http.Header) (*body, error) {
	src, err := os.Stat(source)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	b := &body{file: file, size: info.Size(), header: header}
	b.etag = fmt.Sprintf(`"%x-%x"`, src.ModTime().Unix(), src.Size())
	header.Set("Etag", b.etag)
	header.Set("Last-Modified", src.ModTime().UTC().Format(http.TimeFormat))
	header.Set("Content-Length", strconv.FormatInt(b.size, 10))
	if b.size <= inMemory {
		if b.bytes, err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// send writes the body; the copy is a sendfile where the kernel has one.
func (b *body) send(w http.ResponseWriter) error {
	if b.bytes != nil {
		_, err := w.Write(b.bytes)
		return err
	}
	f, err := os.Open(b.file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// variant is one prepared body of a packument.
type variant struct {
	host string
	name string
	form form
	gzip bool
}

// parts is where the variant is kept, below the recording's folder.
func (v variant) parts() []string {
	file := v.form.file()
	if v.gzip {
		file += ".gz"
	}
	return []string{"hosts", fold(v.host), fold(v.name), file}
}

// bodies makes bodies once and remembers them.
type bodies struct {
	rec   *Recording
	known sync.Map // variant or tarball path -> *body
	once  flights
}

// packument returns the body of v, or fs.ErrNotExist.
func (s *bodies) packument(v variant) (*body, error) {
	if b, ok := s.known.Load(v); ok {
		return b.(*body), nil
	}
	defer s.once.lock(v)()
	if b, ok := s.known.Load(v); ok {
		return b.(*body), nil
	}
	if err := s.rec.prepare(v); err != nil {
		return nil, err
	}
	header := http.Header{
		"Content-Type":  {v.form.contentType()},
		"Cache-Control": {"public, max-age=300"}, // as the public registry sends it; what a cache may skip is part of p6
		"Vary":          {"Accept-Encoding, Accept"},
	}
	if v.gzip {
		header.Set("Content-Encoding", "gzip")
	}
	b, err := newBody(s.rec.path(v.parts()...), s.rec.path("packuments", fold(v.name), v.form.file()), header)
	if err != nil {
		return nil, err
	}
	s.known.Store(v, b)
	return b, nil
}

// tarball returns the body recorded under the URL path p, or fs.ErrNotExist.
func (s *bodies) tarball(p string) (*body, error) {
	if b, ok := s.known.Load(p); ok {
		return b.(*body), nil
	}
	file := s.rec.path("tarballs", fold(p))
	b, err := newBody(file, file, http.Header{
		"Content-Type":  {"application/octet-stream"},
		"Cache-Control": {"public, immutable, max-age=31557600"}, // as the public registry
	})
	if err != nil {
		return nil, err
	}
	s.known.Store(p, b)
	return b, nil
}

// prepare makes the file of v, unless it is there.
func (r *Recording) prepare(v variant) error {
	parts := v.parts()
	if r.has(parts...) {
		return nil
	}
	doc, err := r.packument(v.name, v.form)
	if err != nil {
		return err
	}
	doc = bytes.ReplaceAll(doc, []byte(neutralBase), []byte("http://"+v.host+"/"))
	if v.gzip {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed) // level 6, as web servers do by default
		if _, err := z.Write(doc); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		doc = packed.Bytes()
	}
	return r.write(doc, parts...)
}

// manifest returns the manifest a target names with its URLs put right, or
// fs.ErrNotExist. It is not kept: clients that ask for single manifests are
// rare, and ask once.
func (r *Recording) manifest(t target, host string) ([]byte, error) {
	doc, err := r.packument(t.name, t.form)
	if err != nil {
		return nil, err
	}
	m, err := version(doc, t.tag)
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", filepath.Join("packuments", fold(t.name)), err)
	}
	if m == nil {
		return nil, fs.ErrNotExist
	}
	return bytes.ReplaceAll(m, []byte(neutralBase), []byte("http://"+host+"/")), nil
}

// flights are locks by key: work for one key happens once, for two at once.
type flights struct {
	mu   sync.Mutex
	held map[any]*flight // guarded by mu
}

type flight struct {
	mu   sync.Mutex
	want int // callers holding or waiting; guarded by flights.mu
}

// lock takes the lock of key and returns its release.
func (f *flights) lock(key any) (unlock func()) {
	f.mu.Lock()
	if f.held == nil {
		f.held = map[any]*flight{}
	}
	l := f.held[key]
	if l == nil {
		l = &flight{}
		f.held[key] = l
	}
	l.want++
	f.mu.Unlock()
	l.mu.Lock()
	return func() {
		l.mu.Unlock()
		f.mu.Lock()
		if l.want--; l.want == 0 {
			delete(f.held, key)
		}
		f.mu.Unlock()
	}
}
