package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/npm"
)

// cache keeps packuments on disk:
//
//	packuments/<digest>/<form>-<name>
//	packuments/<digest>/.registry      its URL, for people
//
// The digest is over the registry's URL and the credential, so that nobody is
// shown what another credential has fetched. Everything in it may be deleted
// at any time. The format of a file is in entry.go.
type cache struct {
	dir    string
	writer writer
	open   atomic.Int32 // documents that are read from their file, see maxOpen

	mu      sync.Mutex
	shelves map[string]*shelf // by path
}

// shelf is the directory of one registry and credential.
type shelf struct {
	path string
	url  string // of the registry, without a password
	mode os.FileMode
	mu   sync.Mutex
	seen bool      // whether dir was looked for
	dir  *fsys.Dir // nil if there is none
}

// look opens the directory if it is there. The answer is remembered: in an
// empty cache that saves a look for each name.
func (s *shelf) look() *fsys.Dir {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.seen {
		s.seen = true
		s.dir, _ = fsys.OpenDir(s.path)
	}
	return s.dir
}

// ensure makes the directory if it is not there.
func (s *shelf) ensure() (*fsys.Dir, error) {
	if d := s.look(); d != nil {
		return d, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == nil {
		if err := os.MkdirAll(s.path, s.mode); err != nil {
			return nil, err
		}
		d, err := fsys.OpenDir(s.path)
		if err != nil {
			return nil, err
		}
		s.dir = d
		s.label()
	}
	return s.dir, nil
}

// close writes what is waiting.
func (c *cache) close() error {
	err := c.writer.close()
	for _, s := range c.shelves {
		if s.dir != nil {
			s.dir.Close()
		}
	}
	return err
}

func newCache(dir string) *cache {
	c := &cache{dir: filepath.Join(dir, "packuments"), shelves: map[string]*shelf{}}
	c.writer.changed = make(chan struct{}, 1)
	return c
}

const (
	// bigBody is from where a document stays on disk: below it, reading all
	// costs no more than opening the file again would.
	bigBody = 128 << 10
	// maxOpen is how many files that may keep open: half of the lowest limit
	// on open files that is common (1024).
	maxOpen = 512
)

// reserve reports whether one more document may keep its file open. Nothing is
// ever given back: documents are held until the end of a run.
func (c *cache) reserve() bool { return c.open.Add(1) <= maxOpen }

// slot is where the documents about one name are. A nil slot holds nothing.
type slot struct {
	cache *cache
	shelf *shelf
	name  npm.Name
}

// slot finds the place for name. It has no effect on disk.
func (c *cache) slot(registry *url.URL, g *grant, name npm.Name) *slot {
	if c == nil {
		return nil
	}
	sum := sha256.Sum256([]byte(registry.String() + "\n" + g.digest()))
	path := filepath.Join(c.dir, hex.EncodeToString(sum[:16]))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shelves[path] == nil {
		open := *registry
		open.User = nil
		c.shelves[path] = &shelf{path: path, url: open.String(), mode: 0o755}
		if g != nil {
			c.shelves[path].mode = 0o700 // nobody else's business
		}
	}
	return &slot{cache: c, shelf: c.shelves[path], name: name}
}

func (s *slot) file(form Form) string { return form.String() + "-" + fileName(s.name) }

func (s *slot) path(form Form) string { return filepath.Join(s.shelf.path, s.file(form)) }

// maxFileName leaves room for the form in the 255 bytes of most file systems.
const maxFileName = 200

// fileName makes one portable path segment of a name: what Windows forbids and
// what differs by case only is escaped.
func fileName(name npm.Name) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		plain := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("@-_.~", c) >= 0
		if plain && (c != '.' || i < len(name)-1) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	if b.Len() > maxFileName {
		sum := sha256.Sum256([]byte(name))
		return hex.EncodeToString(sum[:])
	}
	return b.String()
}

// validators are what a document was served with.
type validators struct {
	form           Form
	etag, modified string
	checked        time.Time // when the registry last said that this is it
	maxAge         time.Duration
}

// kept is a document of the cache.
type kept struct {
	validators
	doc  *npm.Packument
	path string
}

func (k *kept) fresh(now time.Time) bool {
	age := now.Sub(k.checked)
	return 0 <= age && age < k.maxAge // a clock set back makes nothing fresh for ever
}

// addValidators makes a request conditional; a nil k leaves it as it is.
func (k *kept) addValidators(h http.Header) {
	if k == nil {
		return
	}
	if k.etag != "" {
		h["If-None-Match"] = []string{k.etag}
	}
	if k.modified != "" {
		h["If-Modified-Since"] = []string{k.modified}
	}
}

// load finds the document in form, or the full one, which serves as well. Nil
// if there is none or it is not readable: the cache costs only time.
func (s *slot) load(form Form) *kept {
	if s == nil {
		return nil
	}
	for f := form; f <= Full; f++ {
		if k := s.read(f); k != nil {
			return k
		}
	}
	return nil
}

// store leaves doc and its bytes with the writer.
func (s *slot) store(doc *npm.Packument, body []byte, v validators) {
	if s != nil {
		s.cache.writer.add(int64(len(body)), func() error { return s.write(doc, body, v) })
	}
}

// touch records that the registry confirmed k.
func (s *slot) touch(k *kept, now time.Time, age time.Duration) {
	if s != nil {
		s.cache.writer.add(0, func() error { return confirm(k.path, now, age) })
	}
}
