package npmtree

import "godwit/internal/npm"

// Rules are what "overrides" in package.json says about the dependencies of one
// package, for those who look at a tree that is there.
type Rules struct{ hold *overrides }

// ParseRules reads the field; nil is one without rules.
func ParseRules(raw []byte) (*Rules, error) {
	o, err := parseOverrides(raw)
	if o == nil || err != nil {
		return nil, err
	}
	return &Rules{o}, nil
}

// Edge is what holds for what a dependency leads to, and what the dependency asks for
// by the rules. applied says that a rule chose that which did not hold for from
// already.
func (r *Rules) Edge(alias, raw string, root, from *npm.Manifest) (below *Rules, asked string, applied bool) {
	rule := r.hold.about(alias, func() *wanted { return parseWanted(alias, raw) })
	asked = raw
	if rule.name == alias {
		asked, _ = rule.asked(raw, root, from)
	}
	return &Rules{rule}, asked, rule.name == alias && rule.value != "" && !rule.equal(r.hold)
}

// With is what holds where other does, too.
func (r *Rules) With(other *Rules) *Rules {
	if both, ok := moreSpecific(r.hold, other.hold); ok && both != nil && !both.equal(r.hold) {
		return &Rules{both}
	}
	return r
}
