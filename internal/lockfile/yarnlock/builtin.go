package yarnlock

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/lockfile/yarnlock/yarnpatch"
)

// builtinPatches are the packages that yarn patches wherever they are asked for by
// their names (@yarnpkg/plugin-compat).
var builtinPatches = map[string]bool{"fsevents": true, "resolve": true, "typescript": true}

// builtins are the ways in which yarn asks for the patched form of a descriptor:
// that of yarn 4, and those of the versions before it.
func (r *Record) builtins(alias, spec string) []string {
	of := func(spec, flag string) string {
		return "patch:" + escapeSource(alias+"@"+spec) + "#" + flag + "builtin<compat/" + alias + ">"
	}
	if r.modern() {
		return []string{of(spec, "optional!")}
	}
	plain := strings.TrimPrefix(spec, "npm:")
	return []string{of(plain, "optional!"), of(plain, "~"), of(spec, "optional!"), of(spec, "~")}
}

// escapeSource is encodeUnsafeCharacters of yarn's structUtils.
func escapeSource(s string) string {
	return strings.NewReplacer("%", "%25", ":", "%3A", "#", "%23").Replace(s)
}

// patchSource is what one of yarn's own patches is for.
func patchSource(spec string) (alias, source string, ok bool) {
	rest, ok := strings.CutPrefix(spec, "patch:")
	rest, selector, found := strings.Cut(rest, "#")
	if !ok || !found || !strings.Contains(selector, "builtin<compat/") {
		return "", "", false
	}
	descriptor, err := url.PathUnescape(rest)
	if err != nil {
		return "", "", false
	}
	return splitDescriptor(descriptor)
}

// patches resolves what yarn patches, now that what is patched has its version.
func (b *berryRenewal) patches() error {
	patches := map[string]*yarnpatch.Patch{}
	for _, w := range b.patched {
		alias, spec, _ := patchSource(w.spec)
		source := b.out.index[b.ask(wish{alias, withProtocol(spec), w.at})]
		if source == nil {
			return &UnaddableError{w.descriptor()}
		}
		prefix := w.alias + "@patch:" + escapeSource(source.Resolution) + "#"
		if e := b.patchedBefore(w, prefix); e != nil {
			b.keep(e, b.ask(w))
			continue
		}
		if !b.old.modern() {
			return &UnaddableError{w.descriptor()}
		}
		if patches[w.alias] == nil {
			text, err := b.Source.Patch(w.alias)
			if err != nil {
				return fmt.Errorf("find yarn's patch for %s: %w", w.alias, err)
			}
			if patches[w.alias], err = yarnpatch.Parse(text); err != nil {
				return fmt.Errorf("read yarn's patch for %s: %w", w.alias, err)
			}
		}
		e := patchedEntry(source, prefix, w, patches[w.alias])
		b.add(e, w.descriptor())
	}
	return nil
}

// patchedBefore is an entry of the old or new lockfile for a package with the
// patch of a wish, or nil.
func (b *berryRenewal) patchedBefore(w wish, prefix string) *Entry {
	for _, e := range slices.Concat(b.out.Entries, b.old.Entries) {
		if strings.HasPrefix(e.Resolution, prefix) && strings.Contains(e.Resolution, "builtin<compat/"+w.alias+">") {
			return e
		}
	}
	return nil
}

// patchedEntry is the entry of a patched package: that of the package, with
// another resolution.
func patchedEntry(source *Entry, prefix string, w wish, p *yarnpatch.Patch) *Entry {
	e := *source
	e.Descriptors, e.field.Keys = nil, nil
	e.field.Fields = slices.Clone(source.field.Fields)
	_, selector, _ := strings.Cut(w.spec, "#")
	e.Resolution = prefix + selector + "::version=" + source.Version + "&hash=" + p.Hash(source.Version)
	e.patch = p
	e.field.Set(syml.Text("resolution", e.Resolution))
	e.field.Delete("checksum")
	return &e
}
