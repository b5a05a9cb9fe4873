package lockfile

import "godwit/internal/lockfile/pnpmlock"

// ParsePnpm reads the text of a pnpm-lock.yaml; name stands for it in errors.
func ParsePnpm(name string, text []byte) (*Document, error) { return readPnpm(name, text) }

// Append writes the text of a pnpm-lock.yaml to dst.
func (d *Document) Append(dst []byte, opts WriteOptions) []byte { return appendPnpm(dst, d, opts) }

// JSON is a pnpm-lock.yaml as hooks of pnpm see it.
func (d *Document) JSON(opts WriteOptions) []byte { return d.pnpm().JSON(opts) }

// FromJSON is the document that d became as JSON; name stands for it in errors.
// What hooks do not see of d stays.
func (d *Document) FromJSON(name string, data []byte) (*Document, error) {
	p, err := pnpmlock.FromJSON(name, data)
	if err != nil {
		return nil, err
	}
	p.Env, p.Merged = d.Pnpm.Env, d.Pnpm.Merged
	return &Document{Format: Pnpm, Graph: p.Graph, Pnpm: &p.Record}, nil
}
