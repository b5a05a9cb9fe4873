package npm

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"

	"godwit/internal/npm/jsonscan"
	"godwit/internal/npm/semver"
)

// Packument is what a registry says about one name. It holds where each
// version is in the document and decodes a version when it is asked for.
//
// Versions are numbered from 0 in the order of the document. Keys that are not
// versions (semver, loose mode) and values that are not objects are left out;
// of a key that comes twice the last value counts. All methods are safe for
// concurrent use.
type Packument struct {
	Name     Name
	DistTags map[string]string // read only
	Full     bool              // the document has publication times: it is not the short form

	body    atomic.Pointer[Source]
	entries []entry // as in the document; their keys may not be versions
	keys    string  // what the key ranges of entries refer to

	indexed  func() // runs buildIndex once; guards the next two fields
	versions []semver.Version
	place    []int32 // version number -> index in entries

	timed    func() // runs readTimes once; guards modified and entries[].published
	rawTimes []byte // the member "time" until then
	modified int64

	mu        sync.Mutex
	manifests map[int32]*Manifest // by index in entries
}

// Source is where a document's bytes are: memory ([Bytes]) or a part of a file
// (io.SectionReader).
type Source interface {
	io.ReaderAt
	Size() int64 // bytes
}

// Bytes is a document in memory. Versions are read from it without a copy.
type Bytes []byte

// ReadAt implements io.ReaderAt.
func (b Bytes) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(b).ReadAt(p, off) }

// Size implements Source.
func (b Bytes) Size() int64 { return int64(len(b)) }

// entry is one member of "versions".
type entry struct {
	key, keyEnd uint32 // in Packument.keys
	off, end    uint32 // in the document
	deprecated  deprecatedState
	published   int64 // Unix milliseconds or unknownTime
}

type deprecatedState uint8

const (
	notLooked deprecatedState = iota
	isDeprecated
	notDeprecated
)

// maxBody is the longest document whose offsets fit an entry.
const maxBody = math.MaxUint32

// ErrWrongName is wrapped by the error for a document that is about another
// name than the one asked for.
var ErrWrongName = errors.New("the document is about another package")

// ParsePackument finds the parts of body, the registry's document about name.
// It keeps body. The versions are only checked when they are decoded.
func ParsePackument(name Name, body []byte) (*Packument, error) {
	p, err := scanPackument(name, body)
	if err != nil {
		return nil, fmt.Errorf("packument of %s: %w", name, err)
	}
	return p, nil
}

func scanPackument(name Name, body []byte) (*Packument, error) {
	if int64(len(body)) > maxBody {
		return nil, fmt.Errorf("%d bytes are more than the %d that are supported", len(body), int64(maxBody))
	}
	p := newPackument(name, Bytes(body))
	s := jsonscan.New(body)
	if k := s.Kind(); k != '{' && s.Err() == nil {
		return nil, errors.New("not a JSON object")
	}
	for key := range s.Members() {
		switch string(key) {
		case "name":
			if said := s.Value(); string(said) != "null" && stringValue(said) != string(name) {
				return nil, fmt.Errorf("%w: %.100s", ErrWrongName, said)
			}
		case "dist-tags":
			p.DistTags = stringMap(s.Value())
		case "versions":
			p.scanVersions(s)
		case "time":
			p.rawTimes = s.Value()
		case "modified":
			p.modified = parseTime(stringValue(s.Value()))
		}
	}
	p.Full = isKind(p.rawTimes, '{')
	return p, s.End()
}

func newPackument(name Name, body Source) *Packument {
	p := &Packument{Name: name, modified: unknownTime, manifests: map[int32]*Manifest{}}
	p.body.Store(&body)
	p.indexed = sync.OnceFunc(p.buildIndex)
	p.timed = sync.OnceFunc(p.readTimes)
	return p
}

// MoveBody says that the document, byte for byte, can also be read from body,
// which it is from now on. A cache that has written the document down gives
// the memory back so.
func (p *Packument) MoveBody(body Source) {
	p.timed() // or the member "time" would keep the old body alive
	p.body.Store(&body)
}

// Filter is p with the versions that keep admits, and other dist-tags. It reads
// the same document.
func (p *Packument) Filter(keep func(i int) bool, tags map[string]string) *Packument {
	p.timed()
	p.indexed()
	out := newPackument(p.Name, *p.body.Load())
	out.DistTags, out.Full, out.keys, out.modified = tags, p.Full, p.keys, p.modified
	for i, at := range p.place {
		if keep(i) {
			out.entries = append(out.entries, p.entries[at])
		}
	}
	return out
}

// scanVersions takes the value at hand.
func (p *Packument) scanVersions(s *jsonscan.Scanner) {
	p.entries = p.entries[:0]
	var keys []byte
	for key := range s.Members() {
		object := s.Kind() == '{'
		raw := s.Value()
		if !object || raw == nil {
			continue
		}
		end := uint32(s.Pos())
		e := entry{key: uint32(len(keys)), off: end - uint32(len(raw)), end: end, published: unknownTime}
		keys = append(keys, key...)
		e.keyEnd = uint32(len(keys))
		p.entries = append(p.entries, e)
	}
	p.keys = string(keys)
	p.dropRepeated()
}

// dropRepeated gives the first of equal keys the value of the last one, as
// JSON.parse does, and drops the others. The table is a third of the price of
// a map, for something that no honest document has.
func (p *Packument) dropRepeated() {
	seed := maphash.MakeSeed()
	table := make([]int32, 1<<bits.Len(uint(2*len(p.entries)))) // index in kept, plus 1
	mask := uint64(len(table) - 1)
	kept := p.entries[:0]
	for _, e := range p.entries {
		key := p.keys[e.key:e.keyEnd]
		h := maphash.String(seed, key) & mask
		for table[h] != 0 && p.key(table[h]-1) != key {
			h = (h + 1) & mask
		}
		if at := table[h] - 1; at >= 0 {
			kept[at].off, kept[at].end = e.off, e.end
			continue
		}
		kept = append(kept, e)
		table[h] = int32(len(kept))
	}
	p.entries = kept
}

// buildIndex parses the keys. It is not part of ParsePackument because a
// resolver that takes a dist-tag never needs it.
func (p *Packument) buildIndex() {
	p.versions = make([]semver.Version, 0, len(p.entries))
	p.place = make([]int32, 0, len(p.entries))
	for at := range int32(len(p.entries)) {
		if v, err := semver.Parse(p.key(at), semver.Options{Loose: true}); err == nil {
			p.versions = append(p.versions, v)
			p.place = append(p.place, at)
		}
	}
}

func (p *Packument) key(at int32) string {
	e := &p.entries[at]
	return p.keys[e.key:e.keyEnd]
}

// Len is the number of versions.
func (p *Packument) Len() int { p.indexed(); return len(p.versions) }

// Versions lists all versions in the order of the document. Read only.
func (p *Packument) Versions() []semver.Version { p.indexed(); return p.versions }

// Key is version i as the document writes it.
func (p *Packument) Key(i int) string { p.indexed(); return p.key(p.place[i]) }

// IndexOf is the place of a version as the document writes it, or -1.
func (p *Packument) IndexOf(version string) int {
	for i := range p.Len() {
		if p.Key(i) == version {
			return i
		}
	}
	return -1
}

// At decodes version i. See [Packument.Manifest].
func (p *Packument) At(i int) (*Manifest, error) { p.indexed(); return p.manifest(p.place[i]) }

// ErrNoVersion is wrapped by the error for a version that the document does
// not have.
var ErrNoVersion = errors.New("no such version")

// Manifest decodes the version that the document writes so. It is decoded once:
// all callers get the same Manifest and must not change it. Its name and
// version are those of the document, whatever it says itself.
func (p *Packument) Manifest(version string) (*Manifest, error) {
	at, err := p.find(version)
	if err != nil {
		return nil, err
	}
	return p.manifest(at)
}

// Raw returns the JSON of the version that the document writes so. Read only.
func (p *Packument) Raw(version string) ([]byte, error) {
	at, err := p.find(version)
	if err != nil {
		return nil, err
	}
	return p.raw(at)
}

// find searches one by one: it is called for the few versions that are picked.
func (p *Packument) find(version string) (int32, error) {
	for at := range int32(len(p.entries)) {
		if p.key(at) == version && semver.Valid(version, semver.Options{Loose: true}) {
			return at, nil
		}
	}
	return 0, fmt.Errorf("%s@%s: %w", p.Name, version, ErrNoVersion)
}

func (p *Packument) manifest(at int32) (*Manifest, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.manifests[at]; m != nil {
		return m, nil
	}
	raw, err := p.raw(at)
	if err != nil {
		return nil, err
	}
	f, err := scanFields(raw)
	if err != nil {
		return nil, fmt.Errorf("manifest of %s@%s: %w", p.Name, p.key(at), err)
	}
	m := f.manifest(p.Name, p.key(at))
	p.manifests[at] = m
	return m, nil
}

func (p *Packument) raw(at int32) ([]byte, error) {
	e, body := &p.entries[at], *p.body.Load()
	if b, ok := body.(Bytes); ok {
		return b[e.off:e.end:e.end], nil
	}
	buf := make([]byte, e.end-e.off)
	if n, err := body.ReadAt(buf, int64(e.off)); n < len(buf) {
		return nil, fmt.Errorf("read %s@%s: %w", p.Name, p.key(at), err)
	}
	return buf, nil
}

// Deprecated reports whether version i is deprecated. It looks for that one
// field only, and remembers nothing; a version that cannot be read is not
// deprecated.
func (p *Packument) Deprecated(i int) bool {
	p.indexed()
	return p.deprecated(p.place[i]) == isDeprecated
}

func (p *Packument) deprecated(at int32) deprecatedState {
	if state := p.entries[at].deprecated; state != notLooked {
		return state
	}
	raw, err := p.raw(at)
	if err != nil || !bytes.Contains(raw, []byte("deprecated")) && !bytes.Contains(raw, []byte(`\u`)) {
		return notDeprecated // the key is not there, not even escaped
	}
	if deprecation(memberValue(raw, "deprecated")) != "" {
		return isDeprecated
	}
	return notDeprecated
}

// Memory is about how many bytes the document takes, for who keeps many: its
// body where that is not in a file, where its versions are, and what of them was
// decoded so far.
func (p *Packument) Memory() int64 {
	// The struct, its maps and a decoded manifest of the usual length.
	const document, version, manifest = 1 << 10, 96, 4 << 10
	p.mu.Lock()
	decoded := len(p.manifests)
	p.mu.Unlock()
	n := int64(document + version*len(p.entries) + len(p.keys) + manifest*decoded)
	if b, ok := (*p.body.Load()).(Bytes); ok {
		n += b.Size()
	}
	return n
}
