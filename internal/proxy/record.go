package proxy

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"

	"godwit/internal/proxy/render"
)

// record is what is known of an upstream's document. Immutable: a new one
// replaces it. The document itself is a rendering: in memory, or the body of
// the file whose meta the record is.
type record struct {
	Full     bool          `json:"full"`           // it has publication times
	Etag     string        `json:"etag,omitempty"` // the upstream's
	Modified string        `json:"modified,omitempty"`
	Checked  time.Time     `json:"checked"` // when the upstream last said that this is it
	MaxAge   time.Duration `json:"maxAge"`
	Base     string        `json:"base"` // of the tarball URLs in the stored document
	Tag      string        `json:"tag"`  // our ETag of the stored document
	Size     int           `json:"size"` // bytes of it, unpacked

	index []byte
	body  []byte // the stored document, packed, if the disk did not take it; else nil
}

// bytes is what the record costs in memory.
func (r *record) bytes() int64 { return int64(len(r.index) + len(r.body)) }

func (r *record) fresh(now time.Time) bool {
	age := now.Sub(r.Checked)
	return 0 <= age && age < r.MaxAge // a clock set back makes nothing fresh for ever
}

// recent reports whether the upstream was asked just now: whoever insists on
// asking it again gets this.
func (r *record) recent(now time.Time) bool {
	age := now.Sub(r.Checked)
	return 0 <= age && age < time.Second
}

// source is where the upstream has a version's bytes, and what they hash to.
type source struct {
	tarball, integrity, shasum string
	published                  time.Time // zero if not known
}

// makeIndex lists the versions of a document, each as five fields with their
// lengths. It is searched one by one: a tarball that is not kept is rare, and a
// map would be several times as large.
func makeIndex(versions []render.Version) []byte {
	var b []byte
	for _, v := range versions {
		var published []byte
		if !v.Published.IsZero() {
			published = binary.AppendVarint(nil, v.Published.UnixMilli())
		}
		for _, field := range []string{v.Key, v.Tarball, v.Integrity, v.Shasum, string(published)} {
			b = append(binary.AppendUvarint(b, uint64(len(field))), field...)
		}
	}
	return b
}

// source finds a version.
func (r *record) source(version string) (source, bool) {
	rest := r.index
	field := func() []byte {
		n, used := binary.Uvarint(rest)
		if used <= 0 || n > uint64(len(rest)-used) {
			rest = nil
			return nil
		}
		value := rest[used : used+int(n)]
		rest = rest[used+int(n):]
		return value
	}
	for len(rest) > 0 {
		key := field()
		tarball, integrity, shasum, published := field(), field(), field(), field()
		if string(key) != version {
			continue
		}
		s := source{tarball: string(tarball), integrity: string(integrity), shasum: string(shasum)}
		if millis, n := binary.Varint(published); n > 0 {
			s.published = time.UnixMilli(millis)
		}
		return s, true
	}
	return source{}, false
}

// encode is the record as the meta of a file: JSON, a line break, the index.
func (r *record) encode() []byte {
	head, err := json.Marshal(r)
	if err != nil {
		panic("proxy: " + err.Error()) // it has no values that JSON lacks
	}
	return append(append(head, '\n'), r.index...)
}

var errMeta = errors.New("the file is none of this version")

func decodeRecord(meta []byte) (*record, error) {
	head, index, found := bytes.Cut(meta, []byte("\n"))
	r := &record{index: index}
	if !found || json.Unmarshal(head, r) != nil || r.Tag == "" {
		return nil, errMeta
	}
	return r, nil
}
