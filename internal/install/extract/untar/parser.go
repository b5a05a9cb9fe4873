package untar

import (
	"bytes"
	"strconv"
)

// maxMeta is the longest extended header that is looked at, as in node-tar;
// longer ones are skipped.
const maxMeta = 1 << 20

// action is what a header asks for.
type action uint8

const (
	nothing  action = iota // go on with the next block
	skipBody               // pass over size bytes
	metaBody               // hand size bytes to meta
	fileBody               // a file of size bytes
	end                    // the archive is over
)

// found is a header's meaning. path is valid until the parser's next step,
// unless the caller keeps the memory it was given.
type found struct {
	action action
	path   string
	exec   bool
	size   int64
}

// parser is the state between headers.
type parser struct {
	lim     Limits
	stats   Stats
	entries int

	valid bool // there was a header
	null  bool // the block before was all zeros

	// What pax or GNU headers said about the next entry.
	path    []byte
	size    int64
	hasPath bool
	hasSize bool
	kind    byte // of the extended header whose body is due

	arena []byte // paths that had to be put together
}

// header reads one block.
func (p *parser) header(b block) (found, error) {
	ok, null := valid(b)
	if null {
		if p.null {
			return found{action: end}, nil
		}
		p.null = true
		return found{}, nil
	}
	p.null = false
	length, sizeOK := number(b[sizeAt:sizeEnd])
	mode, modeOK := number(b[modeAt:modeEnd])
	if !ok || !sizeOK || !modeOK {
		p.stats.Invalid++
		return found{}, nil
	}
	p.valid = true
	if p.entries++; p.entries > p.lim.Entries {
		return found{}, &LimitError{"entries", int64(p.lim.Entries)}
	}
	switch kind := b[kindAt]; kind {
	case 'x', 'X', 'L', 'N', 'K', 'g':
		p.kind = kind
		if length > maxMeta || kind == 'g' || kind == 'K' {
			return found{action: skipBody, size: length}, nil
		}
		return found{action: metaBody, size: length}, nil
	default:
		return p.entry(b, executable(mode), length)
	}
}

// entry reads the header of a file or something like it.
func (p *parser) entry(b block, exec bool, length int64) (found, error) {
	announced := length
	if p.hasSize {
		length = p.size
	}
	f := found{action: skipBody, size: length}
	switch b[kindAt] {
	case '0', '7', 0:
		raw := p.rawPath(b)
		if len(raw) > 0 && raw[len(raw)-1] == '/' {
			f.size = 0 // a directory as V7 wrote them; some give it a size
			break
		}
		if len(raw) > p.lim.Path {
			return found{}, &LimitError{"bytes in a path", int64(p.lim.Path)}
		}
		path, err := p.clean(raw)
		if err != nil {
			return found{}, err
		}
		if path == "" {
			p.stats.Skipped++
			break
		}
		f = found{action: fileBody, path: path, exec: exec, size: length}
		p.stats.Files++
		p.stats.Bytes += length
	case '5':
		f.size = 0
	case 'D': // GNU: a directory with a list of names as its body
	case '1', '2':
		if leaves(p.rawPath(b), untilNUL(b[linkAt:linkEnd]), b[kindAt] == '2') {
			return found{}, &PathError{string(p.rawPath(b)), "is a link that leaves the package"}
		}
		p.stats.Links++
	case '3', '4', '6':
		return found{}, &PathError{string(p.rawPath(b)), "is a device or a pipe"}
	default: // pax speaks of files only, and who knows what this is
		f.size = announced
		p.stats.Skipped++
	}
	p.hasPath, p.hasSize = false, false
	return f, nil
}

// rawPath is the entry's path as the archive has it.
func (p *parser) rawPath(b block) []byte {
	if p.hasPath {
		return p.path
	}
	prefix, base := name(b)
	if len(prefix) == 0 {
		return base
	}
	start := len(p.arena)
	p.arena = append(p.arena, prefix...)
	p.arena = append(p.arena, '/')
	p.arena = append(p.arena, base...)
	return p.arena[start:]
}

// meta takes the body that header asked for. It keeps no reference to it, so
// that it may come from a buffer that is used again.
func (p *parser) meta(body []byte) {
	if p.kind == 'L' || p.kind == 'N' {
		p.setPath(untilNUL(body))
		return
	}
	for len(body) > 0 {
		var key, value []byte
		var ok bool
		if key, value, body, ok = paxRecord(body); !ok {
			return
		}
		switch string(key) {
		case "path":
			p.setPath(untilNUL(value))
		case "size":
			if n, err := strconv.ParseInt(string(value), 10, 64); err == nil && 0 <= n && n <= maxSize {
				p.size, p.hasSize = n, true
			}
		}
	}
}

func (p *parser) setPath(path []byte) {
	start := len(p.arena)
	p.arena = append(p.arena, path...)
	p.path, p.hasPath = p.arena[start:], len(path) > 0
}

// paxRecord cuts the record "LEN key=value\n" off b. LEN counts the whole
// record, so that a value may hold any byte.
func paxRecord(b []byte) (key, value, rest []byte, ok bool) {
	digits, _, ok := bytes.Cut(b, []byte(" "))
	if !ok || len(digits) > 7 { // maxMeta has seven digits
		return nil, nil, nil, false
	}
	n, err := strconv.ParseUint(string(digits), 10, 32)
	if err != nil || int(n) > len(b) || int(n) < len(digits)+2 || b[n-1] != '\n' {
		return nil, nil, nil, false
	}
	key, value, ok = bytes.Cut(b[len(digits)+1:n-1], []byte("="))
	return key, value, b[n:], ok
}
