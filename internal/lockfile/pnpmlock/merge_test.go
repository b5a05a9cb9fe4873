package pnpmlock

import (
	"errors"
	"strings"
	"testing"

	"godwit/internal/graph"
)

// conflicted is small after a merge in which ours moved the root to b 1.1.0,
// theirs to b 1.0.1 and added c.
var conflicted = strings.NewReplacer(
	"        specifier: ^1.0.0\n        version: 1.0.0\n", `<<<<<<< HEAD
        specifier: ^1.1.0
        version: 1.1.0
=======
        specifier: ^1.0.1
        version: 1.0.1
      c:
        specifier: ^3.0.0
        version: 3.0.0
>>>>>>> topic
`,
	"  b@2.0.0:\n    resolution", `<<<<<<< HEAD
  b@1.1.0:
    resolution: {integrity: sha512-YjEx}

||||||| base
=======
  b@1.0.1:
    resolution: {integrity: sha512-YjEw}

  c@3.0.0:
    resolution: {integrity: sha512-Yw==}

>>>>>>> topic
  b@2.0.0:
    resolution`,
	"  b@2.0.0:\n    optional", `<<<<<<< HEAD
  b@1.1.0: {}

=======
  b@1.0.1: {}

  c@3.0.0: {}

>>>>>>> topic
  b@2.0.0:
    optional`,
).Replace(small)

func TestConflictIsMerged(t *testing.T) {
	d := mustRead(t, conflicted)
	if !d.Merged {
		t.Error("the document does not say that it was merged")
	}
	for _, key := range []graph.Key{"b@1.0.0", "b@1.1.0", "b@1.0.1", "b@2.0.0", "c@3.0.0"} {
		if d.Graph.Packages[key] == nil {
			t.Errorf("%s is lost", key)
		}
	}
	got := map[string]string{}
	for _, dep := range d.Graph.Importer(".").Deps {
		got[groups[dep.Group]+" "+dep.Alias] = dep.Specifier + " " + refOf(dep.Alias, dep.Target)
	}
	// The higher version, and the specifier of theirs, as pnpm has it.
	if got["devDependencies b"] != "^1.0.1 1.1.0" || got["devDependencies c"] != "^3.0.0 3.0.0" {
		t.Errorf("dependencies are %v", got)
	}
	written := string(d.Append(nil, WriteOptions{}))
	if mustRead(t, written).Merged || strings.Contains(written, "<<<") {
		t.Error("the written file is still conflicted")
	}
}

func TestMergeOfTheSameIsTheSame(t *testing.T) {
	for name, data := range lockfiles(t) {
		a, err := Read(name, data)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := Read(name, data)
		if got := Merge(a, b).Append(nil, WriteOptions{KeepEnv: true}); string(got) != string(data) {
			t.Errorf("%s: merged with itself it differs", name)
		}
	}
}

func TestMergeRecords(t *testing.T) {
	a := mustRead(t, head+"overrides:\n  x: 1.0.0\n  y: 1.0.0\n\ncatalogs:\n  default:\n    p:\n      specifier: ^1\n      version: 1.5.0\n\nignoredOptionalDependencies:\n  - f\n\npatchedDependencies:\n  m: aa\n\nbit: 1\n")
	b := mustRead(t, strings.Replace(head, "9.0", "9.1", 1)+"settings: {autoInstallPeers: true, peersSuffixMaxLength: 50}\noverrides:\n  z: 1.0.0\n  x: 2.0.0\n\ncatalogs:\n  default:\n    p:\n      specifier: ^1.1\n      version: 1.2.0\n  old:\n    q:\n      specifier: '1'\n      version: 1.0.0\n\nignoredOptionalDependencies:\n  - g\n  - f\n\npatchedDependencies:\n  m: bb\n  n: cc\n\nbit: 2\n")
	want := `lockfileVersion: '9.1'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false
  peersSuffixMaxLength: 50

catalogs:
  default:
    p:
      specifier: ^1.1
      version: 1.5.0
  old:
    q:
      specifier: '1'
      version: 1.0.0

overrides:
  x: 2.0.0
  y: 1.0.0
  z: 1.0.0

patchedDependencies:
  m: bb
  n: cc

bit: 1

ignoredOptionalDependencies:
  - f
  - g
`
	if got := string(Merge(a, b).Append(nil, WriteOptions{})); got != want {
		t.Errorf("merged:\n%s", got)
	}
}

func TestConflictInBrokenSides(t *testing.T) {
	broken := strings.Replace(conflicted, "version: 1.0.1\n", "version: [\n", 1)
	_, err := Read("pnpm-lock.yaml", []byte(broken))
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Error(), "(theirs)") {
		t.Errorf("error is %v", err)
	}
}

// Git wrote a package of theirs once where ours has it and once where theirs does,
// and put the version of one dependency below the name of another.
func TestConflictKeepsWhatHoldsTogether(t *testing.T) {
	const hash = "resolution: {integrity: sha512-Yw==}\n"
	d := mustRead(t, `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      good:
        specifier: ^1.0.0
        version: 1.0.0
      moved:
        specifier: ^1.0.0
<<<<<<< HEAD
        version: 9.9.9
packages:
  good@1.0.0:
    `+hash+`
  twice@1.0.0:
    `+hash+`
  headless@1.0.0:
=======
        version: 1.0.0
packages:
  good@1.0.0:
    `+hash+`
  moved@1.0.0:
    `+hash+`
>>>>>>> topic
  twice@1.0.0:
    `+hash+`
snapshots:
  good@1.0.0:
    dependencies:
      gone: 1.0.0
      twice: 1.0.0
  moved@1.0.0: {}
  twice@1.0.0: {}
`)
	if good := d.Graph.Packages["good@1.0.0"]; good == nil || len(good.Edges) != 1 || good.Edges[0].Alias != "twice" {
		t.Errorf("good@1.0.0 became %+v", good)
	}
	im := d.Graph.Importers[0]
	if len(im.Deps) != 2 || im.Deps[1].Target.Key != "moved@1.0.0" {
		t.Errorf("the project became %+v", im)
	}
}
