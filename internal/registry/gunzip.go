package registry

import (
	"errors"
	"sync"

	"godwit/internal/inflate"
)

// gunzipper decodes documents, one at a time. Its tables (40 kB) and the memory
// for what comes in outlive the document.
type gunzipper struct {
	decoder inflate.Decoder
	in      []byte
}

var gunzippers = sync.Pool{New: func() any { return new(gunzipper) }}

// alone is the part of the limit beyond which documents are unpacked and read one at
// a time: 64 MiB as it is by default, which a handful of packages pass. Half a
// megabyte may become all of the limit, and a hostile registry sends many of them at
// once.
const alone = 8

// gunzip reads and decodes a whole document of at most limit bytes. It calls large,
// which may be nil, before it takes memory for one of more than limit/alone.
func gunzip(a answer, limit int64, large func() error) (out []byte, err error) {
	g := gunzippers.Get().(*gunzipper)
	defer gunzippers.Put(g)
	if g.in, err = readAll(a.body, g.in, a.size); err != nil {
		return nil, err
	}
	if few := limit / alone; large != nil {
		if inflate.Size(g.in) <= few {
			if out, err = g.decoder.Gzip(nil, g.in, int(few)); !errors.Is(err, inflate.ErrTooBig) {
				return out, err
			}
		}
		if err := large(); err != nil {
			return nil, err
		}
	}
	out, err = g.decoder.Gzip(nil, g.in, int(limit))
	if errors.Is(err, inflate.ErrTooBig) {
		err = ErrTooLarge
	}
	return out, err
}
