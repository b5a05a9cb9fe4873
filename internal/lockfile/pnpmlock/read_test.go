package pnpmlock

import (
	"errors"
	"os"
	"strings"
	"testing"

	"godwit/internal/graph"
)

const head = "lockfileVersion: '9.0'\n\n"

// small is a lockfile with one package in two peer variants.
const small = head + `settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0(b@2.0.0)
      alias:
        specifier: npm:b@^2
        version: b@2.0.0
      linked:
        specifier: workspace:*
        version: link:packages/linked
    devDependencies:
      b:
        specifier: ^1.0.0
        version: 1.0.0

packages:

  a@1.0.0:
    resolution: {integrity: sha512-YQ==}
    peerDependencies:
      b: '*'

  b@1.0.0:
    resolution: {integrity: sha512-YjE=}

  b@2.0.0:
    resolution: {integrity: sha512-YjI=}

snapshots:

  a@1.0.0(b@1.0.0):
    dependencies:
      b: 1.0.0

  a@1.0.0(b@2.0.0):
    dependencies:
      b: 2.0.0

  b@1.0.0: {}

  b@2.0.0:
    optionalDependencies:
      a: 1.0.0(b@1.0.0)
`

func mustRead(t *testing.T, text string) *Document {
	t.Helper()
	d, err := Read("pnpm-lock.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReadGraph(t *testing.T) {
	d := mustRead(t, small)
	root := d.Graph.Importer(".")
	want := []graph.Direct{
		{Alias: "a", Group: graph.Prod, Specifier: "^1.0.0", Target: graph.Target{Key: "a@1.0.0(b@2.0.0)"}},
		{Alias: "alias", Group: graph.Prod, Specifier: "npm:b@^2", Target: graph.Target{Key: "b@2.0.0"}},
		{Alias: "linked", Group: graph.Prod, Specifier: "workspace:*", Target: graph.Target{Link: "packages/linked"}},
		{Alias: "b", Group: graph.Dev, Specifier: "^1.0.0", Target: graph.Target{Key: "b@1.0.0"}},
	}
	for i, w := range want {
		if root.Deps[i] != w {
			t.Errorf("dependency %d is %+v, want %+v", i, root.Deps[i], w)
		}
	}
	p := d.Graph.Packages["a@1.0.0(b@2.0.0)"]
	if p.Name != "a" || p.Version != "1.0.0" || p.Resolution.Integrity != "sha512-YQ==" || len(p.Peers) != 1 {
		t.Errorf("package is %+v", p)
	}
	if e := d.Graph.Packages["b@2.0.0"].Edges[0]; !e.Optional || e.Target.Key != "a@1.0.0(b@1.0.0)" {
		t.Errorf("edge is %+v", e)
	}
}

func TestTwoDocuments(t *testing.T) {
	env := head + "importers:\n\n  .:\n    configDependencies: {}\n    packageManagerDependencies:\n      pnpm:\n        specifier: 12.0.0\n        version: 12.0.0\n"
	d := mustRead(t, "---\n"+env+"\n---\n"+small)
	if d.Env != env {
		t.Errorf("env document is %q", d.Env)
	}
	if got := string(d.Append(nil, WriteOptions{})); got != small {
		t.Errorf("written: %s", got)
	}
	if got := string(d.Append(nil, WriteOptions{KeepEnv: true})); got != "---\n"+env+"\n---\n"+small {
		t.Errorf("written with env: %s", got)
	}
	if _, err := Read("x", []byte("---\n"+env)); !errors.Is(err, ErrEmpty) {
		t.Errorf("a lone env document: %v", err)
	}
	if got := mustRead(t, "---\n"+small); got.Env != "" || got.Graph.Packages["b@2.0.0"] == nil {
		t.Error("a lone project document behind a mark is not read")
	}
}

func TestNotationsReadTheSame(t *testing.T) {
	want := string(mustRead(t, small).Append(nil, WriteOptions{}))
	for name, text := range map[string]string{
		"CRLF":              strings.ReplaceAll(small, "\n", "\r\n"),
		"BOM":               "\ufeff" + small,
		"comments":          "# top\n" + strings.ReplaceAll(small, "version: 1.0.0\n", "version: 1.0.0 # one\n"),
		"double quotes":     strings.ReplaceAll(small, "'", `"`),
		"no quotes":         strings.ReplaceAll(small, "'9.0'", "9.0"),
		"block resolution":  strings.ReplaceAll(small, "{integrity: sha512-YQ==}", "\n      integrity: sha512-YQ=="),
		"wide indent":       strings.ReplaceAll(small, "  ", "    "),
		"no empty lines":    strings.ReplaceAll(small, "\n\n", "\n"),
		"other order":       strings.Replace(small, "settings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\n", "", 1) + "\nsettings: {excludeLinksFromLockfile: false, autoInstallPeers: true}\n",
		"anchors":           strings.Replace(strings.Replace(small, "specifier: ^1.0.0\n        version: 1.0.0(", "specifier: &s ^1.0.0\n        version: 1.0.0(", 1), "specifier: ^1.0.0\n        version: 1.0.0\n", "specifier: *s\n        version: 1.0.0\n", 1),
		"end mark":          small + "...\n",
		"trailing newlines": small + "\n\n\n",
	} {
		d, err := Read("pnpm-lock.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := string(d.Append(nil, WriteOptions{})); got != want {
			t.Errorf("%s: read as\n%s", name, got)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(small, old) {
			t.Fatalf("%q is not in the lockfile", old)
		}
		return strings.Replace(small, old, new, 1)
	}
	for name, c := range map[string]struct{ text, code, message string }{
		"version 5.4":       {"lockfileVersion: 5.4\n", CodeBroken, "pnpm-lock.yaml:1:18: lockfileVersion 5.4 is of pnpm 8 or older"},
		"version 6.0":       {"lockfileVersion: '6.0'\n", CodeBroken, "lockfileVersion 6.0"},
		"version 13":        {edit("9.0", "13.0"), CodeBreaking, "newer"},
		"no version":        {"importers: {}\n", CodeBroken, "no lockfileVersion"},
		"word as version":   {edit("9.0", "nine"), CodeBroken, "no version"},
		"not YAML":          {head + "a: [\n", CodeBroken, "pnpm-lock.yaml:3:4: "},
		"a list":            {"- a\n", CodeBroken, "map of sections"},
		"text":              {"hello\n", CodeBroken, "map of sections"},
		"JSON of npm":       {`{"lockfileVersion": 3, "packages": {}}`, CodeBroken, "lockfileVersion 3"},
		"duplicate key":     {edit("  b@1.0.0: {}\n", "  b@1.0.0: {}\n\n  b@1.0.0: {}\n"), CodeBroken, `pnpm-lock.yaml:50:12: duplicated mapping key "b@1.0.0"`},
		"missing snapshot":  {edit("version: b@2.0.0", "version: b@2.0.1"), CodeMissing, `pnpm-lock.yaml:16:18: dependency "alias" is b@2.0.1, which`},
		"missing edge":      {edit("b: 2.0.0", "b: 3.0.0"), CodeMissing, "b@3.0.0"},
		"missing package":   {edit("  b@1.0.0:\n    resolution: {integrity: sha512-YjE=}\n\n", ""), CodeMissing, "snapshot b@1.0.0 has no entry b@1.0.0"},
		"no resolution":     {edit("resolution: {integrity: sha512-YjE=}", "hasBin: true"), CodeBroken, "b@1.0.0 has no resolution"},
		"empty resolution":  {edit("{integrity: sha512-YjE=}", "{}"), CodeBroken, "integrity of b@1.0.0 is missing"},
		"name escapes":      {strings.ReplaceAll(small, "b@1.0.0", "../../b@1.0.0"), CodeBroken, `package key "../../b@1.0.0"`},
		"version escapes":   {strings.ReplaceAll(small, "b@1.0.0", "b@../../1.0.0"), CodeBroken, "b@../../1.0.0 is not of a registry"},
		"alias escapes":     {edit("      alias:", "      ../alias:"), CodeBroken, `"../alias"`},
		"alias is dots":     {edit("      alias:", "      ..:"), CodeBroken, `".."`},
		"importer above":    {edit("  .:", "  ../..:"), CodeBroken, `importer "../.."`},
		"importer absolute": {edit("  .:", "  /x:"), CodeBroken, `importer "/x"`},
		"importer unclean":  {edit("  .:", "  a/../../x:"), CodeBroken, `importer "a/../../x"`},
		"key without ver":   {strings.ReplaceAll(small, "b@1.0.0", "b"), CodeBroken, `package key "b": it has no version`},
		"unbalanced key":    {strings.ReplaceAll(small, "a@1.0.0(b@1.0.0)", "a@1.0.0(b@1.0.0"), CodeBroken, "brackets"},
		"peers in packages": {edit("  b@1.0.0:\n    res", "  b@1.0.0(c@1.0.0):\n    res"), CodeBroken, "no peer suffixes"},
		"long key":          {strings.ReplaceAll(small, "b@1.0.0", "b@1.0.0-"+strings.Repeat("x", 70000)), CodeBroken, "too long"},
		"number as map":     {edit("importers:\n\n  .:", "importers:\n\n  x: 1\n\n  .:"), CodeBroken, "a map is expected"},
		"word as bool":      {edit("Peers: true", "Peers: maybe"), CodeBroken, `true or false is expected here, not "maybe"`},
		"text as bool":      {edit("Peers: true", "Peers: 'true'"), CodeBroken, "true or false"},
		"empty link":        {edit("link:packages/linked", "'link:'"), CodeBroken, "links to no directory"},
		"no specifier":      {edit("        specifier: npm:b@^2\n", ""), CodeBroken, "needs a specifier and a version"},
		"git without repo":  {edit("{integrity: sha512-YjE=}", "{type: git, commit: x}"), CodeBroken, "repo of b@1.0.0 is missing"},
		"nested variants":   {edit("{integrity: sha512-YjE=}", "{type: variations, variants: [{resolution: {type: variations, variants: []}, targets: []}]}"), CodeBroken, "type that variants cannot have"},
		"deep flow":         {head + "x: " + strings.Repeat("[", 100000), CodeBroken, "nested too deep"},
		"deep block":        {head + deepBlock(3000), CodeBroken, "nested too deep"},
		"dashes":            {head + "x:\n  " + strings.Repeat("- ", 100000) + "a\n", CodeBroken, "nested too deep"},
		"alias bomb":        {head + bomb(), CodeBroken, "aliases repeat"},
		"half a conflict":   {"<<<<<<< HEAD\n" + small, CodeBroken, "do not pair up"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read("pnpm-lock.yaml", []byte(c.text))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v", err)
			}
			if e.Code() != c.code || !strings.Contains(e.Error(), c.message) {
				t.Errorf("got %s %q, want %s %q", e.Code(), e, c.code, c.message)
			}
			if e.Hint() == "" || len(e.Error()) > 1000 {
				t.Errorf("hint %q, message of %d bytes", e.Hint(), len(e.Error()))
			}
		})
	}
}

func deepBlock(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := range 12 {
		r := "*a" + string(rune('a'+i-1)) + ", "
		if i == 0 {
			r = "*a0, "
		}
		b.WriteString("a" + string(rune('a'+i)) + ": &a" + string(rune('a'+i)) + " [" + strings.Repeat(r, 9) + strings.TrimSuffix(r, ", ") + "]\n")
	}
	return b.String()
}

func TestVersionsThatAreRead(t *testing.T) {
	for _, version := range []string{"9.0", "9.1", "12.0"} {
		text := strings.Replace(small, "9.0", version, 1)
		if d := mustRead(t, text); d.Version != version || string(d.Append(nil, WriteOptions{})) != text {
			t.Errorf("%s is not kept", version)
		}
	}
}

func TestEmpty(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# nothing\n", "---\n", "\ufeff"} {
		if _, err := Read("x", []byte(text)); !errors.Is(err, ErrEmpty) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestBaseOfLocalDirectoryMayBeMissing(t *testing.T) {
	text := strings.ReplaceAll(small, "b@1.0.0", "b@file:packages/b")
	text = strings.ReplaceAll(text, "version: 1.0.0\n", "version: file:packages/b\n")
	text = strings.ReplaceAll(text, "b: 1.0.0\n", "b: file:packages/b\n")
	text = strings.Replace(text, "  b@file:packages/b:\n    resolution: {integrity: sha512-YjE=}\n\n", "", 1)
	p := mustRead(t, text).Graph.Packages["b@file:packages/b"]
	if p.Resolution.Kind != graph.Directory || p.Resolution.Directory != "packages/b" {
		t.Errorf("package is %+v", p)
	}
}

func TestOldGitArchivesAreMarked(t *testing.T) {
	data, err := os.ReadFile("testdata/pnpm12/odds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Replace(string(data), "gitHosted: true, ", "", 1)
	if got := string(mustRead(t, old).Append(nil, WriteOptions{})); got != string(data) {
		t.Error("gitHosted was not added")
	}
	branch := strings.ReplaceAll(old, "0123456789012345678901234567890123456789", "main")
	if got := string(mustRead(t, branch).Append(nil, WriteOptions{})); got != branch {
		t.Error("the archive of a branch was taken for that of a commit")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	for _, data := range lockfiles(f) {
		if len(data) < 20_000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read("x", data)
		if err != nil {
			return
		}
		written := d.Append(nil, WriteOptions{})
		again, err := Read("x", written)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", data, written, err)
		}
		if second := again.Append(nil, WriteOptions{}); string(second) != string(written) {
			t.Fatalf("%q was written as %q, then as %q", data, written, second)
		}
	})
}
