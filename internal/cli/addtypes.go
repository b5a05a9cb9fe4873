package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/registry"
	"godwit/internal/resolve/packuments"
)

// typesScope is where DefinitelyTyped publishes.
const typesScope = "@types/"

// addTypes adds, to devDependencies, the types of what was added, where packages have
// none in them and somebody published some that are not deprecated (save-types, as
// pnpm 12).
func (a *adding) addTypes(ctx context.Context, src *source) error {
	own := adding{call: a.call, used: a.used, into: a.into, catalogs: a.catalogs, members: a.members, types: true}
	for _, c := range a.changes {
		s, err := specifier.Parse(c.alias, c.ask)
		if err != nil || !s.Kind.IsRegistry() || strings.HasPrefix(string(s.Name), typesScope) || a.meansMember(s) {
			continue
		}
		alias := typesOf(c.alias)
		named := slices.ContainsFunc(a.changes, func(c change) bool { return c.alias == alias })
		if named || groupOf(a.into.Manifest, alias) != "" {
			continue
		}
		wanted, err := a.lacksTypes(ctx, src, s)
		if err != nil {
			return fmt.Errorf("look for types of %s: %w", s.Name, err)
		}
		if !wanted {
			continue
		}
		raw := a.cfg.Settings.Resolve.Tag
		if s.Aliased() {
			raw = "npm:" + typesOf(string(s.Name)) + "@" + raw
		}
		if s, err = specifier.Parse(alias, raw); err != nil {
			return err
		}
		if err := own.add(ctx, src, s); err != nil {
			return err
		}
	}
	a.changes = append(a.changes, own.changes...)
	return nil
}

// typesOf is the name under which the types of a package are published.
func typesOf(name string) string {
	return typesScope + strings.Replace(strings.TrimPrefix(name, "@"), "/", "__", 1)
}

// lacksTypes reports whether what s means has no types, and others have some for it.
func (a *adding) lacksTypes(ctx context.Context, src *source, s specifier.Specifier) (bool, error) {
	doc, err := src.client.Packument(ctx, s.Name, registry.Full) // the short form does not say
	if err != nil {
		return false, nil // the resolver will tell
	}
	if doc, err = src.policy.Admitted(doc); err != nil {
		return false, err
	}
	version := likelyVersion(doc, s)
	raw, err := doc.Raw(version)
	if version == "" || err != nil {
		return false, nil
	}
	m, err := project.ParseValue(string(s.Name), string(raw))
	if err != nil || hasTypes(m) {
		return false, err
	}
	types, err := (&packuments.Source{Registry: src.client, Policy: src.policy}).Packument(ctx, npm.Name(typesOf(string(s.Name))), false)
	if errors.As(err, new(packuments.NotFound)) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	i := types.IndexOf(types.DistTags[a.cfg.Settings.Resolve.Tag])
	return i >= 0 && !types.Deprecated(i), nil
}

// likelyVersion is the version that s means: what the preferred dist-tag says where
// that will do, else the highest.
func likelyVersion(doc *npm.Packument, s specifier.Specifier) string {
	versions := matching(doc, s)
	latest := doc.DistTags["latest"]
	for i := len(versions) - 1; i >= 0; i-- {
		if versions[i] == latest {
			return latest
		}
	}
	if len(versions) == 0 {
		return ""
	}
	return versions[len(versions)-1]
}

// hasTypes reports whether a package says where its types are.
func hasTypes(m project.Node) bool {
	return m.Field("types").Str() != "" || m.Field("typings").Str() != "" || hasCondition(m.Field("exports"), "types")
}

// hasCondition reports whether exports have a condition, however deep. What was read
// is of bounded depth.
func hasCondition(exports project.Node, name string) bool {
	for _, f := range exports.Fields {
		if f.Key == name || hasCondition(f.Value, name) {
			return true
		}
	}
	for _, item := range exports.Items {
		if hasCondition(item, name) {
			return true
		}
	}
	return false
}
