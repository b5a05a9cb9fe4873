// Package extract turns the bytes of an npm tarball into files.
//
//	tgz ──inflate──► tar ──untar──► path, exec, content ──► the caller writes
//
// Nothing here touches a file system or decides where a file goes: paths are
// relative, clean and without "..", and it is the caller that keeps below its
// own directory. Bytes were verified against their integrity before they come
// here; that they are the publisher's does not make them harmless.
//
// There are two ways in. [Tarball] inflates into one buffer and hands out
// slices of it, as the fast path of an install; what is too big for that it
// refuses with [ErrTooBig], and the caller takes [Large], which is as fast but
// holds a window only.
package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"godwit/internal/inflate"
	"godwit/internal/install/extract/untar"
)

type (
	// Stats says what an archive held.
	Stats = untar.Stats
	// PathError is an archive that tries to write outside its directory.
	PathError = untar.PathError
	// LimitError is an archive that exceeds one of its [Limits].
	LimitError = untar.LimitError
)

// ErrTooBig is the answer of [Tarball] to an archive that it would have to
// hold in more than Limits.Whole bytes: take [Large].
var ErrTooBig = errors.New("archive too big to inflate at once")

// Limits bound what an archive may make us do. Zero fields get the default.
type Limits struct {
	Unpacked int64 // bytes of tar data; 4 GiB, 30 times the largest package known, and see bomb
	Entries  int   // headers; 1 Mi, 40 times the largest package known
	Path     int   // bytes of a path; 4096, as on Linux
	Whole    int64 // bytes that Tarball may hold inflated; 16 MiB
}

// defaultWhole times the processors is what extraction holds. One package in
// a hundred is larger, and Large is as fast. At 64 MiB, where pnpm begins to stream,
// two workers alone filled the memory that an install may use, and the collector
// ran up to 95 times instead of 6.
const defaultWhole = 16 << 20

// Real packages inflate to four to ten times their size, and the extremes (a
// table of zeros, say) are small. What inflates to more than 256 MiB and to a
// hundred times its size is there to fill the disk.
const (
	bombSize  = 256 << 20
	bombRatio = 100
)

// bomb lowers the limit on unpacked bytes to what a tarball of that size may
// hold.
func (l Limits) bomb(size int) Limits {
	unpacked := l.untar().Unpacked
	l.Unpacked = min(unpacked, bombSize+bombRatio*int64(size))
	return l
}

func (l Limits) untar() untar.Limits {
	return untar.Limits{Unpacked: l.Unpacked, Entries: l.Entries, Path: l.Path}.WithDefaults()
}

func (l Limits) whole() int64 {
	whole := l.Whole
	if whole == 0 {
		whole = defaultWhole
	}
	return min(whole, l.untar().Unpacked)
}

// Scratch is memory that a worker uses again from one tarball to the next: the
// decoder's tables, the inflated bytes, the index of the archive. Its zero
// value is ready; it belongs to one goroutine at a time, and must not be used
// by the function that is given the files.
type Scratch struct {
	decoder inflate.Decoder
	tar     []byte
	index   untar.Scratch
}

// maxKept is the largest buffer that stays for the next tarball: that of a caller
// with other limits must not be held for the whole install.
const maxKept = defaultWhole

// Tarball calls file for each regular file in tgz, a gzipped tar or a plain
// one. The archive is read to its end before the first call, so a bad one
// yields nothing, and no path comes twice. path and data are only valid during
// the call. file's error ends the walk and is returned as is. What is in Stats
// besides files (links, collisions) was left out or let through as npm does;
// the caller may want to warn.
func Tarball(tgz []byte, scratch *Scratch, lim Limits, file func(path string, exec bool, data []byte) error) (Stats, error) {
	if !inflate.Magic(tgz) {
		return untar.Index(tgz, &scratch.index, lim.untar(), file)
	}
	lim = lim.bomb(len(tgz))
	whole := lim.whole()
	if inflate.Size(tgz) > whole {
		return Stats{}, tooBig(lim)
	}
	tar, err := scratch.decoder.Gzip(scratch.tar, tgz, int(whole))
	scratch.tar = nil
	if cap(tar) <= maxKept {
		scratch.tar = tar[:0]
	}
	if errors.Is(err, inflate.ErrTooBig) {
		return Stats{}, tooBig(lim)
	}
	if err != nil {
		return Stats{}, fmt.Errorf("inflate: %w", err)
	}
	return untar.Index(tar, &scratch.index, lim.untar(), file)
}

// tooBig is the error for more bytes than Tarball may hold.
func tooBig(lim Limits) error {
	if unpacked := lim.untar().Unpacked; lim.whole() == unpacked {
		return &LimitError{What: "bytes", Limit: unpacked}
	}
	return ErrTooBig
}

// Large is [Tarball] for archives of any size: tgz is in memory, what it
// inflates to is not. reader ends after size bytes; what file leaves of it is
// skipped. Files are yielded before the rest of the archive was seen, so after
// an error the caller throws away what it wrote; a path may come twice, and the
// later call wins: file must truncate what is there.
func Large(tgz []byte, scratch *Scratch, lim Limits, file func(path string, exec bool, r io.Reader, size int64) error) (Stats, error) {
	if !inflate.Magic(tgz) {
		return untar.Stream(bytes.NewReader(tgz), lim.untar(), file)
	}
	lim = lim.bomb(len(tgz))
	r := inflate.NewReader(&scratch.decoder, scratch.tar, tgz)
	defer r.Close()
	return untar.Stream(r, lim.untar(), file)
}
