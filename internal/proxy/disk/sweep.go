package disk

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// target is how full a sweep leaves the cache, so that the next is not due at
// once.
const target = 0.9

// startSweep counts the files, and removes some if they are more than limit,
// behind the caller. mu is held.
func (c *Cache) startSweep(limit int64) {
	if c.sweeps || c.closed {
		return
	}
	c.sweeps = true
	c.sweeping.Go(func() { // ends with Close at the latest
		c.sweep(limit)
		c.mu.Lock()
		c.sweeps = false
		c.mu.Unlock()
	})
}

// fullEvery keeps a disk that others fill from emptying the cache at once.
const fullEvery = time.Minute

// full makes room when the disk has none: a tenth of what there is.
func (c *Cache) full() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.lastFull) >= fullEvery {
		c.lastFull = now
		c.startSweep(c.bytes - 1)
	}
}

// used is a file and when it was used last.
type used struct {
	name  string
	size  int64
	mtime time.Time
}

// sweep removes files until they are at most target of limit, if they are more
// than limit.
func (c *Cache) sweep(limit int64) {
	files, total := c.list()
	c.mu.Lock()
	c.bytes = total
	c.mu.Unlock()
	if total <= limit {
		return
	}
	slices.SortFunc(files, func(a, b used) int { return a.mtime.Compare(b.mtime) })
	for _, f := range files {
		if total <= int64(float64(limit)*target) || c.ended() {
			return
		}
		c.remove(f.name, f.size)
		total -= f.size
		c.mu.Lock()
		c.evicted++
		c.mu.Unlock()
	}
}

func (c *Cache) ended() bool {
	select {
	case <-c.ending:
		return true
	default:
		return false
	}
}

// list finds all files but those that are being written.
func (c *Cache) list() (files []used, total int64) {
	// What cannot be read is not there: a cache costs only time.
	_ = filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case c.ended():
			return filepath.SkipAll
		case err != nil:
			return nil
		case d.IsDir() && path == filepath.Join(c.dir, tmpName):
			return fs.SkipDir
		case !d.Type().IsRegular() || path == filepath.Join(c.dir, lockName):
			return nil
		}
		info, err := os.Lstat(path)
		if err != nil {
			return nil
		}
		name := filepath.ToSlash(strings.TrimPrefix(path[len(c.dir):], string(filepath.Separator)))
		files = append(files, used{name, info.Size(), info.ModTime()})
		total += info.Size()
		return nil
	})
	return files, total
}
