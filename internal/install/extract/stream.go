package extract

import (
	"bufio"
	"compress/gzip"
	"io"

	"godwit/internal/inflate"
	"godwit/internal/install/extract/untar"
)

// Stream is [Large] for an archive that is not in memory. It inflates with
// compress/gzip, at a third of the speed.
func Stream(r io.Reader, lim Limits, file func(path string, exec bool, r io.Reader, size int64) error) (Stats, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := br.Peek(2); inflate.Magic(magic) {
		return untar.Stream(&members{src: br}, lim.untar(), file)
	}
	return untar.Stream(br, lim.untar(), file)
}

// members reads gzip members up to the first bytes that do not begin another.
// compress/gzip would take those for a bad header.
type members struct {
	src *bufio.Reader
	zr  *gzip.Reader
}

func (m *members) Read(p []byte) (int, error) {
	if m.zr == nil {
		if err := m.next(); err != nil {
			return 0, err
		}
	}
	for {
		n, err := m.zr.Read(p)
		if n > 0 && err == io.EOF {
			err = nil
		}
		if n > 0 || err != io.EOF {
			return n, err
		}
		if magic, err := m.src.Peek(2); !inflate.Magic(magic) {
			if err == nil {
				err = io.EOF
			}
			return 0, err
		}
		if err := m.next(); err != nil {
			return 0, err
		}
	}
}

// next begins a member.
func (m *members) next() (err error) {
	if m.zr == nil {
		m.zr, err = gzip.NewReader(m.src)
	} else {
		err = m.zr.Reset(m.src)
	}
	if err == nil {
		m.zr.Multistream(false)
	}
	return err
}
