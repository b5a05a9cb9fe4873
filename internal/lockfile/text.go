package lockfile

// ParsePnpm reads the text of a pnpm-lock.yaml; name stands for it in errors.
func ParsePnpm(name string, text []byte) (*Document, error) { return readPnpm(name, text) }

// Append writes the text of a pnpm-lock.yaml to dst.
func (d *Document) Append(dst []byte, opts WriteOptions) []byte { return appendPnpm(dst, d, opts) }
