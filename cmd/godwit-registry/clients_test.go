package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"godwit/internal/bench/tool"
)

// TestCampaignClients installs a real project with every package manager that
// is there, through the proxy and past it, and compares what they made:
//
//	godwit-bench serve --data RECORDING --listen 127.0.0.1:4961
//	GODWIT_REGISTRY=http://127.0.0.1:4961/ GODWIT_PEERS=DIR GODWIT_FIXTURE=DIR go test ./cmd/godwit-registry -run CampaignClients -v
//
// GODWIT_CLIENTS names some of them.
func TestCampaignClients(t *testing.T) {
	up, peers, fixture := os.Getenv("GODWIT_REGISTRY"), os.Getenv("GODWIT_PEERS"), os.Getenv("GODWIT_FIXTURE")
	if up == "" || peers == "" || fixture == "" {
		t.Skip("GODWIT_REGISTRY, GODWIT_PEERS and GODWIT_FIXTURE name what to install from")
	}
	names := []string{"npm", "pnpm", "bun", "yarn", "aube"}
	if some := os.Getenv("GODWIT_CLIENTS"); some != "" {
		names = strings.Split(some, ",")
	}
	r := startAt(t, up, t.TempDir(), "")
	tools, err := tool.Named(names)
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range tools {
		t.Run(client.Name, func(t *testing.T) {
			found, err := client.Find(peers)
			if err != nil {
				t.Skip(err)
			}
			direct := install(t, found, fixture, up)
			for _, how := range []string{"cold proxy", "warm proxy"} {
				through := install(t, found, fixture, r.URL+"/")
				if !slices.Equal(direct.packages, through.packages) {
					t.Errorf("%s: %d packages, %d past it", how, len(through.packages), len(direct.packages))
				}
				if direct.lock != through.lock {
					t.Errorf("%s: another lockfile, of %d and %d bytes", how, len(through.lock), len(direct.lock))
				}
				t.Logf("%s %s, %s: %d packages, %v; %v past it", client.Name, found.Version, how, len(through.packages), through.took.Round(time.Millisecond), direct.took.Round(time.Millisecond))
			}
		})
	}
	if s := r.log.String(); strings.Contains(s, "level=WARN") || strings.Contains(s, "level=ERROR") {
		t.Errorf("log:\n%s", s)
	}
}

// installed is what a client made.
type installed struct {
	packages []string // "path name@version" of each package.json in node_modules
	lock     string   // with the registry's address taken out
	took     time.Duration
}

// install runs a client in a place of its own.
func install(t *testing.T, found tool.Found, fixture, registry string) installed {
	t.Helper()
	place := tool.Place{Root: t.TempDir(), Registry: registry}
	if err := found.Prepare(place); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(fixture, "package.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(place.Project(), "package.json"), text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	args, err := found.Args(tool.Install, place)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(found.Command[0], append(slices.Clone(found.Command[1:]), args...)...)
	cmd.Dir, cmd.Env = place.Project(), found.Environ(place, os.Getenv("PATH"))
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s from %s: %v\n%s", found.Name, registry, err, out[max(0, len(out)-4000):])
	}
	made := installed{took: time.Since(began), packages: packagesIn(t, filepath.Join(place.Project(), "node_modules"))}
	for _, name := range found.Locks {
		if lock, err := os.ReadFile(filepath.Join(place.Project(), name)); err == nil {
			lock = bytes.ReplaceAll(lock, []byte(strings.TrimRight(registry, "/")), []byte("REGISTRY"))
			made.lock += string(lock)
		}
	}
	return made
}

// packagesIn lists the packages below a directory.
func packagesIn(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "package.json" {
			return err
		}
		var m struct{ Name, Version string }
		if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &m) == nil && m.Version != "" {
			out = append(out, fmt.Sprintf("%s %s@%s", path[len(dir):], m.Name, m.Version))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}
