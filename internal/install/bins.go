package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"godwit/internal/install/link"
	"godwit/internal/install/plan"
	"godwit/internal/layout"
	"godwit/internal/npm"
	"godwit/internal/store"
)

// bins makes the commands of a plan. It runs when all files are placed, since
// only then every package's own word on its commands is known.
func (t *tasks) bins(ctx context.Context, linker *link.Linker, p *plan.Plan) error {
	var shims, plain []link.Bin
	var gone []string
	for _, dir := range p.Bins {
		bins, err := t.commands(dir, p)
		if err != nil {
			return err
		}
		for _, b := range bins {
			if dir.Style == layout.FirstLinks || dir.Style == layout.Links && !b.Foreign || b.Program {
				plain = append(plain, b)
			} else {
				shims = append(shims, b)
			}
		}
		if !p.After.Bins[dir.Dir] {
			continue // it is new, with its slot
		}
		if len(bins) == 0 && dir.Style == layout.FirstLinks {
			if _, err := os.Lstat(t.here(dir.Dir)); errors.Is(err, fs.ErrNotExist) {
				delete(p.After.Bins, dir.Dir)
				continue // of a project without commands, say; npm makes no empty one
			}
		}
		stale, err := staleBins(t.abs(dir.Dir), t.here(dir.Dir), bins)
		if err != nil {
			return err
		}
		gone = append(gone, stale...)
	}
	if err := linker.Remove(ctx, gone); err != nil {
		return err
	}
	if err := linker.Bins(ctx, link.Links, plain); err != nil {
		return err
	}
	return linker.Bins(ctx, link.Shims, shims)
}

// staleBins makes a directory of commands, and lists what is in it that is none
// of them any more. now is where the directory is until it is in place.
func staleBins(dir, now string, bins []link.Bin) ([]string, error) {
	entries, err := os.ReadDir(now)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(now, 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", dir, err)
	}
	wanted := map[string]bool{}
	for _, b := range bins {
		// On Windows a command is three files.
		wanted[b.Name], wanted[b.Name+".cmd"], wanted[b.Name+".ps1"] = true, true, true
	}
	var out []string
	for _, entry := range entries {
		if !wanted[entry.Name()] {
			out = append(out, filepath.Join(dir, entry.Name()))
		}
	}
	return out, nil
}

// commands lists what stands in one directory of commands. Of two packages
// that offer one name, the package of that name has it, else the first by
// alphabet.
func (t *tasks) commands(dir layout.Bins, p *plan.Plan) ([]link.Bin, error) {
	if dir.Style == layout.FirstLinks {
		return t.plainCommands(dir, p)
	}
	from := slices.Clone(dir.From)
	slices.SortFunc(from, func(a, b layout.Command) int { return cmp.Compare(a.Alias, b.Alias) })
	owner := map[string]string{}
	var out []link.Bin
	for _, c := range from {
		offers, err := t.offers(c, p)
		if err != nil {
			return nil, err
		}
		for _, bin := range offers {
			if _, taken := owner[bin.Name]; taken && c.Alias != bin.Name {
				continue
			} else if taken {
				out = slices.DeleteFunc(out, func(b link.Bin) bool { return b.Name == bin.Name })
			}
			owner[bin.Name] = c.Alias
			out = append(out, t.bin(dir, c, bin))
		}
	}
	return out, nil
}

// plainCommands lists what stands in one directory of commands of npm's. A
// command without its file keeps its name from others, and is not made.
func (t *tasks) plainCommands(dir layout.Bins, p *plan.Plan) ([]link.Bin, error) {
	taken := map[string]bool{}
	var out []link.Bin
	for _, c := range dir.From {
		offers, err := t.offers(c, p)
		if err != nil {
			return nil, err
		}
		for _, offer := range offers {
			if taken[offer.Name] {
				continue
			}
			taken[offer.Name] = true
			bin := t.bin(dir, c, offer)
			if c.Real != "" {
				// npm makes the commands of the user's own projects executable, too.
				bin.Real, bin.Foreign = filepath.Join(t.abs(c.Real), filepath.FromSlash(offer.Path)), false
			}
			if _, err := os.Lstat(t.moved(bin.Target)); bin.Stored || err == nil {
				out = append(out, bin)
			}
		}
	}
	return out, nil
}

func (t *tasks) bin(dir layout.Bins, c layout.Command, b store.Bin) link.Bin {
	bin := link.Bin{
		Name: b.Name, Dir: t.abs(dir.Dir), Target: filepath.Join(t.abs(c.Dir), filepath.FromSlash(b.Path)),
		Stored: c.Package != nil && !b.Absent, Foreign: c.Package == nil, Shebang: b.Shebang,
		// Shims run what is beside them and called node: a shim would run itself.
		Program: b.Name == "node" && c.Package != nil && c.Package.Key.Runtime(),
	}
	if dir.Style != layout.Shims {
		return bin // hoisted packages find each other without help
	}
	around := c.Dir
	for path.Base(around) != layout.ModulesDir && around != "." && around != "/" {
		around = path.Dir(around)
	}
	bin.NodePath = []string{t.abs(path.Join(c.Dir, layout.ModulesDir)), t.abs(around), t.abs(t.hidden())}
	return bin
}

// here is where a path of the layout is now.
func (t *tasks) here(path string) string { return t.moved(t.abs(path)) }

func (t *tasks) moved(abs string) string {
	if t.now == nil {
		return abs
	}
	return t.now(abs)
}

// hidden is the directory of what is hoisted for packages that require what they
// do not declare.
func (t *tasks) hidden() string { return path.Join(t.virtualStore(), layout.ModulesDir) }

func (t *tasks) virtualStore() string { return t.req.Layout.StoreDir() }

// offers lists the commands of one package.
func (t *tasks) offers(c layout.Command, p *plan.Plan) ([]store.Bin, error) {
	if c.Package == nil {
		return linkedBins(t.here(c.Dir))
	}
	if !c.Package.HasBin {
		return nil, nil
	}
	id := p.After.Slots[c.Dir].ID
	if id == "" || t.builds.toMake(id) {
		// Scripts may have made another file of a command: esbuild's is a script
		// of Node before, and a program after.
		return linkedBins(t.here(c.Dir))
	}
	tree, err := t.tree(id)
	if err == nil {
		return tree.Meta.Bins, nil
	}
	dir := t.here(c.Dir)
	if _, missing := os.Lstat(dir); missing != nil && !errors.Is(err, store.ErrAbsent) {
		return nil, fmt.Errorf("list the commands of %s: %w", c.Package.Key.ID(), err)
	}
	// Left out since it is optional, or the store was emptied or damaged when
	// the package was in its place.
	return linkedBins(dir)
}

// linkedBins lists the commands of a directory that is linked in place.
func linkedBins(dir string) ([]store.Bin, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the commands of %s: %w", dir, err)
	}
	m, err := npm.DecodeManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("list the commands of %s: %w", dir, err)
	}
	var out []store.Bin
	for name, file := range m.Bin {
		out = append(out, store.Bin{Name: name, Path: file, Absent: true})
	}
	slices.SortFunc(out, func(a, b store.Bin) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}
