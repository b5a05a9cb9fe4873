package testreg_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"godwit/internal/testreg"
)

// rawTarball serves a list of entries and returns the bytes.
func rawTarball(t *testing.T, list string) []byte {
	t.Helper()
	reg := testreg.New(t, []byte("-- evil@1.0.0.tar --\n"+list+"\n"))
	_, data := get(t, reg, "/evil/-/evil-1.0.0.tgz")
	return data
}

// gunzip reads all members.
func gunzip(t *testing.T, data []byte) []byte {
	t.Helper()
	gz, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(gz)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// list reads a tar as the standard library does, one line per entry.
func list(tarball []byte) string {
	var b strings.Builder
	for tr := tar.NewReader(bytes.NewReader(tarball)); ; {
		h, err := tr.Next()
		if err != nil {
			return b.String() + err.Error()
		}
		fmt.Fprintf(&b, "%c %s", h.Typeflag, h.Name)
		if h.Linkname != "" {
			fmt.Fprintf(&b, " -> %s", h.Linkname)
		}
		fmt.Fprintf(&b, " %o %d", h.Mode, h.Size)
		if h.Devmajor+h.Devminor > 0 {
			fmt.Fprintf(&b, " dev %d,%d", h.Devmajor, h.Devminor)
		}
		if h.Size < 100 {
			text, _ := io.ReadAll(tr)
			fmt.Fprintf(&b, " %q", text)
		}
		b.WriteByte('\n')
	}
}

func TestRawEntries(t *testing.T) {
	for _, test := range []struct{ list, want string }{
		{"file ../../evil text=x", "0 ../../evil 644 1 \"x\"\nEOF"},
		{"file /etc/passwd text=x mode=4755", "0 /etc/passwd 4755 1 \"x\"\nEOF"},
		{"symlink package/l -> /etc\nfile package/l/x", "2 package/l -> /etc 644 0 \"\"\n0 package/l/x 644 0 \"\"\nEOF"},
		{"link package/h -> ../../secret", "1 package/h -> ../../secret 644 0 \"\"\nEOF"},
		{"char package/c dev=1,3\nblock package/b dev=8,0\nfifo package/f", "3 package/c 644 0 dev 1,3 \"\"\n4 package/b 644 0 dev 8,0 \"\"\n6 package/f 644 0 \"\"\nEOF"},
		{"dir package/d", "5 package/d 755 0 \"\"\nEOF"},
		{"file package/A text=1\nfile package/a text=2\nfile package/A text=3", "0 package/A 644 1 \"1\"\n0 package/a 644 1 \"2\"\n0 package/A 644 1 \"3\"\nEOF"},
		{"file package/big size=10G", "0 package/big 644 10737418240\nunexpected EOF"},
		{"file package/big size=10G format=gnu", "0 package/big 644 10737418240\nunexpected EOF"},
		{"file package/{ab*60}/{x*100} text={y*3}", "0 package/" + strings.Repeat("ab", 60) + "/" + strings.Repeat("x", 100) + " 644 3 \"yyy\"\nEOF"},
		{"gnu-name package/{n*300}\nfile short text=x", "0 package/" + strings.Repeat("n", 300) + " 644 1 \"x\"\nEOF"},
		{"gnu-link ../{n*300}\nsymlink package/l -> x", "2 package/l -> ../" + strings.Repeat("n", 300) + " 644 0 \"\"\nEOF"},
		{"pax path=../evil\nfile package/fine text=x", "0 ../evil 644 1 \"x\"\nEOF"},
		{"pax size=2\nfile package/two size=0 text=ab", "0 package/two 644 2 \"ab\"\nEOF"},
		{"global comment=0123\nfile package/a", "g PaxHeader 0 0 \"\"\n0 package/a 644 0 \"\"\nEOF"},
		{"file package/z typeflag=Z", "Z package/z 644 0 \"\"\nEOF"},
		{"file package/z checksum=bad", "archive/tar: invalid tar header"},
		{"file package/z zeros=600", "0 package/z 644 600\nEOF"},
		{"file \"\" text=x", "0  644 1 \"x\"\nEOF"},
		{"file package/a text=x\nno-end", "0 package/a 644 1 \"x\"\nEOF"},
		{"manifest", "0 package/package.json 644 43 \"{\\n  \\\"name\\\": \\\"evil\\\",\\n  \\\"version\\\": \\\"1.0.0\\\"\\n}\\n\"\nEOF"},
		{"", "EOF"},
	} {
		check(t, test.list, list(gunzip(t, rawTarball(t, test.list))), test.want)
	}
}

func TestWholeFileWords(t *testing.T) {
	plain := rawTarball(t, "plain\nfile package/a text=x")
	check(t, "plain", list(plain), "0 package/a 644 1 \"x\"\nEOF")
	check(t, "without the end", len(rawTarball(t, "plain\nno-end\nfile package/a text=x")), len(plain)-1024)

	packed := rawTarball(t, "file package/a text=x")
	check(t, "garbage", string(rawTarball(t, "file package/a text=x\ngarbage 5")), string(packed)+"?????")
	check(t, "cut", string(rawTarball(t, "file package/a text=x\ncut 5")), string(packed[:len(packed)-5]))

	members := rawTarball(t, "file package/a text=x\nmember\nfile package/b text=y")
	check(t, "all members", list(gunzip(t, members)), "0 package/a 644 1 \"x\"\n0 package/b 644 1 \"y\"\nEOF")
	gz, err := gzip.NewReader(bytes.NewReader(members))
	if err != nil {
		t.Fatal(err)
	}
	gz.Multistream(false)
	first, _ := io.ReadAll(gz)
	check(t, "first member", list(first), "0 package/a 644 1 \"x\"\nEOF")

	bomb := rawTarball(t, "file package/zeros zeros=8M")
	if len(bomb) > 64<<10 {
		t.Errorf("8M of zeros became %d bytes", len(bomb))
	}
	check(t, "bomb", len(gunzip(t, bomb)), 8<<20+3*512)
}

// costly are the words that make a fuzzer measure the compressor.
var costly = regexp.MustCompile(`zeros|garbage|\*[0-9]{3,}`)

func FuzzOpen(f *testing.F) {
	for _, file := range []testreg.File{
		{Name: "packages", Data: []byte("@s/a@1 b@`x y` peer?:c@1 bin:d set:e=[1] time:2020-01-01 deprecated=\"x\" # y\n")},
		{Name: "a@1.tar", Data: []byte("manifest\nfile package/x size=10G text={ab*9} mode=755\npax path=../x\nmember\ncut 3\n")},
		{Name: "faults", Data: []byte("a skip1 x2 429 retry-after=1 latency=1ms\n* redirect={other}/x length=-1\n")},
		{Name: "auth", Data: []byte("@s basic u:p wrong=403\n")},
		{Name: "@s/a@1.0.0/package.json", Data: []byte(`{"bin": {"a": "b"}, "scripts": []}`)},
		{Name: "a/packument.json", Data: []byte("{integrity:1}")},
	} {
		f.Add(file.Name, file.Data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if costly.Match(data) {
			t.Skip()
		}
		reg, err := testreg.Open([]testreg.File{{Name: name, Data: data}})
		if err != nil {
			return
		}
		for _, path := range []string{"/a", "/@s/a", "/a/latest", "/a/-/a-1.tgz"} {
			w := httptest.NewRecorder()
			reg.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		}
	})
}
