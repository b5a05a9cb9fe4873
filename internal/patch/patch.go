// Package patch is patchedDependencies: which patch file each package gets.
//
//	foo@1.2.3: patches/a.patch    this version
//	foo@^1:    patches/b.patch    all versions in the range
//	foo:       patches/c.patch    all others
package patch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/patch/unidiff"
)

// maxFile bounds a patch file. Larger ones than a megabyte are bundled code
// that should be a package.
const maxFile = 64 << 20

// Patch is one patch file.
type Patch struct {
	Key  string // in patchedDependencies
	Path string // as configured
	Hash string // SHA-256 of the text with line ends "\n", hex
	Diff *unidiff.Diff
}

// Set is the patches of a project; immutable. The nil Set patches nothing.
type Set struct {
	patches []*Patch
	groups  map[npm.Name]*group
}

// group is the patches for one name.
type group struct {
	exact  map[string]*Patch
	ranges []ranged
	all    *Patch
}

type ranged struct {
	text  string
	rng   semver.Range
	patch *Patch
}

// Load reads the patch files that entries name, relative to the absolute
// directory root; without entries it returns nil. Errors are of type [*Error].
func Load(entries npm.Deps, root string) (*Set, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	s := &Set{groups: map[npm.Name]*group{}}
	for _, e := range entries {
		p := &Patch{Key: e.Alias, Path: e.Specifier}
		if err := s.add(p); err != nil {
			return nil, err
		}
		if err := p.read(root); err != nil {
			return nil, err
		}
		s.patches = append(s.patches, p)
	}
	return s, nil
}

func (p *Patch) read(root string) error {
	path := filepath.FromSlash(p.Path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(root, path)
	}
	if info, err := os.Stat(path); err == nil && info.Size() > maxFile {
		return p.invalid(fmt.Errorf("larger than %d MiB", maxFile>>20))
	}
	text, err := fsys.ReadFile(path, maxFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("there is no such file")
		}
		return &Error{
			"ERR_PNPM_PATCH_NOT_FOUND", fmt.Sprintf("read the patch %s for %s: %v", p.Path, p.Key, err),
			"restore the file, or remove its entry from patchedDependencies", err,
		}
	}
	sum := sha256.Sum256(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")))
	p.Hash = hex.EncodeToString(sum[:])
	if p.Diff, err = unidiff.Parse(text); err != nil {
		return p.invalid(err)
	}
	return nil
}

// add files a patch under the packages it is for.
func (s *Set) add(p *Patch) error {
	name, version := p.Key, ""
	if len(p.Key) > 1 {
		if i := strings.IndexByte(p.Key[1:], '@'); i >= 0 && i+2 < len(p.Key) {
			name, version = p.Key[:i+1], p.Key[i+2:]
		}
	}
	g := s.groups[npm.Name(name)]
	if g == nil {
		g = &group{exact: map[string]*Patch{}}
		s.groups[npm.Name(name)] = g
	}
	if version == "" || strings.TrimSpace(version) == "*" {
		// Of "foo" and "foo@*" the first counts, wherever it stands.
		if g.all == nil || version == "" {
			g.all = p
		}
		return nil
	}
	if _, err := semver.Parse(version, semver.Options{}); err == nil {
		g.exact[version] = p
		return nil
	}
	rng, err := semver.ParseRange(version, semver.Options{})
	if err != nil {
		return &Error{
			"ERR_PNPM_PATCH_NON_SEMVER_RANGE", fmt.Sprintf("the key %.200q in patchedDependencies: %.200q is no version and no range", p.Key, version),
			`write "name", "name@version" or "name@range"`, err,
		}
	}
	g.ranges = append(g.ranges, ranged{version, rng, p})
	return nil
}

// For is the patch for a package, or nil.
func (s *Set) For(name npm.Name, version string) (*Patch, error) {
	if s == nil || s.groups[name] == nil {
		return nil, nil
	}
	g := s.groups[name]
	if p := g.exact[version]; p != nil {
		return p, nil
	}
	v, err := semver.Parse(version, semver.Options{})
	if err != nil {
		return g.all, nil
	}
	var fits []ranged
	for _, r := range g.ranges {
		if r.rng.Match(v) {
			fits = append(fits, r)
		}
	}
	switch len(fits) {
	case 0:
		return g.all, nil
	case 1:
		return fits[0].patch, nil
	}
	return nil, conflict(name, version, fits)
}

// Hash is the hash of the patch for a package, or "".
func (s *Set) Hash(name npm.Name, version string) (string, error) {
	p, err := s.For(name, version)
	if p == nil {
		return "", err
	}
	return p.Hash, err
}

// Find is the patch with a hash, or nil. Files with the same text have one hash;
// the text is all that counts.
func (s *Set) Find(hash string) *Patch {
	if s == nil {
		return nil
	}
	if i := slices.IndexFunc(s.patches, func(p *Patch) bool { return p.Hash == hash }); i >= 0 {
		return s.patches[i]
	}
	return nil
}

// Hashes are the hashes by key, as a lockfile records them.
func (s *Set) Hashes() map[string]string {
	if s == nil {
		return nil
	}
	out := make(map[string]string, len(s.patches))
	for _, p := range s.patches {
		out[p.Key] = p.Hash
	}
	return out
}

// Package is one that a project has.
type Package struct {
	Name    npm.Name
	Version string
}

// Unused lists the keys that none of the packages has a use for.
func (s *Set) Unused(packages []Package) (keys []string, err error) {
	if s == nil {
		return nil, nil
	}
	used := map[*Patch]bool{}
	for _, pkg := range packages {
		p, err := s.For(pkg.Name, pkg.Version)
		if err != nil {
			return nil, err
		}
		used[p] = true
	}
	for _, p := range s.patches {
		if !used[p] {
			keys = append(keys, p.Key)
		}
	}
	return keys, nil
}

// Entries are the hashes in the order of the configuration, by key.
func (s *Set) Entries() (out npm.Deps) {
	if s == nil {
		return nil
	}
	for _, p := range s.patches {
		out = append(out, npm.Dep{Alias: p.Key, Specifier: p.Hash})
	}
	return out
}

// Known is a set of which only the hashes are known, as Entries gives them: it
// says which package gets which patch, and has no diffs.
func Known(entries npm.Deps) (*Set, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	s := &Set{groups: map[npm.Name]*group{}}
	for _, e := range entries {
		p := &Patch{Key: e.Alias, Hash: e.Specifier}
		if err := s.add(p); err != nil {
			return nil, err
		}
		s.patches = append(s.patches, p)
	}
	return s, nil
}
