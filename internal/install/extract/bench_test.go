package extract

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus returns tarballs to measure with: those in testdata/*.tgz, which are
// not kept in the repository (npm pack typescript date-fns react next), or one
// that resembles a package of 300 modules.
func corpus(b *testing.B) map[string][]byte {
	tarballs := make(map[string][]byte)
	names, _ := filepath.Glob("testdata/*.tgz")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		tarballs[strings.TrimSuffix(filepath.Base(name), ".tgz")] = data
	}
	if len(tarballs) > 0 {
		return tarballs
	}
	rng := rand.New(rand.NewPCG(5, 6))
	words := strings.Fields("const let function return export default import from require module this value options callback error result if else for of => { } ( ) ; , . = === null undefined")
	var files []string
	for i := range 300 {
		var body strings.Builder
		for body.Len() < 4000 {
			fmt.Fprintf(&body, "%s %s%d\n", words[rng.IntN(len(words))], words[rng.IntN(len(words))], rng.IntN(1000))
		}
		files = append(files, fmt.Sprintf("lib/module%d.js", i), body.String())
	}
	tarballs["synthetic"] = gzipped(b, pack(b, files...))
	return tarballs
}

func BenchmarkExtract(b *testing.B) {
	for name, tgz := range corpus(b) {
		var s Scratch
		lim := Limits{Whole: 1 << 30}
		var size int64
		b.Run(name+"/Tarball", func(b *testing.B) {
			for b.Loop() {
				size = 0
				Tarball(tgz, &s, lim, func(_ string, _ bool, data []byte) error { size += int64(len(data)); return nil })
			}
			b.SetBytes(size)
		})
		b.Run(name+"/Large", func(b *testing.B) {
			for b.Loop() {
				Large(tgz, &s, lim, func(_ string, _ bool, r io.Reader, _ int64) error {
					_, err := io.Copy(io.Discard, r)
					return err
				})
			}
			b.SetBytes(size)
		})
		b.Run(name+"/standard", func(b *testing.B) {
			for b.Loop() {
				zr, err := gzip.NewReader(bytes.NewReader(tgz))
				if err != nil {
					b.Fatal(err)
				}
				for tr := tar.NewReader(zr); ; {
					if _, err := tr.Next(); err != nil {
						break
					}
					io.Copy(io.Discard, tr)
				}
			}
			b.SetBytes(size)
		})
	}
}
