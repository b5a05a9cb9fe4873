package yarnlock

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/lockfile/yarnlock/yarnpatch"
	"godwit/internal/lockfile/yarnlock/yarnzip"
	"godwit/internal/npm"
)

// Tarball is one that a checksum is to be made of. What is "" is not known.
type Tarball struct {
	Name           npm.Name
	Version        string
	URL, Integrity string
}

// storedKey is the cache key of archives that are not compressed, yarn 4's default.
// Those of a compressor's making cannot be made here byte for byte.
const storedKey = "10c0"

// unsummed are entries without checksums, and the tarball that they are made of.
type unsummed struct {
	tarball Tarball
	source  *Entry
	entries []*Entry
}

// checksums notes which entries lack a checksum, and takes those of packages that
// yarn fetches on some machines only.
func (b *berryRenewal) checksums() error {
	if !b.old.modern() {
		return nil
	}
	required := b.required()
	lacking := map[*Entry][]*Entry{} // by the entry that has the tarball
	for _, e := range b.out.Entries {
		source := b.source(e)
		switch {
		case source == nil:
		case e.field.Of("conditions") != "" && !required[e]:
			e.field.Delete("checksum")
		case e.field.Of("checksum") == "":
			lacking[source] = append(lacking[source], e)
		}
	}
	for source, entries := range lacking {
		b.out.unsummed = append(b.out.unsummed, unsummed{b.tarball(source), source, entries})
	}
	slices.SortFunc(b.out.unsummed, func(x, y unsummed) int { return cmp.Compare(x.source.Resolution, y.source.Resolution) })
	if len(lacking) > 0 && b.old.Meta.Of("cacheKey") != storedKey {
		return &UnaddableError{b.out.unsummed[0].source.Resolution}
	}
	return nil
}

// Sum gives entries the checksums that they lack. For that it needs the tarballs of
// what is new in a lockfile of yarn 4.
func (r *Record) Sum(from Source) error {
	list := r.unsummed
	r.unsummed = nil
	if len(list) == 0 {
		return nil
	}
	tarballs := make([]Tarball, len(list))
	for i, u := range list {
		tarballs[i] = u.tarball
		for _, e := range u.entries {
			if err := e.findPatch(u.source, from); err != nil {
				return err
			}
		}
	}
	return from.Open(tarballs, func(i int, tgz []byte) error {
		if err := list[i].sum(tgz); err != nil {
			return fmt.Errorf("make the checksum of %s: %w", list[i].source.Resolution, err)
		}
		return nil
	})
}

// findPatch finds yarn's patch for an entry that has been in the file without a
// checksum.
func (e *Entry) findPatch(source *Entry, from Source) error {
	if e == source || e.patch != nil {
		return nil
	}
	text, err := from.Patch(string(e.Name))
	if err == nil {
		e.patch, err = yarnpatch.Parse(text)
	}
	if err != nil {
		return fmt.Errorf("find yarn's patch for %s: %w", e.Name, err)
	}
	return nil
}

// source is the entry with the tarball that an entry is made of; nil if it is of
// none that a registry has.
func (b *berryRenewal) source(e *Entry) *Entry {
	_, ref, _ := splitDescriptor(e.Resolution)
	if strings.HasPrefix(ref, "npm:") {
		return e
	}
	ref, _, _ = strings.Cut(ref, "::")
	name, inner, ok := patchSource(ref)
	if !ok {
		return nil
	}
	return b.made[name+"@"+inner]
}

// tarball is that of an entry.
func (b *berryRenewal) tarball(e *Entry) Tarball {
	if t, ok := b.found[e]; ok {
		return t
	}
	_, ref, _ := splitDescriptor(e.Resolution)
	_, params := cutParams(strings.TrimPrefix(ref, "npm:"))
	return Tarball{Name: e.Name, Version: e.Version, URL: params.Get("__archiveUrl")}
}

// sum gives the entries the checksums of what yarn makes of the tarball.
func (u *unsummed) sum(tgz []byte) error {
	archive, err := yarnzip.Of(string(u.source.Name), tgz)
	if err != nil {
		return err
	}
	for _, e := range u.entries {
		made := archive
		if e != u.source {
			made = archive.Copy()
			// As it is where the patch does not fit: yarn's own are optional.
			if err := e.patch.Apply(made, e.Version); err != nil && !errors.As(err, new(*yarnpatch.MismatchError)) {
				return err
			}
		}
		sum, err := made.Sum()
		if err != nil {
			return err
		}
		e.field.Set(syml.Text("checksum", storedKey+"/"+sum))
	}
	return nil
}
