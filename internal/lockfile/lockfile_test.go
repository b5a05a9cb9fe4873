package lockfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"godwit/internal/lockfile/bunlock"
	"godwit/internal/npm"
)

const small = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0

packages:

  a@1.0.0:
    resolution: {integrity: sha512-YQ==}

snapshots:

  a@1.0.0: {}
`

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDetect(t *testing.T) {
	dir := t.TempDir()
	if found, err := Detect(dir); err != nil || found != nil {
		t.Errorf("empty directory: %v, %v", found, err)
	}
	for _, name := range []string{"bun.lock", "yarn.lock", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml"} {
		write(t, dir, name, "")
	}
	found, err := Detect(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, string(f.Format)+"="+filepath.Base(f.Path))
	}
	want := "pnpm-lock.yaml=pnpm-lock.yaml package-lock.json=npm-shrinkwrap.json yarn.lock=yarn.lock bun.lock=bun.lock"
	if strings.Join(got, " ") != want {
		t.Errorf("found %v", got)
	}
}

func TestReadOfBinaryLockfileSaysWhatToDo(t *testing.T) {
	_, err := Read(File{Bun, write(t, t.TempDir(), "bun.lockb", "#!/usr/bin/env bun\nbun-lockfile-format-v0\n\x00")})
	var e *bunlock.BinaryError
	if !errors.As(err, &e) || !strings.Contains(e.Hint(), "--save-text-lockfile") || !strings.Contains(e.Error(), "bun.lockb") {
		t.Errorf("error is %v", err)
	}
}

func TestReadOfMissingFile(t *testing.T) {
	if _, err := Read(File{Pnpm, filepath.Join(t.TempDir(), "pnpm-lock.yaml")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	if _, err := Read(File{Pnpm, write(t, t.TempDir(), "pnpm-lock.yaml", "\n")}); !errors.Is(err, ErrEmpty) {
		t.Errorf("error is %v", err)
	}
}

func read(t *testing.T, path string) *Document {
	t.Helper()
	d, err := Read(File{Pnpm, path})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestWriteLeavesWhatIsTheSame(t *testing.T) {
	dir := t.TempDir()
	env := "---\nlockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    configDependencies: {}\n\n---\n"
	for name, text := range map[string]string{
		"same": small, "crlf": strings.ReplaceAll(small, "\n", "\r\n"), "env": env + small,
	} {
		path := write(t, dir, name, text)
		d := read(t, path)
		changed, err := Write(path, d, d.Text(WriteOptions{}))
		if err != nil || changed {
			t.Errorf("%s: changed %v, %v", name, changed, err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%s: the file was written", name)
		}
	}
	path := write(t, dir, "other", strings.Replace(small, "'9.0'", "9.0", 1))
	d := read(t, path)
	changed, err := Write(path, d, d.Text(WriteOptions{}))
	if got, _ := os.ReadFile(path); err != nil || !changed || string(got) != small {
		t.Errorf("changed %v, %v, now %s", changed, err, got)
	}
	fresh := filepath.Join(dir, "fresh")
	changed, err = Write(fresh, d, d.Text(WriteOptions{}))
	if got, _ := os.ReadFile(fresh); err != nil || !changed || string(got) != small {
		t.Errorf("a new file: changed %v, %v, now %s", changed, err, got)
	}
}

func TestWriteRefusesSymlinks(t *testing.T) {
	dir := t.TempDir()
	target := write(t, dir, "target", strings.Replace(small, "'9.0'", "9.0", 1))
	link := filepath.Join(dir, "pnpm-lock.yaml")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here")
	}
	d := read(t, link)
	_, err := Write(link, d, d.Text(WriteOptions{}))
	var e *SymlinkError
	if !errors.As(err, &e) || e.Hint() == "" || e.Code() == "" {
		t.Fatalf("error is %v", err)
	}
	if got, _ := os.ReadFile(target); !strings.Contains(string(got), "lockfileVersion: 9.0") {
		t.Error("the target was overwritten")
	}
	// One that says the same needs no write, and so no refusal.
	os.WriteFile(target, []byte(small), 0o644)
	if changed, err := Write(link, d, d.Text(WriteOptions{})); changed || err != nil {
		t.Errorf("changed %v, %v", changed, err)
	}
}

func TestNewKeepsWhatOthersPutThere(t *testing.T) {
	dir := t.TempDir()
	text := strings.Replace(small, "  a@1.0.0:\n    res", "  a@1.0.0:\n    foreign: x\n    res", 1) + "\nzz:\n  theirs: [1, 2]\n"
	previous := read(t, write(t, dir, "pnpm-lock.yaml", text))
	previous.Pnpm.Merged = true // which the new one is not
	g := previous.Graph
	g.Importers[0].Deps[0].Specifier = "catalog:"
	s := Settings{
		AutoInstallPeers: true, PeersSuffixMaxLength: 500, Overrides: npm.Deps{{Alias: "z", Specifier: "1"}, {Alias: "b", Specifier: "2"}},
		Catalogs: map[string]map[string]string{"default": {"a": "^1.0.0", "unused": "1"}}, IgnoredOptional: []string{"f"},
		Patched: map[string]string{"a": "ff"}, PackageExtensionsChecksum: "sha256-x", PnpmfileChecksum: "sha256-y",
	}
	projects := []Project{{Dir: ".", Manifest: &npm.Manifest{}, PublishDirectory: "dist", NoLinkDirectory: true,
		DependenciesMeta: map[string]map[string]string{"a": {"injected": "true"}}}}
	d := New(Pnpm, g, projects, s, previous)
	if d.Pnpm.Merged {
		t.Error("the new document says that it was merged")
	}
	path := filepath.Join(dir, "new")
	if _, err := Write(path, d, d.Text(WriteOptions{})); err != nil {
		t.Fatal(err)
	}
	want := `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false
  peersSuffixMaxLength: 500

catalogs:
  default:
    a:
      specifier: ^1.0.0
      version: 1.0.0

overrides:
  z: '1'
  b: '2'

packageExtensionsChecksum: sha256-x

pnpmfileChecksum: sha256-y

patchedDependencies:
  a: ff

importers:

  .:
    dependencies:
      a:
        specifier: 'catalog:'
        version: 1.0.0
    dependenciesMeta:
      a:
        injected: true
    linkDirectory: false
    publishDirectory: dist

packages:

  a@1.0.0:
    resolution: {integrity: sha512-YQ==}
    foreign: x

ignoredOptionalDependencies:
  - f

snapshots:

  a@1.0.0: {}

zz:
  theirs:
    - 1
    - 2
`
	if got, _ := os.ReadFile(path); string(got) != want {
		t.Errorf("written:\n%s", got)
	}
	if reasons := Satisfies(read(t, path), []Project{{Dir: ".", Manifest: &npm.Manifest{Dependencies: npm.Deps{{Alias: "a", Specifier: "catalog:"}}},
		PublishDirectory: "dist", NoLinkDirectory: true, DependenciesMeta: projects[0].DependenciesMeta}}, s); reasons != nil {
		t.Errorf("what New made does not satisfy: %v", reasons)
	}
}
