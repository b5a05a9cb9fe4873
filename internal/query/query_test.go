package query

import (
	"context"
	"slices"
	"strings"
	"testing"

	"godwit/internal/project"
)

// smallWorld is a root that depends on a and, for development, on b, both of which
// need c; b lacks d.
func smallWorld() *World {
	node := func(name, document string) *Node {
		doc, err := project.ParseValue("test", document)
		if err != nil {
			panic(err)
		}
		return &Node{Name: name, Package: doc, Location: "node_modules/" + name, Realpath: "/p/node_modules/" + name}
	}
	root := node("app", `{"name": "app", "private": true}`)
	root.Location, root.Realpath, root.Root = "", "/p", true
	a := node("a", `{"name": "a", "version": "1.0.0", "engines": {"node": ">=18"}, "keywords": ["x", "y z"], "people": [{"mail": "q@r"}], "license": "MIT"}`)
	b := node("b", `{"name": "b", "version": "2.0.0-rc.1", "n": 3, "scripts": {"test": ""}}`)
	c := node("c", `{"name": "@s/c", "version": "1.2.3"}`)
	b.Dev = true
	edge := func(from, to *Node, name, spec, kind string) {
		e := &Edge{From: from, To: to, Name: name, Spec: spec, Type: kind}
		if from.Out = append(from.Out, e); to != nil {
			to.In = append(to.In, e)
		}
	}
	edge(root, a, "a", "^1", "prod")
	edge(root, b, "b", "next", "dev")
	edge(a, c, "c", "npm:@s/c@1", "prod")
	edge(b, c, "c", "github:s/c", "prod")
	edge(b, nil, "d", "1", "prod")
	return &World{
		Nodes: []*Node{root, a, b, c}, Root: root,
		Versions: func(_ context.Context, names []string) (map[string][]string, error) {
			return map[string][]string{"a": {"1.0.0", "1.1.0", "2.0.0"}, "c": {"1.2.3"}}, nil
		},
		Advisories: func(_ context.Context, question map[string][]string) (map[string][]Advisory, error) {
			return map[string][]Advisory{"a": {{Vulnerable: "<1.1", Severity: "high", CWE: []string{"CWE-79"}}}}, nil
		},
	}
}

func TestSelect(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"*":                                    "app a b c",
		":not(:root)":                          "a b c", // npm 11 forgets what the root is in :not
		"#c, #\\@s\\/c":                        "c",
		":root > *":                            "a b",
		":root *":                              "a b c",
		":root>.prod>*":                        "c",
		"#a ~ *":                               "b",
		".prod":                                "app a c",
		".dev":                                 "b c",
		"[license=MIT]":                        "a",
		"[license='mit' i]":                    "a",
		"[license=mit]":                        "",
		"[keywords=x]":                         "a",
		"[keywords~=z]":                        "a",
		"[n=3]":                                "b",
		"[name^='@s']":                         "c",
		":attr(engines, [node$='18'])":         "a",
		":attr(people, [mail*='@'])":           "a",
		":attr(people, :attr([mail]))":         "a",
		":attr(scripts, [test])":               "", // it is empty
		":semver(^1)":                          "a c",
		":semver(1.2.3)":                       "c",
		":semver(1.2.3, [version], lt)":        "a",
		":semver(<2, [version], gtr)":          "b",
		":semver(>=20, :attr(engines,[node]))": "a",
		":semver(>=16, :attr(engines,[node]), subset)": "a",
		":empty":                          "c",
		":deduped":                        "c",
		":missing":                        "d",
		"#a, ,":                           "a",
		":private":                        "app",
		":has(> #c)":                      "a b",
		":is(#a, #b):not(.dev)":           "a",
		":type(alias)":                    "c",
		":type(git)":                      "c",
		":type(tag)":                      "b",
		":type(registry)":                 "a b c",
		":path(node_modules/{a,b})":       "a b",
		":path(../p)":                     "app",
		":outdated":                       "a",
		":outdated(minor)":                "a",
		":outdated(patch)":                "",
		":outdated(in-range)":             "a",
		":vuln":                           "a",
		":vuln([severity=low], [cwe=79])": "a",
		":vuln([severity=low][cwe=79])":   "",
	} {
		s, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		w := smallWorld()
		found, err := w.Select(t.Context(), s, w.Root)
		var names []string
		for _, n := range found {
			names = append(names, n.Name)
		}
		want := strings.Fields(want)
		slices.Sort(names)
		slices.Sort(want)
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("%s: %v, %v, want %v", text, names, err, want)
		}
	}
}

func TestSelectRefuses(t *testing.T) {
	for _, text := range []string{":semver(a b)", ":semver()", ":semver(1, 2)", ":semver(1, [a], b)", ":attr(a)", ":attr", ":outdated(x)", ":vuln([a=b])", ":vuln(a)", ":vuln([cwe^=1])"} {
		s, err := Parse(text)
		if err == nil {
			w := smallWorld()
			_, err = w.Select(t.Context(), s, w.Root)
		}
		if err == nil {
			t.Errorf("%s was answered", text)
		}
	}
}
