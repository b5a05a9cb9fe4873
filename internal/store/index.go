package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"godwit/internal/fsys"
)

// The index of a tree is one file:
//
//	"godwit tree 2\n"
//	uvarint                         number of the directory of the files; 0 in a slot
//	name, version                   strings: uvarint length, bytes
//	flags                           byte: 1 preinstall, 2 install, 4 postinstall,
//	                                8 prepare, 16 binding.gyp, 32 bundled
//	uvarint n, n bins               strings: name, path; byte: 1 absent;
//	                                string: shebang
//	uvarint n, n directories        strings: path; parents first
//	uvarint n, n files              string: path; uvarint: size<<1 | executable
//	CRC-32C of all of the above     4 bytes, little endian
//
// Another version of the format gets another first line and counts as a tree
// that is not there.
const (
	indexName  = "index" // in a slot
	indexMagic = "godwit tree 2\n"

	flagScripts = 15
	flagGyp     = 16
	flagBundled = 32

	// minString is the least that a path takes: a length and a byte.
	minString = 2

	// maxIndex bounds what Load reads and Add writes: the largest packages of
	// the registry have some 100,000 files, a fourth of this.
	maxIndex = 32 << 20
)

// castagnoli is made at the first call, which takes a fifth of a millisecond: as a
// variable every start would.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

var errIndex = errors.New("index is damaged")

func (t *Tree) encode() []byte {
	b := make([]byte, 0, 64*(len(t.Files)+len(t.Dirs)+len(t.Meta.Bins)+4))
	b = append(b, indexMagic...)
	str := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	num := func(n int) { b = binary.AppendUvarint(b, uint64(n)) }
	num(t.number)
	m := &t.Meta
	str(m.Name)
	str(m.Version)
	b = append(b, byte(m.Scripts&flagScripts)|flag(m.Gyp, flagGyp)|flag(m.Bundled, flagBundled))
	num(len(m.Bins))
	for _, bin := range m.Bins {
		str(bin.Name)
		str(bin.Path)
		b = append(b, flag(bin.Absent, 1))
		str(bin.Shebang)
	}
	num(len(t.Dirs))
	for _, d := range t.Dirs {
		str(d)
	}
	num(len(t.Files))
	for _, f := range t.Files {
		str(f.Path)
		b = binary.AppendUvarint(b, uint64(f.Size)<<1|uint64(flag(f.Exec, 1)))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli()))
}

// flag is bit if set, else 0.
func flag(set bool, bit byte) byte {
	if set {
		return bit
	}
	return 0
}

// decodeIndex reads an index and believes none of it: every path is checked as
// if it came from a tarball, for whoever can write to a shared store must not
// be able to write elsewhere.
func decodeIndex(data []byte) (*Tree, error) {
	const sum = 4
	if len(data) < len(indexMagic)+sum || string(data[:len(indexMagic)]) != indexMagic {
		return nil, fmt.Errorf("%w: it has another format", errIndex)
	}
	body := data[:len(data)-sum]
	if crc32.Checksum(body, castagnoli()) != binary.LittleEndian.Uint32(data[len(body):]) {
		return nil, fmt.Errorf("%w: its checksum is wrong", errIndex)
	}
	// One string for all: the paths are parts of it and need no allocation.
	d := &decoder{rest: string(body[len(indexMagic):])}
	t := &Tree{number: int(d.uvarint() & math.MaxInt32)}
	m := &t.Meta
	m.Name, m.Version = d.str(), d.str()
	flags := d.byte()
	m.Scripts, m.Gyp, m.Bundled = Scripts(flags&flagScripts), flags&flagGyp != 0, flags&flagBundled != 0
	if n := d.count(2*minString + 2); n > 0 {
		m.Bins = make([]Bin, n)
	}
	for i := range m.Bins {
		m.Bins[i] = Bin{Name: d.binName(), Path: d.path(), Absent: d.byte() == 1, Shebang: d.str()}
	}
	if n := d.count(minString); n > 0 {
		t.Dirs = make([]string, n)
	}
	for i := range t.Dirs {
		t.Dirs[i] = d.path()
	}
	if n := d.count(minString + 1); n > 0 {
		t.Files = make([]File, n)
	}
	for i := range t.Files {
		path, size := d.path(), d.uvarint()
		t.Files[i] = File{Path: path, Size: int64(size >> 1), Exec: size&1 != 0}
	}
	if d.rest != "" {
		d.fail(fmt.Errorf("%w: %d bytes too many", errIndex, len(d.rest)))
	}
	if d.err != nil {
		return nil, d.err
	}
	return t, nil
}

// decoder reads from the front of rest. After the first fault it yields zeros.
type decoder struct {
	rest string
	err  error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.rest = ""
}

var errShort = fmt.Errorf("%w: it ends early", errIndex)

func (d *decoder) byte() byte {
	if d.rest == "" {
		d.fail(errShort)
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) uvarint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b := d.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	d.fail(errShort)
	return 0
}

func (d *decoder) str() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail(errShort)
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// count reads how many things follow, each at least size bytes long, so that a
// damaged index cannot ask for more memory than a small multiple of its length.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	if n > uint64(len(d.rest)/size) {
		d.fail(errShort)
		return 0
	}
	return int(n)
}

func (d *decoder) path() string {
	p := d.str()
	if d.err == nil {
		if err := fsys.CheckPath(p); err != nil {
			d.fail(fmt.Errorf("%w: %w", errIndex, err))
			return ""
		}
	}
	return p
}

func (d *decoder) binName() string {
	name := d.str()
	if d.err == nil && !validBinName(name) {
		d.fail(fmt.Errorf("%w: command %.40q", errIndex, name))
	}
	return name
}
