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

// gunzip reads and decodes a whole document of at most limit bytes.
func gunzip(a answer, limit int64) (out []byte, err error) {
	g := gunzippers.Get().(*gunzipper)
	defer gunzippers.Put(g)
	if g.in, err = readAll(a.body, g.in, a.size); err != nil {
		return nil, err
	}
	out, err = g.decoder.Gzip(nil, g.in, int(limit))
	if errors.Is(err, inflate.ErrTooBig) {
		err = ErrTooLarge
	}
	return out, err
}
