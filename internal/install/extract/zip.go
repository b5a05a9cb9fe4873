package extract

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Zip calls file for each regular file of a zip archive that is below the directory
// prefix, "" for all, with its path from there. Paths are as the archive has them: it
// is the caller that keeps below its own directory. Links are left out, as [Tarball]
// leaves them out; a path may come twice.
func Zip(data []byte, prefix string, lim Limits, file func(path string, exec bool, r io.Reader, size int64) error) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	if prefix != "" {
		prefix += "/"
	}
	most := lim.bomb(len(data)).untar()
	if len(z.File) > most.Entries {
		return &LimitError{What: "entries", Limit: int64(most.Entries)}
	}
	left := uint64(most.Unpacked)
	for _, f := range z.File {
		path, below := strings.CutPrefix(f.Name, prefix)
		if !below || !f.Mode().IsRegular() || path == "" || strings.HasSuffix(path, "/") {
			continue
		}
		if len(path) > most.Path {
			return &LimitError{What: "bytes of a path", Limit: int64(most.Path)}
		}
		// An entry that has more than it claims is an error of its reader.
		if f.UncompressedSize64 > left {
			return &LimitError{What: "bytes", Limit: most.Unpacked}
		}
		left -= f.UncompressedSize64
		r, err := f.Open()
		if err == nil {
			err = file(path, f.Mode()&0o111 != 0, r, int64(f.UncompressedSize64))
			r.Close()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}
