package packlist

import (
	"slices"
	"strings"
	"testing"
)

// tree is PATH or PATH=TEXT.
func tree(files ...string) Tree {
	texts := map[string]string{}
	var t Tree
	for _, f := range files {
		name, text, _ := strings.Cut(f, "=")
		texts[name] = text
		t.Files = append(t.Files, name)
	}
	t.Read = func(name string) ([]byte, error) { return []byte(texts[name]), nil }
	return t
}

// The answers are those of pnpm 12.21 for a directory of file:.
func TestSelect(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  string
	}{
		{"all", []string{"package.json={}", "a.js", "lib/b.js", ".hidden", "sub/node_modules/x.js"}, ".hidden a.js lib/b.js package.json sub/node_modules/x.js"},
		{"never", []string{"package.json={}", ".npmrc", "lib/.npmrc", ".git/x", "lib/.git/x", "CVS/x", "node_modules/a/i.js", "package-lock.json", "lib/package-lock.json", "pnpm-lock.yaml", "a.orig", ".DS_Store", "._x", ".x.swp", ".gitignore", "lib/.npmignore"}, "lib/package-lock.json package.json"},
		{"gitignore", []string{"package.json={}", ".gitignore=*.log\n/lib\n# c\n", "x.log", "lib/a.js", "src/lib/a.js", "src/X.LOG"}, "package.json src/lib/a.js"},
		{"npmignore instead of gitignore", []string{"package.json={}", ".gitignore=a.js", ".npmignore=b.js", "a.js", "b.js"}, "a.js package.json"},
		{"a directory takes back", []string{"package.json={}", ".npmignore=*.js", "lib/.npmignore=!a.js", "lib/a.js", "lib/b.js", "a.js"}, "lib/a.js package.json"},
		{"not below what is excluded", []string{"package.json={}", ".npmignore=lib/", "lib/.npmignore=!a.js", "lib/a.js"}, "package.json"},
		{"files", []string{`package.json={"files": ["dist", "*.md"]}`, ".npmignore=dist", "dist/a.js", "src/a.js", "x.md", "lib/x.md"}, "dist/a.js package.json x.md"},
		{"no files", []string{`package.json={"files": []}`, "a.js", "README.md", "LICENSE", "license-mit"}, "LICENSE README.md package.json"},
		{"files, but not", []string{`package.json={"files": ["lib", "!lib/b.js"]}`, "lib/a.js", "lib/b.js"}, "lib/a.js package.json"},
		{"main and bin", []string{`package.json={"files": ["x"], "main": "./lib/m.js", "bin": {"c": "cmd.js"}}`, "lib/m.js", "lib/n.js", "cmd.js"}, "cmd.js lib/m.js package.json"},
		{"bundled", []string{
			`package.json={"bundleDependencies": ["a"]}`, "node_modules/a/package.json={\"dependencies\": {\"b\": \"1\"}}", "node_modules/a/i.js",
			"node_modules/b/package.json={}", "node_modules/c/package.json={}", "node_modules/a/node_modules/b/package.json={}",
		}, "node_modules/a/i.js node_modules/a/node_modules/b/package.json node_modules/a/package.json package.json"},
		{"bundled, but elsewhere", []string{`package.json={"bundleDependencies": ["../x", "a/../../x"]}`, "x/package.json={}"}, "package.json x/package.json"},
		{"a broken package.json", []string{"package.json={", "a.js"}, "a.js package.json"},
		{"none", []string{"a.js"}, "a.js"},
	} {
		got, err := Select(tree(c.files...))
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, %v\nwant %s", c.name, got, err, c.want)
		}
	}
}

func TestBraces(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "{a,b}": "b a", "x{a,{b,c}}y": "xcy xby xay", "{a}": "{a}", "{a,b": "{a,b", `\{a,b}`: `\{a,b}`, "{,a}": "a ",
	} {
		got := braces(in)
		words := strings.Split(want, " ")
		slices.Sort(got)
		got = slices.Compact(got) // the innermost come first, the others twice
		slices.Sort(words)
		if !slices.Equal(got, words) {
			t.Errorf("%s: %q", in, got)
		}
	}
	if n := len(braces(strings.Repeat("{a,b}", 60))); n > maxAlternatives {
		t.Errorf("%d alternatives", n)
	}
}

func FuzzSelect(f *testing.F) {
	f.Add(`{"files": ["a/**/b", "!{x,y}[a-z]"]}`, "*.js\n!a\n**/x\n", "lib/")
	f.Add(`{"main": "../x", "bin": {"a": "../../b"}, "bundleDependencies": true}`, strings.Repeat("**/", 50)+"x", "[")
	f.Fuzz(func(t *testing.T, manifest, root, nested string) {
		files := []string{"package.json=" + manifest, ".npmignore=" + root, "a/.gitignore=" + nested, "a/b/c.js", "lib/x.js", "node_modules/m/package.json=" + manifest, "x"}
		got, err := Select(tree(files...))
		if err != nil || !slices.IsSorted(got) || !slices.Contains(got, "package.json") && !strings.Contains(manifest, "package.json") {
			t.Fatalf("%q, %v", got, err)
		}
	})
}
