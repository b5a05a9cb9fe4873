package bunlock

import (
	"slices"
	"strings"

	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
)

// Settings are what the package.json at the root says of all packages.
type Settings struct {
	Overrides []Override
	Catalogs  map[string]npm.Deps // "" is the default
	Trusted   []string            // trustedDependencies
	Patched   npm.Deps            // patchedDependencies: "a@1.0.0" -> path of the patch
}

// ReadSettings reads them from a package.json. What is no use to bun there is left
// out, as by bun.
func ReadSettings(manifest []byte) Settings {
	doc, err := nicejson.Parse(manifest)
	if err != nil {
		return Settings{} // whoever reads projects says what is wrong
	}
	s := Settings{Catalogs: map[string]npm.Deps{}, Overrides: overridesOf(doc)}
	s.readCatalogs(doc)
	if v, ok := doc.Lookup("trustedDependencies"); ok {
		for _, item := range v.Items {
			if item.Kind == '"' {
				s.Trusted = append(s.Trusted, item.Text)
			}
		}
	}
	if v, ok := doc.Lookup("patchedDependencies"); ok {
		s.Patched = depsOf(v)
	}
	return s
}

// direct is what the project asks for itself under an alias.
func direct(doc nicejson.Value, alias string) string {
	for _, w := range written {
		deps, _ := doc.Lookup(w.name)
		if spec, ok := depsOf(deps).Lookup(alias); ok {
			return spec
		}
	}
	return ""
}

// readCatalogs reads catalogs, which are beside the projects of the workspace, or
// else at the top.
func (s *Settings) readCatalogs(doc nicejson.Value) {
	ws, _ := doc.Lookup("workspaces")
	for _, at := range []nicejson.Value{ws, doc} {
		if v, ok := at.Lookup("catalog"); ok {
			s.Catalogs[""] = sorted(depsOf(v))
		}
		if v, ok := at.Lookup("catalogs"); ok {
			for _, f := range v.Fields {
				s.Catalogs[f.Name] = sorted(depsOf(f.Value))
			}
		}
		if len(s.Catalogs) > 0 {
			return
		}
	}
}

func sorted(deps npm.Deps) npm.Deps {
	slices.SortStableFunc(deps, func(x, y npm.Dep) int { return strings.Compare(x.Alias, y.Alias) })
	return deps
}

// catalog is what "catalog:" and "catalog:name" stand for.
func (s *Settings) catalog(name, alias string) (string, bool) {
	if name == "default" && s.Catalogs[name] == nil {
		name = ""
	}
	return s.Catalogs[name].Lookup(alias)
}

// trusted are the packages that are written as such: those of the list that are in
// some place. placed are the names of those.
func (s *Settings) trusted(placed []string) []string {
	return slotOrder(among(placed, func(name string) bool { return slices.Contains(s.Trusted, name) }), len(s.Trusted))
}

// patches are the ones that are written: of packages that are there, by their IDs.
func (s *Settings) patches(ids []string) npm.Deps {
	var out npm.Deps
	for _, id := range slotOrder(among(ids, func(id string) bool { _, ok := s.Patched.Lookup(id); return ok }), len(s.Patched)) {
		at, _ := s.Patched.Lookup(id)
		out = append(out, npm.Dep{Alias: id, Specifier: at})
	}
	return out
}

// among are the texts for which keep is true, each once.
func among(texts []string, keep func(string) bool) []string {
	var out []string
	for _, text := range texts {
		if keep(text) && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// Differing are the fields of the package.json at the root that the file was made
// with other values of.
func (r *Record) Differing(s Settings) []string {
	var placed, ids, out []string
	for _, p := range r.Packages {
		_, alias := splitLast(p.Path)
		placed, ids = append(placed, alias), append(ids, string(p.Name)+"@"+p.Ref)
	}
	trusted, _ := r.doc.Lookup("trustedDependencies")
	was := make([]string, len(trusted.Items))
	for i, item := range trusted.Items {
		was[i] = item.Text
	}
	patched, _ := r.doc.Lookup("patchedDependencies")
	for _, field := range []struct {
		name string
		same bool
	}{
		{"overrides", slices.Equal(r.Overrides, s.Overrides)},
		{"catalogs", r.sameCatalogs(&s)},
		{"trustedDependencies", slices.Equal(slices.Sorted(slices.Values(was)), slices.Sorted(slices.Values(s.trusted(placed))))},
		{"patchedDependencies", sameDeps(depsOf(patched), s.patches(ids))},
	} {
		if !field.same {
			out = append(out, field.name)
		}
	}
	return out
}
