// Package disk keeps files that may be lost, within a bound of bytes.
//
//	<dir>/lock              one process at a time
//	<dir>/tmp/              what is being written; emptied when a cache is opened
//	<dir>/<kind>/<2 hex>/…  files, each sealed
//
// A file is its body, what is to be known about it, and a seal:
//
//	body
//	meta
//	uint64  length of the body     } little
//	uint32  length of meta         } endian
//	uint32  CRC-32C of the body
//	uint32  CRC-32C of meta and the 16 bytes before
//	magic   8 bytes
//
// The body comes first so that it can be sent from the file as it is. Files
// appear by rename, whole; nothing is synced, since what a power cut breaks is
// found by its seal, looked at once by each process that serves it, and removed.
// When the files are more than the bound, those not used for the longest time
// go.
package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"godwit/internal/fsys"
)

// Cache is a directory. It is safe for concurrent use.
type Cache struct {
	dir  string
	max  int64
	now  func() time.Time
	lock *fsys.Lock

	sweeping sync.WaitGroup // at most one sweep
	ending   chan struct{}  // closed by Close, ends a sweep early

	mu       sync.Mutex
	bytes    int64 // of all files, once the first sweep has counted them
	evicted  int64 // files
	sweeps   bool  // one is on
	closed   bool
	lastFull time.Time        // when room was made on a full disk
	checked  map[string]stamp // files whose body was found to be whole
}

// stamp says which file it was.
type stamp struct {
	size  int64
	mtime time.Time
	meta  []byte
}

const (
	magic    = "gwseal\x00\x01"
	sealLen  = 8 + 4 + 4 + 4 + int64(len(magic))
	maxMeta  = 64 << 20 // the index of a document of 100,000 versions has 15 MB
	tmpName  = "tmp"
	lockName = "lock"
	// maxChecked bounds what is remembered: 20 MB. Beyond it files are
	// looked at again.
	maxChecked = 64 << 10
	// touchAfter is how exact the time of the last use is. Setting it is a
	// system call that most uses need not pay.
	touchAfter = time.Hour
)

// ErrInUse says that another process has the cache.
var ErrInUse = errors.New("another process uses it")

// Open makes dir, if need be, and takes it for this process. What it holds is
// counted behind the caller.
func Open(dir string, max int64, now func() time.Time) (*Cache, error) {
	if err := os.MkdirAll(filepath.Join(dir, tmpName), 0o700); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	lock, err := fsys.TryLock(filepath.Join(dir, lockName), fsys.Exclusive)
	if errors.Is(err, fsys.ErrLocked) {
		return nil, fmt.Errorf("cache %s: %w: give each its own folder", dir, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	c := &Cache{dir: dir, max: max, now: now, lock: lock, ending: make(chan struct{}), checked: map[string]stamp{}}
	if err := c.emptyTmp(); err != nil {
		return nil, errors.Join(fmt.Errorf("cache: %w", err), lock.Unlock())
	}
	c.mu.Lock()
	c.startSweep(c.max)
	c.mu.Unlock()
	return c, nil
}

// emptyTmp removes what a killed process left.
func (c *Cache) emptyTmp() error {
	left, err := os.ReadDir(filepath.Join(c.dir, tmpName))
	for _, e := range left {
		err = errors.Join(err, os.Remove(filepath.Join(c.dir, tmpName, e.Name())))
	}
	return err
}

// Close gives the directory up. Files that are open stay readable.
func (c *Cache) Close() error {
	c.mu.Lock()
	if !c.closed {
		close(c.ending)
	}
	c.closed = true
	c.mu.Unlock()
	c.sweeping.Wait()
	return c.lock.Unlock()
}

// Bytes is how much the files have, and how many were removed for the bound.
func (c *Cache) Bytes() (bytes, evicted int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes, c.evicted
}

// path is where name is: "kind/2 hex/rest", made by the caller of safe parts.
func (c *Cache) path(name string) string { return filepath.Join(c.dir, filepath.FromSlash(name)) }

// Pending is a file that grows in tmp. It is for one goroutine, but for ReadAt
// of its File.
type Pending struct {
	*os.File
	cache *Cache
	size  int64
	crc   uint32

	committed bool
}

// Create begins a file.
func (c *Cache) Create() (*Pending, error) {
	f, err := os.CreateTemp(filepath.Join(c.dir, tmpName), "*")
	if err != nil {
		return nil, err
	}
	return &Pending{File: f, cache: c}, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Write appends to the body. After an error the file can only be discarded.
func (p *Pending) Write(b []byte) (int, error) {
	n, err := p.File.Write(b)
	p.crc = crc32.Update(p.crc, castagnoli, b[:n])
	p.size += int64(n)
	if fsys.DiskFull(err) {
		p.cache.full()
	}
	return n, err
}

// Commit seals the file and puts it under name. It stays open, for ReadAt.
func (p *Pending) Commit(name string, meta []byte) error {
	le := binary.LittleEndian
	seal := append([]byte(nil), meta...)
	seal = le.AppendUint64(seal, uint64(p.size))
	seal = le.AppendUint32(seal, uint32(len(meta)))
	seal = le.AppendUint32(seal, p.crc)
	seal = le.AppendUint32(seal, crc32.Checksum(seal, castagnoli))
	seal = append(seal, magic...)
	body, crc := p.size, p.crc
	_, err := p.Write(seal)
	p.size, p.crc = body, crc
	if err != nil {
		return err
	}
	err = p.cache.adopt(p, name, append([]byte(nil), meta...))
	p.committed = err == nil
	return err
}

// adopt renames a sealed file.
func (c *Cache) adopt(p *Pending, name string, meta []byte) error {
	to := c.path(name)
	var before int64
	if info, err := os.Lstat(to); err == nil {
		before = info.Size()
	}
	err := os.Rename(p.Name(), to)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(to), 0o700); err == nil {
			err = os.Rename(p.Name(), to)
		}
	}
	if err != nil {
		return err
	}
	info, err := p.Stat()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytes += info.Size() - before
	c.remember(name, stamp{info.Size(), info.ModTime(), meta})
	if c.bytes > c.max {
		c.startSweep(c.max)
	}
	return nil
}

// Discard closes the file, and removes it unless it was committed.
func (p *Pending) Discard() {
	if !p.committed {
		os.Remove(p.Name())
	}
	p.Close()
}

// Put writes a whole file.
func (c *Cache) Put(name string, meta, body []byte) error {
	p, err := c.Create()
	if err != nil {
		return err
	}
	if _, err = p.Write(body); err == nil {
		err = p.Commit(name, meta)
	}
	if err != nil {
		p.Discard()
		return err
	}
	return p.Close()
}

// Entry is an open file whose seal was checked, body included.
type Entry struct {
	*os.File        // at the start of the body
	Meta     []byte // read only
	Size     int64  // of the body
}

// Body reads all of the body.
func (e *Entry) Body() ([]byte, error) {
	body := make([]byte, e.Size)
	_, err := e.ReadAt(body, 0)
	if err == io.EOF {
		err = nil
	}
	return body, err
}

// Open finds a file; the error wraps fs.ErrNotExist if there is none, or none
// that is whole.
func (c *Cache) Open(name string) (*Entry, error) {
	f, err := os.Open(c.path(name))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	s, known := c.known(name, info)
	if !known {
		if s, err = check(f, info); err != nil {
			f.Close()
			c.remove(name, info.Size())
			return nil, fmt.Errorf("%s: %w: %w", name, err, fs.ErrNotExist)
		}
	}
	c.touch(f, name, s, !known)
	return &Entry{File: f, Meta: s.meta, Size: info.Size() - sealLen - int64(len(s.meta))}, nil
}

func (c *Cache) known(name string, info fs.FileInfo) (stamp, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.checked[name]
	return s, ok && s.size == info.Size() && s.mtime.Equal(info.ModTime())
}

// touch notes that a file is used.
func (c *Cache) touch(f *os.File, name string, s stamp, fresh bool) {
	now := c.now()
	if old := now.Sub(s.mtime); old > touchAfter {
		// A file system that keeps no times evicts in another order.
		if err := os.Chtimes(f.Name(), now, now); err == nil {
			if info, err := f.Stat(); err == nil {
				s.mtime, fresh = info.ModTime(), true
			}
		}
	}
	if fresh {
		c.mu.Lock()
		c.remember(name, s)
		c.mu.Unlock()
	}
}

// remember notes a checked file. mu is held.
func (c *Cache) remember(name string, s stamp) {
	if len(c.checked) >= maxChecked {
		clear(c.checked)
	}
	c.checked[name] = s
}

var errBroken = errors.New("it is damaged")

// check reads all of a file and leaves it at its start.
func check(f *os.File, info fs.FileInfo) (stamp, error) {
	s := stamp{size: info.Size(), mtime: info.ModTime()}
	if s.size < sealLen {
		return s, errBroken
	}
	seal := make([]byte, sealLen)
	if _, err := f.ReadAt(seal, s.size-sealLen); err != nil {
		return s, err
	}
	le := binary.LittleEndian
	body, metaLen := int64(le.Uint64(seal)), int64(le.Uint32(seal[8:]))
	if string(seal[20:]) != magic || metaLen > maxMeta || body < 0 || body+metaLen+sealLen != s.size {
		return s, errBroken
	}
	s.meta = make([]byte, metaLen)
	if _, err := f.ReadAt(s.meta, body); err != nil {
		return s, err
	}
	if crc32.Update(crc32.Checksum(s.meta, castagnoli), castagnoli, seal[:16]) != le.Uint32(seal[16:]) {
		return s, errBroken
	}
	sum := crc32.New(castagnoli)
	if _, err := io.Copy(sum, io.LimitReader(f, body)); err != nil {
		return s, err
	}
	if sum.Sum32() != le.Uint32(seal[12:]) {
		return s, errBroken
	}
	_, err := f.Seek(0, io.SeekStart)
	return s, err
}

// Remove forgets a file.
func (c *Cache) Remove(name string) {
	if info, err := os.Lstat(c.path(name)); err == nil {
		c.remove(name, info.Size())
	}
}

func (c *Cache) remove(name string, size int64) {
	err := os.Remove(c.path(name))
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.checked, name)
	if err == nil {
		c.bytes -= size
	}
}
