package yarnlock

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm"
)

// keys are the keys of an entry. Berry's is one, of all descriptors.
func keys(d syml.Dialect, descriptors []string) []string {
	list := slices.Clone(descriptors)
	slices.Sort(list)
	if d == syml.Classic {
		return list
	}
	return []string{strings.Join(list, ", ")}
}

// splitDescriptor splits "@s/a@npm:^1" at the "@" before the range.
func splitDescriptor(d string) (alias, rng string, ok bool) {
	if d == "" {
		return "", "", false
	}
	i := strings.IndexByte(d[1:], '@')
	if i < 0 {
		return d, "", false
	}
	return d[:i+1], d[i+2:], true
}

// entry reads one entry.
func (r *Record) entry(f *syml.Field) (*Entry, error) {
	if !f.Map {
		return nil, errors.New("it has no fields")
	}
	e := &Entry{Version: f.Of("version"), field: *f}
	e.field.Keys = nil
	e.Descriptors = f.Keys
	if r.Dialect == syml.Berry {
		e.Descriptors = nil
		for part := range strings.SplitSeq(f.Keys[0], ",") {
			e.Descriptors = append(e.Descriptors, strings.Trim(part, " "))
		}
	}
	for _, d := range e.Descriptors {
		alias, _, _ := splitDescriptor(d)
		if _, err := npm.ParseName(alias); err != nil {
			return nil, err
		}
	}
	if e.Version == "" {
		return nil, errors.New("it has no version")
	}
	for _, list := range []struct {
		key string
		to  *npm.Deps
	}{{"dependencies", &e.Dependencies}, {"optionalDependencies", &e.OptionalDependencies}, {"peerDependencies", &e.PeerDependencies}} {
		var err error
		if *list.to, err = deps(f.Lookup(list.key)); err != nil {
			return nil, err
		}
	}
	if r.Dialect == syml.Classic {
		return e, e.classic(f)
	}
	return e, e.berry(f)
}

// deps reads a map of dependencies.
func deps(f *syml.Field) (npm.Deps, error) {
	if f == nil {
		return nil, nil
	}
	out := make(npm.Deps, 0, len(f.Fields))
	for _, d := range f.Fields {
		if d.Map || len(d.Keys) != 1 {
			return nil, fmt.Errorf("%s has more below it than ranges", f.Keys[0])
		}
		if _, err := npm.ParseName(d.Keys[0]); err != nil {
			return nil, err
		}
		out = append(out, npm.Dep{Alias: d.Keys[0], Specifier: d.Text})
	}
	return out, nil
}

// classic reads what only the classic format has.
func (e *Entry) classic(f *syml.Field) error {
	e.Resolution, e.Integrity = f.Of("resolved"), f.Of("integrity")
	e.HasBin = true // it does not tell
	// Of the descriptors one that is no alias tells the name.
	var name string
	for _, d := range e.Descriptors {
		alias, rng, _ := splitDescriptor(d)
		rest, aliased := strings.CutPrefix(rng, "npm:")
		if !aliased {
			name = alias
			break
		}
		name, _, _ = splitDescriptor(rest)
	}
	var err error
	e.Name, err = npm.ParseName(name)
	return err
}

// berry reads what only berry has. What is optional it has among the
// dependencies, and says so beside them.
func (e *Entry) berry(f *syml.Field) error {
	e.Resolution = f.Of("resolution")
	name, ref, ok := splitDescriptor(e.Resolution)
	if !ok || ref == "" {
		return fmt.Errorf("its resolution is %q, which is none", e.Resolution)
	}
	var err error
	if e.Name, err = npm.ParseName(name); err != nil {
		return err
	}
	e.HasBin = f.Lookup("bin") != nil
	if meta := f.Lookup("dependenciesMeta"); meta != nil {
		var kept npm.Deps
		for _, d := range e.Dependencies {
			if m := meta.Lookup(d.Alias); m != nil && m.Of("optional") == "true" {
				e.OptionalDependencies = append(e.OptionalDependencies, d)
			} else {
				kept = append(kept, d)
			}
		}
		e.Dependencies = kept
	}
	if meta := f.Lookup("peerDependenciesMeta"); meta != nil {
		e.OptionalPeers = map[string]bool{}
		for _, m := range meta.Fields {
			if len(m.Keys) == 1 && m.Of("optional") == "true" {
				e.OptionalPeers[m.Keys[0]] = true
			}
		}
	}
	e.OS, e.CPU, e.Libc, err = parseConditions(f.Of("conditions"))
	return err
}

// parseConditions reads "os=linux & (cpu=x64 | cpu=arm64) & !libc=musl".
func parseConditions(text string) (os, cpu, libc []string, err error) {
	if text == "" {
		return nil, nil, nil, nil
	}
	for part := range strings.SplitSeq(text, " & ") {
		inside := strings.TrimSuffix(strings.TrimPrefix(part, "("), ")")
		for one := range strings.SplitSeq(inside, " | ") {
			name, value, ok := strings.Cut(strings.TrimPrefix(one, "!"), "=")
			if strings.HasPrefix(one, "!") {
				value = "!" + value
			}
			switch {
			case ok && name == "os":
				os = append(os, value)
			case ok && name == "cpu":
				cpu = append(cpu, value)
			case ok && name == "libc":
				libc = append(libc, value)
			default:
				return nil, nil, nil, fmt.Errorf("its condition %q is none that is known", one)
			}
		}
	}
	return os, cpu, libc, nil
}
