package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCampaignRegistry lets godwit, npm and pnpm do to a real registry server
// what owners of packages do, and read what each of them left there:
//
//	GODWIT_VERDACCIO=/path/to/node_modules/.bin/verdaccio GODWIT_PNPM=/path/to/pnpm \
//		go test ./internal/cli -run CampaignRegistry
func TestCampaignRegistry(t *testing.T) {
	server := os.Getenv("GODWIT_VERDACCIO")
	if server == "" {
		t.Skip("GODWIT_VERDACCIO does not say which registry server to run")
	}
	o := &owners{T: t, home: t.TempDir(), url: startVerdaccio(t, server)}
	o.logIn()

	for _, name := range []string{"@acme/base", "app"} {
		o.project(name, "1.0.0")
		o.godwit(name, "publish")
	}
	o.read("app", "version", "1.0.0")
	o.read("@acme/base", "dist-tags.latest", "1.0.0")
	o.install("app")

	o.refused("app", "publish") // again
	o.project("app", "1.1.0")
	o.godwit("app", "publish", "--tag", "next")
	o.read("app", "dist-tags.next", "1.1.0")
	o.read("app", "dist-tags.latest", "1.0.0")
	o.install("app@next")

	o.godwit("app", "dist-tag", "add", "app@1.1.0", "latest")
	o.read("app", "dist-tags.latest", "1.1.0")
	o.godwit("app", "dist-tag", "rm", "app", "next")
	o.read("app", "dist-tags.next", "")

	o.godwit("app", "deprecate", "app@<1.1", "use 1.1")
	o.read("app@1.0.0", "deprecated", "use 1.1")
	o.godwit("app", "undeprecate", "app")
	o.read("app@1.0.0", "deprecated", "")

	o.project("app", "1.2.0")
	o.npm("app", "publish", "--provenance=false")
	if got := o.godwit("app", "dist-tag", "ls", "app"); got != "latest: 1.2.0" {
		t.Errorf("after npm published: %q", got)
	}
	o.godwit("app", "unpublish", "app@1.2.0")
	o.read("app", "dist-tags.latest", "1.1.0")
	o.read("app@1.2.0", "version", "")
	o.godwit("app", "unpublish", "app", "--force")
	o.read("app", "version", "")

	if got := o.godwit("app", "whoami"); got != "tester" {
		t.Errorf("whoami: %q", got)
	}
	o.godwit("app", "ping")
	o.godwit("app", "logout")
	o.refused("app", "whoami")
}

// owners is one user with a registry of his own.
type owners struct {
	*testing.T
	home, url string
}

// startVerdaccio runs a server that knows nothing of other registries.
func startVerdaccio(t *testing.T, program string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	text := fmt.Sprintf("storage: %s/storage\nauth:\n  htpasswd:\n    file: %[1]s/htpasswd\npackages:\n  '**':\n    access: $all\n    publish: $authenticated\n    unpublish: $authenticated\nlog: {type: stdout, level: fatal}\n", dir)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--config", config, "--listen", address)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = cmd.Wait() })
	url := "http://" + address + "/"
	for range 300 { // half a minute, which is a slow start
		if res, err := http.Get(url + "-/ping"); err == nil {
			res.Body.Close()
			return url
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("verdaccio does not answer")
	return ""
}

func (o *owners) logIn() {
	o.Helper()
	o.write(filepath.Join(o.home, ".npmrc"), "registry="+o.url+"\n")
	cmd := o.command(os.Args[0], o.home, "login", "--auth-type=legacy")
	cmd.Env = append(cmd.Env, "TEST_TERMINAL=1")
	cmd.Stdin = strings.NewReader("tester\nsecret-password\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		o.Fatalf("login: %v\n%s", err, out)
	}
}

func (o *owners) write(file, text string) {
	o.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		o.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		o.Fatal(err)
	}
}

func (o *owners) dir(name string) string { return filepath.Join(o.home, "projects", name) }

func (o *owners) project(name, version string) {
	deps := "{}"
	if name != "@acme/base" {
		deps = `{"@acme/base": "^1.0.0"}`
	}
	o.write(filepath.Join(o.dir(name), "package.json"), fmt.Sprintf(`{"name": %q, "version": %q, "dependencies": %s}`, name, version, deps))
	o.write(filepath.Join(o.dir(name), "index.js"), fmt.Sprintf("module.exports = %q\n", version))
}

// command runs the test binary as godwit, or another program, as the user.
func (o *owners) command(program, dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	if program == os.Args[0] {
		link := filepath.Join(o.home, "godwit") // testscript's commands go by name
		_ = os.Symlink(program, link)
		cmd = exec.Command(link, args...)
	}
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+o.home, "npm_config_userconfig="+filepath.Join(o.home, ".npmrc"), "npm_config_update_notifier=false",
		"npm_config_cache="+filepath.Join(o.home, "cache"), "CI=", "PNPM_CONFIG_MINIMUM_RELEASE_AGE=0", "XDG_DATA_HOME="+filepath.Join(o.home, "data"), "XDG_CACHE_HOME="+filepath.Join(o.home, "xdg"))
	return cmd
}

func (o *owners) godwit(name string, args ...string) string {
	o.Helper()
	out, err := o.command(os.Args[0], o.dir(name), args...).Output()
	if err != nil {
		o.Fatalf("godwit %s: %v\n%s", strings.Join(args, " "), err, stderrOf(err))
	}
	return strings.TrimSpace(string(out))
}

func (o *owners) refused(name string, args ...string) {
	o.Helper()
	if out, err := o.command(os.Args[0], o.dir(name), args...).CombinedOutput(); err == nil {
		o.Errorf("godwit %s succeeded: %s", strings.Join(args, " "), out)
	}
}

func (o *owners) npm(name string, args ...string) {
	o.Helper()
	if out, err := o.command("npm", o.dir(name), args...).CombinedOutput(); err != nil {
		o.Fatalf("npm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// read asks npm and pnpm for a field of a package; "" is none.
func (o *owners) read(spec, field, want string) {
	o.Helper()
	readers := []string{"npm"}
	if pnpm := os.Getenv("GODWIT_PNPM"); pnpm != "" {
		readers = append(readers, pnpm)
	}
	for _, program := range readers {
		out, _ := o.command(program, o.home, "view", spec, field, "--json").Output()
		var got any
		if len(out) > 0 && json.Unmarshal(out, &got) != nil {
			o.Errorf("%s view %s %s: %s", program, spec, field, out)
		}
		if text, _ := got.(string); text != want {
			o.Errorf("%s view %s %s: %s, want %q", filepath.Base(program), spec, field, out, want)
		}
	}
}

// install lets every tool install a package, and look what it got.
func (o *owners) install(spec string) {
	o.Helper()
	name, tag, _ := strings.Cut(spec, "@")
	want := map[string]string{"": "1.0.0", "next": "1.1.0"}[tag]
	tools := map[string][]string{"npm": {"install"}, os.Args[0]: {"add"}}
	if pnpm := os.Getenv("GODWIT_PNPM"); pnpm != "" {
		tools[pnpm] = []string{"add"}
	}
	for program, args := range tools {
		dir := o.TempDir()
		o.write(filepath.Join(dir, "package.json"), `{"name": "user"}`)
		o.write(filepath.Join(dir, "pnpm-workspace.yaml"), "minimumReleaseAge: 0\n")
		if out, err := o.command(program, dir, append(args, spec)...).CombinedOutput(); err != nil {
			o.Errorf("%s %s: %v\n%s", program, spec, err, out)
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "node_modules", name, "index.js"))
		if err != nil || !strings.Contains(string(text), want) {
			o.Errorf("%s %s has %q, %v", program, spec, text, err)
		}
	}
}

func stderrOf(err error) []byte {
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.Stderr
	}
	return nil
}
