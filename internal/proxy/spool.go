package proxy

import (
	"errors"
	"sync/atomic"

	"godwit/internal/proxy/disk"
)

// spool is a tarball on its way: its first bytes in memory, which for most is
// all of it, then in a file, since a hundred large ones would not fit. Where the
// disk takes nothing it goes on in memory, as long as all spools together are
// few. Guarded by its download.
type spool struct {
	cache *disk.Cache
	total *atomic.Int64 // memory of spools whose disk failed
	size  int64
	mem   []byte        // the bytes from inFile on
	file  *disk.Pending // nil before there is need
	// inFile is how many bytes are in file; they do not change any more.
	inFile int64
	failed bool // the disk: do not ask it again
	booked int64
}

const (
	// spoolMemory is larger than nine of ten tarballs. At 64 downloads at a time
	// it is 32 MB.
	spoolMemory = 512 << 10
	// maxSpooled bounds what a full disk can cost.
	maxSpooled = 256 << 20
)

var errNoRoom = errors.New("the disk of the cache is full, and the tarballs under way are more than memory may hold")

// append adds bytes to the end.
func (s *spool) append(b []byte) error {
	s.mem = append(s.mem, b...)
	s.size += int64(len(b))
	if len(s.mem) <= spoolMemory {
		return nil
	}
	if !s.failed {
		if err := s.flush(); err == nil {
			return nil
		}
		s.failed = true
	}
	grown := int64(len(s.mem)) - s.booked
	s.booked += grown
	if s.total.Add(grown) > maxSpooled {
		return errNoRoom
	}
	return nil
}

// flush moves what is in memory to the file.
func (s *spool) flush() error {
	if s.file == nil {
		f, err := s.cache.Create()
		if err != nil {
			return err
		}
		s.file = f
	}
	// What was written of it before an error is not counted, and is written
	// over by nobody: the file is discarded.
	if _, err := s.file.Write(s.mem); err != nil {
		return err
	}
	s.inFile += int64(len(s.mem))
	s.mem = s.mem[:0]
	return nil
}

// commit puts the tarball under name. Without an error what was in memory is in
// the file, from where it can still be read.
func (s *spool) commit(name string, meta []byte) error {
	if s.failed {
		return errNoRoom
	}
	if err := s.flush(); err != nil {
		s.failed = true
		return err
	}
	s.mem = nil
	return s.file.Commit(name, meta)
}

// readAt copies bytes from off on, of which there must be some.
func (s *spool) readAt(b []byte, off int64) (int, error) {
	if off >= s.inFile {
		return copy(b, s.mem[off-s.inFile:]), nil
	}
	if left := s.inFile - off; int64(len(b)) > left {
		b = b[:left]
	}
	return s.file.ReadAt(b, off)
}

// close gives file and memory back.
func (s *spool) close() {
	if s.file != nil {
		s.file.Discard()
	}
	s.mem = nil
	s.total.Add(-s.booked)
	s.booked = 0
}
