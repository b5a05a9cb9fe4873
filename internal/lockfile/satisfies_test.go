package lockfile

import (
	"errors"
	"strings"
	"testing"

	"godwit/internal/npm"
)

// workspace is a lockfile with what pnpm 12 made of this project:
// dependencies of each group, a peer that was installed, a catalog, a copied
// directory.
const workspace = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

catalogs:
  default:
    a:
      specifier: ^1.0.0
      version: 1.0.0

overrides:
  x: 1.0.0

importers:

  .:
    dependencies:
      a:
        specifier: 'catalog:'
        version: 1.0.0
      b:
        specifier: ^1.0.0
        version: 1.2.0
      lib:
        specifier: workspace:*
        version: file:lib
      peer:
        specifier: '>=1'
        version: 1.0.0
    devDependencies:
      git:
        specifier: github:owner/git
        version: git+https://github.com/owner/git#0123456789012345678901234567890123456789
    optionalDependencies:
      o:
        specifier: ^1.0.0
        version: 1.0.0

  lib:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0

packages:

  a@1.0.0:
    resolution: {integrity: sha512-YQ==}

  b@1.2.0:
    resolution: {integrity: sha512-YQ==}

  git@git+https://github.com/owner/git#0123456789012345678901234567890123456789:
    resolution: {commit: '0123456789012345678901234567890123456789', repo: https://github.com/owner/git, type: git}
    version: 1.0.0

  lib@file:lib:
    resolution: {directory: lib, type: directory}

  o@1.0.0:
    resolution: {integrity: sha512-YQ==}

  peer@1.0.0:
    resolution: {integrity: sha512-YQ==}

snapshots:

  a@1.0.0: {}

  b@1.2.0: {}

  git@git+https://github.com/owner/git#0123456789012345678901234567890123456789: {}

  lib@file:lib:
    dependencies:
      a: 1.0.0

  o@1.0.0: {}

  peer@1.0.0: {}
`

// state is a project and its settings, which a case changes.
type state struct {
	root, lib npm.Manifest
	projects  []Project
	settings  Settings
}

func deps(pairs ...string) npm.Deps {
	var d npm.Deps
	for i := 0; i < len(pairs); i += 2 {
		d = append(d, npm.Dep{Alias: pairs[i], Specifier: pairs[i+1]})
	}
	return d
}

func fitting() *state {
	s := &state{
		root: npm.Manifest{
			Dependencies:         deps("a", "catalog:", "b", "^1.0.0", "lib", "workspace:*"),
			DevDependencies:      deps("git", "git+https://github.com/owner/git.git"),
			OptionalDependencies: deps("o", "^1.0.0"),
			PeerDependencies:     deps("peer", ">=1", "b", "*"),
		},
		lib: npm.Manifest{Dependencies: deps("a", "^1.0.0")},
		settings: Settings{
			AutoInstallPeers: true,
			Overrides:        deps("x", "1.0.0"),
			Catalogs:         map[string]map[string]string{"default": {"a": "^1.0.0", "z": "1"}},
		},
	}
	s.projects = []Project{{Dir: ".", Manifest: &s.root}, {Dir: "lib", Manifest: &s.lib}}
	return s
}

func TestSatisfies(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *state)
		want   string // "code setting importer: words of the message" of the reasons, one on a line
	}{
		"all fits":           {func(s *state) {}, ""},
		"catalog":            {func(s *state) { s.settings.Catalogs["default"]["a"] = "^2.0.0" }, "CONFIG catalogs : ^1.0.0 in the lockfile and ^2.0.0"},
		"no catalog":         {func(s *state) { s.settings.Catalogs = nil }, "CONFIG catalogs : no such entry"},
		"override":           {func(s *state) { s.settings.Overrides = deps("x", "2.0.0") }, "CONFIG overrides : x: 1.0.0 in the lockfile and x: 2.0.0 now"},
		"no override":        {func(s *state) { s.settings.Overrides = nil }, "CONFIG overrides : not set now"},
		"extensions":         {func(s *state) { s.settings.PackageExtensionsChecksum = "sha256-x" }, "CONFIG packageExtensionsChecksum : not set in the lockfile and sha256-x"},
		"ignored":            {func(s *state) { s.settings.IgnoredOptional = []string{"f"} }, "CONFIG ignoredOptionalDependencies : f now"},
		"patched":            {func(s *state) { s.settings.Patched = map[string]string{"a": "ff"} }, "CONFIG patchedDependencies : a: ff now"},
		"dedupe peers":       {func(s *state) { s.settings.DedupePeers = true }, "CONFIG settings.dedupePeers : false in the lockfile and true now"},
		"exclude links":      {func(s *state) { s.settings.ExcludeLinks = true }, "CONFIG settings.excludeLinksFromLockfile : true now"},
		"suffix length":      {func(s *state) { s.settings.PeersSuffixMaxLength = 10 }, "CONFIG settings.peersSuffixMaxLength : 1000 in the lockfile and 10 now"},
		"suffix default":     {func(s *state) { s.settings.PeersSuffixMaxLength = 1000 }, ""},
		"pnpmfile":           {func(s *state) { s.settings.PnpmfileChecksum = "sha256-x" }, "CONFIG pnpmfileChecksum : sha256-x now"},
		"inject":             {func(s *state) { s.settings.InjectWorkspace = true }, "CONFIG settings.injectWorkspacePackages : true now"},
		"resolution setting": {func(s *state) { s.settings.Resolution = map[string]string{"autoDedupe": "true"} }, "CONFIG settings.autoDedupe : true now"},
		"no auto peers": {func(s *state) { s.settings.AutoInstallPeers = false },
			"CONFIG settings.autoInstallPeers : false now\nOUTDATED  .: - peer: >=1 is in the lockfile only"},
		"in order": {func(s *state) {
			s.settings.InjectWorkspace, s.settings.PnpmfileChecksum, s.settings.PeersSuffixMaxLength = true, "x", 9
			s.settings.ExcludeLinks, s.settings.DedupePeers = true, true
			s.settings.Patched, s.settings.IgnoredOptional = map[string]string{"p": "q"}, []string{"f"}
			s.settings.PackageExtensionsChecksum, s.settings.Overrides, s.settings.Catalogs = "x", nil, nil
		}, "CONFIG catalogs : a\nCONFIG overrides : x\nCONFIG packageExtensionsChecksum : x\nCONFIG ignoredOptionalDependencies : f\n" +
			"CONFIG patchedDependencies : p\nCONFIG settings.dedupePeers : true\nCONFIG settings.excludeLinksFromLockfile : true\n" +
			"CONFIG settings.peersSuffixMaxLength : 9\nCONFIG pnpmfileChecksum : x\nCONFIG settings.injectWorkspacePackages : true"},
		"specifiers": {func(s *state) {
			s.root.Dependencies = deps("a", "catalog:", "b", "^1.1.0", "lib", "workspace:*", "new", "1")
			s.root.OptionalDependencies = nil
		}, "OUTDATED  .: ~ b: ^1.0.0 in the lockfile, ^1.1.0 in package.json\n  + new: 1 is in package.json only\n  - o: ^1.0.0 is in the lockfile only"},
		"moved to dev": {func(s *state) {
			s.root.Dependencies = deps("a", "catalog:", "lib", "workspace:*")
			s.root.DevDependencies = append(s.root.DevDependencies, deps("b", "^1.0.0")...)
		}, "OUTDATED  .: has b in dependencies, where package.json does not\nOUTDATED  .: does not have b in devDependencies"},
		"in two groups": {func(s *state) {
			s.root.DevDependencies = append(s.root.DevDependencies, deps("b", "^1.0.0")...)
		}, ""},
		"also optional": {func(s *state) { s.root.Dependencies = append(s.root.Dependencies, deps("o", "^1.0.0")...) }, ""},
		"ignored optional": {func(s *state) {
			s.settings.IgnoredOptional = []string{"ne*", "!never"}
			s.root.OptionalDependencies = append(s.root.OptionalDependencies, deps("new", "1")...)
		}, "CONFIG ignoredOptionalDependencies : ne*"},
		"out of range": {func(s *state) { s.root.Dependencies[1].Specifier = "^1.3.0" }, "OUTDATED  .: ~ b\nOUTDATED  .: broken at b: version 1.2.0 is not in the range ^1.3.0"},
		"publishing":   {func(s *state) { s.projects[1].PublishDirectory = "dist" }, `OUTDATED  lib: publishDirectory is "" in the lockfile, publishConfig.directory is "dist"`},
		"meta": {func(s *state) {
			s.projects[0].DependenciesMeta = map[string]map[string]string{"b": {"injected": "true"}}
		}, `OUTDATED  .: {"b":{"injected":"true"}} in package.json`},
		"new project":     {func(s *state) { s.projects = append(s.projects, Project{Dir: "n", Manifest: &s.lib}) }, "OUTDATED  n: does not have this project"},
		"empty project":   {func(s *state) { s.projects = append(s.projects, Project{Dir: "n", Manifest: &npm.Manifest{}}) }, ""},
		"project is gone": {func(s *state) { s.projects = s.projects[:1] }, `HARMLESS  lib: has a project "lib" that is not there`},
		"copy changed": {func(s *state) { s.lib.Dependencies = deps("b", "^1.0.0") },
			"OUTDATED  lib: - a\nOUTDATED  lib: the copy of lib in the lockfile is outdated: it no longer depends on a"},
		"copy of local directory": {func(s *state) {
			s.projects[1].Local = true
			s.lib.Dependencies = deps("a", "^1.0.0", "b", "^1.0.0")
		}, "OUTDATED  lib: the copy of lib in the lockfile is outdated: it now depends on b"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fitting()
			c.change(s)
			reasons := Satisfies(read(t, write(t, t.TempDir(), "pnpm-lock.yaml", workspace)), s.projects, s.settings)
			var want []string
			if c.want != "" {
				want = strings.Split(strings.ReplaceAll(c.want, "\n  ", "\v"), "\n")
			}
			if len(reasons) != len(want) {
				t.Fatalf("got %d reasons: %+v", len(reasons), reasons)
			}
			for i, r := range reasons {
				head, words, _ := strings.Cut(want[i], ": ")
				kind := map[string]string{CodeConfigMismatch: "CONFIG", CodeOutdated: "OUTDATED"}[r.Code]
				if r.Harmless {
					kind = "HARMLESS"
				}
				if got := kind + " " + r.Setting + " " + r.Importer; strings.TrimSpace(got) != strings.TrimSpace(head) {
					t.Errorf("reason %d is %q, want %q", i, got, head)
				}
				if !strings.Contains(r.Message, strings.ReplaceAll(words, "\v", "\n  ")) {
					t.Errorf("message is %q, want %q in it", r.Message, words)
				}
			}
		})
	}
}

func TestVersionOutsideUnchangedRange(t *testing.T) {
	s := fitting()
	text := strings.ReplaceAll(workspace, "1.2.0", "2.2.0")
	reasons := Satisfies(read(t, write(t, t.TempDir(), "x", text)), s.projects, s.settings)
	if len(reasons) != 1 || !strings.Contains(reasons[0].Message, "version 2.2.0 is not in the range ^1.0.0") {
		t.Errorf("reasons are %+v", reasons)
	}
}

func TestConflictIsAReason(t *testing.T) {
	s := fitting()
	text := strings.Replace(workspace, "        version: 1.2.0\n", "<<<<<<< a\n        version: 1.2.0\n=======\n        version: 1.2.0\n>>>>>>> b\n", 1)
	reasons := Satisfies(read(t, write(t, t.TempDir(), "x", text)), s.projects, s.settings)
	if len(reasons) != 1 || !strings.Contains(reasons[0].Message, "conflict") {
		t.Errorf("reasons are %+v", reasons)
	}
}

func TestStale(t *testing.T) {
	if err := Stale("x", []Reason{{Harmless: true}}); err != nil {
		t.Errorf("harmless reasons: %v", err)
	}
	err := Stale("pnpm-lock.yaml", []Reason{{Harmless: true, Code: "x"}, {Code: CodeOutdated, Importer: "lib", Message: "one\ntwo"}, {Code: CodeConfigMismatch, Message: "three"}})
	var e *StaleError
	if !errors.As(err, &e) || e.Code() != CodeOutdated || e.Hint() == "" {
		t.Fatalf("error is %v", err)
	}
	if want := "pnpm-lock.yaml does not fit the project\n  lib: one\n  two\n  three"; err.Error() != want {
		t.Errorf("message is %q", err)
	}
}

func TestSameSpecifier(t *testing.T) {
	for _, same := range [][]string{
		{"github:a/b", "a/b", "git+https://github.com/a/b.git", "https://github.com/a/b", "git://github.com/a/b.git"},
		{"gitlab:a/b/c#v1", "git+https://gitlab.com/a/b/c.git#v1"},
		{"git+https://h.example/a.git", "https://h.example/a.git"},
		{"^1.0.0"}, {"a/b#v1"}, {"git+ssh://git@github.com/a/b.git"}, {"https://h.example/a.tgz"}, {"./a/b"}, {"workspace:a/b"},
		{"https://u@github.com/a/b"}, {"git+https://github.com/a/b.git?x"}, {"github:a/b#v2"}, {""},
	} {
		for i, a := range same {
			for j, b := range same {
				if !sameSpecifier(a, b) {
					t.Errorf("%q and %q (%d, %d) are not the same", a, b, i, j)
				}
			}
			if a != "x/y" && sameSpecifier(a, "x/y") || a != "^1.0.0" && sameSpecifier(a, "^1.0.0") {
				t.Errorf("%q is the same as something else", a)
			}
		}
	}
}

func TestMatches(t *testing.T) {
	for pattern, names := range map[string][2]string{
		"a": {"a", "b"}, "*": {"@s/a", ""}, "@s/*": {"@s/a", "@t/a"}, "a*c": {"abc", "ab"}, "*a*b*": {"xaxbx", "xbxax"},
	} {
		if !npm.Wildcard(pattern, names[0]) || names[1] != "" && npm.Wildcard(pattern, names[1]) {
			t.Errorf("%q matches %q: %v, %q: %v", pattern, names[0], npm.Wildcard(pattern, names[0]), names[1], npm.Wildcard(pattern, names[1]))
		}
	}
}
