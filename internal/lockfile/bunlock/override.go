package bunlock

import (
	"cmp"
	"slices"
	"strings"

	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
)

// Override is what the package.json at the root puts in place of what is asked for:
// of all who depend on a name, or of those only that have a certain name or version,
// or that ask for a certain range.
type Override struct {
	Parent    Selector // who depends on it; the empty name is anybody
	Target    Selector
	Specifier string
}

// Selector is a name with a range, which may be empty.
type Selector struct{ Name, Range string }

func (s Selector) text() string {
	if s.Range == "" {
		return s.Name
	}
	return s.Name + "@" + s.Range
}

// scoped reports whether it is not about everybody who depends on the name.
func (o *Override) scoped() bool { return o.Parent.Name != "" || o.Target.Range != "" }

// overridesOf reads "overrides" of npm's form, which may be one level deep, or else
// "resolutions", in yarn's form or pnpm's (override_selector.rs and OverrideMap.rs of
// bun). What is deeper, or no selector, is left out, as by bun.
func overridesOf(doc nicejson.Value) []Override {
	v, ok := doc.Lookup("overrides")
	if !ok {
		v, _ = doc.Lookup("resolutions")
	}
	r := overrideReader{doc: doc}
	for _, f := range v.Fields {
		switch {
		case strings.HasPrefix(f.Name, "//"):
		case f.Value.Kind == '"':
			if parent, target, ok := selectors(f.Name); ok {
				r.add(parent, target, f.Value)
			}
		case f.Value.Kind == '{' && ok:
			r.nested(f)
		}
	}
	return inOrder(r.rules)
}

type overrideReader struct {
	doc   nicejson.Value
	rules []Override
}

// nested reads what is about the dependencies of one package, and of itself.
func (r *overrideReader) nested(f nicejson.Field) {
	parent, ok := selector(f.Name)
	if !ok {
		return
	}
	for _, child := range f.Value.Fields {
		if child.Name == "." {
			r.add(Selector{}, parent, child.Value)
			continue
		}
		above, target, ok := selectors(child.Name)
		if ok && above.Name == "" && !strings.HasPrefix(child.Name, "//") {
			r.add(parent, target, child.Value)
		}
	}
}

// add adds a rule; the last one of those about the same counts.
func (r *overrideReader) add(parent, target Selector, value nicejson.Value) {
	spec := value.Text
	if ref, is := strings.CutPrefix(spec, "$"); is {
		spec = direct(r.doc, ref)
	}
	if value.Kind != '"' || spec == "" || spec == "-" || strings.HasPrefix(spec, "patch:") {
		return
	}
	r.rules = slices.DeleteFunc(r.rules, func(o Override) bool { return o.Parent == parent && o.Target == target })
	r.rules = append(r.rules, Override{parent, target, spec})
}

// selectors reads "a", "a@^1", "a>b", "a/b" and "**/a/**/b", with ranges anywhere.
func selectors(key string) (parent, target Selector, ok bool) {
	for i := 1; i < len(key); i++ {
		if key[i] == '>' && !strings.ContainsRune(" |@", rune(key[i-1])) {
			parent, first := selector(strings.TrimSpace(key[:i]))
			target, second := selector(strings.TrimSpace(key[i+1:]))
			return parent, target, first && second
		}
	}
	var parts []string
	for _, part := range splitPath(key) {
		if part != "**" {
			parts = append(parts, part)
		}
	}
	switch len(parts) {
	case 1:
		target, ok = selector(parts[0])
	case 2:
		parent, ok = selector(parts[0])
		if ok {
			target, ok = selector(parts[1])
		}
	}
	return parent, target, ok
}

// selector reads a name with a range, or without.
func selector(text string) (s Selector, ok bool) {
	s.Name = text
	if i := strings.IndexByte(text[min(1, len(text)):], '@') + 1; i > 0 {
		s.Name, s.Range = text[:i], strings.TrimPrefix(text[i+1:], "npm:")
		if s.Range == "" || !isRange(s.Range) {
			return s, false
		}
	}
	_, err := npm.ParseName(s.Name)
	return s, err == nil
}

func isRange(text string) bool {
	_, err := semver.ParseRange(text, semver.Options{Loose: true})
	return err == nil
}

// recorded reads the overrides of a lockfile.
func recorded(v nicejson.Value) []Override {
	var out []Override
	for _, f := range v.Fields {
		parent, ok := selector(f.Name)
		switch {
		case !ok:
		case f.Value.Kind == '"':
			out = append(out, Override{Target: parent, Specifier: f.Value.Text})
		default:
			for _, child := range f.Value.Fields {
				if child.Name == "." {
					out = append(out, Override{Target: parent, Specifier: child.Value.Text})
				} else if target, ok := selector(child.Name); ok {
					out = append(out, Override{parent, target, child.Value.Text})
				}
			}
		}
	}
	return inOrder(out)
}

// inOrder sorts rules as bun writes them: by what they stand under, then what is about
// that itself before what is about its dependencies.
func inOrder(rules []Override) []Override {
	slices.SortStableFunc(rules, func(x, y Override) int {
		a, b := x.under(), y.under()
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Range, b.Range), strings.Compare(x.Parent.Name, y.Parent.Name),
			strings.Compare(x.Target.Name, y.Target.Name), strings.Compare(x.Target.Range, y.Target.Range))
	})
	return rules
}

// under is the key at the top of what is written of a rule.
func (o *Override) under() Selector {
	if o.Parent.Name != "" {
		return o.Parent
	}
	return o.Target
}

// overridesValue is what is written of rules in order.
func overridesValue(rules []Override) nicejson.Value {
	out := nicejson.Object()
	for len(rules) > 0 {
		at := rules[0].under()
		n := slices.IndexFunc(rules, func(o Override) bool { return o.under() != at })
		if n < 0 {
			n = len(rules)
		}
		if n == 1 && !rules[0].scoped() {
			out.Set(at.text(), nicejson.String(rules[0].Specifier))
			rules = rules[1:]
			continue
		}
		below := nicejson.Object()
		for _, o := range rules[:n] {
			key := "."
			if o.Parent.Name != "" {
				key = o.Target.text()
			}
			below.Set(key, nicejson.String(o.Specifier))
		}
		out.Set(at.text(), below)
		rules = rules[n:]
	}
	return out
}

// overridden is what an edge asks for in the end, if a rule is about it. One about a
// parent goes before one that is not, of those one with a range of it, and one with a
// range of what is asked for before one without (OverrideMap::get).
func (s *Settings) overridden(by *item, e *edge) (string, bool) {
	best := -1
	var found *Override
	for i := range s.Overrides {
		o := &s.Overrides[i]
		if o.Target.Name != e.alias {
			continue
		}
		if rank, ok := o.rank(by, e); ok && rank > best {
			best, found = rank, o
		}
	}
	if found == nil {
		return "", false
	}
	return found.Specifier, true
}

func (o *Override) rank(by *item, e *edge) (rank int, ok bool) {
	loose := semver.Options{Loose: true}
	if o.Parent.Name != "" {
		if string(by.name) != o.Parent.Name {
			return 0, false
		}
		rank = 2
		if o.Parent.Range != "" {
			r, err := semver.ParseRange(o.Parent.Range, loose)
			if err != nil || by.ref == "root:" || by.parsed == nil || !r.Match(*by.parsed) { // bun knows no version of the root
				return 0, false
			}
			rank = 4
		}
	}
	if o.Target.Range != "" {
		r, err := semver.ParseRange(o.Target.Range, loose)
		asked, wrong := wantOf(e.alias, e.spec)
		if err != nil || wrong != nil || asked.kind != specifier.Range || !semver.Intersects(r, asked.rng) {
			return 0, false
		}
		rank++
	}
	return rank, true
}

// Overridden reports whether some rule is about a name.
func (r *Record) Overridden(name string) bool {
	return slices.ContainsFunc(r.Overrides, func(o Override) bool { return o.Target.Name == name })
}
