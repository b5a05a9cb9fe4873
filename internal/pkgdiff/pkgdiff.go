// Package pkgdiff says how the files of two packages differ, as git would.
//
// What it prints is npm's to the byte (npm 11, libnpmdiff 8): the files of the first
// package as they stand in its tarball, then those that the second one has alone, and
// of each the lines as jsdiff 8 finds them.
package pkgdiff

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/packlist"
)

// Package is one of the two.
type Package struct {
	Version string
	names   []string
	files   map[string]file
}

type file struct{ mode, text string }

// New is a package without files.
func New(version string) *Package { return &Package{Version: version, files: map[string]file{}} }

// Text is what a file says; "" if there is none.
func (p *Package) Text(name string) string { return p.files[name].text }

// Limits of what is looked at: ten times the largest package known, and more files
// than any has.
const (
	maxUnpacked = 1 << 30
	maxFiles    = 500_000
)

// Read reads the tarball of a package, gzipped or not. Only is patterns or beginnings
// of the paths that count; none is all.
func Read(version string, tarball []byte, only []string) (*Package, error) {
	var r io.Reader = bytes.NewReader(tarball)
	if bytes.HasPrefix(tarball, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = z
	}
	// One byte more than is allowed tells that there is more.
	limited := &io.LimitedReader{R: r, N: maxUnpacked + 1}
	p := New(version)
	for archive := tar.NewReader(limited); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return p, nil
		}
		if err == nil {
			err = p.read(h, archive, only)
		}
		switch {
		case limited.N <= 0:
			return nil, fmt.Errorf("the package is larger than %d MiB", maxUnpacked>>20)
		case len(p.names) > maxFiles:
			return nil, fmt.Errorf("the package has more than %d files", maxFiles)
		case err != nil:
			return nil, err
		}
	}
}

func (p *Package) read(h *tar.Header, r io.Reader, only []string) error {
	if h.Typeflag != tar.TypeReg || !counts(h.Name, only) {
		return nil
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	name := strings.TrimLeft(h.Name, "/")
	if _, rest, below := strings.Cut(name, "/"); below {
		name = rest
	}
	p.add(name, h.Mode&0o7777, text)
	return nil
}

// AddDir adds what is in a directory, but for its node_modules: files as a directory
// lists them, then those of its directories, as npm packs what is installed. Command
// says which are executable whatever their mode is.
func (p *Package) AddDir(dir string, only []string, command func(name string) bool) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	size := int64(0)
	for todo := []string{"."}; len(todo) > 0; todo = todo[1:] {
		entries, err := fs.ReadDir(root.FS(), todo[0])
		if err != nil {
			return err
		}
		for _, e := range entries {
			name := path.Join(todo[0], e.Name())
			switch {
			case e.IsDir() && name != "node_modules":
				todo = append(todo, name)
			case e.Type().IsRegular() && counts("package/"+name, only):
				n, err := p.addFile(root, name, command(name))
				if size += n; err == nil && (size > maxUnpacked || len(p.names) > maxFiles) {
					err = fmt.Errorf("there is more than %d MiB in %s, or than %d files", maxUnpacked>>20, dir, maxFiles)
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (p *Package) addFile(root *os.Root, name string, command bool) (int64, error) {
	info, err := root.Stat(name)
	if err != nil || info.Size() > maxUnpacked {
		return 0, cmp.Or(err, fmt.Errorf("%s is larger than %d MiB", name, maxUnpacked>>20))
	}
	text, err := root.ReadFile(name)
	// Who else may write is nobody's business (tar, portable).
	mode := int64(info.Mode().Perm())&^0o22 | 0o600
	if command {
		mode |= 0o111
	}
	p.add(name, mode, text)
	return info.Size(), err
}

func (p *Package) add(name string, mode int64, text []byte) {
	if _, there := p.files[name]; !there {
		p.names = append(p.names, name)
	}
	// As npm has it, a file is text: what is none has a replacement for each bad byte.
	p.files[name] = file{"100" + strconv.FormatInt(mode, 8), string([]rune(string(text)))}
}

// counts reports whether a path in a tarball is one that the user named.
func counts(name string, only []string) bool {
	if len(only) == 0 {
		return true
	}
	name = plain(name)
	return slices.ContainsFunc(only, func(pattern string) bool {
		pattern = plain(pattern)
		target := name
		if strings.HasPrefix(pattern, "*") && !strings.Contains(pattern, "/") {
			target = path.Base(name)
		}
		return packlist.MatchPath(pattern, target) || packlist.MatchPath("package/"+pattern, target) ||
			strings.HasPrefix(name, pattern) || strings.HasPrefix(name, "package/"+pattern)
	})
}

// plain is a path with slashes that does not begin with a dot.
func plain(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	return strings.TrimPrefix(strings.TrimPrefix(name, "."), "/")
}

// Options say how differences are told. The zero value is npm's but for Context.
type Options struct {
	NameOnly    bool
	NoPrefix    bool   // before names
	Src, Dst    string // before names; "" is "a/" and "b/"
	Context     int    // lines around a change; 0 is none
	IgnoreSpace bool   // at both ends of lines
	Text        bool   // of files that are no text as well
	VersionMark string // before versions: "v"
	Colour      bool
}

// Diff tells how b differs from a; "" is not at all.
func Diff(a, b *Package, o Options) string {
	var out strings.Builder
	for _, name := range slices.Concat(a.names, slices.DeleteFunc(slices.Clone(b.names), func(n string) bool { _, both := a.files[n]; return both })) {
		x, inA := a.files[name]
		y, inB := b.files[name]
		switch {
		case inA == inB && x == y:
		case o.NameOnly:
			out.WriteString(name + "\n")
		default:
			out.WriteString(o.file(a, b, name))
		}
	}
	return strings.TrimSpace(out.String())
}

// file is the part of one file: head, and what changed.
func (o *Options) file(a, b *Package, name string) string {
	x, y := a.files[name], b.files[name]
	from, to := cmp.Or(o.Src, "a/")+name, cmp.Or(o.Dst, "b/")+name
	if o.NoPrefix {
		from, to = name, name
	}
	head := []string{fmt.Sprintf("diff --git %s %s", from, to)}
	mode := ""
	switch {
	case x.mode == y.mode:
		mode = x.mode
	case y.mode == "":
		head = append(head, "deleted file mode "+x.mode)
	case x.mode == "":
		head = append(head, "new file mode "+y.mode)
	default:
		head = append(head, "old mode "+x.mode, "new mode "+y.mode)
	}
	head = append(head, fmt.Sprintf("index %s%s..%[1]s%[3]s %s", o.VersionMark, a.Version, b.Version, mode))
	shows := o.Text || !binary(name)
	if shows && from == to {
		head = append(head, "Index: "+from)
	}
	head = append(head, "--- "+from, "+++ "+to)
	if !shows {
		return o.paint(head, nil)
	}
	changed := hunks(lines(x.text), lines(y.text), o)
	for i := range changed {
		changed[i] = strings.TrimSuffix(changed[i], "\t")
	}
	return o.paint(head, changed)
}

// paint is the lines of a file, coloured if that is wanted.
func (o *Options) paint(head, changed []string) string {
	var b strings.Builder
	put := func(line, code string) {
		if o.Colour && line != "" && code != "" {
			line = "\x1b[" + code + "m" + line + "\x1b[39m"
		}
		b.WriteString(line + "\n")
	}
	const red, green, blue, cyan = "31", "32", "34", "36"
	for _, line := range head {
		put(line, blue)
	}
	for _, line := range changed {
		end := strings.LastIndex(line, "@@")
		switch {
		case strings.HasPrefix(line, "-"):
			put(line, red)
		case strings.HasPrefix(line, "+"):
			put(line, green)
		case strings.HasPrefix(line, "@@") && end > 1:
			put(line, cyan)
		default:
			put(line, "")
		}
	}
	return b.String()
}
