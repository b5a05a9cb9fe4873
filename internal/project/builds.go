package project

import (
	"slices"
	"strconv"
	"strings"
)

// SetBuilds puts rules into allowBuilds of a pnpm-workspace.yaml, as SetYAML does.
func SetBuilds(file string, raw []byte, rules []BuildRule) ([]byte, error) {
	rules = slices.SortedFunc(slices.Values(rules), func(a, b BuildRule) int { return strings.Compare(a.Selector, b.Selector) })
	var err error
	for _, r := range rules {
		if raw, err = SetYAML(file, raw, []string{"allowBuilds", r.Selector}, Node{Kind: Bool, Text: strconv.FormatBool(r.Allow)}); err != nil {
			return nil, err
		}
	}
	return raw, nil
}
