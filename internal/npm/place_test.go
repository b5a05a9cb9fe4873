package npm

import "testing"

func TestSplitPlace(t *testing.T) {
	for dir, want := range map[string][2]string{
		"":                                      {"", ""},
		"packages/a":                            {"packages/a", ""},
		"node_modules/a":                        {"", "a"},
		"node_modules/@s/a":                     {"", "@s/a"},
		"packages/a/node_modules/b":             {"packages/a", "b"},
		"node_modules/a/node_modules/@s/b":      {"node_modules/a", "@s/b"},
		"node_modules/a/packages/b":             {"node_modules/a/packages/b", ""},
		"node_modules/@s/a/b":                   {"node_modules/@s/a/b", ""},
		"my_node_modules/a":                     {"my_node_modules/a", ""},
		"packages/my_node_modules/a":            {"packages/my_node_modules/a", ""},
		"/home/me/app/node_modules/a":           {"/home/me/app", "a"},
		"node_modules/a/packages/node_modules/": {"node_modules/a/packages", ""},
	} {
		if above, alias := SplitPlace(dir); above != want[0] || alias != want[1] {
			t.Errorf("%q is %q and %q", dir, above, alias)
		}
	}
	if _, alias, found := CutModules("node_modules/a/packages/b"); alias != "a/packages/b" || !found {
		t.Errorf("%q, %v", alias, found)
	}
}
