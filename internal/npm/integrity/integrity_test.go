package integrity

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// The hashes of "hello", as ssri 13 writes them.
const (
	sha512Hello = "sha512-m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw=="
	sha384Hello = "sha384-WeF0h3dEjGnea4ANejO7+5/xtGPkQ1TDVTvNucZm+pASWjx5+QOXvfX2oT3oKGhP"
	sha256Hello = "sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
	sha1Hello   = "sha1-qvTGHdzF6KLavt4PO0gs2a6pQ00="
	sha1Other   = "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA="
)

var hello = []byte("hello")

func parse(t *testing.T, s string) Integrity {
	t.Helper()
	in, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want, strongest string }{
		{sha512Hello, sha512Hello, sha512Hello},
		{"  " + sha1Hello + "\n\t" + sha512Hello + " ", sha512Hello + " " + sha1Hello, sha512Hello},
		{sha512Hello + "?opt?x=y", sha512Hello, sha512Hello},
		{"md5-XUFAKrxLKna5cZ2REBfFkg== " + sha256Hello + " sha3-512-x blake3-???", sha256Hello, sha256Hello},
		{sha1Hello + " " + sha1Other, sha1Hello + " " + sha1Other, sha1Hello + " " + sha1Other},
		{sha1Hello + " " + sha384Hello + " " + sha1Other + " " + sha384Hello, sha384Hello + " " + sha384Hello + " " + sha1Hello + " " + sha1Other, sha384Hello + " " + sha384Hello},
	} {
		in := parse(t, c.in)
		if in.String() != c.want || in.Strongest().String() != c.strongest {
			t.Errorf("Parse(%q) = %q, strongest %q; want %q, %q", c.in, in, in.Strongest(), c.want, c.strongest)
		}
		if again := parse(t, in.String()); again != in {
			t.Errorf("%q is not read back as itself: %q", in, again)
		}
		if err := in.Verify(hello); err != nil {
			t.Errorf("Verify: %v", err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, s := range []string{
		"", " ", "sha512", "sha512-", "md5-XUFAKrxLKna5cZ2REBfFkg==", "SHA512-" + sha512Hello[7:], "-" + sha1Hello,
		"sha512-" + sha1Hello[5:],                  // another's length
		"sha1-qvTGHdzF6KLavt4PO0gs2a6pQ0=0",        // padding inside
		"sha1-qvTGHdzF6KLavt4PO0gs2a6pQ0*=",        // no base64
		"sha1-qvTGHdzF6KLavt4PO0gs2a6pQ01=",        // bits after the last byte
		"sha1-qvTGHdzF6KLavt4PO0gs2a6pQ00",         // padding missing
		"sha1-qvTGHdzF6KLavt4PO0gs2a6pQ0_=",        // the alphabet of URLs
		sha512Hello + " sha1-x",                    // one good, one bad
		strings.Repeat(sha1Hello+" ", maxHashes+1), // more than anybody needs
	} {
		if in, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %q", s, in)
		} else if len(err.Error()) > 300 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	}
	for _, s := range []string{"", "md5-XUFAKrxLKna5cZ2REBfFkg=="} {
		if _, err := Parse(s); !errors.Is(err, ErrNoHash) {
			t.Errorf("Parse(%q): %v, want ErrNoHash", s, err)
		}
	}
}

func TestFromShasum(t *testing.T) {
	sum := sha1.Sum(hello)
	shasum := hex.EncodeToString(sum[:])
	for _, s := range []string{shasum, strings.ToUpper(shasum), " " + shasum + "\n"} {
		if in, err := FromShasum(s); err != nil || in.String() != sha1Hello {
			t.Errorf("FromShasum(%q) = %q, %v", s, in, err)
		}
	}
	for _, s := range []string{"", shasum[1:], shasum + "00", "x" + shasum[1:]} {
		if in, err := FromShasum(s); err == nil {
			t.Errorf("FromShasum(%q) = %q", s, in)
		}
	}
}

func TestOf(t *testing.T) {
	if got := Of(hello).String(); got != sha512Hello {
		t.Errorf("Of = %q", got)
	}
}

func TestHex(t *testing.T) {
	raw, _ := base64.StdEncoding.DecodeString(sha512Hello[7:])
	algorithm, digest := parse(t, sha1Hello+" "+sha512Hello).Hex()
	if algorithm != "sha512" || digest != hex.EncodeToString(raw) {
		t.Errorf("Hex() = %q, %q", algorithm, digest)
	}
	if a, d := (Integrity{}).Hex(); a != "" || d != "" {
		t.Errorf("zero: %q, %q", a, d)
	}
}

// Only the strongest algorithm counts, and any of its digests will do.
func TestVerify(t *testing.T) {
	wrong512 := Of([]byte("other")).String()
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{sha1Other + " " + sha512Hello, true},
		{sha1Hello + " " + wrong512, false},
		{wrong512 + " " + sha512Hello, true},
		{sha1Other + " " + sha1Hello, true},
		{sha1Other, false},
		{sha384Hello, true},
		{sha256Hello, true},
	} {
		err := parse(t, c.text).Verify(hello)
		var mismatch *MismatchError
		if (err == nil) != c.ok || err != nil && !errors.As(err, &mismatch) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	if err := (Integrity{}).Verify(hello); !errors.Is(err, ErrNoHash) {
		t.Errorf("zero: %v", err)
	}
}

func TestMismatchError(t *testing.T) {
	err := parse(t, sha512Hello+" "+sha1Other).Strongest().Verify([]byte("hullo"))
	mismatch, ok := err.(*MismatchError)
	if !ok || mismatch.Want.String() != sha512Hello || mismatch.Got != Of([]byte("hullo")) || mismatch.Size != 5 {
		t.Fatalf("%#v", err)
	}
	err = parse(t, sha1Other+" "+sha1Other).Verify(hello)
	if want := "integrity mismatch: want " + sha1Other + " or " + sha1Other + ", got " + sha1Hello + " (5 bytes)"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

func TestReader(t *testing.T) {
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "bytewise": iotest.OneByteReader, "data with EOF": iotest.DataErrReader,
	} {
		r, err := parse(t, sha512Hello).NewReader(wrap(bytes.NewReader(hello)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, hello) {
			t.Errorf("%s: %q, %v", name, got, err)
		}

		r, _ = parse(t, sha512Hello).NewReader(wrap(strings.NewReader("hello, world")))
		got, err := io.ReadAll(r)
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) || string(got) != "hello, world" || mismatch.Size != 12 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if n, again := r.Read(make([]byte, 1)); n != 0 || again != err {
			t.Errorf("%s: the mismatch is gone: %d, %v", name, n, again)
		}
	}
}

// A stream that breaks off is not a mismatch.
func TestReaderPassesErrorsOn(t *testing.T) {
	r, _ := parse(t, sha512Hello).NewReader(io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if _, err := io.ReadAll(r); err != io.ErrUnexpectedEOF {
		t.Errorf("%v", err)
	}
	if _, err := (Integrity{}).NewReader(strings.NewReader("")); !errors.Is(err, ErrNoHash) {
		t.Errorf("zero: %v", err)
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Parse(sha512Hello) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{sha512Hello, sha1Hello + " " + sha256Hello + "?x", "md5-x", "", "sha1-\n", sha384Hello + sha384Hello} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in, err := Parse(s)
		if (err == nil) == in.IsZero() {
			t.Fatalf("Parse(%q) = %q, %v", s, in, err)
		}
		if err != nil {
			return
		}
		if again, err := Parse(in.String()); err != nil || again != in {
			t.Fatalf("%q is read back as %q, %v", in, again, err)
		}
		if algorithm, digest := in.Hex(); indexOf(algorithm) < 0 || len(digest) != 2*algorithms[indexOf(algorithm)].size {
			t.Fatalf("%q.Hex() = %q, %q", in, algorithm, digest)
		}
		if in.Strongest().Algorithm() != in.Algorithm() {
			t.Fatalf("%q: strongest %q", in, in.Strongest())
		}
		in.Verify([]byte(s))
	})
}
