package resolve

import (
	"fmt"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
)

// dereference is the specifier that a catalog has in place of spec, or spec
// where that asks no catalog.
func (r *resolver) dereference(alias, spec string) (string, error) {
	if !strings.HasPrefix(spec, catalogPrefix) {
		return spec, nil
	}
	s, err := specifier.Parse(alias, spec)
	if err != nil {
		return "", err
	}
	meant, ok := r.req.Catalogs[s.Catalog].Lookup(alias)
	if !ok {
		return "", &CatalogError{Alias: alias, Catalog: s.Catalog}
	}
	for _, protocol := range []string{catalogPrefix, "link:", "file:"} {
		if strings.HasPrefix(meant, protocol) {
			return "", &CatalogError{Alias: alias, Catalog: s.Catalog, Entry: meant}
		}
	}
	return meant, nil
}

// meant is what spec stands for in catalogs, or spec itself where they do not say.
func meant(catalogs map[string]npm.Deps, alias, spec string) string {
	if strings.HasPrefix(spec, catalogPrefix) {
		if s, err := specifier.Parse(alias, spec); err == nil {
			if entry, ok := catalogs[s.Catalog].Lookup(alias); ok {
				return entry
			}
		}
	}
	return spec
}

const catalogPrefix = "catalog:"

// CatalogError is an entry of a catalog that is missing, or that cannot stand
// there.
type CatalogError struct {
	Alias, Catalog string
	Entry          string // "" if there is none
}

func (e *CatalogError) Error() string {
	if e.Entry == "" {
		return fmt.Sprintf("the catalog %q has no entry for %q", e.Catalog, e.Alias)
	}
	return fmt.Sprintf("the catalog %q has %q for %q: a catalog cannot hold another catalog's entry, a link or a path",
		e.Catalog, e.Entry, e.Alias)
}

// Code is pnpm's code for this error.
func (e *CatalogError) Code() string {
	switch {
	case e.Entry == "":
		return "ERR_PNPM_CATALOG_ENTRY_NOT_FOUND_FOR_SPEC"
	case strings.HasPrefix(e.Entry, catalogPrefix):
		return "ERR_PNPM_CATALOG_ENTRY_INVALID_RECURSIVE_DEFINITION"
	}
	return "ERR_PNPM_CATALOG_ENTRY_INVALID_SPEC"
}

// Hint is what the user can do.
func (e *CatalogError) Hint() string {
	where := "catalogs." + e.Catalog
	if e.Catalog == "default" {
		where = "catalog"
	}
	return fmt.Sprintf("write a version for %s under %q in pnpm-workspace.yaml", e.Alias, where)
}
