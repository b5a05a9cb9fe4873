package testreg

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// entryTypes are the kinds of tar entry a list may have.
var entryTypes = map[string]byte{
	"file":    tar.TypeReg,
	"dir":     tar.TypeDir,
	"symlink": tar.TypeSymlink,
	"link":    tar.TypeLink,
	"char":    tar.TypeChar,
	"block":   tar.TypeBlock,
	"fifo":    tar.TypeFifo,
}

// metaTypes are entries that speak of the next one, or of all that follow. The
// first two have a path, the others "key=value" words.
var metaTypes = map[string]byte{
	"gnu-name": tar.TypeGNULongName,
	"gnu-link": tar.TypeGNULongLink,
	"pax":      tar.TypeXHeader,
	"global":   tar.TypeXGlobalHeader,
}

// tarFormats are the header formats an entry may ask for.
var tarFormats = map[string]tar.Format{"ustar": tar.FormatUSTAR, "pax": tar.FormatPAX, "gnu": tar.FormatGNU}

// An entryList writes a tarball as a list of raw entries says, however wrong.
type entryList struct {
	v       *version
	out     bytes.Buffer
	gz      *gzip.Writer
	w       io.Writer // gz, or out when the tarball is plain
	noEnd   bool      // leave out the two zero blocks
	garbage int64     // bytes after the end
	cut     int64     // bytes taken off the end
}

// packEntries makes the tarball of a version from its list of raw entries.
func packEntries(v *version, gz *gzip.Writer) ([]byte, error) {
	l := &entryList{v: v, gz: gz, w: gz}
	gz.Reset(&l.out)
	if err := eachLine(v.entriesFile, v.entries, l.line); err != nil {
		return nil, err
	}
	return l.close()
}

// line adds one entry, or obeys one of the words about the whole file.
func (l *entryList) line(words []string) error {
	var err error
	switch arg := strings.Join(words[1:], " "); words[0] {
	case "manifest":
		return l.manifest()
	case "member":
		if err := l.gz.Close(); err != nil {
			return err
		}
		l.gz.Reset(&l.out)
	case "plain":
		l.w = &l.out
	case "no-end":
		l.noEnd = true
	case "garbage":
		l.garbage, err = parseSize(arg)
	case "cut":
		l.cut, err = parseSize(arg)
	default:
		return l.entry(words)
	}
	return err
}

// manifest adds package/package.json as a normal tarball has it.
func (l *entryList) manifest() error {
	data, err := l.v.packageJSON()
	if err != nil {
		return err
	}
	return l.write(&entry{
		header:   tar.Header{Typeflag: tar.TypeReg, Name: "package/package.json", Mode: 0o644, Size: int64(len(data)), ModTime: packTime},
		typeflag: tar.TypeReg,
		text:     string(data),
	})
}

// close ends the archive and returns its bytes.
func (l *entryList) close() ([]byte, error) {
	if !l.noEnd {
		if _, err := l.w.Write(make([]byte, 2*blockSize)); err != nil {
			return nil, err
		}
	}
	if l.w == l.gz {
		if err := l.gz.Close(); err != nil {
			return nil, err
		}
	}
	if l.garbage > maxMade {
		return nil, fmt.Errorf("garbage %d: more than %d bytes", l.garbage, maxMade)
	}
	out := append(l.out.Bytes(), bytes.Repeat([]byte{'?'}, int(l.garbage))...)
	if l.cut > int64(len(out)) {
		return nil, fmt.Errorf("cut %d: the tarball has %d bytes", l.cut, len(out))
	}
	return out[:int64(len(out))-l.cut], nil
}

const (
	blockSize = 512     // of the tar format
	maxMade   = 1 << 30 // bounds what one word of an archive can make a test hold or compress
)

// An entry is one entry with its bytes, which need not be as many as the header
// says.
type entry struct {
	header      tar.Header
	typeflag    byte // what is written, also where tar.Writer would not
	text        string
	zeros       int64 // after text
	sized       bool  // the header's size was given
	badChecksum bool
}

// entry reads "TYPE PATH [-> TARGET] [OPTION=VALUE]…".
func (l *entryList) entry(words []string) error {
	if typ, ok := metaTypes[words[0]]; ok {
		return l.meta(typ, words[1:])
	}
	typ, ok := entryTypes[words[0]]
	if !ok {
		return fmt.Errorf("%q: no such kind of entry; see the package comment", words[0])
	}
	if len(words) < 2 {
		return errors.New("an entry has a path (\"\" is one)")
	}
	e := &entry{
		header:   tar.Header{Typeflag: typ, Name: repeats(words[1]), Mode: 0o644, ModTime: packTime},
		typeflag: typ,
	}
	if typ == tar.TypeDir {
		e.header.Mode = 0o755
	}
	rest := words[2:]
	if len(rest) >= 2 && rest[0] == "->" {
		e.header.Linkname, rest = repeats(rest[1]), rest[2:]
	}
	for _, w := range rest {
		if err := e.option(w); err != nil {
			return err
		}
	}
	if !e.sized {
		e.header.Size = int64(len(e.text)) + e.zeros
	}
	return l.write(e)
}

// meta writes an entry about others: a GNU long name, or pax records.
func (l *entryList) meta(typ byte, words []string) error {
	e := &entry{typeflag: typ}
	e.header = tar.Header{Typeflag: tar.TypeReg, Name: "././@LongLink", Mode: 0o644, ModTime: packTime}
	switch typ {
	case tar.TypeGNULongName, tar.TypeGNULongLink:
		e.text = repeats(strings.Join(words, " ")) + "\x00"
	default:
		e.header.Name = "PaxHeader"
		for _, w := range words {
			if !strings.Contains(w, "=") {
				return fmt.Errorf("%q: write KEY=VALUE", w)
			}
			e.text += paxRecord(repeats(w))
		}
	}
	e.header.Size = int64(len(e.text))
	return l.write(e)
}

// paxRecord is "LENGTH key=value\n", whose length counts its own digits.
func paxRecord(keyValue string) string {
	n := len(keyValue) + 2
	for size := 1; ; size++ {
		if r := fmt.Sprintf("%d %s\n", n+size, keyValue); len(r) == n+size {
			return r
		}
	}
}

// option applies one "option=value".
func (e *entry) option(w string) error {
	key, value, ok := strings.Cut(w, "=")
	if !ok {
		return fmt.Errorf("%q: write OPTION=VALUE", w)
	}
	var err error
	switch key {
	case "mode":
		e.header.Mode, err = strconv.ParseInt(value, 8, 64)
	case "text":
		e.text = repeats(value)
	case "size":
		e.sized = true
		e.header.Size, err = parseSize(value)
	case "zeros":
		if e.zeros, err = parseSize(value); e.zeros > maxMade {
			err = fmt.Errorf("more than %d bytes", maxMade)
		}
	case "dev":
		_, err = fmt.Sscanf(value, "%d,%d", &e.header.Devmajor, &e.header.Devminor)
	case "format":
		if e.header.Format, ok = tarFormats[value]; !ok {
			err = errors.New("there are ustar, pax and gnu")
		}
	case "typeflag":
		if len(value) != 1 {
			return fmt.Errorf("%s: a type flag is one byte", w)
		}
		e.typeflag = value[0]
	case "checksum":
		e.badChecksum = true
	default:
		return fmt.Errorf("%q: no such option; see the package comment", w)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", w, err)
	}
	return nil
}

// write adds an entry to the archive. tar.Writer writes the header only: it
// would insist that the bytes be as many as the header says.
func (l *entryList) write(e *entry) error {
	var head bytes.Buffer
	if err := tar.NewWriter(&head).WriteHeader(&e.header); err != nil {
		return err
	}
	seal(head.Bytes()[head.Len()-blockSize:], e)
	if _, err := l.w.Write(head.Bytes()); err != nil {
		return err
	}
	if _, err := io.WriteString(l.w, e.text); err != nil {
		return err
	}
	n := int64(len(e.text)) + e.zeros
	_, err := io.CopyN(l.w, zeroReader{}, e.zeros+(-n&(blockSize-1)))
	return err
}

// seal sets the type flag of a header block and its checksum: the sum of all
// bytes, those of the checksum taken as spaces (POSIX ustar, bytes 148 to 155).
func seal(block []byte, e *entry) {
	block[156] = e.typeflag
	copy(block[148:156], "        ")
	sum := 0
	for _, c := range block {
		sum += int(c)
	}
	if e.badChecksum {
		sum++
	}
	copy(block[148:156], fmt.Sprintf("%06o\x00 ", sum))
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

var repeated = regexp.MustCompile(`\{([^{}*]+)\*([0-9]{1,6})\}`)

// repeats expands "{ab*3}" to "ababab", for names longer than a line should be.
func repeats(s string) string {
	return repeated.ReplaceAllStringFunc(s, func(m string) string {
		parts := repeated.FindStringSubmatch(m)
		n, _ := strconv.Atoi(parts[2]) // at most six digits: it fits
		return strings.Repeat(parts[1], n)
	})
}
