// Package yarnzip is the zip archive that yarn 4 makes of a tarball, as far as its
// checksum: yarn.lock has the SHA-512 of that archive and not of the tarball.
//
// With compressionLevel 0, the default since version 4, nothing in the archive
// depends on a compressor or a clock:
//
//	node_modules/                     directories before what is first in them
//	node_modules/chalk/
//	node_modules/chalk/package.json   files in the order of the tarball, stored
//	…
//	central directory                 the same once more
//
// Times are 1984-06-22 21:50 (SAFE_TIME), modes 644 or 755, and nothing has a
// comment or an extra field (@yarnpkg/core, tgzUtils; libzip).
package yarnzip

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"godwit/internal/inflate"
)

// Modes as the archive has them, with the kind in front.
const (
	fileMode = 0o100644
	execMode = 0o100755
	dirMode  = 0o040755
	linkMode = 0o120777
)

// maxUnpacked bounds what a tarball unpacks to, which is in memory as a whole. It
// is seven times the largest package known.
const maxUnpacked = 1 << 30

// Archive is what is in the zip file.
type Archive struct {
	prefix  string // "node_modules/<name>"
	entries []entry
	index   map[string]int // by path
}

// entry is a file, a directory or a symbolic link.
type entry struct {
	path string // of a directory without the last "/"
	mode uint32
	data []byte // of a link what it points to
}

// ErrLimit is a tarball that is larger than all that is known.
var ErrLimit = fmt.Errorf("it unpacks to more than %d MiB", maxUnpacked>>20)

// Of reads the tarball of a package.
func Of(name string, tgz []byte) (*Archive, error) {
	data := tgz
	if inflate.Magic(tgz) {
		var d inflate.Decoder
		var err error
		if data, err = d.Gzip(nil, tgz, maxUnpacked); errors.Is(err, inflate.ErrTooBig) {
			return nil, ErrLimit
		} else if err != nil {
			return nil, fmt.Errorf("inflate: %w", err)
		}
	}
	a := empty(name)
	in := bytes.NewReader(data)
	r := tar.NewReader(in)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return a, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the tarball: %w", err)
		}
		if err := a.take(h, r); err != nil {
			return nil, err
		}
	}
}

func empty(name string) *Archive {
	return &Archive{prefix: "node_modules/" + name, index: map[string]int{}}
}

// take adds what yarn adds of an entry of the tarball: nothing that leads out of
// the package, nothing beside its first directory, no hard links.
func (a *Archive) take(h *tar.Header, r io.Reader) error {
	parts := strings.Split(h.Name, "/")
	if parts[0] == "" || slices.Contains(parts, "..") || len(parts) < 2 {
		return nil
	}
	parts = strings.Split(path.Clean(h.Name), "/")
	if len(parts) < 2 {
		return nil
	}
	at := a.prefix + "/" + strings.Join(parts[1:], "/")
	switch h.Typeflag {
	case tar.TypeDir:
		a.dirs(at)
	case tar.TypeReg:
		data, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("read the tarball: %w", err)
		}
		mode := uint32(fileMode)
		if h.Mode&0o111 != 0 {
			mode = execMode
		}
		a.put(entry{at, mode, data})
	case tar.TypeSymlink:
		a.put(entry{at, linkMode, []byte(h.Linkname)})
	}
	return nil
}

// put adds a file, or replaces the one of its path where that is.
func (a *Archive) put(e entry) {
	a.dirs(path.Dir(e.path))
	if i, ok := a.index[e.path]; ok {
		a.entries[i] = e
		return
	}
	a.index[e.path] = len(a.entries)
	a.entries = append(a.entries, e)
}

// dirs adds a directory and those above it.
func (a *Archive) dirs(at string) {
	if _, ok := a.index[at]; ok || at == "." {
		return
	}
	a.dirs(path.Dir(at))
	a.index[at] = len(a.entries)
	a.entries = append(a.entries, entry{at, dirMode, nil})
}

// Copy is the archive that yarn begins with when it patches a package: the same
// files, sorted by the names in each directory.
func (a *Archive) Copy() *Archive {
	c := &Archive{prefix: a.prefix, entries: slices.Clone(a.entries), index: make(map[string]int, len(a.entries))}
	slices.SortStableFunc(c.entries, func(x, y entry) int {
		return slices.CompareFunc(strings.Split(x.path, "/"), strings.Split(y.path, "/"), cmp.Compare[string])
	})
	for i, e := range c.entries {
		c.index[e.path] = i
		c.entries[i].mode &^= 0o022 // which a copy does to links, too
	}
	return c
}

// Read is a file of the package; ok is false if there is none.
func (a *Archive) Read(file string) (data []byte, ok bool) {
	i, ok := a.index[a.prefix+"/"+file]
	if !ok || a.entries[i].mode == dirMode {
		return nil, false
	}
	return a.entries[i].data, true
}

// Write changes a file of the package, or adds one at the end. exec counts for a
// new one.
func (a *Archive) Write(file string, data []byte, exec bool) {
	e := entry{a.prefix + "/" + file, fileMode, data}
	if exec {
		e.mode = execMode
	}
	if i, ok := a.index[e.path]; ok {
		e.mode = a.entries[i].mode
	}
	a.put(e)
}
