package cli

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/pack"
)

// packedAs is a package in npm's pack --json and publish --json (libnpmpack 9), and
// in pnpm's publish --json and its summary (12.21). Only the files have two forms.
type packedAs[F packedFile | onlyPath] struct {
	ID           string   `json:"id"`
	Name         npm.Name `json:"name"`
	Version      string   `json:"version"`
	Size         int      `json:"size"`
	UnpackedSize int64    `json:"unpackedSize"`
	Shasum       string   `json:"shasum"`
	Integrity    string   `json:"integrity"`
	Filename     string   `json:"filename"`
	Files        []F      `json:"files"`
	EntryCount   int      `json:"entryCount"`
	Bundled      []string `json:"bundled"`
	StageID      string   `json:"stageId,omitempty"`
}

type packedFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	Mode int64  `json:"mode"`
}

// pnpmPacked is a package in pnpm's pack --json (12.21).
type pnpmPacked struct {
	Name      npm.Name   `json:"name"`
	Version   string     `json:"version"`
	Filename  string     `json:"filename"`
	Integrity string     `json:"integrity,omitempty"`
	Size      int        `json:"size,omitempty"`
	Files     []onlyPath `json:"files"`
}

type onlyPath struct {
	Path string `json:"path"`
}

// report tells what was packed: paths or JSON to stdout, the rest to stderr.
func (p *packer) report(all []*packed) error {
	out := p.stdout
	if !p.cfg.Settings.Call.JSON {
		for _, one := range all {
			p.describe(one)
			if _, err := fmt.Fprintln(out, one.file); err != nil {
				return err
			}
		}
		return nil
	}
	if p.npm {
		list := []packedAs[packedFile]{}
		for _, one := range all {
			list = append(list, one.npm())
		}
		return writeJSON(out, list)
	}
	list := []pnpmPacked{}
	for _, one := range all {
		list = append(list, one.pnpm(p.cfg.Settings.Call.DryRun))
	}
	if len(list) == 1 && !p.recursive() {
		return writeJSON(out, list[0])
	}
	return writeJSON(out, list)
}

func (one *packed) npm() packedAs[packedFile] {
	files := []packedFile{}
	for _, f := range one.sorted(upperFirst) {
		files = append(files, packedFile{f.Path, f.Size, f.Mode()})
	}
	return packedWith(one, files)
}

func packedWith[F packedFile | onlyPath](one *packed, files []F) packedAs[F] {
	sum := sha1.Sum(one.Tarball)
	return packedAs[F]{
		ID: string(one.name) + "@" + one.version, Name: one.name, Version: one.version,
		Size: len(one.Tarball), UnpackedSize: one.Unpacked, Shasum: hex.EncodeToString(sum[:]),
		Integrity: integrity.Of(one.Tarball).String(), Filename: filenameOf(one), Files: files,
		EntryCount: len(one.Files), Bundled: append([]string{}, one.Bundled...), StageID: one.stageID,
	}
}

// filenameOf is the name alone: npm leaves the directory out.
func filenameOf(one *packed) string {
	return one.file[strings.LastIndexAny(one.file, `/\`)+1:]
}

func (one *packed) pnpm(dry bool) pnpmPacked {
	out := pnpmPacked{Name: one.name, Version: one.version, Filename: one.file, Files: []onlyPath{}}
	if !dry {
		out.Integrity, out.Size = integrity.Of(one.Tarball).String(), len(one.Tarball)
	}
	for _, f := range one.sorted(npm.Collate) {
		out.Files = append(out.Files, onlyPath{f.Path})
	}
	return out
}

func (one *packed) sorted(compare func(a, b string) int) []pack.File {
	return slices.SortedFunc(slices.Values(one.Files), func(a, b pack.File) int { return compare(a.Path, b.Path) })
}

// upperFirst is the order in which npm lists files: those whose first character
// has no lower case, then the others.
func upperFirst(a, b string) int {
	upper := func(s string) bool { return s[:1] == strings.ToUpper(s[:1]) }
	switch {
	case upper(a) == upper(b):
		return npm.Collate(a, b)
	case upper(a):
		return -1
	}
	return 1
}

// describe lists a package for people.
func (p *packer) describe(one *packed) {
	if p.quiet {
		return
	}
	p.describeTo(p.Stderr, one)
}

func (p *packer) describeTo(w io.Writer, one *packed) {
	fmt.Fprintf(w, "%s@%s\n", one.name, one.version)
	for _, f := range one.sorted(npm.Collate) {
		fmt.Fprintf(w, "  %8s  %s\n", ui.Size(f.Size), ui.Plain(f.Path))
	}
	fmt.Fprintf(w, "%s, %s, packed %s\n", ui.Count(len(one.Files), "file"), ui.Size(one.Unpacked), ui.Size(int64(len(one.Tarball))))
}
