package project

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRewrite(t *testing.T) {
	add := func(group, alias, spec string) Edit { return Edit{group, alias, spec} }
	tests := []struct {
		name, in string
		edits    []Edit
		order    Order
		want     string
	}{
		{"the same specifier changes no byte", "{ \"dependencies\" :\n{\"a\"  : \"1\"} }",
			[]Edit{add("dependencies", "a", "1"), add("devDependencies", "x", "")}, Locale,
			"{ \"dependencies\" :\n{\"a\"  : \"1\"} }"},
		{"sorted insertion, tabs, CRLF, no final newline", "{\r\n\t\"name\": \"x\",\r\n\t\"dependencies\": {\r\n\t\t\"a\": \"1\",\r\n\t\t\"c\": \"1\"\r\n\t}\r\n}",
			[]Edit{add("dependencies", "b", "^2")}, Locale,
			"{\r\n\t\"name\": \"x\",\r\n\t\"dependencies\": {\r\n\t\t\"a\": \"1\",\r\n\t\t\"b\": \"^2\",\r\n\t\t\"c\": \"1\"\r\n\t}\r\n}"},
		{"an unsorted map is sorted", "{\n    \"dependencies\": {\n        \"z\": \"1\",\n        \"a\": \"1\"\n    }\n}\n",
			[]Edit{add("dependencies", "b", "2")}, Locale,
			"{\n    \"dependencies\": {\n        \"a\": \"1\",\n        \"b\": \"2\",\n        \"z\": \"1\"\n    }\n}\n"},
		{"npm's order", "{\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}\n",
			[]Edit{add("dependencies", "B", "1"), add("dependencies", "@s/x", "1")}, Locale,
			"{\n  \"dependencies\": {\n    \"@s/x\": \"1\",\n    \"a\": \"1\",\n    \"B\": \"1\"\n  }\n}\n"},
		{"pnpm's order", "{\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}\n",
			[]Edit{add("dependencies", "B", "1")}, Code,
			"{\n  \"dependencies\": {\n    \"B\": \"1\",\n    \"a\": \"1\"\n  }\n}\n"},
		{"with pnpm the other maps are sorted, too", "{\n  \"devDependencies\": {\n    \"z\": \"1\",\n    \"y\": \"1\"\n  },\n  \"peerDependencies\": {\"b\": \"1\", \"c\": \"1\"},\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}\n",
			[]Edit{add("dependencies", "a", "2")}, Code,
			"{\n  \"devDependencies\": {\n    \"y\": \"1\",\n    \"z\": \"1\"\n  },\n  \"peerDependencies\": {\"b\": \"1\", \"c\": \"1\"},\n  \"dependencies\": {\n    \"a\": \"2\"\n  }\n}\n"},
		{"unless nothing changes", "{\n  \"devDependencies\": {\n    \"z\": \"1\",\n    \"y\": \"1\"\n  }\n}\n",
			[]Edit{add("devDependencies", "y", "1")}, Code, "{\n  \"devDependencies\": {\n    \"z\": \"1\",\n    \"y\": \"1\"\n  }\n}\n"},
		{"and not with bun", "{\n  \"devDependencies\": {\n    \"z\": \"1\",\n    \"y\": \"1\"\n  }\n}\n",
			[]Edit{add("dependencies", "a", "1")}, Changed, "{\n  \"devDependencies\": {\n    \"z\": \"1\",\n    \"y\": \"1\"\n  },\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}\n"},
		{"a map that becomes empty goes, wherever it is", "{\n  \"dependencies\": {\"a\": \"1\"},\n  \"name\": \"x\",\n  \"devDependencies\": {\"b\": \"1\"}\n}\n",
			[]Edit{add("dependencies", "a", ""), add("devDependencies", "b", "")}, Locale,
			"{\n  \"name\": \"x\"\n}\n"},
		{"the only member goes", "{\n  \"dependencies\": {\"a\": \"1\"}\n}\n", []Edit{add("dependencies", "a", "")}, Locale, "{}\n"},
		{"a move", "{\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}\n",
			[]Edit{add("dependencies", "a", ""), add("devDependencies", "a", "1")}, Locale,
			"{\n  \"devDependencies\": {\n    \"a\": \"1\"\n  }\n}\n"},
		{"a new map is the last member", "{\n  \"name\": \"x\",\n  \"odd\": [1,2]\n}",
			[]Edit{add("dependencies", "a", "1")}, Locale,
			"{\n  \"name\": \"x\",\n  \"odd\": [1,2],\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}"},
		{"compact stays compact", `{"name":"x"}`, []Edit{add("dependencies", "a", "1")}, Locale, `{"name":"x","dependencies":{"a":"1"}}`},
		{"empty", "{}\n", []Edit{add("dependencies", "a", "1")}, Locale, "{\"dependencies\":{\"a\":\"1\"}}\n"},
		{"empty over lines", "{\n}\n", []Edit{add("dependencies", "a", "1")}, Locale, "{\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}\n"},
		{"null", "{\n  \"dependencies\": null\n}", []Edit{add("dependencies", "a", "1")}, Locale, "{\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}"},
		{"a repeated map: the last counts", `{"dependencies":{"a":"1"},"dependencies":{"b":"1","b":"2"}}`,
			[]Edit{add("dependencies", "c", "1")}, Locale, `{"dependencies":{"a":"1"},"dependencies":{"b":"2","c":"1"}}`},
		{"BOM", "\ufeff{\n  \"dependencies\": {}\n}", []Edit{add("dependencies", "a", "1")}, Locale,
			"\ufeff{\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}"},
		{"escapes of others stay", "{\n  \"dependencies\": {\n    \"\\u0061\": \"\\u0031\"\n  }\n}", []Edit{add("dependencies", "b", "<1")}, Locale,
			"{\n  \"dependencies\": {\n    \"\\u0061\": \"\\u0031\",\n    \"b\": \"<1\"\n  }\n}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Rewrite([]byte(tt.in), tt.edits, tt.order)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, bad := range []string{"", "[]", "{", `{"dependencies":3}`} {
		if _, err := Rewrite([]byte(bad), []Edit{add("dependencies", "a", "1")}, Locale); err == nil {
			t.Errorf("Rewrite(%q) succeeded", bad)
		}
	}
}

// TestOrderIsLocaleCompare compares with the node that is installed.
func TestOrderIsLocaleCompare(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	random := rand.New(rand.NewPCG(1, 2))
	const letters = "abcxyzABCXYZ0129-_.~!'()*@/"
	names := make([]string, 0, 3000)
	for range cap(names) {
		b := make([]byte, 1+random.IntN(6))
		for i := range b {
			b[i] = letters[random.IntN(len(letters))]
		}
		names = append(names, string(b))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	in, _ := json.Marshal(names)
	cmd := exec.Command(node, "-e", `console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(0)).sort((a,b)=>a.localeCompare(b,"en"))))`)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(names, Locale.Compare)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// FuzzRewrite checks against encoding/json that exactly the edit happened.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{"{}", "{\n \"dependencies\": {\"a\":\"1\"}, \"x\": 1}", "{\r\n\t\"dependencies\": null}", "\ufeff{\n}", `{"dependencies":{"b":"1"},"dependencies":{}}`} {
		f.Add([]byte(seed), "b", "^1", true)
		f.Add([]byte(seed), "a", "", false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, alias, spec string, dev bool) {
		group := "dependencies"
		if dev {
			group = "devDependencies"
		}
		if _, err := Parse("package.json", raw); err != nil || alias != strings.ToValidUTF8(alias, "") || spec != strings.ToValidUTF8(spec, "") {
			return
		}
		got, err := Rewrite(raw, []Edit{{group, alias, spec}}, Locale)
		if err != nil {
			t.Fatal(err)
		}
		var before, after map[string]any
		if json.Unmarshal(bytes.TrimPrefix(raw, []byte(bom)), &before) != nil {
			return // encoding/json refuses what JSON.parse reads
		}
		if err := json.Unmarshal(bytes.TrimPrefix(got, []byte(bom)), &after); err != nil {
			t.Fatalf("%v in %q", err, got)
		}
		deps, _ := after[group].(map[string]any)
		if value, ok := deps[alias]; ok != (spec != "") || ok && value != spec {
			t.Fatalf("%q: %q is %v, want %q", got, alias, value, spec)
		}
		again, err := Rewrite(got, []Edit{{group, alias, spec}}, Locale)
		if err != nil || !bytes.Equal(got, again) {
			t.Fatalf("the second edit changed %q to %q (%v)", got, again, err)
		}
		for key, value := range before {
			if !strings.EqualFold(key, group) && !cmp.Equal(value, after[key]) {
				t.Fatalf("%q changed", key)
			}
		}
	})
}

func TestRewriteKeepsEcosystemManifests(t *testing.T) {
	files, err := os.ReadDir("../../../shared/ecosystem")
	if err != nil {
		t.Skip("shared fixtures are absent")
	}
	checked := 0
	for _, dir := range files {
		raw, err := os.ReadFile("../../../shared/ecosystem/" + dir.Name() + "/package.json")
		if err != nil {
			continue
		}
		checked++
		if _, err := Parse(dir.Name(), raw); err != nil {
			t.Error(err)
		}
		added, err := Rewrite(raw, []Edit{{"devDependencies", "zzz-new", "1"}}, Locale)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Rewrite(added, []Edit{{"devDependencies", "zzz-new", ""}}, Locale)
		if err != nil || !bytes.Equal(back, raw) {
			t.Errorf("%s: adding and removing did not give the same bytes (%v)", dir.Name(), err)
		}
	}
	if checked == 0 {
		t.Skip("shared fixtures have no package.json here")
	}
}
