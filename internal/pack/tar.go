package pack

import (
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
)

// block is what a tar is made of.
const block = 512

// mtime is when every file of every package was changed: 1985-10-26T08:15:00Z, as
// npm has it, for ZIP files have no earlier years and film no better day.
const mtime = 499162500

// Widths of a header's name fields (POSIX.1-1988, ustar).
const (
	nameWidth   = 100
	prefixWidth = 155
)

// Mode is the file's permissions in a tarball.
func (f File) Mode() int64 {
	if f.Exec {
		return 0o755
	}
	return 0o644
}

// writeEntry writes one file: a pax header where the path does not fit an old
// one, the header, and the contents filled up with zeros.
func writeEntry(w io.Writer, f File, r io.Reader) error {
	name := "package/" + f.Path
	short, prefix, fits := split(name)
	if !fits {
		records := record("path", name) + record("mtime", strconv.Itoa(mtime)) + record("size", strconv.FormatInt(f.Size, 10))
		head := header{name: cut("PaxHeader/" + path.Base(name)), mode: f.Mode(), size: int64(len(records)), kind: 'x'}
		if err := writeBlocks(w, head, strings.NewReader(records)); err != nil {
			return err
		}
	}
	return writeBlocks(w, header{name: short, prefix: prefix, mode: f.Mode(), size: f.Size, kind: '0'}, r)
}

var errShrank = errors.New("it became shorter while it was read: pack again when nothing writes to it")

// writeBlocks writes a header and size bytes of r, filled up.
func writeBlocks(w io.Writer, h header, r io.Reader) error {
	if _, err := w.Write(h.bytes()); err != nil {
		return err
	}
	if n, err := io.CopyN(w, r, h.size); errors.Is(err, io.EOF) && n < h.size {
		return errShrank
	} else if err != nil {
		return err
	}
	_, err := w.Write(make([]byte, (block-h.size%block)%block))
	return err
}

type header struct {
	name, prefix string
	mode, size   int64
	kind         byte
}

// bytes is the header as node-tar writes it with "portable": no owner, no times
// but mtime, and octal numbers that end with a blank and a zero byte.
func (h header) bytes() []byte {
	b := make([]byte, block)
	copy(b, h.name)
	copy(b[100:], octal(h.mode, 8))
	copy(b[124:], octal(h.size, 12))
	copy(b[136:], octal(mtime, 12))
	b[156] = h.kind
	copy(b[257:], "ustar\x0000")
	copy(b[329:], octal(0, 8)) // device numbers
	copy(b[337:], octal(0, 8))
	copy(b[345:], h.prefix)
	sum := int64(8 * ' ') // what the checksum's own field counts as
	for _, c := range b {
		sum += int64(c)
	}
	copy(b[148:], octal(sum, 8))
	return b
}

// octal is a number in a field; files are not so large that they need another
// form (8 GB; packing stops at half of that).
func octal(n int64, width int) string {
	digits := strconv.FormatInt(n, 8)
	if len(digits) == width-1 {
		return digits + "\x00"
	}
	return strings.Repeat("0", width-2-len(digits)) + digits + " \x00"
}

// split takes a path apart for the two fields of a header; fits is false where
// it needs a pax header, and what is returned is for readers who do not know
// those.
func split(name string) (short, prefix string, fits bool) {
	ascii := strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 }) < 0
	if len(name) < nameWidth {
		return name, "", ascii
	}
	short, prefix = path.Base(name), path.Dir(name)
	for prefix != "." {
		switch {
		case len(short) > nameWidth && len(prefix) <= prefixWidth:
			return cut(short), prefix, false
		case len(short) <= nameWidth && len(prefix) <= prefixWidth:
			return short, prefix, ascii
		}
		short, prefix = path.Join(path.Base(prefix), short), path.Dir(prefix)
	}
	return cut(name), "", false
}

// cut is what a field holds of a name that is too long for it.
func cut(name string) string {
	if len(name) < nameWidth {
		return name
	}
	return name[:nameWidth-1]
}

// record is a line of a pax header: its length, its own digits included, a key
// and a value.
func record(key, value string) string {
	rest := " " + key + "=" + value + "\n"
	n := len(rest)
	for digits := 1; ; digits++ {
		if text := strconv.Itoa(n + digits); len(text) == digits {
			return text + rest
		}
	}
}
