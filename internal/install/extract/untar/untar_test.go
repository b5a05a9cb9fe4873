package untar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// rawEntry writes one entry the way a test wants it, valid or not.
type rawEntry struct {
	name, prefix, link string
	kind               byte
	mode, size         string // the fields' bytes; size is that of body if ""
	magic              string // "ustar\x0000" if ""
	body               string
	sum                int // added to the right checksum
}

func (e rawEntry) bytes() []byte {
	b := make([]byte, blockSize)
	copy(b, e.name)
	field := func(at int, value, otherwise string) {
		if value == "" {
			value = otherwise
		}
		copy(b[at:], value)
	}
	field(modeAt, e.mode, "0000644\x00")
	field(sizeAt, e.size, fmt.Sprintf("%011o\x00", len(e.body)))
	b[kindAt] = e.kind
	copy(b[157:], e.link)
	field(magicAt, e.magic, "ustar\x0000")
	copy(b[prefixAt:], e.prefix)
	sum, _ := sums(block(b))
	copy(b[sumAt:], fmt.Sprintf("%06o\x00 ", sum+int64(e.sum)))
	b = append(b, e.body...)
	return append(b, make([]byte, -len(b)&(blockSize-1))...)
}

func archive(entries ...rawEntry) []byte {
	var b []byte
	for _, e := range entries {
		b = append(b, e.bytes()...)
	}
	return append(b, make([]byte, 2*blockSize)...)
}

func file(name, body string) rawEntry { return rawEntry{name: name, kind: '0', body: body} }

func pax(records ...string) rawEntry {
	return rawEntry{name: "PaxHeader/x", kind: 'x', body: paxBody(records...)}
}

func paxBody(records ...string) string {
	var b strings.Builder
	for _, r := range records {
		n := len(r) + 2
		for len(fmt.Sprint(n))+len(r)+2 != n {
			n = len(fmt.Sprint(n)) + len(r) + 2
		}
		fmt.Fprintf(&b, "%d %s\n", n, r)
	}
	return b.String()
}

// unpack lists what Index yields, "path" or "path*" (executable) and content.
func unpack(s *Scratch, data []byte, lim Limits) (files []string, stats Stats, err error) {
	stats, err = Index(data, s, lim, func(path string, exec bool, content []byte) error {
		files = append(files, show(path, exec, content))
		return nil
	})
	return files, stats, err
}

func unstream(r io.Reader, lim Limits) (files []string, stats Stats, err error) {
	stats, err = Stream(r, lim, func(path string, exec bool, r io.Reader, size int64) error {
		content, err := io.ReadAll(r)
		if err == nil && int64(len(content)) != size {
			return nil // the archive ends inside; Stream says so
		}
		files = append(files, show(path, exec, content))
		return err
	})
	return files, stats, err
}

func show(path string, exec bool, content []byte) string {
	if exec {
		path += "*"
	}
	return path + "=" + string(content)
}

// archiveTest is an archive and what it holds: files as unpack lists them, and
// those Stats that do not follow from them. npm is what npm's reader makes of
// it where that differs.
type archiveTest struct {
	name  string
	data  []byte
	files []string
	stats Stats
	npm   []string
}

func archiveTests() []archiveTest {
	long := strings.Repeat("directory/", 40) + "file.js"
	latin := "package/caf\xe9.js"
	return []archiveTest{
		{"a package", archive(file("package/package.json", "{}"), file("package/lib/a.js", "a")),
			[]string{"package.json={}", "lib/a.js=a"}, Stats{}, nil},
		{"empty file", archive(file("package/empty", "")), []string{"empty="}, Stats{}, nil},
		{"a block, and one more byte", archive(file("package/a", strings.Repeat("a", 512)), file("package/b", strings.Repeat("b", 513))),
			[]string{"a=" + strings.Repeat("a", 512), "b=" + strings.Repeat("b", 513)}, Stats{}, nil},
		{"first folder of any name", archive(file("react-19.0.0/a", "1"), file("./b", "2"), file("../c", "3")),
			[]string{"a=1", "b=2", "c=3"}, Stats{}, nil},
		{"beside the first folder", archive(file("pax_global_header", "x"), file("package/a", "1")),
			[]string{"a=1"}, Stats{Skipped: 1}, nil},
		{"nothing left of the path", archive(file("package/.", "x"), file("package/a", "1")),
			[]string{"a=1"}, Stats{Skipped: 1}, nil},
		{"folders", archive(rawEntry{name: "package/", kind: '5'}, rawEntry{name: "package/old/", kind: '0', size: "00000010000\x00"}, rawEntry{name: "package/sized", kind: '5', size: "00000010000\x00"}, file("package/a", "1")),
			[]string{"a=1"}, Stats{}, nil},
		{"links", archive(rawEntry{name: "package/lib/l", kind: '2', link: "../a"}, rawEntry{name: "package/h", kind: '1', link: "package/a", body: "body"}, file("package/a", "1")),
			[]string{"a=1"}, Stats{Links: 2}, nil},
		{"unknown kinds", archive(rawEntry{name: "package/s", kind: 'S', body: "sparse"}, file("package/a", "1")),
			[]string{"a=1"}, Stats{Skipped: 1}, nil},
		{"V7 and contiguous files", archive(rawEntry{name: "package/old", kind: 0, magic: "\x00", prefix: "not a prefix", body: "1"}, rawEntry{name: "package/c", kind: '7', body: "2"}),
			[]string{"old=1", "c=2"}, Stats{}, nil},
		{"GNU header has no prefix", archive(rawEntry{name: "package/g", kind: '0', magic: "ustar  \x00", prefix: "14000000000", body: "1"}),
			[]string{"g=1"}, Stats{}, nil},
		{"prefix", archive(rawEntry{name: "name.js", prefix: "package/" + strings.Repeat("d", 140), kind: '0', body: "1"}, rawEntry{name: "b", prefix: "package", kind: '0', body: "2"}),
			[]string{strings.Repeat("d", 140) + "/name.js=1", "b=2"}, Stats{}, nil},
		{"modes", archive(rawEntry{name: "p/u", kind: '0', mode: "0000744\x00"}, rawEntry{name: "p/o", kind: '0', mode: "0000641\x00"}, rawEntry{name: "p/g", kind: '0', mode: "   100755 "}, rawEntry{name: "p/n", kind: '0', mode: "0000640\x00"}, rawEntry{name: "p/j", kind: '0', mode: "junk"}),
			[]string{"u*=", "o*=", "g*=", "n=", "j="}, Stats{}, nil},
		{"pax path", archive(pax("mtime=1.5", "path=package/"+long), file("package/short", "1"), file("package/b", "2")),
			[]string{long + "=1", "b=2"}, Stats{}, nil},
		{"pax path with odd bytes", archive(pax("comment=a\nb", "path=package/a=b\x00c"), file("package/short", "1")),
			[]string{"a=b=1"}, Stats{}, nil},
		{"pax size", archive(pax("size=3"), rawEntry{name: "package/a", kind: '0', size: "00000000000\x00", body: "123"}, file("package/b", "2")),
			[]string{"a=123", "b=2"}, Stats{}, nil},
		{"pax nonsense", archive(pax("size=-5"), rawEntry{name: "x", kind: 'x', body: "99999 path=x\n"}, rawEntry{name: "x", kind: 'X', body: "path=x"}, file("package/a", "1")),
			[]string{"a=1"}, Stats{}, nil},
		{"pax path rewritten", archive(pax("path=package/./caf"+strings.Repeat("\xe9", 40)+"/a.js"), file("package/b", "1")),
			[]string{"caf" + strings.Repeat("\ufffd", 40) + "/a.js=1"}, Stats{}, []string{"b=1"}},
		{"pax too long", archive(pax("comment="+strings.Repeat("c", 1<<20), "path=package/a"), file("package/b", "1")),
			[]string{"b=1"}, Stats{}, nil},
		{"pax is for files only", archive(pax("size=9000"), rawEntry{name: "x", kind: 'Z', body: "skip"}, file("package/a", "1")),
			[]string{"a=1"}, Stats{Skipped: 1}, nil},
		{"global pax", archive(rawEntry{name: "pax_global_header", kind: 'g', body: paxBody("path=package/evil", "size=1")}, file("package/a", "12")),
			[]string{"a=12"}, Stats{}, []string{"a=1"}},
		{"GNU long name", archive(rawEntry{name: "././@LongLink", kind: 'L', body: "package/" + long + "\x00"}, file("package/cut", "1"), rawEntry{name: "././@LongLink", kind: 'K', body: "target\x00"}, rawEntry{name: "package/l", kind: '2'}, file("package/b", "2")),
			[]string{long + "=1", "b=2"}, Stats{Links: 1}, nil},
		{"base 256", archive(rawEntry{name: "package/a", kind: '0', size: "\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03", body: "123"}, rawEntry{name: "package/n", kind: '0', size: strings.Repeat("\xff", 12)}),
			[]string{"a=123", "n="}, Stats{}, nil},
		{"wrong base 256", archive(rawEntry{name: "package/a", kind: '0', size: "\x80" + strings.Repeat("\xff", 11)}, rawEntry{name: "package/a", kind: '0', size: "\x90"}, file("package/b", "1")),
			[]string{"b=1"}, Stats{Invalid: 2}, nil},
		{"wrong checksum", archive(rawEntry{name: "package/a", kind: '0', sum: 1}, file("package/b", "1")),
			[]string{"b=1"}, Stats{Invalid: 1}, nil},
		{"signed checksum", archive(signed(file("package/\xc3\xa9", "1"))),
			[]string{"\u00e9=1"}, Stats{}, []string{}},
		{"dots and slashes", archive(file("package//lib/./a", "1"), file("package/.npmignore", "2"), file("package/./x/..y/.../z", "3"), file("package/lib//", ""), file("package/a/.", "4")),
			[]string{"lib/a=1", ".npmignore=2", "x/..y/.../z=3", "a=4"}, Stats{}, nil},
		{"backslashes", archive(file(`package\lib\a`, "1"), file(`package/lib\b`, "2"), file(`package/\\server\share`, "3")),
			[]string{"lib/a=1", "lib/b=2", "server/share=3"}, Stats{}, []string{`lib\b=2`}},
		{"colons", archive(file("package/ab:c", "1"), file("package/d/c:x", "2"), file("package/.d/c:x", "3")),
			[]string{"ab:c=1", "d/c:x=2", ".d/c:x=3"}, Stats{}, nil},
		{"not UTF-8", archive(file(latin, "1"), file("package/\u00e9\u4e2d", "2")),
			[]string{"caf\ufffd.js=1", "\u00e9\u4e2d=2"}, Stats{}, nil},
		{"one zero block is not the end", append(make([]byte, blockSize), archive(file("package/a", "1"))...),
			[]string{"a=1"}, Stats{}, nil},
		{"two are, whatever follows", append(archive(file("package/a", "1")), archive(file("package/b", "1"))...),
			[]string{"a=1"}, Stats{}, nil},
		{"no end", file("package/a", "1").bytes(), []string{"a=1"}, Stats{}, nil},
		{"no padding", file("package/a", "1").bytes()[:blockSize+1], []string{"a=1"}, Stats{}, []string{"a="}},
		{"part of a block at the end", append(file("package/a", "1").bytes(), "part"...), []string{"a=1"}, Stats{}, nil},
		{"case", archive(file("package/README", "1"), file("package/readme", "2"), file("package/Readme", "3"), file("package/\u00c9", "4"), file("package/\u00e9", "5")),
			[]string{"README=1", "readme=2", "Readme=3", "\u00c9=4", "\u00e9=5"}, Stats{Collisions: []string{"readme", "Readme", "\u00e9"}}, nil},
	}
}

func TestArchives(t *testing.T) {
	var s Scratch
	for _, tt := range archiveTests() {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.stats
			want.Files = len(tt.files)
			for _, f := range tt.files {
				_, content, _ := strings.Cut(strings.TrimPrefix(f, "a=b"), "=")
				want.Bytes += int64(len(content))
			}
			for way, read := range map[string]func() ([]string, Stats, error){
				"index": func() ([]string, Stats, error) { return unpack(&s, tt.data, Limits{}) },
				"stream": func() ([]string, Stats, error) {
					return unstream(iotest.OneByteReader(bytes.NewReader(tt.data)), Limits{})
				},
			} {
				files, stats, err := read()
				if err != nil || !reflect.DeepEqual(files, tt.files) || !reflect.DeepEqual(stats, want) {
					t.Errorf("%s:\n got %q %+v %v\nwant %q %+v", way, files, stats, err, tt.files, want)
				}
			}
		})
	}
}

// signed gives e the checksum of tars that added up signed bytes.
func signed(e rawEntry) rawEntry {
	b := e.bytes()
	unsigned, signed := sums(block(b[:blockSize]))
	e.sum = int(signed - unsigned)
	return e
}

func TestRefused(t *testing.T) {
	var pathErr *PathError
	var limitErr *LimitError
	isPath := func(err error) bool { return errors.As(err, &pathErr) }
	isLimit := func(err error) bool { return errors.As(err, &limitErr) }
	is := func(target error) func(error) bool {
		return func(err error) bool { return errors.Is(err, target) }
	}
	body := strings.Repeat("x", 2000)
	tests := []struct {
		name string
		data []byte
		lim  Limits
		want func(error) bool
	}{
		{"dot dot", archive(file("package/../../x", "1")), Limits{}, isPath},
		{"dot dot at the end", archive(file("package/a/..", "1")), Limits{}, isPath},
		{"dot dot on Windows", archive(file(`package/a\..\..\x`, "1")), Limits{}, isPath},
		{"dot dot in a pax path", archive(pax("path=package/../x"), file("package/a", "1")), Limits{}, isPath},
		{"dot dot in a prefix", archive(rawEntry{name: "x", prefix: "package/..", kind: '0'}), Limits{}, isPath},
		{"drive", archive(file("package/C:/x", "1")), Limits{}, isPath},
		{"drive, relative", archive(file("package/c:x", "1")), Limits{}, isPath},
		{"drive behind dots", archive(file(`package/.\c:\x`, "1")), Limits{}, isPath},
		{"absolute", archive(file("/etc/passwd", "4")), Limits{}, isPath},
		{"link to an absolute path", archive(rawEntry{name: "package/l", kind: '2', link: "/etc/passwd"}), Limits{}, isPath},
		{"link upwards", archive(rawEntry{name: "package/lib/l", kind: '2', link: "../../a"}), Limits{}, isPath},
		{"link up and down again", archive(rawEntry{name: "package/l", kind: '2', link: "../package/a"}), Limits{}, isPath},
		{"hard link upwards", archive(rawEntry{name: "package/h", kind: '1', link: "package/../../a"}), Limits{}, isPath},
		{"hard link to the package itself", archive(rawEntry{name: "package/h", kind: '1', link: "."}), Limits{}, isPath},
		{"character device", archive(rawEntry{name: "package/c", kind: '3'}), Limits{}, isPath},
		{"block device", archive(rawEntry{name: "package/b", kind: '4'}), Limits{}, isPath},
		{"pipe", archive(rawEntry{name: "package/f", kind: '6'}), Limits{}, isPath},
		{"nothing", nil, Limits{}, is(ErrFormat)},
		{"zeros only", make([]byte, 4096), Limits{}, is(ErrFormat)},
		{"no tar", []byte(body), Limits{}, is(ErrFormat)},
		{"cut inside a file", file("package/a", body).bytes()[:1000], Limits{}, is(io.ErrUnexpectedEOF)},
		{"cut inside a pax header", pax("path=package/a").bytes()[:520], Limits{}, is(io.ErrUnexpectedEOF)},
		{"more than there is", archive(rawEntry{name: "package/a", kind: '0', size: "77777777777\x00"}), Limits{}, is(io.ErrUnexpectedEOF)},
		{"much more than there is", archive(pax("size=9007199254740991"), file("package/a", "")), Limits{}, is(io.ErrUnexpectedEOF)},
		{"too many bytes", archive(file("package/a", body)), Limits{Unpacked: 3000}, isLimit},
		{"too many entries", archive(file("package/a", ""), pax("path=package/x"), file("package/b", "")), Limits{Entries: 2}, isLimit},
		{"path too long", archive(file("package/0123456789", "")), Limits{Path: 17}, isLimit},
	}
	var s Scratch
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files, _, err := unpack(&s, tt.data, tt.lim)
			if !tt.want(err) || files != nil {
				t.Errorf("index: yielded %q, error %v", files, err)
			}
			if _, _, err := unstream(bytes.NewReader(tt.data), tt.lim); !tt.want(err) {
				t.Errorf("stream: error %v", err)
			}
		})
	}
}

func TestLastOfEqualPathsCounts(t *testing.T) {
	data := archive(file("package/a", "1"), file("package/B", "2"), file("package/b", "3"), file("other/./a", "4444"), file("package/b", "5"), file("package/B", "6"),
		file("package/c", "7"), file("package/c", "8"), file("package/c", "9"))
	var s Scratch
	files, stats, err := unpack(&s, data, Limits{})
	want := Stats{Files: 4, Bytes: 7, Collisions: []string{"b"}}
	if err != nil || !reflect.DeepEqual(files, []string{"a=4444", "b=5", "B=6", "c=9"}) || !reflect.DeepEqual(stats, want) {
		t.Errorf("got %q %+v %v", files, stats, err)
	}
}

func TestCallersErrorEndsTheWalk(t *testing.T) {
	data := archive(file("package/a", "1"), file("package/b", "2"))
	disk := errors.New("disk full")
	calls := 0
	_, err := Index(data, new(Scratch), Limits{}, func(string, bool, []byte) error { calls++; return disk })
	_, err2 := Stream(bytes.NewReader(data), Limits{}, func(string, bool, io.Reader, int64) error { calls++; return disk })
	if err != disk || err2 != disk || calls != 2 {
		t.Errorf("%v, %v after %d calls", err, err2, calls)
	}
}

func TestStreamSkipsWhatIsNotRead(t *testing.T) {
	data := archive(file("package/a", strings.Repeat("a", 70_000)), file("package/b", "2"))
	var paths []string
	_, err := Stream(bytes.NewReader(data), Limits{}, func(path string, _ bool, r io.Reader, _ int64) error {
		paths = append(paths, strings.Clone(path))
		_, err := io.CopyN(io.Discard, r, 1)
		return err
	})
	if err != nil || !reflect.DeepEqual(paths, []string{"a", "b"}) {
		t.Errorf("%q %v", paths, err)
	}
}

func TestIndexDoesNotAllocatePerEntry(t *testing.T) {
	var entries []rawEntry
	for i := range 500 {
		entries = append(entries, rawEntry{name: fmt.Sprintf("file%d.js", i), prefix: "package/lib", kind: '0', body: "x"},
			pax(fmt.Sprintf("path=package/.pax/%d", i)), file("x", ""))
	}
	data := archive(entries...)
	var s Scratch
	yield := func(string, bool, []byte) error { return nil }
	run := func() {
		if _, err := Index(data, &s, Limits{}, yield); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(10, run); n > 1 { // the parser may escape
		t.Errorf("%v allocations for 1,000 files", n)
	}
}

// Spellings of one path are an attacker's to multiply.
func TestManySpellingsStayCheap(t *testing.T) {
	var data []byte
	for i := range 1 << 14 {
		name := []byte("package/abcdefghijklmn")
		for bit := range 14 {
			if i>>bit&1 == 1 {
				name[8+bit] -= 'a' - 'A'
			}
		}
		data = append(data, file(string(name), "").bytes()...)
	}
	var s Scratch
	_, stats, err := unpack(&s, data, Limits{})
	if err != nil || stats.Files != 1<<14 || len(stats.Collisions) != MaxCollisions {
		t.Errorf("%d files, %d collisions, %v", stats.Files, len(stats.Collisions), err)
	}
}
