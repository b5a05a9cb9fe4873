package untar

import (
	"archive/tar"
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// contents reads data in both ways, which must agree, and returns what ends up
// at each path.
func contents(t *testing.T, data []byte) (map[string]string, error) {
	t.Helper()
	lim := Limits{Unpacked: 1 << 20}
	index, stream := make(map[string]string), make(map[string]string)
	stats, err := Index(data, new(Scratch), lim, func(path string, exec bool, content []byte) error {
		if _, ok := index[path]; ok {
			t.Fatalf("%q comes twice", path)
		}
		checkPath(t, path)
		index[strings.Clone(path)] = show("", exec, content)
		return nil
	})
	_, streamErr := Stream(bytes.NewReader(data), lim, func(path string, exec bool, r io.Reader, _ int64) error {
		checkPath(t, path)
		content, err := io.ReadAll(r)
		stream[strings.Clone(path)] = show("", exec, content)
		return err
	})
	if (err == nil) != (streamErr == nil) || err == nil && !reflect.DeepEqual(index, stream) {
		t.Fatalf("Index: %q, %v; Stream: %q, %v", index, err, stream, streamErr)
	}
	if err == nil && stats.Files != len(index) {
		t.Fatalf("%d files, counted %d", len(index), stats.Files)
	}
	return index, err
}

func checkPath(t *testing.T, path string) {
	t.Helper()
	if path == "" || !utf8.ValidString(path) || strings.ContainsAny(path, "\\\x00") {
		t.Fatalf("yielded %q", path)
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." {
			t.Fatalf("yielded %q", path)
		}
	}
	if len(path) > 1 && path[1] == ':' && letter(path[0]) {
		t.Fatalf("yielded %q", path)
	}
}

// reference reads data with archive/tar. ok is false where the two readers
// differ on purpose: damaged archives, which we read on in, as npm does, and
// kinds of entries that only one of them knows.
func reference(data []byte) (files map[string]string, ok bool) {
	files = make(map[string]string)
	tr := tar.NewReader(bytes.NewReader(data))
	entries := 0
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return files, entries > 0
		}
		if err != nil {
			return nil, false
		}
		entries++
		for key := range h.PAXRecords {
			if strings.HasPrefix(key, "GNU.sparse") {
				return nil, false
			}
		}
		switch h.Typeflag {
		case tar.TypeReg, '7':
		case tar.TypeDir, tar.TypeXGlobalHeader:
			continue
		case tar.TypeLink, tar.TypeSymlink:
			if h.Size != 0 { // archive/tar says there is no body, npm's reader that there is
				return nil, false
			}
			continue
		default:
			return nil, false
		}
		content, err := io.ReadAll(tr)
		if err != nil {
			return nil, false
		}
		var p parser
		path, err := p.clean([]byte(h.Name))
		if err != nil || h.Size > 0 && h.Typeflag == '7' && strings.HasSuffix(h.Name, "/") {
			return nil, false
		}
		if path != "" && !strings.HasSuffix(h.Name, "/") {
			files[strings.Clone(path)] = show("", h.Mode&0o111 != 0, content)
		}
	}
}

func compare(t *testing.T, data []byte) {
	t.Helper()
	got, err := contents(t, data)
	want, ok := reference(data)
	if ok && (err != nil || !reflect.DeepEqual(got, want)) {
		t.Fatalf("got  %q, %v\nwant %q", got, err, want)
	}
}

func FuzzArchive(f *testing.F) {
	f.Add(archive(file("package/package.json", "{}"), rawEntry{name: "package/l", kind: '2', link: "x"}, rawEntry{name: "package/d", kind: '5'}))
	f.Add(archive(pax("path=package/long", "size=3"), rawEntry{name: "x", kind: '0', size: "0\x00", body: "abc"}))
	f.Add(archive(rawEntry{name: "L", kind: 'L', body: "package/x\x00"}, file("package/y", "1"), rawEntry{name: "package/x", prefix: "a/b", kind: 0, mode: "0000755\x00"}))
	f.Add(archive(rawEntry{name: "package/a", kind: '0', size: "\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03", body: "123"}, rawEntry{name: "g", kind: 'g', body: paxBody("a=b")}))
	f.Fuzz(func(t *testing.T, data []byte) {
		// Checksums would keep the fuzzer busy: repair them where it left a mark.
		data = bytes.Clone(data)
		for at := 0; at+blockSize <= len(data); at += blockSize {
			b := block(data[at : at+blockSize])
			if string(b[magicAt:magicAt+5]) == "ustar" {
				sum, _ := sums(b)
				copy(b[sumAt:], appendOctal(nil, sum))
			}
			// archive/tar passes over leading NULs, which to npm end a number, and
			// numbers above what JavaScript can count to.
			for _, field := range [][]byte{b[modeAt : modeAt+8], b[sizeAt : sizeAt+12], b[sumAt:kindAt]} {
				if field[0] >= 0x80 || field[0] == 0 && len(bytes.Trim(field, "\x00")) > 0 {
					return
				}
			}
		}
		compare(t, data)
	})
}

func appendOctal(dst []byte, v int64) []byte {
	for shift := 15; shift >= 0; shift -= 3 {
		dst = append(dst, '0'+byte(v>>shift&7))
	}
	return append(dst, 0, ' ')
}

// FuzzWritten compares on archives that archive/tar wrote, where nothing may differ.
func FuzzWritten(f *testing.F) {
	f.Add("package/a\npackage/b/c.js", "content", int64(0o755), byte(0))
	f.Add("package/"+strings.Repeat("long/", 60)+"x\npackage/caf\u00e9", "", int64(0o644), byte(1))
	f.Add("package/"+strings.Repeat("n", 120)+"\npackage/x", "b", int64(0o100), byte(2))
	f.Add(strings.Repeat("package/x\n", 13), "", int64(0o644), byte(2)) // the last one is a pipe, which we refuse
	f.Fuzz(func(t *testing.T, names, body string, mode int64, format byte) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for i, name := range strings.Split(names, "\n") {
			content := body[:min(len(body), i*37)]
			kind := byte(tar.TypeReg)
			if format>>2&3 == byte(i&3) {
				kind, content = "5216"[i>>2&3], ""
			}
			h := &tar.Header{Name: name, Typeflag: kind, Mode: mode & 0o7777, Size: int64(len(content)), Format: tar.Format(format&3) << 1}
			if err := w.WriteHeader(h); err != nil {
				continue
			}
			io.WriteString(w, content)
		}
		w.Close()
		compare(t, b.Bytes())
	})
}

func FuzzPath(f *testing.F) {
	for _, path := range []string{"package/a", "package//.//b/", `a\b\..`, "p/c:x", "p/./c:x", "p/\xff\xc3\xa9/..x", "/", ""} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		raw, _, _ = strings.Cut(raw, "\x00") // as all callers do
		var p parser
		got, err := p.clean([]byte(raw))
		want, ok := cleanSlowly(raw)
		if (err == nil) != ok || got != want {
			t.Fatalf("%q becomes %q, %v; want %q, %t", raw, got, err, want, ok)
		}
		if got != "" {
			checkPath(t, got)
		}
	})
}

// cleanSlowly is clean as its comment says it.
func cleanSlowly(raw string) (string, bool) {
	parts := strings.Split(strings.ReplaceAll(raw, `\`, "/"), "/")
	if len(parts) == 1 {
		return "", true
	}
	if first := parts[0]; first == "" || len(first) > 1 && first[1] == ':' && letter(first[0]) {
		return "", false
	}
	var kept []string
	for _, part := range parts[1:] {
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			return "", false
		case len(kept) == 0 && len(part) > 1 && part[1] == ':' && letter(part[0]):
			return "", false
		}
		kept = append(kept, string([]rune(part))) // each stray byte becomes U+FFFD
	}
	return strings.Join(kept, "/"), true
}
