package untar

import (
	"hash/maphash"
	"io"
	"strings"
)

// Scratch is memory that [Index] uses again from one archive to the next. Its
// zero value is ready; it belongs to one goroutine at a time.
type Scratch struct {
	arena   []byte
	entries []entry
	table   []uint32 // hash table: index of an entry plus one
	seed    maphash.Seed
	seeded  bool
}

// entry is a file of an archive.
type entry struct {
	path  string
	start int
	size  int
	hash  uint32
	exec  bool
	stale bool // a later entry has the same path
}

// Index reads all headers of data, then calls file for each regular file, in
// the archive's order; nothing is yielded from an archive that is bad. Of
// several entries with one path the last counts. path and content are only
// valid during the call, and file's error ends the walk and is returned as is.
func Index(data []byte, s *Scratch, lim Limits, file func(path string, exec bool, content []byte) error) (Stats, error) {
	lim = lim.WithDefaults()
	if int64(len(data)) > lim.Unpacked {
		return Stats{}, &LimitError{"bytes", lim.Unpacked}
	}
	p := parser{lim: lim, arena: s.arena[:0]}
	s.entries = s.entries[:0]
	err := s.scan(&p, data)
	s.arena = p.arena
	if err != nil {
		return p.stats, err
	}
	s.settle(&p.stats)
	for i := range s.entries {
		e := &s.entries[i]
		if e.stale {
			continue
		}
		if err := file(e.path, e.exec, data[e.start:e.start+e.size]); err != nil {
			return p.stats, err
		}
	}
	return p.stats, nil
}

// scan fills s.entries.
func (s *Scratch) scan(p *parser, data []byte) error {
	at := 0
	for len(data)-at >= blockSize {
		f, err := p.header(block(data[at : at+blockSize]))
		if err != nil {
			return err
		}
		at += blockSize
		if f.action == end {
			break
		}
		if f.action == nothing {
			continue
		}
		if f.size > int64(len(data)-at) {
			return io.ErrUnexpectedEOF
		}
		body := data[at : at+int(f.size)]
		switch f.action {
		case metaBody:
			p.meta(body)
		case fileBody:
			s.entries = append(s.entries, entry{path: f.path, exec: f.exec, start: at, size: len(body)})
		}
		at += len(body)
		at += min(-len(body)&(blockSize-1), len(data)-at) // the last padding may be missing
	}
	if !p.valid {
		return ErrFormat
	}
	return nil
}

// settle marks entries that a later one replaces, and reports paths that
// differ in case only. The table is keyed by the folded path under a random
// seed; further spellings of a folded path, rare and an attacker's to
// multiply, go to a map of their own.
func (s *Scratch) settle(stats *Stats) {
	if !s.seeded {
		s.seed, s.seeded = maphash.MakeSeed(), true
	}
	size := 64
	for size < 2*len(s.entries) {
		size *= 2
	}
	if cap(s.table) < size {
		s.table = make([]uint32, size)
	}
	table := s.table[:size]
	clear(table)
	var spellings map[string]int
	for i := range s.entries {
		e := &s.entries[i]
		folded := fold(e.path)
		e.hash = uint32(maphash.String(s.seed, folded))
		slot := s.find(table, e.hash, folded)
		if *slot == 0 {
			*slot = uint32(i) + 1
			continue
		}
		first := int(*slot) - 1
		if s.entries[first].path == e.path {
			s.replace(first, stats)
			*slot = uint32(i) + 1
			continue
		}
		if last, ok := spellings[e.path]; ok {
			s.replace(last, stats)
		} else if stats.collide(e.path); spellings == nil {
			spellings = make(map[string]int)
		}
		spellings[e.path] = i
	}
}

// find returns the slot that holds an entry with this folded path, or the free
// slot where it belongs.
func (s *Scratch) find(table []uint32, hash uint32, folded string) *uint32 {
	for i := hash; ; i++ {
		slot := &table[i&uint32(len(table)-1)]
		if *slot == 0 {
			return slot
		}
		if e := &s.entries[*slot-1]; e.hash == hash && fold(e.path) == folded {
			return slot
		}
	}
}

func (s *Scratch) replace(i int, stats *Stats) {
	s.entries[i].stale = true
	stats.Files--
	stats.Bytes -= int64(s.entries[i].size)
}

func (stats *Stats) collide(path string) {
	if len(stats.Collisions) < MaxCollisions {
		stats.Collisions = append(stats.Collisions, strings.Clone(path))
	}
}

// fold maps paths that a case-insensitive file system may take for one to one
// string. It allocates only where there is something to fold.
func fold(path string) string { return strings.ToLower(path) }
