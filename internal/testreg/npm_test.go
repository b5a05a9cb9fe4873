package testreg_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"godwit/internal/testreg"
)

// everything is a project that depends on most of the common packages.
const everything = `{"name": "everything", "version": "1.0.0", "dependencies": {
	"a": "1", "uses-lib-1": "1", "uses-lib-2": "1", "react": "17", "react-dom": "17",
	"use-thing-too": "2", "peer-a": "1", "cyc-a": "1", "native": "1", "aliased": "1",
	"bundler": "1", "@acme/ui": "1", "@other/core": "3", "@acme/cli": "1", "multi-bin": "2",
	"string-bin": "1", "old-thing": "0.1", "tagged": "next", "pre-only": "latest",
	"esm-only": "1", "dual": "1", "opt-parent": "1", "sha1-only": "*", "no-hash": "*",
	"left-pad": "^1.0.0"
}}`

// checkEverything is what must be true of it, whoever installed it.
const checkEverything = `
const assert = require('assert')
const is = (want, got) => assert.deepStrictEqual(got, want)
is('a@1.0.0', require('a'))
is('dual, required', require('dual'))
is('bundled inner, bundled innermost', require('bundler'))
is('react@17.0.2', require('react'))
is('left-pad@1.3.0', require('left-pad'))
is('3.0.0-next.4', require('tagged/package.json').version)
is('1.0.0-alpha.2', require('pre-only/package.json').version)
const run = f => require('child_process').execFileSync('node_modules/.bin/' + f).toString().trim()
is('@acme/cli@1.0.0 acme', run('acme'))
is('multi-bin@2.0.0 multi-two', run('multi-two'))
is('string-bin runs', run('string-bin'))
import('esm-only').then(m => is('esm-only', m.default))
`

// clients are the package managers the fixtures are held against: what a real
// one cannot install would test nothing of ours. The variable names a program;
// where it is unset the default is looked for.
var clients = []struct {
	name, variable, program string
	args                    []string
}{
	{"npm", "NPM", "npm", []string{"install", "--no-fund"}},
	{"pnpm", "PNPM", "pnpm", []string{"install", "--no-frozen-lockfile"}},
	{"bun", "BUN", "bun", []string{"install"}},
}

func TestRealClientsInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("starts other package managers")
	}
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			program := os.Getenv(c.variable)
			if program == "" {
				program = c.program
			}
			if _, err := exec.LookPath(program); err != nil {
				t.Skipf("no %s here; set %s", c.name, c.variable)
			}
			reg := testreg.New(t, testreg.Common())
			dir := t.TempDir()
			write(t, filepath.Join(dir, "package.json"), everything)
			write(t, filepath.Join(dir, ".npmrc"), "registry="+reg.URL+"/\n") // pnpm 12 does not read npm_config_registry
			run(t, reg, dir, program, c.args...)
			write(t, filepath.Join(dir, "check.js"), checkEverything)
			run(t, reg, dir, "node", "check.js")
			if n := reg.Count("tarball:left-pad@1.3.0"); n != 1 {
				t.Errorf("left-pad's tarball was asked for %d times", n)
			}
			if n := reg.Count("tarball:inner*"); n != 0 {
				t.Errorf("tarballs of bundled packages were asked for %d times", n)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run starts a program in dir with a home of its own, next to dir.
func run(t *testing.T, reg *testreg.Registry, dir, program string, args ...string) {
	t.Helper()
	home := filepath.Join(filepath.Dir(dir), "home")
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CACHE_HOME=" + home, "XDG_DATA_HOME=" + home,
		"npm_config_registry=" + reg.URL, "npm_config_cache=" + filepath.Join(home, "npm"),
		"npm_config_update_notifier=false", "CI=1",
		// Whatever still asks another host finds nobody there.
		"HTTP_PROXY=http://127.0.0.1:1", "HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=127.0.0.1,localhost",
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}
