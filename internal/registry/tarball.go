package registry

import (
	"context"
	"io"
	"net/http"
	"strings"

	"godwit/internal/npm"
)

// TarballRequest says which tarball to fetch.
type TarballRequest struct {
	URL  string
	Name npm.Name // for whose registry ReplaceHost may send us; "" for tarballs that no registry named
	// Room, if set, is asked for memory for a body of size bytes, or of 0 where the
	// server does not say. It comes with length 0; what does not fit grows.
	Room func(size int64) []byte
	// Progress, if set, hears of bytes as they arrive; a negative number takes
	// back what an attempt that failed had reported.
	Progress func(bytes int64)
	// Once asks for one attempt only.
	Once bool
	// Answered, if set, is told of each answer before its body is read: the URL
	// that redirects led to, and whether the server says that what is there will
	// never change.
	Answered func(url string, immutable bool)
}

// Tarball fetches a whole tarball into memory. The bytes are the caller's, and
// unchecked.
func (c *Client) Tarball(ctx context.Context, r TarballRequest) ([]byte, error) {
	var buf []byte
	err := c.Stream(ctx, r, func(body io.Reader, size int64) error {
		if buf == nil && r.Room != nil {
			buf = r.Room(min(max(size, 0), trusted))
		}
		var err error
		buf, err = readAll(body, buf, size)
		return err
	})
	if err != nil {
		return nil, err
	}
	return buf, nil
}

// Stream fetches a tarball and lets read have it as it comes; size is what the
// server promised, or -1. If the connection fails half-way, read is called
// again with a new body from the first byte; an error of its own ends Stream.
func (c *Client) Stream(ctx context.Context, r TarballRequest, read func(body io.Reader, size int64) error) error {
	u, err := parseURL(c.replaceHost(r.Name, r.URL))
	if err != nil {
		return err
	}
	if c.opts.Offline {
		return &OfflineError{What: "tarball " + maskURL(u), Tarball: true}
	}
	req := request{lane: c.tarballs, url: u, limit: c.opts.MaxTarball, header: http.Header{"Accept": {"*/*"}}, once: r.Once}
	req.extra, u.User = userinfoGrant(u), nil
	if r.Name != "" {
		req.registry, req.scope = c.registryOf(r.Name), r.Name.Scope()
	}
	return c.do(ctx, req, func(a answer) error {
		if a.status == http.StatusNotModified {
			return &BrokenError{URL: maskURL(u), Err: errNotModified}
		}
		if r.Answered != nil {
			r.Answered(a.url.String(), strings.Contains(a.header.Get("Cache-Control"), "immutable"))
		}
		if r.Progress == nil {
			return read(a.body, a.size)
		}
		p := &progressReader{r: a.body, report: r.Progress}
		err := read(p, a.size)
		if err != nil {
			r.Progress(-p.total)
		}
		return err
	})
}

type progressReader struct {
	r      io.Reader
	report func(int64)
	total  int64
}

func (p *progressReader) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if n > 0 {
		p.total += int64(n)
		p.report(int64(n))
	}
	return n, err
}
