// Package compat mends manifests that are known to be wrong: published
// packages that use what they do not declare. The list is the one yarn and pnpm
// share, @yarnpkg/extensions; without it lockfiles would differ from pnpm's.
package compat

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

//go:embed extensions.json
var builtin []byte

// Extensions are fields to add to manifests, by the name of the package.
type Extensions map[npm.Name][]extension

type extension struct {
	versions semver.Range
	all      bool // whatever the version
	add      Fields
}

// Fields are what an extension may add.
type Fields struct {
	Dependencies         map[string]string
	OptionalDependencies map[string]string
	PeerDependencies     map[string]string
	PeerDependenciesMeta map[string]PeerMeta
}

// PeerMeta is an entry of peerDependenciesMeta.
type PeerMeta struct {
	Optional *bool // nil where it does not say
}

// Extension is one entry of packageExtensions.
type Extension struct {
	Selector string // "name" or "name@range"
	Fields
}

// Parse reads the packageExtensions of a project; without any it returns nil.
// The error is a [*SelectorError].
func Parse(list []Extension) (Extensions, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := Extensions{}
	for _, e := range list {
		if err := out.add(e.Selector, e.Fields); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// SelectorError is an extension for versions that are no range.
type SelectorError struct{ Selector, Range string }

func (e *SelectorError) Error() string {
	return fmt.Sprintf("the selector %.200q in packageExtensions: %.200q is no range", e.Selector, e.Range)
}

// Code is pnpm's code for this error.
func (e *SelectorError) Code() string { return "ERR_PNPM_INVALID_PACKAGE_EXTENSION_SELECTOR" }

// Hint is what the user can do.
func (e *SelectorError) Hint() string { return `write "name" or "name@range"` }

// Builtin decodes the list of known faults.
func Builtin() Extensions {
	var list [][2]json.RawMessage
	if err := json.Unmarshal(builtin, &list); err != nil {
		panic("compat: extensions.json: " + err.Error())
	}
	out := Extensions{}
	for _, item := range list {
		var selector string
		var add Fields
		if err := json.Unmarshal(item[0], &selector); err != nil {
			panic("compat: extensions.json: " + err.Error())
		}
		if err := json.Unmarshal(item[1], &add); err != nil {
			panic("compat: extensions.json: " + err.Error())
		}
		if err := out.add(selector, add); err != nil {
			panic("compat: extensions.json: " + err.Error())
		}
	}
	return out
}

// add takes an extension for the packages that selector ("name", "name@range")
// stands for.
func (x Extensions) add(selector string, add Fields) error {
	name, versions := selector, ""
	if i := strings.LastIndexByte(selector, '@'); i > 0 {
		name, versions = selector[:i], selector[i+1:]
	}
	e := extension{add: add, all: versions == ""}
	if !e.all {
		r, err := semver.ParseRange(versions, semver.Options{})
		if err != nil {
			return &SelectorError{selector, versions}
		}
		e.versions = r
	}
	x[npm.Name(name)] = append(x[npm.Name(name)], e)
	return nil
}

// Apply returns m with what the extensions add; m itself is not changed. What
// a manifest says itself stays.
func (x Extensions) Apply(m *npm.Manifest) *npm.Manifest {
	for _, e := range x[m.Name] {
		v, err := semver.Parse(m.Version, semver.Options{Loose: true})
		if !e.all && (err != nil || !e.versions.Match(v)) {
			continue
		}
		extended := *m
		extended.Dependencies = merge(m.Dependencies, e.add.Dependencies)
		extended.OptionalDependencies = merge(m.OptionalDependencies, e.add.OptionalDependencies)
		extended.PeerDependencies = merge(m.PeerDependencies, e.add.PeerDependencies)
		extended.OptionalPeers = map[string]bool{}
		for name, meta := range e.add.PeerDependenciesMeta {
			extended.OptionalPeers[name] = meta.Optional != nil && *meta.Optional
		}
		for name, optional := range m.OptionalPeers {
			extended.OptionalPeers[name] = optional
		}
		m = &extended
	}
	return m
}

func merge(have npm.Deps, add map[string]string) npm.Deps {
	if len(add) == 0 {
		return have
	}
	out := append(npm.Deps(nil), have...)
	for _, name := range sortedKeys(add) {
		if _, said := have.Lookup(name); !said {
			out = append(out, npm.Dep{Alias: name, Specifier: add[name]})
		}
	}
	return out
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
