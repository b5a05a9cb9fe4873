package yarnlock

import (
	"fmt"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
)

// rule is one line of "resolutions": what a dependency leads to, whatever was
// asked for.
type rule struct {
	dependent, version string // who depends on it; "" is anybody
	alias, specifier   string // what is asked for; the specifier "" is anything
	to                 string
}

// parseResolutions reads the keys that yarn knows:
//
//	a              a@npm:^1          **/a
//	parent/a       parent@1.0.0/a    @s/parent/@s/a
//
// Classic takes any number of dependents; the last one counts here.
func parseResolutions(resolutions npm.Deps) ([]rule, error) {
	var out []rule
	for _, d := range resolutions {
		var parts []string
		for part := range strings.SplitSeq(d.Alias, "/") {
			if n := len(parts); n > 0 && strings.HasPrefix(parts[n-1], "@") && !strings.Contains(parts[n-1], "/") {
				parts[n-1] += "/" + part
			} else if part != "**" {
				parts = append(parts, part)
			}
		}
		if len(parts) == 0 {
			return nil, fmt.Errorf("the key %q of resolutions in package.json names no package", d.Alias)
		}
		r := rule{to: d.Specifier}
		r.alias, r.specifier, _ = splitDescriptor(parts[len(parts)-1])
		if len(parts) > 1 {
			r.dependent, r.version, _ = splitDescriptor(parts[len(parts)-2])
			r.version = strings.TrimPrefix(r.version, "npm:")
		}
		if _, err := npm.ParseName(r.alias); err != nil {
			return nil, fmt.Errorf("the key %q of resolutions in package.json: %w", d.Alias, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// resolved is what the rules make of a specifier.
func resolved(rules []rule, d npm.Dep, at from) (to string, ok bool) {
	if r := ruleFor(rules, d, at); r != nil {
		return r.to, true
	}
	return "", false
}

// overruled reports whether a rule wants another version than an entry has, which was
// found for the specifier that the rule is about.
func overruled(r *rule, e *Entry) bool {
	if r == nil {
		return false
	}
	rng, err1 := semver.ParseRange(r.to, semver.Options{Loose: true})
	v, err2 := semver.Parse(e.Version, semver.Options{Loose: true})
	return err1 == nil && err2 == nil && !rng.Match(v)
}

// ruleFor is the rule about a dependency, or nil. The first that fits counts.
func ruleFor(rules []rule, d npm.Dep, at from) *rule {
	for i := range rules {
		r := &rules[i]
		if r.alias != d.Alias || r.specifier != "" && withProtocol(r.specifier) != withProtocol(d.Specifier) ||
			r.dependent != "" && (r.dependent != string(at.name) || r.version != "" && r.version != at.version) {
			continue
		}
		return r
	}
	return nil
}
