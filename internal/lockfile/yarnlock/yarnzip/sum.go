package yarnzip

import (
	"bufio"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"unicode/utf8"
)

// Signatures, sizes and values of the zip format (PKWARE's APPNOTE, 4.3).
const (
	localHeader   = 0x04034b50
	centralHeader = 0x02014b50
	endOfCentral  = 0x06054b50

	localSize   = 30
	centralSize = 46

	// By libzip 6.3 for Unix.
	madeBy = 3<<8 | 63
	// What a reader has to know: 1.0, and 2.0 for directories.
	needsFile, needsDir = 10, 20
	utf8Name            = 1 << 11

	// SAFE_TIME of yarn, 456789000, as MS-DOS writes times.
	dosTime = 21<<11 | 50<<5
	dosDate = (1984-1980)<<9 | 6<<5 | 22
)

// errZip64 is an archive that needs the format's 64 bits, which no package does.
var errZip64 = errors.New("it has more files or bytes than a plain zip archive")

// Sum is the SHA-512 of the archive, in hexadecimal, as yarn.lock has it.
func (a *Archive) Sum() (string, error) {
	h := sha512.New()
	if err := a.write(h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// write writes the archive.
func (a *Archive) write(to io.Writer) error {
	if len(a.entries) >= math.MaxUint16 {
		return errZip64
	}
	w := bufio.NewWriterSize(to, 1<<16)
	var central, head []byte
	var at int64
	for i := range a.entries {
		e := &a.entries[i]
		size := int64(len(e.data))
		if at+size >= math.MaxUint32 {
			return errZip64
		}
		name, common := e.common()
		head = binary.LittleEndian.AppendUint32(head[:0], localHeader)
		head = append(append(head, common...), name...)
		central = e.central(central, uint32(at))
		_, _ = w.Write(head) // the error comes with Flush
		_, _ = w.Write(e.data)
		at += localSize + int64(len(name)) + size
	}
	_, _ = w.Write(central)
	_, _ = w.Write(end(len(a.entries), len(central), at))
	return w.Flush()
}

// common is the part of an entry's header that stands in both places.
func (e *entry) common() (name string, head []byte) {
	name, needs := e.path, uint16(needsFile)
	if e.mode == dirMode {
		name, needs = name+"/", needsDir
	}
	flags := uint16(0)
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			flags = utf8Name
		}
	}
	le := binary.LittleEndian
	head = le.AppendUint16(head, needs)
	head = le.AppendUint16(head, flags)
	head = le.AppendUint16(head, 0) // stored
	head = le.AppendUint16(head, dosTime)
	head = le.AppendUint16(head, dosDate)
	head = le.AppendUint32(head, crc32.ChecksumIEEE(e.data))
	head = le.AppendUint32(head, uint32(len(e.data)))
	head = le.AppendUint32(head, uint32(len(e.data)))
	head = le.AppendUint16(head, uint16(len(name)))
	return name, le.AppendUint16(head, 0) // no extra field
}

// central appends the entry's header in the central directory.
func (e *entry) central(to []byte, at uint32) []byte {
	name, common := e.common()
	le := binary.LittleEndian
	to = le.AppendUint32(to, centralHeader)
	to = le.AppendUint16(to, madeBy)
	to = append(to, common...)
	to = append(to, make([]byte, 6)...) // no comment, first disk, no attributes
	to = le.AppendUint32(to, e.mode<<16)
	to = le.AppendUint32(to, at)
	return append(to, name...)
}

// end is the end of the central directory, which has count entries and begins at
// the given place.
func end(count, size int, at int64) []byte {
	le := binary.LittleEndian
	to := le.AppendUint32(nil, endOfCentral)
	to = le.AppendUint32(to, 0) // the first disk, and the only one
	to = le.AppendUint16(to, uint16(count))
	to = le.AppendUint16(to, uint16(count))
	to = le.AppendUint32(to, uint32(size))
	to = le.AppendUint32(to, uint32(at))
	return le.AppendUint16(to, 0) // no comment
}
