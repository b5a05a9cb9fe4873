package install

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"

	"godwit/internal/install/link"
)

// Command is a command outside of any node_modules: one of a global package.
type Command struct {
	Name     string
	Target   string   // the file it runs, absolute
	NodePath []string // absolute; see [link.Bin]
}

// Commands makes commands in dir, which may have files of others, and removes
// those in gone. Files that are as they should be are left alone; what is in the
// way is replaced, unless it is a directory.
func Commands(ctx context.Context, dir string, want []Command, gone []string) error {
	linker, err := link.New(link.Options{Roots: []link.Root{{Dir: dir, Shared: true}}})
	if err != nil {
		return err
	}
	defer linker.Close()
	var paths []string
	for _, name := range gone {
		for _, suffix := range []string{"", ".cmd", ".ps1"} { // the three of Windows; what is not there is no error
			paths = append(paths, filepath.Join(dir, name+suffix))
		}
	}
	if err := linker.Remove(ctx, paths); err != nil {
		return err
	}
	bins := make([]link.Bin, len(want))
	for i, c := range want {
		bins[i] = link.Bin{Name: c.Name, Dir: dir, Target: c.Target, Foreign: true, NodePath: c.NodePath}
	}
	return linker.Bins(ctx, link.Shims, bins)
}

// maxShim bounds what is read of a file that may be a shim: pnpm's have 6 KB.
const maxShim = 64 << 10

// CommandTarget is the file that a shim of ours, or of pnpm's, runs; "" if path
// is none.
func CommandTarget(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxShim))
	if err != nil || !bytes.HasPrefix(text, []byte("#!")) {
		return ""
	}
	at := bytes.LastIndex(text, []byte(link.ShimMark))
	if at < 0 {
		return ""
	}
	line, _, _ := bytes.Cut(text[at+len(link.ShimMark):], []byte("\n"))
	target := filepath.FromSlash(string(bytes.TrimSpace(line)))
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(path), target)
	}
	return target
}
