package untar

import (
	"bufio"
	"fmt"
	"hash/maphash"
	"io"
)

// Stream reads headers and files one after the other from r and calls file for
// each regular file. reader ends after size bytes; what file leaves of it is
// skipped; path and reader are only valid during the call. file's error ends
// the walk and is returned as is. r is read to its end, so that a checksum
// there is verified.
//
// Other than [Index] it can neither take back what it yielded when the archive
// turns out bad nor know that a path comes again: then the later call wins, so
// file must truncate what is there. Of the archive it holds one buffer, and 16
// bytes per file to notice collisions.
func Stream(r io.Reader, lim Limits, file func(path string, exec bool, reader io.Reader, size int64) error) (Stats, error) {
	lim = lim.WithDefaults()
	s := streamer{
		p:    parser{lim: lim},
		r:    bufio.NewReaderSize(&capped{r: r, left: lim.Unpacked, limit: lim.Unpacked}, streamBuf),
		seed: maphash.MakeSeed(),
		seen: make(map[uint64]uint64),
		file: file,
	}
	err := s.walk()
	return s.p.stats, err
}

// streamBuf is 128 blocks per call into the decompressor; io.Copy's 32 KiB
// would do, larger ones only leave the cache.
const streamBuf = 64 << 10

type streamer struct {
	p    parser
	r    *bufio.Reader
	seed maphash.Seed
	seen map[uint64]uint64 // hash of a folded path -> hash of its first spelling
	file func(path string, exec bool, reader io.Reader, size int64) error
}

func (s *streamer) walk() error {
	var b [blockSize]byte
	for {
		// capped wraps what the source reports, so a bare ErrUnexpectedEOF is
		// less than a block at the end, which is no header.
		if _, err := io.ReadFull(s.r, b[:]); err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		} else if err != nil {
			return err
		}
		s.p.arena = append(s.p.arena[:0], s.p.path...)
		s.p.path = s.p.arena
		f, err := s.p.header(&b)
		if err != nil {
			return err
		}
		if f.action == end {
			if _, err := io.Copy(io.Discard, s.r); err != nil {
				return err
			}
			break
		}
		if err := s.body(f); err != nil {
			return err
		}
	}
	if !s.p.valid {
		return ErrFormat
	}
	return nil
}

// body deals with what follows a header, padding included.
func (s *streamer) body(f found) error {
	left := f.size
	switch f.action {
	case nothing:
		return nil
	case metaBody:
		meta := make([]byte, f.size) // at most maxMeta
		if _, err := io.ReadFull(s.r, meta); err != nil {
			return truncated(err)
		}
		s.p.meta(meta)
		left = 0
	case fileBody:
		s.note(f.path)
		content := &io.LimitedReader{R: s.r, N: f.size}
		if err := s.file(f.path, f.exec, content, f.size); err != nil {
			return err
		}
		left = content.N
	}
	if _, err := io.CopyN(io.Discard, s.r, left); err != nil {
		return truncated(err)
	}
	_, err := io.CopyN(io.Discard, s.r, -f.size&(blockSize-1))
	if err == io.EOF { // the last padding may be missing
		return nil
	}
	return err
}

func truncated(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *streamer) note(path string) {
	folded, exact := maphash.String(s.seed, fold(path)), maphash.String(s.seed, path)
	switch first, ok := s.seen[folded]; {
	case !ok:
		s.seen[folded] = exact
	case first != exact:
		s.p.stats.collide(path)
	}
}

// capped fails once more than limit bytes were read.
type capped struct {
	r           io.Reader
	left, limit int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, &LimitError{"bytes", c.limit}
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left+1)])
	c.left -= int64(n)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("read archive: %w", err)
	}
	return n, err
}
