package registry

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"godwit/internal/fsys"
	"godwit/internal/npm"
)

// A file of the cache, version 1. Integers are little endian:
//
//	 0  magic    8 bytes
//	 8  checked  int64, Unix milliseconds   } rewritten in place when the
//	16  maxAge   int64, milliseconds        } registry confirms the document
//	24  header   uint32, length
//	28  index    uint32, length
//	32  body     uint64, length
//	40  sum      uint32, CRC-32C of bytes 24 to 40, header and index
//	44  zero     uint32
//	48  header   etag and last-modified, each uint32 length and bytes
//	    index    npm.Packument.EncodeIndex
//	    body     the document as received, decoded
//
// A new file grows under its name, and does not count before it has its size; it
// is replaced by rename. The body has no sum: what a flipped
// bit breaks is found when that version is decoded.
const (
	magic     = "gwpkmt\x00\x01"
	prefixLen = 48
	// maxHeader bounds what one file may make us read before its sum is
	// checked (pnpm's limits for the same thing are 64 KiB and 64 MiB).
	maxHeader = 64 << 10
	maxIndex  = 64 << 20
	// headGuess is read of a big file at first: the index of 200 versions.
	headGuess = 8 << 10
)

// read opens one file and reads it: all of it if it is small, else only what
// is before the body, and the file stays open for the rest.
func (s *slot) read(form Form) *kept {
	dir := s.shelf.look()
	if dir == nil {
		return nil
	}
	f, err := dir.OpenFile(s.file(form))
	if err != nil {
		return nil
	}
	p, buf, ok := readHead(f)
	stays := ok && p.size() > bigBody && s.cache.reserve()
	if !stays {
		defer f.Close()
	}
	want := p.size()
	if stays {
		want = p.bodyAt()
	}
	if buf, ok = readRest(f, buf, want, ok); !ok || sumOf(buf, p.bodyAt()) != p.sum {
		return nil // f is closed when it is collected
	}
	var body npm.Source = npm.Bytes(buf[p.bodyAt():])
	if stays {
		body = io.NewSectionReader(f, p.bodyAt(), p.body)
	}
	doc, err := npm.ParseIndexed(s.name, buf[prefixLen+p.header:p.bodyAt()], body)
	if err != nil {
		return nil
	}
	k := &kept{doc: doc, path: f.Name()}
	k.form, k.checked, k.maxAge = form, p.checked, p.maxAge
	k.etag, k.modified = parseHeader(buf[prefixLen : prefixLen+p.header])
	return k
}

// readHead reads at least the prefix.
func readHead(f *os.File) (prefix, []byte, bool) {
	info, err := f.Stat()
	if err != nil || info.Size() < prefixLen {
		return prefix{}, nil, false
	}
	n := info.Size()
	if n > bigBody {
		n = headGuess
	}
	buf := make([]byte, n)
	if _, err := io.ReadFull(f, buf); err != nil {
		return prefix{}, nil, false
	}
	p, ok := parsePrefix(buf, info.Size())
	return p, buf, ok
}

// readRest reads up to want bytes of f in all, of which buf holds the first.
func readRest(f *os.File, buf []byte, want int64, ok bool) ([]byte, bool) {
	have := int64(len(buf))
	if !ok || want <= have {
		return buf, ok
	}
	all := make([]byte, want)
	copy(all, buf)
	_, err := f.ReadAt(all[have:], have)
	return all, err == nil
}

// prefix is the fixed part of a file.
type prefix struct {
	checked             time.Time
	maxAge              time.Duration
	header, index, body int64
	sum                 uint32
}

func (p *prefix) bodyAt() int64 { return prefixLen + p.header + p.index }
func (p *prefix) size() int64   { return p.bodyAt() + p.body }

// parsePrefix reads the first bytes of a file of size bytes.
func parsePrefix(b []byte, size int64) (prefix, bool) {
	le := binary.LittleEndian
	p := prefix{
		checked: time.UnixMilli(int64(le.Uint64(b[8:]))),
		maxAge:  time.Duration(le.Uint64(b[16:])) * time.Millisecond,
		header:  int64(le.Uint32(b[24:])),
		index:   int64(le.Uint32(b[28:])),
		body:    int64(le.Uint64(b[32:])),
		sum:     le.Uint32(b[40:]),
	}
	ok := string(b[:8]) == magic && p.header <= maxHeader && p.index <= maxIndex &&
		p.body >= 0 && p.size() == size
	return p, ok
}

// castagnoli is made at the first call, which takes a fifth of a millisecond: as a
// variable every start would.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// sumOf covers what must be right for the rest to be found.
func sumOf(b []byte, bodyAt int64) uint32 {
	return crc32.Update(crc32.Checksum(b[24:40], castagnoli()), castagnoli(), b[prefixLen:bodyAt])
}

// parseHeader reads what appendHeader wrote; the sum vouches for the lengths,
// but not for who wrote them.
func parseHeader(b []byte) (etag, modified string) {
	next := func() string {
		if len(b) < 4 {
			return ""
		}
		n := int64(binary.LittleEndian.Uint32(b))
		if b = b[4:]; n > int64(len(b)) {
			b = nil
			return ""
		}
		s := string(b[:n])
		b = b[n:]
		return s
	}
	etag = next()
	return etag, next()
}

func appendHeader(b []byte, v validators) []byte {
	for _, s := range []string{v.etag, v.modified} {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	return b
}

// encodeHead is a file up to its body.
func encodeHead(v validators, index []byte, body int) ([]byte, error) {
	header := appendHeader(nil, v)
	if len(header) > maxHeader || len(index) > maxIndex {
		return nil, fmt.Errorf("header of %d or index of %d bytes is too long to keep", len(header), len(index))
	}
	le := binary.LittleEndian
	b := make([]byte, 0, prefixLen+len(header)+len(index))
	b = append(b, magic...)
	b = le.AppendUint64(b, uint64(v.checked.UnixMilli()))
	b = le.AppendUint64(b, uint64(v.maxAge.Milliseconds()))
	b = le.AppendUint32(b, uint32(len(header)))
	b = le.AppendUint32(b, uint32(len(index)))
	b = le.AppendUint64(b, uint64(body))
	b = append(b, make([]byte, 8)...)
	b = append(append(b, header...), index...)
	le.PutUint32(b[40:], sumOf(b, int64(len(b))))
	return b, nil
}

// label writes down whose documents are in the directory of s, which is open.
// Nothing but a listing needs to know.
func (s *shelf) label() {
	_ = s.dir.WriteFile(labelFile, []byte(s.url+"\n"), false)
}

const labelFile = ".registry"

// write puts a document into its file, then lets a big one be read from there.
func (s *slot) write(doc *npm.Packument, body []byte, v validators) error {
	head, err := encodeHead(v, doc.EncodeIndex(), len(body))
	if err != nil {
		return err
	}
	dir, err := s.shelf.ensure()
	if err != nil {
		return err
	}
	if len(body) <= bigBody {
		// Whoever reads before the end finds the size wrong, and no file.
		if err := dir.WriteParts(s.file(v.form), false, head, body); !fsys.Exists(err) {
			return err
		}
	}
	f, err := os.CreateTemp(s.shelf.path, ".tmp-*")
	if err != nil {
		return err
	}
	info, err := writeAll(f, head, body)
	if err == nil {
		err = os.Rename(f.Name(), s.path(v.form))
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	if len(body) > bigBody && s.cache.reserve() {
		s.moveBody(doc, info, v.form, int64(len(head)))
	}
	return nil
}

// moveBody lets doc be read from the file just written, which info describes,
// unless another process has put its own in place.
func (s *slot) moveBody(doc *npm.Packument, info os.FileInfo, form Form, at int64) {
	f, err := os.Open(s.path(form))
	if err != nil {
		return
	}
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) {
		f.Close()
		return
	}
	doc.MoveBody(io.NewSectionReader(f, at, info.Size()-at)) // f is closed when doc is collected
}

// writeAll writes f and closes it: Windows renames no open file.
func writeAll(f *os.File, parts ...[]byte) (os.FileInfo, error) {
	for _, part := range parts {
		if _, err := f.Write(part); err != nil {
			f.Close()
			return nil, err
		}
	}
	info, err := f.Stat()
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return info, err
}

// confirm rewrites when a file's document was last confirmed. Should another
// process replace the file in between, the newer document counts as confirmed
// a moment early.
func confirm(path string, now time.Time, age time.Duration) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	b := binary.LittleEndian.AppendUint64(nil, uint64(now.UnixMilli()))
	b = binary.LittleEndian.AppendUint64(b, uint64(max(age, 0).Milliseconds()))
	_, err = f.WriteAt(b, int64(len(magic)))
	return err
}
