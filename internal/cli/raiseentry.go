package cli

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"

	"godwit/internal/fsys"
	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// entryKey names an entry of a catalog.
type entryKey struct{ catalog, alias string }

// entry is an entry of a catalog that update raises. All projects that refer to it
// follow, also those that the call is not about, as with pnpm.
type entry struct {
	was   specifier.Specifier
	ask   string // what to resolve in its place
	as    specifier.Save
	saved string // what to record; "" until a version is chosen
}

// raiseEntry is the change of a dependency that a catalog has the specifier of: of
// the catalog, unless the call says which version is wanted, which then stands in
// package.json (so does pnpm). ok is false where there is nothing to raise.
func (u *updating) raiseEntry(ref specifier.Specifier, group string) (c change, ok bool) {
	c = change{alias: ref.Alias, group: group, ask: ref.Raw}
	if want := u.versions[ref.Alias]; want != "" {
		s, err := specifier.Parse(ref.Alias, want)
		c.ask = want
		return c, err == nil && s.Kind != specifier.Tag
	}
	spec, _ := u.catalogs()[ref.Catalog].Lookup(ref.Alias)
	s, err := specifier.Parse(ref.Alias, spec)
	if spec == "" || err != nil || !s.Kind.IsRegistry() || !u.cfg.Settings.Save.Save {
		return change{}, false // the resolver tells of errors
	}
	// Whatever --save-exact says, as with pnpm.
	c.raises = &entry{was: s, ask: u.ask(s), as: specifier.Save{Prefix: u.cfg.Settings.Save.Prefix, Update: true}}
	return c, true
}

// entries are the entries of catalogs that the changes are about.
func (e *editing) entries() map[entryKey]*entry {
	out := map[entryKey]*entry{}
	for _, f := range e.files {
		for _, c := range f.changes {
			if c.raises != nil {
				ref, _ := specifier.Parse(c.alias, c.ask) // it was parsed before
				key := entryKey{ref.Catalog, c.alias}
				if was := out[key]; was == nil || was.saved == "" {
					out[key] = c.raises
				}
			}
		}
	}
	return out
}

// askedCatalogs are catalogs with what shall be resolved in the place of entries.
func askedCatalogs(catalogs map[string]npm.Deps, entries map[entryKey]*entry) map[string]npm.Deps {
	out := maps.Clone(catalogs)
	for key, en := range entries {
		deps := out[key.catalog]
		set(&deps, key.alias, en.ask)
		out[key.catalog] = deps
	}
	return out
}

// raise notes what a catalog is to say now that a package was chosen.
func (en *entry) raise(p *graph.Package) {
	en.saved = en.as.Chosen(en.was, string(p.Name), p.Version)
}

// raised is a pnpm-workspace.yaml with the entries that were raised; nil is no change.
func (e *editing) raised(file string, entries map[entryKey]*entry) (out []byte, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	order := func(a, b entryKey) int {
		return cmp.Or(cmp.Compare(a.catalog, b.catalog), cmp.Compare(a.alias, b.alias))
	}
	for _, key := range slices.SortedFunc(maps.Keys(entries), order) {
		saved := entries[key].saved
		if saved == "" || saved == entries[key].was.Raw {
			continue
		}
		if text, err = project.SetYAML(file, text, append(e.keys(key.catalog), key.alias), project.Text(saved)); err != nil {
			return nil, err
		}
		out = text
	}
	return out, nil
}

// saveWorkspace writes a pnpm-workspace.yaml.
func saveWorkspace(file string, text []byte) error {
	if err := fsys.WriteFile(file, text, fsys.WriteOptions{}); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
