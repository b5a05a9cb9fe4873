// Package scratch hands out places to measure in, each as cold as the machine
// allows.
//
// After a large rm -rf, ext4 creates files 15 to 30 times slower for a minute,
// because it passes over inodes deleted recently one by one. So nothing is
// deleted while measuring: a place is a new file system on a loop device,
// dropped whole, or, where there is no root, a new folder that stays until the
// end.
package scratch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"godwit/internal/bench/host"
)

// Ground makes volumes below one folder. It belongs to one goroutine.
type Ground struct {
	base string
	kind string // a file system of host.FileSystems, or "folder"
	size int64
	made int
	live map[*Volume]bool
	why  error // what stopped kind from being a file system
}

// Options say what a Ground makes.
type Options struct {
	Base string // an existing folder
	Kind string // ext4, xfs, btrfs, tmpfs; "folder" for none
	Size int64  // of each file system, in bytes; sparse, so it may exceed the disk
}

// New returns a Ground of the wanted kind, or of folders where the machine
// cannot make such a file system; How tells.
func New(o Options) (*Ground, error) {
	g := &Ground{base: o.Base, kind: o.Kind, size: o.Size, live: map[*Volume]bool{}}
	if g.kind == "folder" {
		return g, nil
	}
	v, err := g.Volume("probe")
	if err != nil {
		g.kind, g.why = "folder", err
		return g, nil
	}
	return g, g.Retire(v)
}

// How says where volumes are, and why not elsewhere, for the report.
func (g *Ground) How() string {
	switch {
	case g.why != nil:
		return fmt.Sprintf("a fresh folder for each sample, on the file system of %s; no loop-mounted one: %v", g.base, g.why)
	case g.kind == "folder":
		return fmt.Sprintf("a fresh folder for each sample, on the file system of %s", g.base)
	case g.kind == "tmpfs":
		return "a new tmpfs for each sample"
	}
	return fmt.Sprintf("a new %s on a loop device for each sample", g.kind)
}

// Volume is a place of its own: nothing in it, and one file system throughout.
type Volume struct {
	Root  string
	image string // "" for a folder
	moved int
}

// Volume makes a new volume; name is for people who look.
func (g *Ground) Volume(name string) (*Volume, error) {
	g.made++
	stem := filepath.Join(g.base, strconv.Itoa(g.made)+"-"+name)
	v := &Volume{Root: stem}
	if err := os.Mkdir(stem, 0o755); err != nil {
		return nil, fmt.Errorf("volume: %w", err)
	}
	if g.kind != "folder" {
		v.image = stem + ".img"
		if err := host.MountFresh(g.kind, v.image, stem, g.size); err != nil {
			return nil, errors.Join(fmt.Errorf("volume: %w", err), os.Remove(stem), remove(v.image))
		}
	}
	g.live[v] = true
	return v, nil
}

// Retire gives the volume up. A folder stays until Close.
func (g *Ground) Retire(v *Volume) error {
	if v.image == "" {
		return nil
	}
	delete(g.live, v)
	if err := host.Drop(v.image, v.Root); err != nil {
		return fmt.Errorf("volume: %w", err)
	}
	return nil
}

// Close removes everything. Nothing may be measured after it.
func (g *Ground) Close() error {
	var errs []error
	for v := range g.live {
		if v.image == "" {
			errs = append(errs, os.RemoveAll(v.Root))
			continue
		}
		errs = append(errs, g.Retire(v))
	}
	return errors.Join(errs...)
}

// Aside moves path, which lies in the volume, out of the way. It does nothing
// where there is nothing.
func (v *Volume) Aside(path string) error {
	v.moved++
	to := filepath.Join(v.Root, "aside", strconv.Itoa(v.moved))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("volume: %w", err)
	}
	if err := os.Rename(path, to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("volume: %w", err)
	}
	return nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
