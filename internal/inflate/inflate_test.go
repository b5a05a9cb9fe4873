package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// samples are data of different kinds: each makes compressors choose other
// blocks, codes and distances.
func samples() map[string][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	var skewed, code, periods bytes.Buffer
	for range 50_000 { // Fibonacci-like frequencies make codes of 15 bits
		b := byte(0)
		for b < 40 && rng.Uint32()&1 == 0 {
			b++
		}
		skewed.WriteByte(b * 5)
	}
	for i := range 4000 {
		fmt.Fprintf(&code, "export const value%d = require('./lib/%d').value(%q);\n", i, rng.IntN(50), noise[i%1000:i%1000+3])
	}
	for p := 1; p <= 40; p++ { // every distance that copies overlap at
		periods.WriteString(strings.Repeat(string(noise[p:2*p]), 1+300/p))
	}
	return map[string][]byte{
		"empty":   nil,
		"byte":    {'x'},
		"zeros":   make([]byte, 100_000),
		"noise":   noise,
		"skewed":  skewed.Bytes(),
		"code":    code.Bytes(),
		"periods": periods.Bytes(),
		"far":     append(append(bytes.Clone(noise[:32768]), noise[:300]...), noise[:32768]...),
	}
}

var levels = []int{gzip.NoCompression, gzip.HuffmanOnly, gzip.BestSpeed, gzip.DefaultCompression, gzip.BestCompression}

func compress(t testing.TB, data []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// both decompresses with Gzip and with Reader, which must agree.
func both(t testing.TB, d *Decoder, src []byte, limit int) ([]byte, error) {
	t.Helper()
	data, err := d.Gzip(nil, src, limit)
	r := NewReader(d, nil, src)
	defer r.Close()
	streamed, streamErr := io.ReadAll(r)
	if !errors.Is(err, ErrTooBig) && (fmt.Sprint(err) != fmt.Sprint(streamErr) || err == nil && !bytes.Equal(data, streamed)) {
		t.Fatalf("Gzip: %d bytes, %v; Reader: %d bytes, %v", len(data), err, len(streamed), streamErr)
	}
	return data, err
}

const plenty = 1 << 30

func TestDecompresses(t *testing.T) {
	var d Decoder
	for name, want := range samples() {
		for _, level := range levels {
			src := compress(t, want, level)
			got, err := both(t, &d, src, plenty)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, level %d: %d bytes, %v; want %d", name, level, len(got), err, len(want))
			}
		}
	}
}

func TestMembersAndWhatFollows(t *testing.T) {
	a, b := compress(t, []byte("first "), 9), compress(t, []byte("second"), 1)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := []struct {
		name string
		src  []byte
		want string
		err  error
	}{
		{"two members", join(a, b), "first second", nil},
		{"zeros", join(a, make([]byte, 512)), "first ", nil},
		{"garbage", join(a, []byte("garbage")), "first ", nil},
		{"one byte", join(a, []byte{0x1f}), "first ", nil},
		{"a member, then garbage", join(a, b, []byte("garbage")), "first second", nil},
		{"half a member", join(a, b[:len(b)-9]), "", io.ErrUnexpectedEOF},
		{"half a header", join(a, b[:4]), "", io.ErrUnexpectedEOF},
		{"nothing", nil, "", ErrHeader},
		{"no gzip", []byte("plain text, quite long"), "", ErrHeader},
		{"unknown method", []byte("\x1f\x8b\x07\x00\x00\x00\x00\x00\x00\x00"), "", ErrHeader},
		{"no trailer", a[:len(a)-8], "", io.ErrUnexpectedEOF},
		{"block type 3", append(bytes.Clone(a[:10]), 0x07), "", ErrCorrupt},
	}
	var d Decoder
	for _, tt := range tests {
		got, err := both(t, &d, tt.src, plenty)
		if string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v; want %q, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}

// A match must not reach into the member before its own.
func TestMembersAreSeparate(t *testing.T) {
	text := samples()["code"][:20_000]
	first := compress(t, text, 9)
	for _, second := range [][]byte{
		text[:50], // near the end of input, where careful is at work
		append(bytes.Clone(text[:500]), samples()["skewed"][:10_000]...), // far from it: fast
	} {
		var b bytes.Buffer
		w, _ := flate.NewWriterDict(&b, 9, text)
		w.Write(second)
		w.Close()
		trailer := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(second))
		trailer = binary.LittleEndian.AppendUint32(trailer, uint32(len(second)))
		var d Decoder
		if _, err := both(t, &d, bytes.Join([][]byte{first, first[:10], b.Bytes(), trailer}, nil), plenty); !errors.Is(err, ErrCorrupt) {
			t.Errorf("got %v, want %v", err, ErrCorrupt)
		}
	}
}

func TestWhichCodesAreAccepted(t *testing.T) {
	tests := []struct {
		name string
		lens []uint8
		want bool
	}{
		{"none", []uint8{0, 0, 0}, true},
		{"one of one bit", []uint8{0, 1, 0}, true},
		{"one of two bits", []uint8{0, 2, 0}, false},
		{"two of one bit", []uint8{1, 0, 1}, true},
		{"three of one bit", []uint8{1, 1, 1}, false},
		{"one missing", []uint8{1, 2}, false},
		{"complete", []uint8{1, 2, 3, 3}, true},
		{"complete, 15 bits", []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15}, true},
		{"too many, 15 bits", []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 15}, false},
	}
	for _, tt := range tests {
		var d Decoder
		if got := d.build(d.dist[:], distBits, tt.lens, &distResults); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestHeaderFields(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name, w.Comment, w.Extra = "package.tar", "a comment", []byte("extra")
	w.Write([]byte("data"))
	w.Close()
	src := b.Bytes()
	n := 10 + 2 + 5 + len("package.tar") + 1 + len("a comment") + 1
	withSum := bytes.Clone(src[:n])
	withSum[3] |= hasHeaderSum
	withSum = binary.LittleEndian.AppendUint16(withSum, uint16(crc32.ChecksumIEEE(withSum)))
	withSum = append(withSum, src[n:]...)
	wrongSum := bytes.Clone(withSum)
	wrongSum[n] ^= 1

	var d Decoder
	for i, src := range [][]byte{src, withSum} {
		if got, err := both(t, &d, src, plenty); string(got) != "data" || err != nil {
			t.Errorf("%d: %q, %v", i, got, err)
		}
	}
	if _, err := both(t, &d, wrongSum, plenty); !errors.Is(err, ErrHeader) {
		t.Errorf("wrong header checksum: %v", err)
	}
	for cut := range n + 2 {
		if _, err := both(t, &d, withSum[:cut], plenty); err == nil {
			t.Errorf("accepted %d bytes of a header", cut)
		}
	}
}

func TestTrailerIsVerified(t *testing.T) {
	var d Decoder
	src := compress(t, samples()["code"], 6)
	for i := len(src) - 8; i < len(src); i++ {
		bad := bytes.Clone(src)
		bad[i] ^= 0x40
		if _, err := both(t, &d, bad, plenty); !errors.Is(err, ErrChecksum) {
			t.Errorf("byte %d of the trailer changed: %v", i, err)
		}
	}
}

func TestSizeInTrailerIsNotTrusted(t *testing.T) {
	var d Decoder
	bomb := compress(t, make([]byte, 4<<20), 9)
	tests := []struct {
		name  string
		size  uint32
		limit int
		want  error
	}{
		{"says too little", 1, plenty, ErrChecksum},
		{"says 4 GiB", 1<<32 - 1, plenty, ErrChecksum},
		{"a bomb that says nothing", 1, 1 << 20, ErrTooBig},
		{"a bomb that says what it is", 4 << 20, 1 << 20, ErrTooBig},
		{"one byte too many", 4 << 20, 4<<20 - 1, ErrTooBig},
		{"just fits", 4 << 20, 4 << 20, nil},
	}
	for _, tt := range tests {
		binary.LittleEndian.PutUint32(bomb[len(bomb)-4:], tt.size)
		got, err := d.Gzip(nil, bomb, tt.limit)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if most := 2 * min(tt.limit, 8<<20); cap(got) > most {
			t.Errorf("%s: allocated %d, want at most %d", tt.name, cap(got), most)
		}
	}
}

// A registry, or who sits in front of one, makes 512 MiB of half a megabyte: what is
// refused must not cost that, and what is not must not cost it twice.
func TestBombsAreMeasured(t *testing.T) {
	const whole, little = 32 << 20, 3 << 20
	bomb := compress(t, make([]byte, whole), 9)
	tests := []struct {
		name  string
		size  uint32
		limit int
		most  uint64
		want  error
	}{
		{"refused", whole, whole - 1, little, ErrTooBig},
		{"refused, and says too little", 1, whole - 1, little, ErrTooBig},
		{"fits", whole, whole, whole + little, nil},
	}
	for _, tt := range tests {
		binary.LittleEndian.PutUint32(bomb[len(bomb)-4:], tt.size)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := new(Decoder).Gzip(nil, bomb, tt.limit)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, tt.want) || n > tt.most || err == nil && len(got) != whole {
			t.Errorf("%s: %d bytes, %v, with %d bytes of memory, want %v with %d", tt.name, len(got), err, n, tt.want, tt.most)
		}
	}
}

func TestBuffersAreReused(t *testing.T) {
	var d Decoder
	data := samples()["code"]
	src := compress(t, data, 6)
	buf, err := d.Gzip(nil, src, plenty)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(10, func() { buf, err = d.Gzip(buf, src, plenty) }); n != 0 || err != nil {
		t.Errorf("%v allocations, %v", n, err)
	}
	if got, err := d.Gzip(buf, compress(t, []byte("short"), 6), plenty); string(got) != "short" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// raw decompresses a bare deflate stream, growing the output byte by byte at
// first so that every way to resume is taken.
func raw(d *Decoder, src []byte, limit int) ([]byte, status) {
	d.src, d.in = src, 0
	d.out, d.pos = nil, 0
	d.begin()
	for {
		st := d.run()
		if st != full || len(d.out) > limit {
			return d.out[:d.pos], st
		}
		grown := make([]byte, len(d.out)+1+len(d.out)/3)
		copy(grown, d.out[:d.pos])
		d.out = grown
	}
}

// agree compares raw with compress/flate.
func agree(t testing.TB, d *Decoder, src []byte) {
	t.Helper()
	const limit = 1 << 20
	want, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(src)), limit))
	if len(want) == limit {
		return
	}
	for _, plain := range []bool{true, false} {
		d.plain = plain
		got, st := raw(d, src, limit)
		switch {
		case (st == done) != (err == nil):
			t.Fatalf("%x: ended with %d, compress/flate with %v", src, st, err)
		case err == nil && !bytes.Equal(got, want):
			t.Fatalf("%x: data differs", src)
		case !bytes.HasPrefix(got, want) && !bytes.HasPrefix(want, got):
			t.Fatalf("%x: data before the error differs", src)
		}
	}
}

// Every distance up to two registers, every length that takes part of one.
func TestOverlappingMatches(t *testing.T) {
	var d Decoder
	rng := rand.New(rand.NewPCG(5, 6))
	for period := 1; period <= 40; period++ {
		var data []byte
		for length := 3; length < 300; length += 1 + rng.IntN(3) {
			word := make([]byte, period)
			for i := range word {
				word[i] = byte(rng.Uint32())
			}
			data = append(data, bytes.Repeat(word, length/period+2)[:length+period]...)
		}
		src := compress(t, data, 6)
		agree(t, &d, src[10:len(src)-8])
	}
}

func TestAgreesWithStandardLibraryOnDamage(t *testing.T) {
	var d Decoder
	rng := rand.New(rand.NewPCG(3, 4))
	for _, data := range samples() {
		data = data[:min(len(data), 5_000)]
		for _, level := range levels {
			src := compress(t, data, level)
			src = src[10 : len(src)-8]
			agree(t, &d, src)
			for range 40 {
				bad := bytes.Clone(src[:rng.IntN(len(src))+1])
				if rng.IntN(3) > 0 {
					bad = bytes.Clone(src)
					// Mostly near the front, where the tables are.
					bad[rng.IntN(min(len(bad), 1+rng.IntN(200)))] ^= 1 << rng.IntN(8)
				}
				agree(t, &d, bad)
			}
		}
	}
}

func FuzzDeflate(f *testing.F) {
	for _, data := range samples() {
		for _, level := range levels {
			src := compress(f, data[:min(len(data), 300)], level)
			f.Add(src[10 : len(src)-8])
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var d Decoder
		agree(t, &d, src)
		agree(t, &d, src) // with the tables of the run before
	})
}

// FuzzDamage flips bits of good streams: what random bytes seldom become.
func FuzzDamage(f *testing.F) {
	for i, data := range samples() {
		f.Add(data[:min(len(data), 2000)], 6, uint32(len(i)), byte(1))
	}
	f.Fuzz(func(t *testing.T, data []byte, level int, at uint32, mask byte) {
		src := compress(t, data, level&7)
		src = src[10 : len(src)-8]
		src[at%uint32(len(src))] ^= mask
		var d Decoder
		agree(t, &d, src)
	})
}

func FuzzGzip(f *testing.F) {
	for _, data := range samples() {
		f.Add(compress(f, data[:min(len(data), 300)], 6))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var d Decoder
		got, err := both(t, &d, src, 1<<20)
		if err != nil {
			return
		}
		zr, err := gzip.NewReader(bytes.NewReader(src))
		if err != nil {
			t.Fatalf("the standard library says %v", err)
		}
		want, err := io.ReadAll(zr)
		if !bytes.HasPrefix(got, want) || err == nil && len(got) != len(want) {
			t.Fatalf("the standard library gives %d bytes and %v, we %d", len(want), err, len(got))
		}
	})
}
