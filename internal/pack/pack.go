// Package pack makes a package of a directory: which files it has, what its
// package.json becomes, and the tarball.
//
//	directory ── packlist ──► files ── npm's order ──► tar ──► gzip
//	package.json ── Publishable (pnpm's projects) ──────▲
//
// Equal files make equal bytes, whoever owns them and whenever they were
// changed. Inflated, the tarball is npm's to the byte (tar 7, pacote 21), but for
// modes: here a file is 644 or 755, as with pnpm, whatever the umask was.
package pack

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"godwit/internal/npm"
)

// Options say how a directory becomes a package.
type Options struct {
	// Listing says that Manifest, and not the directory's package.json, decides
	// which files are packed.
	Listing  bool
	Manifest []byte   // stands for the directory's package.json; nil keeps that
	Bins     []string // slash paths of files that are executable, whatever their mode
	Links    bool     // links to files are packed as those files (pnpm), not left out (npm)
	Level    int      // of gzip, from 0 to 9; -1 is 9, as npm has it
}

// Package is a packed directory.
type Package struct {
	Files    []File // in the order of the tarball
	Unpacked int64  // bytes of all files
	Bundled  []string
	Tarball  []byte
}

// Dir packs a directory.
func Dir(dir string, o Options) (*Package, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var listing []byte
	if o.Listing {
		listing = o.Manifest
	}
	files, err := list(root, listing)
	if err != nil {
		return nil, fmt.Errorf("list the files of %s: %w", dir, err)
	}
	p := &Package{Files: slices.DeleteFunc(files, func(f File) bool { return f.Link && !o.Links })}
	slices.SortFunc(p.Files, compare)
	var out bytes.Buffer
	if err := p.write(&out, root, o); err != nil {
		return nil, fmt.Errorf("pack %s: %w", dir, err)
	}
	p.Tarball = out.Bytes()
	p.Bundled = bundled(p.Files)
	return p, nil
}

// write writes the tarball, and notes what the files are in it.
func (p *Package) write(w io.Writer, root *os.Root, o Options) error {
	level := o.Level
	if level < 0 {
		level = gzip.BestCompression
	}
	z, err := gzip.NewWriterLevel(w, level)
	if err != nil {
		return err
	}
	for i := range p.Files {
		f := &p.Files[i]
		f.Exec = f.Exec || slices.Contains(o.Bins, f.Path)
		if f.Path == "package.json" && o.Manifest != nil {
			f.Size = int64(len(o.Manifest))
			err = writeEntry(z, *f, bytes.NewReader(o.Manifest))
		} else {
			err = f.Open(root, func(r io.Reader) error { return writeEntry(z, *f, r) })
		}
		if err != nil {
			return err
		}
		p.Unpacked += f.Size
	}
	if _, err := z.Write(make([]byte, 2*block)); err != nil { // the end of a tar
		return err
	}
	return z.Close()
}

// compare is npm-packlist's order, in which like files are near each other and
// pack better: by extension, by the last part of the path, by path.
func compare(a, b File) int {
	return cmp.Or(
		npm.Collate(extension(a.Path), extension(b.Path)),
		npm.Collate(strings.ToLower(path.Base(a.Path)), strings.ToLower(path.Base(b.Path))),
		npm.Collate(a.Path, b.Path),
		strings.Compare(a.Path, b.Path),
	)
}

// extension is Node's path.extname, in which ".npmrc" has none, in lower case.
func extension(file string) string {
	base := strings.TrimLeft(path.Base(file), ".")
	return strings.ToLower(path.Ext(base))
}

// bundled are the packages in node_modules, by name.
func bundled(files []File) []string {
	var out []string
	for _, f := range files {
		rest, ok := strings.CutPrefix(f.Path, "node_modules/")
		if !ok {
			continue
		}
		parts := strings.SplitN(rest, "/", 3)
		name := parts[0]
		if strings.HasPrefix(name, "@") && len(parts) > 1 {
			name += "/" + parts[1]
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.SortFunc(out, npm.Collate)
	return out
}
