package project

import (
	"bytes"
	"encoding/json"
)

// AsNpm is a package.json as npm writes it when it changes one: all of it anew,
// with the indentation and line ends that it had, and all dependencies sorted.
func AsNpm(raw []byte) ([]byte, error) {
	raw, err := ordered(raw, Locale)
	if err != nil {
		return nil, err
	}
	d, err := scan(raw)
	if err != nil {
		return nil, err
	}
	indent, newline := style(raw[d.open:])
	if newline == "" {
		indent, newline = "  ", "\n"
	}
	var compact, out bytes.Buffer
	if err := json.Compact(&compact, bytes.TrimPrefix(raw, []byte(bom))); err != nil {
		return nil, err
	}
	if err := json.Indent(&out, compact.Bytes(), "", indent); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return bytes.ReplaceAll(out.Bytes(), []byte("\n"), []byte(newline)), nil
}
