package link

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
)

// Bin is a command in a node_modules/.bin.
type Bin struct {
	Name   string // what the user types
	Dir    string // the .bin directory: absolute, clean, below a root
	Target string // the file to run: absolute, clean; may be missing until a build makes it
	Real   string // where that is, if Target leads through a link to a project; else ""

	// Stored says that Target is in a slot that shares its files with the
	// store, and Shebang what the store knows of its first line. The file is
	// then executable and need not be looked at.
	Stored  bool
	Foreign bool // Target is in a directory that is linked in place: ours to change only if it would not run
	Program bool // Target is what shims start others with: callers want a link to it, whatever the style
	Shebang string

	// NodePath are absolute directories that a shim puts into NODE_PATH. pnpm
	// has, in the isolated layout, the node_modules inside the package, the one
	// around it, and that of the hoisted packages.
	NodePath []string
}

// BinStyle is what stands in node_modules/.bin.
type BinStyle uint8

const (
	// Shims are scripts that set NODE_PATH and call the right runtime, as pnpm
	// has them: sh, and cmd and ps1 on Windows.
	Shims BinStyle = iota

	// Links are symbolic links to the files, as npm has them. Windows gets
	// shims all the same.
	Links
)

// Bins makes commands. What is in the way is replaced, unless it is a directory.
// A target below a root is made executable, and with Links loses the "\r" of its
// first line, which no kernel accepts; a file that may be the store's is never
// written to, but replaced by a copy.
func (l *Linker) Bins(ctx context.Context, style BinStyle, bins []Bin) error {
	return l.each(ctx, len(bins), func(_ context.Context, i int) error {
		changed, err := l.bin(style, &bins[i])
		if err != nil {
			return fmt.Errorf("command %s in %s: %w", bins[i].Name, bins[i].Dir, err)
		}
		if changed {
			l.counts.bins.Add(1)
		}
		return nil
	})
}

func (l *Linker) bin(style BinStyle, b *Bin) (changed bool, err error) {
	if strings.ContainsAny(b.Name, `/\`) || fsys.CheckPath(b.Name) != nil {
		return false, errors.New("the name cannot be that of a file")
	}
	r, rel, err := l.within(filepath.Join(b.Dir, b.Name))
	if err != nil {
		return false, err
	}
	open := r.dirs()
	defer open.close()
	dir, name, err := open.parent(rel)
	if err != nil {
		return false, err
	}
	shebang := b.Shebang
	if !b.Stored {
		if shebang, err = firstLine(l.Now(b.Target)); err != nil {
			return false, err
		}
	}
	links := style == Links && !fsys.CommandsNeedExtension
	// A project's own file is left alone where a shim calls something to run it.
	ours := !b.Foreign || !links && runnerOf(shebang, b.Target).program == ""
	if err := l.prepareTarget(b, ours, links && strings.HasSuffix(shebang, "\r")); err != nil {
		return false, err
	}
	if links {
		return pointTo(dir, name, l.route(b.Dir, b.Target))
	}
	s := l.newShim(b, shebang)
	if !fsys.CommandsNeedExtension {
		return writeScript(dir, name, s.sh(false))
	}
	for _, f := range [][2]string{{name, s.sh(true)}, {name + ".cmd", s.cmd()}, {name + ".ps1", s.ps1()}} {
		ch, err := writeScript(dir, f[0], f[1])
		if err != nil {
			return changed, err
		}
		changed = changed || ch
	}
	return changed, nil
}

// pointTo makes the symbolic link name, and reports whether it was not there.
func pointTo(dir *fsys.Dir, name, target string) (bool, error) {
	if now, err := dir.Readlink(name); err == nil && now == target {
		return false, nil
	}
	temp := fsys.TempName(name)
	if err := dir.Symlink(target, temp); err != nil {
		return false, err
	}
	return true, moveInto(dir, temp, name)
}

// writeScript makes the executable file name, and reports whether it was not
// there. It never writes to what is there: that may be a link to a file.
func writeScript(dir *fsys.Dir, name, text string) (bool, error) {
	if now, err := dir.ReadFile(name, int64(len(text))); err == nil && string(now) == text {
		return false, nil
	}
	temp := fsys.TempName(name)
	if err := dir.WriteFile(temp, []byte(text), true); err != nil {
		return false, err
	}
	return true, moveInto(dir, temp, name)
}

// moveInto renames a temporary file to name.
func moveInto(dir *fsys.Dir, temp, name string) error {
	if err := dir.Rename(temp, dir, name); err != nil {
		return errors.Join(err, dir.Remove(temp))
	}
	return nil
}

// firstLine is the first line of the file at path if it starts with "#!". Only
// the first 512 bytes are looked at, as cmd-shim does. No file, no line.
func firstLine(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	buf := make([]byte, 512)
	n, err := io.ReadFull(f, buf)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return "", nil // a directory, say: not ours to complain about
	}
	line, _, _ := bytes.Cut(buf[:n], []byte("\n"))
	if !bytes.HasPrefix(line, []byte("#!")) {
		return "", nil
	}
	return string(line), nil
}

// prepareTarget makes the target executable if it is ours, and drops the "\r" of its
// first line if asked to. It leaves alone what is not below a root, or only so by way
// of a link: that is not ours to change.
func (l *Linker) prepareTarget(b *Bin, ours, dropCR bool) error {
	if b.Stored && !dropCR || !ours {
		return nil
	}
	r, rel, err := l.within(cmp.Or(b.Real, b.Target))
	if err != nil {
		return allow(b.Real)
	}
	above, base := path.Split(rel)
	dir, err := r.dir.Open(path.Clean(above))
	if err != nil {
		return nil
	}
	defer dir.Close()
	info, err := dir.Lstat(base)
	switch {
	case err != nil || info.Type != 0:
		return nil
	case dropCR:
		return rewrite(dir, base, true, true)
	case info.SameExec(true):
		return nil
	case info.Shared:
		return rewrite(dir, base, true, false)
	}
	return dir.Chmod(base, true)
}

// allow makes a file executable that is not below a root but in a directory that the
// project names, as npm does: its command would not run. "" is none.
func allow(path string) error {
	info, err := os.Lstat(path)
	if path == "" || err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 != 0 {
		return nil
	}
	// Who may read it may run it.
	if err := os.Chmod(path, info.Mode().Perm()|info.Mode().Perm()&0o444>>2); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// rewrite replaces a file by a copy, without the "\r" at the end of the first line if
// dropCR is set.
func rewrite(dir *fsys.Dir, name string, exec, dropCR bool) error {
	src, err := dir.OpenFile(name)
	if err != nil {
		return err
	}
	defer src.Close()
	var from io.Reader = src
	if dropCR {
		head := make([]byte, 512)
		n, err := io.ReadFull(src, head)
		if err != nil && err != io.ErrUnexpectedEOF {
			return err
		}
		line, rest, found := bytes.Cut(head[:n], []byte("\r\n"))
		if !found || bytes.IndexByte(line, '\n') >= 0 {
			return nil // done by an earlier call
		}
		from = io.MultiReader(bytes.NewReader(line), strings.NewReader("\n"), bytes.NewReader(rest), src)
	}
	temp := fsys.TempName(name)
	if _, err := dir.WriteFrom(temp, from, exec); err != nil {
		return errors.Join(err, dir.RemoveAll(temp))
	}
	return moveInto(dir, temp, name)
}
