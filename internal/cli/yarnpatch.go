package cli

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
)

// Bounds of the plugin and of a patch: ten times what they are today, 100 KB and
// 4 MB.
const (
	maxPlugin = 1 << 20
	maxPatch  = 40 << 20
)

// compatPatch takes yarn's patch for a package out of the plugin's tarball.
func compatPatch(tgz []byte, name string) (string, error) {
	code, err := fileOf(tgz, "package/lib/patches/"+name+".patch.js")
	if err != nil {
		return "", err
	}
	// brotliDecompressSync(Buffer.from(`…`, `base64`)); what is compressed is in base64.
	_, rest, found := bytes.Cut(code, []byte("brotliDecompressSync(Buffer.from("))
	if !found || len(rest) == 0 {
		return "", fmt.Errorf("the patch for %s is in another form than this version of godwit knows", name)
	}
	text64, _, _ := bytes.Cut(rest[1:], rest[:1]) // between quotes of any kind
	packed, err := base64.StdEncoding.AppendDecode(nil, text64)
	if err != nil {
		return "", fmt.Errorf("the patch for %s: %w", name, err)
	}
	text, err := io.ReadAll(io.LimitReader(brotli.NewReader(bytes.NewReader(packed)), maxPatch))
	if err != nil {
		return "", fmt.Errorf("the patch for %s: %w", name, err)
	}
	return string(text), nil
}

// fileOf is a file of a tarball.
func fileOf(tgz []byte, path string) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(tgz))
	if err != nil {
		return nil, err
	}
	r := tar.NewReader(io.LimitReader(z, maxPlugin))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("it has no %s", path)
		}
		if err != nil {
			return nil, err
		}
		if h.Name == path {
			return io.ReadAll(r)
		}
	}
}
