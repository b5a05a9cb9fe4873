package registry

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
)

// gunzip is the default Gunzip. The size that a gzip file claims at its end is
// only a hint: nobody checks it before the data has been decoded.
func gunzip(src []byte, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		return nil, err
	}
	var claimed int64
	if len(src) >= 4 {
		claimed = int64(binary.LittleEndian.Uint32(src[len(src)-4:]))
	}
	out, err := readAll(io.LimitReader(z, limit+1), nil, min(claimed, limit))
	if err == nil && int64(len(out)) > limit {
		err = ErrTooLarge
	}
	return out, err
}
