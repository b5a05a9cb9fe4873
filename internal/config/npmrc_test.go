package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// npmModules is the node_modules of the npm that is installed, for comparing
// with its own parsers.
func npmModules(t *testing.T) string {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed")
	}
	npm, err = filepath.EvalSymlinks(npm) // <prefix>/lib/node_modules/npm/bin/npm-cli.js
	if err != nil {
		t.Skip("npm is not installed")
	}
	dir := filepath.Join(filepath.Dir(filepath.Dir(npm)), "node_modules")
	if !isFile(filepath.Join(dir, "ini", "package.json")) {
		t.Skip("npm has no ini module where it is expected")
	}
	return dir
}

// node runs a script with input as its JSON, and decodes what it prints.
func node(t *testing.T, script string, input, output any) {
	t.Helper()
	in, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "-e", `const input=JSON.parse(require("fs").readFileSync(0));`+script)
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, output); err != nil {
		t.Fatal(err)
	}
}

// generate makes texts of random pieces.
func generate(seed uint64, count, length int, pieces []string) []string {
	random := rand.New(rand.NewPCG(seed, 7))
	out := make([]string, count)
	for i := range out {
		var b strings.Builder
		for range 1 + random.IntN(length) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		out[i] = b.String()
	}
	return out
}

// TestNpmrcIsReadAsIniReadsIt compares with the ini module of the npm that is
// installed. Sections have names that no key has, since ini merges them.
func TestNpmrcIsReadAsIniReadsIt(t *testing.T) {
	modules := npmModules(t)
	pieces := []string{"a", "b", "registry", "=", "=", " = ", "\n", "\n", "\r\n", "\r", " ", "\t", ";", "#", "\\", "\\;", "\\#", `"`, "'", `"x y"`, `'"q"'`, `"\n"`,
		"[]", "[S]", "[", "]", "true", "false", "null", "12", `"12"`, `='[1,"x",true]'`, "@s:registry", "//h/p/:_authToken", "\u00a0", "\ufeff", "\u2028", "\u0085", "é", "${A}", "a[]=", "b[]=1\n", "a=1\n", "\n; c\n"}
	texts := generate(1, 8_000, 14, pieces)
	var want []map[string]any
	node(t, fmt.Sprintf(`const ini=require(%q);
const text=v=>Array.isArray(v)?v.map(x=>Array.isArray(x)?JSON.stringify(x):String(x)):typeof v==="object"&&v!==null?undefined:String(v);
console.log(JSON.stringify(input.map(s=>{try{return Object.fromEntries(Object.entries(ini.parse(s)).filter(([k])=>k!=="").map(([k,v])=>[k,text(v)]))}catch(e){return null}})))`,
		filepath.Join(modules, "ini")), texts, &want)
	compared := 0
	for i, text := range texts {
		if want[i] == nil {
			continue // ini throws
		}
		got := map[string]any{}
		for _, e := range parseNpmrc(text) {
			if !e.list {
				got[e.key] = e.texts[0]
				continue
			}
			items := []any{}
			for _, item := range e.texts {
				items = append(items, item)
			}
			got[e.key] = items
		}
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("%q: %s", text, diff)
			if compared > 0 && t.Failed() {
				return
			}
		}
		compared++
	}
	if compared < 6_000 {
		t.Errorf("only %d files were compared", compared)
	}
}

func TestNpmrcLines(t *testing.T) {
	got := parseNpmrc("a=1\r\n\r\n; x\rb=2\n\n[s]\nc=3")
	if len(got) != 2 || got[0].line != 1 || got[1].line != 4 {
		t.Errorf("got %+v", got)
	}
}

// TestVariablesAreExpandedAsNpmExpandsThem compares with @npmcli/config.
func TestVariablesAreExpandedAsNpmExpandsThem(t *testing.T) {
	modules := npmModules(t)
	texts := generate(2, 8_000, 9, []string{"$", "{", "}", "${A}", "${B?}", "${NO}", "${NO?}", "\\", "\\\\", "?", "x", "A", "${EMPTY}", "${A B}", " ", "${${A}}", "}"})
	var want []string
	node(t, fmt.Sprintf(`const f=require(%q);console.log(JSON.stringify(input.map(s=>f(s,{A:"1",B:"2",EMPTY:"","A B":"3","A${A}":"4"}))))`,
		filepath.Join(modules, "@npmcli", "config", "lib", "env-replace.js")), texts, &want)
	env := newEnviron(Host{Env: []string{"A=1", "B=2", "EMPTY=", "A B=3"}})
	for i, text := range texts {
		if got, _ := expand(text, env); got != want[i] {
			t.Fatalf("expand(%q) = %q, want %q", text, got, want[i])
		}
	}
}

func TestExpandHasPnpmsDefaults(t *testing.T) {
	env := newEnviron(Host{Env: []string{"A=1", "EMPTY=", "D-x=odd"}})
	for text, want := range map[string]string{
		"${A-2}": "1", "${NO-2}": "2", "${NO:-2}": "2", "${EMPTY-2}": "", "${EMPTY:-2}": "2", "${NO-}": "", "${D-x}": "odd", "${NO:-https://h/}/x": "https://h//x",
	} {
		if got, unset := expand(text, env); got != want || unset != nil {
			t.Errorf("expand(%q) = %q, unset %q, want %q", text, got, unset, want)
		}
	}
	if _, unset := expand("${NO}/${A}/${X}", env); len(unset) != 2 || unset[0] != "NO" || unset[1] != "X" {
		t.Errorf("unset = %q", unset)
	}
}

func FuzzNpmrc(f *testing.F) {
	for _, seed := range []string{"a=1", "a[]=1\na[]=2", `a="x\ny"`, "a='\"b\"'", "; c\n#d", "[s]\nk=v", "a = b ; c", "\ufeffa=1", "'='", "a=${A?}\\${B}", "'"} {
		f.Add(seed)
	}
	env := newEnviron(Host{Env: []string{"A=1"}})
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[string]bool{}
		for _, e := range parseNpmrc(text) {
			if seen[e.key] || !e.list && len(e.texts) != 1 || e.line < 1 {
				t.Fatalf("bad entry %+v", e)
			}
			seen[e.key] = true
			for _, s := range e.texts {
				if out, _ := expand(s, env); len(out) > len(s) {
					t.Fatalf("%q grew to %q", s, out)
				}
			}
		}
	})
}
