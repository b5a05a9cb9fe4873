package npm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The index of a packument is what a scan of the document found, so that it
// need not be scanned again. All integers are little endian:
//
//	format   byte, indexFormat
//	full     byte, 1 if the document has publication times
//	modified int64, Unix milliseconds or unknownTime
//	name     string
//	tags     uint32, then as many pairs of strings: dist-tag, version
//	keys     string: all versions, one after the other
//	count    uint32, then as many records of recordLen bytes:
//	         end of the key in keys  uint32
//	         start of the value      uint32
//	         end of the value        uint32
//	         deprecated              uint32, 0 unknown, 1 yes, 2 no
//	         published               int64, as modified
//	string   uint32 length, then bytes
//
// It says nothing about how the document was come by; that is the cache's
// business (package registry).
const (
	indexFormat = 2
	recordLen   = 24
)

// EncodeIndex encodes the index. To look whether a version is deprecated is left
// to who asks: for all versions it would cost as much as the scan.
func (p *Packument) EncodeIndex() []byte {
	p.timed()
	b := make([]byte, 0, 64+len(p.Name)+len(p.keys)+32*len(p.DistTags)+recordLen*len(p.entries))
	b = append(b, indexFormat, boolByte(p.Full))
	b = binary.LittleEndian.AppendUint64(b, uint64(p.modified))
	b = appendString(b, string(p.Name))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.DistTags)))
	for _, tag := range slices.Sorted(maps.Keys(p.DistTags)) {
		b = appendString(appendString(b, tag), p.DistTags[tag])
	}
	b = appendString(b, p.keys)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(p.entries)))
	for at := range p.entries {
		e := &p.entries[at]
		b = binary.LittleEndian.AppendUint32(b, e.keyEnd)
		b = binary.LittleEndian.AppendUint32(b, e.off)
		b = binary.LittleEndian.AppendUint32(b, e.end)
		b = binary.LittleEndian.AppendUint32(b, uint32(e.deprecated))
		b = binary.LittleEndian.AppendUint64(b, uint64(e.published))
	}
	return b
}

func boolByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}

func appendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(s))), s...)
}

// ErrBadIndex is returned for an index that is damaged, of another format, or
// about another document. The document has to be scanned again.
var ErrBadIndex = errors.New("the index of the packument is damaged or of another format")

// ParseIndexed is ParsePackument with an index of EncodeIndex instead of a
// scan; of body it reads only the versions that are asked for.
func ParseIndexed(name Name, index []byte, body Source) (*Packument, error) {
	d := indexReader{b: index}
	p := newPackument(name, body)
	format, full := d.byte(), d.byte()
	p.Full = full == 1
	p.modified = int64(d.uint64())
	if said := d.string(); format != indexFormat || said != string(name) {
		return nil, fmt.Errorf("packument of %s: %w", name, ErrBadIndex)
	}
	if n := d.count(2 * 4); n > 0 { // a pair of strings is two lengths at least
		p.DistTags = make(map[string]string, n)
		for range n {
			tag := d.string()
			p.DistTags[tag] = d.string()
		}
	}
	p.keys = d.string()
	p.entries = make([]entry, d.count(recordLen))
	if !p.readRecords(&d) || d.bad || len(d.b) > 0 {
		return nil, fmt.Errorf("packument of %s: %w", name, ErrBadIndex)
	}
	return p, nil
}

// readRecords reports whether all ranges are inside what they are ranges of.
func (p *Packument) readRecords(d *indexReader) bool {
	var key uint32
	size := (*p.body.Load()).Size()
	for i := range p.entries {
		e := &p.entries[i]
		e.key, e.keyEnd, e.off, e.end = key, d.uint32(), d.uint32(), d.uint32()
		if state := d.uint32(); state <= uint32(notDeprecated) {
			e.deprecated = deprecatedState(state)
		}
		e.published = int64(d.uint64())
		if e.keyEnd < e.key || int(e.keyEnd) > len(p.keys) || e.end < e.off || int64(e.end) > size {
			return false
		}
		key = e.keyEnd
	}
	return true
}

// indexReader reads from the front of b. Behind the end it reads zeros and
// turns bad.
type indexReader struct {
	b   []byte
	bad bool
}

func (d *indexReader) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.b) { // negative: 32-bit int
		d.bad = true
		return nil
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken
}

func (d *indexReader) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *indexReader) uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *indexReader) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *indexReader) string() string { return string(d.take(int(d.uint32()))) }

// count reads how many items of at least size bytes follow, so that no more
// memory is set aside than the index can fill.
func (d *indexReader) count(size int) int {
	n := int(d.uint32())
	if n < 0 || n > len(d.b)/size {
		d.bad = true
		return 0
	}
	return n
}
