package pnpmlock

import (
	"strings"
	"testing"
)

// What the first document says of pnpm itself stays when configDependencies change.
func TestConfigDeps(t *testing.T) {
	const pins = `lockfileVersion: '9.0'

importers:

  .:
    packageManagerDependencies:
      pnpm:
        specifier: 12.0.0
        version: 12.0.0

packages:

  pnpm@12.0.0:
    resolution: {integrity: sha512-AA==}

snapshots:

  pnpm@12.0.0: {}
`
	deps := []ConfigDep{{Name: "@a/b", Specifier: "^1.0.0", Version: "1.2.0", Integrity: "sha512-BB=="}, {Name: "rules", Specifier: "2", Version: "2.0.0", Integrity: "sha512-CC==", Tarball: "https://registry.example/x.tgz"}}
	env, err := WithConfigDeps(pins, deps)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  .:\n    configDependencies:\n      '@a/b':\n", "packageManagerDependencies:\n      pnpm:", "  rules@2.0.0:\n    resolution: {integrity: sha512-CC==, tarball: https://registry.example/x.tgz}\n", "  pnpm@12.0.0: {}\n"} {
		if !strings.Contains(env, want) {
			t.Errorf("no %q in\n%s", want, env)
		}
	}
	file := WithEnv([]byte("---\n"+pins+"\n---\nlockfileVersion: '9.0'\n"), env)
	got, err := ConfigDeps(Env(file))
	if err != nil || len(got) != 2 || got[0] != deps[0] || got[1] != deps[1] {
		t.Errorf("%v, %v", got, err)
	}
	if !strings.HasSuffix(string(file), "\n\n---\nlockfileVersion: '9.0'\n") {
		t.Errorf("the project's document is\n%s", file)
	}
	back, err := WithConfigDeps(Env(file), nil)
	if err != nil || strings.ReplaceAll(back, "    configDependencies: {}\n", "") != pins {
		t.Errorf("%v\n%s", err, back)
	}
	if alone := Env([]byte("---\n" + env)); alone != env {
		t.Errorf("alone it is\n%s", alone)
	}
}
