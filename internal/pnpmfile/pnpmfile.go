// Package pnpmfile runs the hooks of a project's pnpmfile: code of the project's
// own that changes manifests and lockfiles.
//
// One node process, started when the first hook is needed, loads all pnpmfiles
// and answers for as long as the install goes on:
//
//	← {"id":0,"ok":{"hooks":["readPackage"],…}}           what the files export
//	→ {"id":7,"hook":"readPackage","payload":{"name":…}}
//	← {"id":7,"log":"…","hook":"readPackage"}             any number of them
//	← {"id":7,"ok":{"name":…}}                            or "same", or "err"
//
// A line each, answers in any order, so that many questions are on their way at
// one time. The program for node is part of ours (worker.cjs) and handed over as
// an argument; nothing is written anywhere.
package pnpmfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// names are what pnpm looks for at the root of a project; the first that is
// there counts.
var names = []string{".pnpmfile.mjs", ".pnpmfile.cjs"}

// File is one pnpmfile.
type File struct {
	Path   string // absolute
	Global bool   // the user's own: it does not count for the checksum
}

// Find is the pnpmfile at root, or "".
func Find(root string) string {
	for _, name := range names {
		path := filepath.Join(root, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// Check reports the first file that is not there.
func Check(files []File) error {
	for _, f := range files {
		info, err := os.Stat(f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular():
			return &NotFoundError{f.Path}
		case err != nil:
			return fmt.Errorf("look for the pnpmfile: %w", err)
		}
	}
	return nil
}

// Sum is the checksum of files that have hooks, as a lockfile of pnpm's records
// it: of one file its own, of several that of theirs in the order of the paths.
func Sum(files []File) (string, error) {
	var paths, sums []string
	for _, f := range files {
		if !f.Global {
			paths = append(paths, f.Path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("read the pnpmfile: %w", err)
		}
		sums = append(sums, sum(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))))
	}
	if len(sums) == 1 {
		return sums[0], nil
	}
	return sum([]byte(strings.Join(sums, ","))), nil
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return "sha256-" + base64.StdEncoding.EncodeToString(h[:])
}
