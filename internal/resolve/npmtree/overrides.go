package npmtree

import (
	"fmt"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/jsonscan"
	"godwit/internal/npm/semver"
)

// overrides is a rule of "overrides" in package.json, with those that hold below
// what it is about:
//
//	"a": "1"                  a is 1, wherever it is
//	"a@^2": {"b": "$b"}       below an a in ^2, b is what the project has
//	"a": {".": "1", "b": "2"} both
//
// The rule without a name is the whole field. What holds for a package is the
// rule that led to it, and with it those that are further out.
type overrides struct {
	outer *overrides
	inner []*overrides // in the order of package.json

	name    string
	key     string // "a@^2"
	keySpec string // "^2"; "*" where the key says none
	value   string

	all []*overrides // cache of ruleset
}

// maxRules bounds how deep rules are nested.
const maxRules = 100

// parseOverrides reads the field; nil is one without rules.
func parseOverrides(raw []byte) (*overrides, error) {
	s := jsonscan.New(raw)
	if len(raw) == 0 || s.Kind() != '{' {
		return nil, nil
	}
	root := &overrides{}
	if err := root.parse(raw, 0); err != nil {
		return nil, err
	}
	if len(root.inner) == 0 {
		return nil, nil
	}
	return root, nil
}

// parse reads the rules in an object.
func (o *overrides) parse(raw []byte, depth int) error {
	if depth > maxRules {
		return &OverrideError{fmt.Sprintf("overrides are nested deeper than %d levels", maxRules)}
	}
	s := jsonscan.New(raw)
	for k := range s.Members() {
		key, value := string(k), s.Value()
		if key == "." {
			if text, ok := jsonscan.String(value); ok {
				o.value = orAny(text)
			}
			continue
		}
		rule := &overrides{outer: o, key: key}
		var ok bool
		if rule.name, rule.keySpec, ok = splitKey(key); !ok {
			return &OverrideError{fmt.Sprintf("the override %q names no package", key)}
		}
		if text, isText := jsonscan.String(value); isText {
			rule.value = orAny(text)
		} else if err := rule.parse(value, depth+1); err != nil {
			return err
		}
		if rule.value == "" {
			rule.value = rule.keySpec
		}
		o.inner = append(o.inner, rule)
	}
	if err := s.End(); err != nil {
		return &OverrideError{"overrides in package.json cannot be read: " + err.Error()}
	}
	return nil
}

func orAny(spec string) string {
	if spec == "" {
		return "*"
	}
	return spec
}

// splitKey splits "@s/a@^1" into name and specifier.
func splitKey(key string) (name, spec string, ok bool) {
	name, spec = key, "*"
	if i := strings.IndexByte(key[min(1, len(key)):], '@'); i >= 0 {
		name, spec = key[:i+1], orAny(strings.TrimSpace(key[i+2:]))
	}
	_, err := npm.ParseName(name)
	return name, spec, err == nil
}

// ruleset are the rules that may hold below o: its own, itself, and those
// further out. Of one key the innermost counts.
func (o *overrides) ruleset() []*overrides {
	if o.all != nil {
		return o.all
	}
	seen := map[string]bool{}
	add := func(rule *overrides) {
		if !seen[rule.key] {
			seen[rule.key] = true
			o.all = append(o.all, rule)
		}
	}
	for at := o; at != nil; at = at.outer {
		for _, rule := range at.inner {
			add(rule)
		}
		if at.outer != nil {
			add(at)
		}
	}
	return o.all
}

// forEdge is what holds for the end of an edge: the rule about it, or o still.
func (o *overrides) forEdge(e *edge) *overrides {
	return o.about(e.name, func() *wanted { return e.from.b.want(e.name, e.raw) })
}

// about is the rule about a name for which want is asked, or o.
func (o *overrides) about(name string, want func() *wanted) *overrides {
	for _, rule := range o.ruleset() {
		if rule.name == name && (rule.keySpec == "*" || want().mayMean(rule.keySpec)) {
			return rule
		}
	}
	return o
}

// mayMean reports whether what is asked for may be in a range.
func (w *wanted) mayMean(rng string) bool {
	switch {
	case w.kind == aRange:
		r, err := semver.ParseRange(rng, semver.Options{})
		return err == nil && semver.Intersects(w.rng, r)
	case w.kind == aRepository && w.spec.Git.Range != "":
		a, err1 := semver.ParseRange(w.spec.Git.Range, semver.Options{})
		r, err2 := semver.ParseRange(rng, semver.Options{})
		return err1 == nil && err2 == nil && semver.Intersects(a, r)
	}
	return w.kind != aRepository
}

// spec is what an edge that the rule is about asks for.
func (o *overrides) spec(e *edge) string {
	root := e.from.root
	if root.source != nil {
		root = root.source.root
	}
	asked, ok := o.asked(e.raw, root.pkg.manifest, e.from.pkg.manifest)
	if !ok {
		e.from.b.fail(&OverrideError{fmt.Sprintf("the override %q refers to %s, which the project does not depend on", o.key, o.value)})
	}
	return asked
}

// asked is what stands for raw where the rule is about it; "$name" is what the first
// of manifests that has it asks for. ok is false where none has.
func (o *overrides) asked(raw string, manifests ...*npm.Manifest) (spec string, ok bool) {
	ref, isRef := strings.CutPrefix(o.value, "$")
	switch {
	case o.value == "" || o.value == "*":
		return raw, true
	case !isRef:
		return o.value, true
	}
	for _, m := range manifests {
		for _, deps := range []npm.Deps{m.DevDependencies, m.OptionalDependencies, m.Dependencies, m.PeerDependencies} {
			if spec, _ := deps.Lookup(ref); spec != "" {
				return spec, true
			}
		}
	}
	return raw, false
}

func (o *overrides) equal(other *overrides) bool {
	switch {
	case o == other:
		return true
	case o == nil || other == nil || o.key != other.key || o.value != other.value || !o.sameInside(other):
		return false
	}
	return o.outer.equal(other.outer)
}

func (o *overrides) sameInside(other *overrides) bool {
	if len(o.inner) != len(other.inner) {
		return false
	}
	for _, rule := range o.inner {
		match := other.named(rule.key)
		if match == nil || match.value != rule.value || !rule.sameInside(match) {
			return false
		}
	}
	return true
}

func (o *overrides) named(key string) *overrides {
	for _, rule := range o.inner {
		if rule.key == key {
			return rule
		}
	}
	return nil
}

// moreSpecific is of two rules the one that the other is further out of, else
// what both are in. ok is false if they contradict each other.
func moreSpecific(a, b *overrides) (rule *overrides, ok bool) {
	for at := b; at != nil; at = at.outer {
		if at.equal(a) {
			return b, true
		}
	}
	for at := a; at != nil; at = at.outer {
		if at.equal(b) {
			return a, true
		}
	}
	if a.contradicts(b) {
		return nil, false
	}
	for at := b; at != nil; at = at.outer {
		for other := a; other != nil; other = other.outer {
			if other.equal(at) {
				return other, true
			}
		}
	}
	return nil, true
}

func (o *overrides) conflict(other *overrides) bool {
	_, ok := moreSpecific(o, other)
	return !ok
}

// contradicts reports whether two sets of rules want versions of one package
// that no version can be.
func (o *overrides) contradicts(other *overrides) bool {
	theirs := map[string]*overrides{}
	for _, rule := range other.ruleset() {
		theirs[rule.key] = rule
	}
	for _, rule := range o.ruleset() {
		match := theirs[rule.key]
		if match == nil || rule.equal(match) {
			continue
		}
		a, err1 := semver.ParseRange(rule.value, semver.Options{Loose: true})
		b, err2 := semver.ParseRange(match.value, semver.Options{Loose: true})
		if err1 == nil && err2 == nil && !semver.Intersects(a, b) {
			return true
		}
	}
	return false
}

// gainedRules is told of the rules of an edge that leads to n now.
func (n *node) gainedRules(rules *overrides) {
	switch {
	case rules == nil || n.rules != nil && n.rules.equal(rules):
		return
	case n.rules == nil:
		n.rules = rules
	default:
		now, _ := moreSpecific(n.rules, rules)
		if now == nil || n.rules.equal(now) {
			return
		}
		n.rules = now
	}
	n.passRules()
}

// lostRules is told of the rules of an edge that led to n.
func (n *node) lostRules(rules *overrides) {
	if n.rules == nil || !n.rules.equal(rules) {
		return
	}
	var now *overrides
	for _, e := range n.in {
		if now != nil && e.rules != nil {
			now, _ = moreSpecific(e.rules, now)
		} else {
			now = e.rules
		}
	}
	if n.rules.equal(now) {
		return
	}
	if n.rules = now; now != nil {
		n.passRules()
	}
}

// passRules hands rules down. A link hands them to the project that it leads to,
// where something depends on what they are about.
func (n *node) passRules() {
	if n.isLink {
		if n.target != nil && n.rules.concern(n.target) {
			n.target.gainedRules(n.rules)
		}
		return
	}
	for _, e := range n.out.list {
		e.reload(true)
		if e.to != nil {
			e.to.gainedRules(e.rules)
		}
	}
}

// concern reports whether a rule is about anything that top needs.
func (o *overrides) concern(top *node) bool {
	seen := map[*node]bool{}
	for stack := []*node{top}; len(stack) > 0; {
		n := stack[len(stack)-1].files()
		stack = stack[:len(stack)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		for _, e := range n.out.list {
			if rule := o.forEdge(e); rule.name == e.name {
				return true
			}
			if e.to != nil {
				stack = append(stack, e.to)
			}
		}
	}
	return false
}

// checkRootRules refuses rules that change what the project itself asks for.
func (b *builder) checkRootRules() error {
	if b.root.rules == nil {
		return nil
	}
	for _, e := range b.root.out.list {
		if spec := e.spec(); spec != e.raw && !strings.HasPrefix(spec, "$") {
			return &OverrideError{fmt.Sprintf("the override for %s@%s conflicts with the dependency of the project itself", e.name, e.raw)}
		}
	}
	return nil
}

// OverrideError is a rule of "overrides" in package.json that cannot be obeyed.
type OverrideError struct{ problem string }

func (e *OverrideError) Error() string { return e.problem }

// Code is npm's code for this error.
func (e *OverrideError) Code() string { return "EOVERRIDE" }

// Hint is what the user can do.
func (e *OverrideError) Hint() string {
	return `change "overrides" in package.json; "$name" stands for what the project itself asks for`
}
