package proxy

import (
	"context"

	"godwit/internal/npm"
	"godwit/internal/proxy/render"
)

const (
	// largePacked is from where a document is large: 10 of the 5,600 of 2,800
	// packages are, and have 1 to 10 MB when they are unpacked.
	largePacked = 256 << 10
	// largeTurns is how many large documents are unpacked at one time. The largest
	// have 100 MB, and take 250 MB while they are rewritten; it keeps a processor
	// busy, so that more at a time would not be faster.
	largeTurns = 2
)

// turn waits until a document of so many bytes, packed, may be unpacked. done must
// be called when what was unpacked is not needed any more.
func (p *Proxy) turn(ctx context.Context, packed int) (done func(), err error) {
	if packed < largePacked {
		return func() {}, nil
	}
	return p.large.Take(ctx)
}

// parsed takes a packed document apart, in its turn; size is that of its text.
func (p *Proxy) parsed(ctx context.Context, name npm.Name, packed []byte, size int) (doc *render.Document, done func(), err error) {
	if done, err = p.turn(ctx, len(packed)); err != nil {
		return nil, nil, err
	}
	text, err := unpack(packed, size)
	if err == nil {
		doc, err = render.Parse(name, text)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return doc, done, nil
}
