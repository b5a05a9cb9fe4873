package pnpmfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"godwit/internal/npm"
)

// open makes hooks of one file; change may be nil.
func open(t *testing.T, text string, change func(*Options)) *Hooks {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, ".pnpmfile.cjs")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	o := Options{Files: []File{{Path: path}}, Node: node, Dir: dir, Env: os.Environ(), Stderr: &bytes.Buffer{}, Log: func(string, string) {}}
	if change != nil {
		change(&o)
	}
	h := New(o)
	t.Cleanup(h.Close)
	return h
}

// Many questions are on their way at one time, and each gets its own answer,
// in whatever order they come.
func TestManyAtOnce(t *testing.T) {
	var logs []string
	h := open(t, `exports.hooks = { async readPackage (pkg, { log }) {
		await new Promise((done) => setTimeout(done, 50 - pkg.n))
		log(pkg.name)
		if (pkg.n % 2) pkg.dependencies.seen = pkg.name
		return pkg
	} }`, func(o *Options) { o.Log = func(hook, message string) { logs = append(logs, hook+" "+message) } })
	const n = 50
	var waits []func() ([]byte, error)
	for i := range n {
		waits = append(waits, h.ReadPackage(t.Context(), fmt.Appendf(nil, "{\"name\": \"p%d\",\n \"n\": %d, \"u\": \"\u2028\"}", i, i)))
	}
	for i, wait := range waits {
		out, err := wait()
		if err != nil {
			t.Fatal(err)
		}
		var m struct{ Dependencies map[string]string }
		if i%2 == 0 {
			if out != nil {
				t.Errorf("%d is as it was, and yet there is an answer: %s", i, out)
			}
			continue
		}
		if err := json.Unmarshal(out, &m); err != nil || m.Dependencies["seen"] != fmt.Sprintf("p%d", i) {
			t.Errorf("%d: %s (%v)", i, out, err)
		}
	}
	// What is logged comes with the answer that somebody waited for.
	if len(logs) != n || logs[7] != "readPackage p7" {
		t.Errorf("logs: %q", logs)
	}
}

func TestSilence(t *testing.T) {
	for _, text := range []string{
		`exports.hooks = { readPackage: () => new Promise(() => {}) }`,
		`exports.hooks = { readPackage: () => { for (;;) {} } }`,
	} {
		h := open(t, text, func(o *Options) { o.Patience = 300 * time.Millisecond })
		// More than a pipe holds, so that the process that does not read has to end
		// before all is written.
		var wait func() ([]byte, error)
		for range 20 {
			wait = h.ReadPackage(t.Context(), []byte(`{"name":"`+strings.Repeat("x", 20_000)+`"}`))
		}
		_, err := wait()
		ended, ok := errors.AsType[*EndedError](err)
		if !ok || ended.Silent == 0 || ended.Code() != "ERR_PNPM_PNPMFILE_FAIL" {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A file that does nothing for long while nobody waits is no reason to end it.
func TestIdleIsNotSilent(t *testing.T) {
	h := open(t, `exports.hooks = { readPackage: (pkg) => pkg }`, nil)
	for range 2 {
		if _, err := h.ReadPackage(t.Context(), []byte(`{}`))(); err != nil {
			t.Fatal(err)
		}
	}
	h.w.mu.Lock()
	running := h.w.watch.Stop()
	h.w.mu.Unlock()
	if running {
		t.Error("the watch runs while nobody waits")
	}
	h.w.giveUp() // it fired just before it was stopped
	if _, err := h.ReadPackage(t.Context(), []byte(`{}`))(); err != nil {
		t.Error(err)
	}
}

func TestNoNode(t *testing.T) {
	h := open(t, "", func(o *Options) { o.Node = "" })
	_, err := h.ReadPackage(t.Context(), []byte(`{}`))()
	if _, ok := errors.AsType[*NoNodeError](err); !ok {
		t.Error(err)
	}
}

// What hooks and their children write to stdout does not disturb the protocol.
func TestNoise(t *testing.T) {
	h := open(t, `const { execFileSync } = require('node:child_process')
	process.stdout.write('half a line')
	exports.hooks = { readPackage: (pkg) => {
		execFileSync(process.execPath, ['-e', 'console.log("noise"); console.log("{\\"id\\":99,\\"ok\\":{}}")'], { stdio: 'inherit' })
		return { ...pkg, name: 'b' }
	} }`, nil)
	out, err := h.ReadPackage(t.Context(), []byte(`{"name":"a"}`))()
	if err != nil || !strings.Contains(string(out), `"name":"b"`) {
		t.Errorf("%s %v", out, err)
	}
}

func TestDocument(t *testing.T) {
	raw := []byte(`{"name": "a", "x": 1, "dependencies": {"b": "1"}, "peerDependenciesMeta": {"q": {"optional": true}}}`)
	was, err := npm.DecodeManifest(raw)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := Document(raw, was, was); err != nil || string(out) != string(raw) {
		t.Errorf("%s %v", out, err)
	}
	now := *was
	now.Dependencies = append(now.Dependencies[:1:1], npm.Dep{Alias: "c", Specifier: "2"})
	now.PeerDependencies = npm.Deps{{Alias: "p", Specifier: "3"}}
	now.OptionalPeers = map[string]bool{"p": true, "q": true}
	out, err := Document(append([]byte("\ufeff"), raw...), was, &now)
	const want = `{"dependencies":{"b":"1","c":"2"},"name":"a","peerDependencies":{"p":"3"},"peerDependenciesMeta":{"p":{"optional":true},"q":{"optional":true}},"x":1}`
	if err != nil || string(out) != want {
		t.Errorf("%s %v", out, err)
	}
}
