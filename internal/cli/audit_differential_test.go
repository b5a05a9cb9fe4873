package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/npm/semver"
)

// TestAuditDifferential compares what npm's audit and audit fix say and write, for
// projects and advisories that are made up:
//
//	GODWIT_REGISTRY=http://127.0.0.1:4921/ GODWIT_PROJECT=dir:dir GODWIT_AUDIT_PROJECTS=0-100 \
//	  go test ./internal/cli -run AuditDifferential
//
// Both are given the same lockfile. Each project takes npm five seconds. Optional
// dependencies are left out: where npm changes the specifier of one, its lockfile
// lists it twice until the next install.
func TestAuditDifferential(t *testing.T) {
	d := &auditDifferential{npmDifferential: newNpmDifferential(t, "GODWIT_AUDIT_PROJECTS")}
	upstream, err := url.Parse(d.registry)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(upstream)
	proxy.ErrorLog = log.New(io.Discard, "", 0) // what nobody waits for any more is no news
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/-/npm/v1/security/advisories/bulk" {
			d.answer(w, r)
			return
		}
		r.Host = upstream.Host
		proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	d.audited = server.URL + "/"
	d.features["optional"] = false
	d.each(t, "GODWIT_AUDIT_PROJECTS", 5, d.compareAudits)
}

type auditDifferential struct {
	*npmDifferential
	audited    string // the registry with its advisories
	advisories map[string][]map[string]any
}

// answer is the bulk endpoint.
func (d *auditDifferential) answer(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	var asked map[string][]string
	if err := json.NewDecoder(body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out := map[string][]map[string]any{}
	for name, list := range d.advisories {
		for _, a := range list {
			rng, err := semver.ParseRange(a["vulnerable_versions"].(string), semver.Options{IncludePrerelease: true})
			if slices.ContainsFunc(asked[name], func(v string) bool {
				parsed, bad := semver.Parse(v, semver.Options{})
				return err == nil && bad == nil && rng.Match(parsed)
			}) {
				out[name] = append(out[name], a)
			}
		}
	}
	json.NewEncoder(w).Encode(out)
}

// auditCalls are what is compared: reports, then what fixes write; those of some
// projects only, every which one it says.
var auditCalls = []struct {
	every uint64
	args  []string
}{
	{1, []string{"audit", "--json"}},
	{1, []string{"audit"}},
	{1, []string{"audit", "--json", "--omit=dev"}},
	{3, []string{"audit", "--json", "--workspace=m0", "--audit-level=high"}},
	{1, []string{"audit", "fix", "--package-lock-only", "--json"}},
	{1, []string{"audit", "fix", "--package-lock-only", "--json", "--force"}},
	{5, []string{"audit", "fix", "--package-lock-only"}},
	{3, []string{"audit", "fix", "--package-lock-only", "--json", "--workspace=m0"}},
	{4, []string{"audit", "fix", "--ignore-scripts"}},
	{4, []string{"audit", "fix", "--ignore-scripts", "--json"}},
}

func (d *auditDifferential) compareAudits(g *generator, seed uint64) (*generated, string, string) {
	p := g.npmProject()
	maps.Copy(p.files, p.edited)
	p.edited = nil
	base, err := os.MkdirTemp(d.home, "project")
	if err != nil {
		return p, "differs", err.Error()
	}
	defer os.RemoveAll(base)
	lock, err := d.lockfile(filepath.Join(base, "lock"), p)
	if err != nil {
		return p, "unusable", npmCode(err.Error())
	}
	d.advisories = g.advisories(lock)
	var diffs []string
	for _, call := range auditCalls {
		args := call.args
		if seed%call.every != 0 || slices.Contains(args, "--workspace=m0") && !strings.Contains(p.files["packages/m0/package.json"], `"m0"`) {
			continue
		}
		if lists := len(args) > 1 && args[1] == "fix" && !slices.Contains(args, "--package-lock-only"); lists && len(p.files) > 1 {
			continue // npm has an order of its own for what is linked
		}
		theirs := d.call(base, p, lock, append([]string{"npm"}, args...))
		ours := d.call(base, p, lock, args)
		if theirs != ours {
			diffs = append(diffs, fmt.Sprintf("%v: %s", args, cmp.Diff(theirs, ours)))
		}
	}
	if len(diffs) == 0 {
		return p, "same", ""
	}
	text, _ := json.MarshalIndent(d.advisories, "", "  ")
	return p, "differs", string(text) + "\n" + strings.Join(diffs, "\n")
}

// lockfile is what a project begins with.
func (d *auditDifferential) lockfile(dir string, p *generated) ([]byte, error) {
	if err := writeProject(dir, d.audited, p); err != nil {
		return nil, err
	}
	if err := d.godwit(dir, []string{"install", "--lockfile-only"}); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "package-lock.json"))
}

func writeProject(dir, registry string, p *generated) error {
	files := maps.Clone(p.files)
	files[".npmrc"] = "registry=" + registry + "\nfund=false\nupdate-notifier=false\n" + p.settings
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// What nobody can foretell, or we do not tell: how long something took, what is wrong
// with a recording, and which install scripts nobody decided about.
var (
	times      = regexp.MustCompile(` in [0-9]+m?s`)
	mishaps    = regexp.MustCompile(`(?s)("code": "E404").*?\n}`)
	unreviewed = regexp.MustCompile(`(?s),\n  "unreviewedScripts": \[.*?\n  \]`)
)

// call runs npm, or us, in a fresh copy of the project, and says what came of it.
func (d *auditDifferential) call(base string, p *generated, lock []byte, args []string) string {
	dir := filepath.Join(base, "project")
	defer os.RemoveAll(dir)
	if err := writeProject(dir, d.audited, p); err != nil {
		return err.Error()
	}
	os.WriteFile(filepath.Join(dir, "package-lock.json"), lock, 0o644)
	var cmd *exec.Cmd
	var stdout bytes.Buffer
	var failed error
	if args[0] == "npm" {
		cmd = exec.Command("npm", append(args[1:], "--loglevel=error")...)
		cmd.Dir, cmd.Env, cmd.Stdout = dir, d.env(), &stdout
		failed = cmd.Run()
	} else {
		var out string
		out, failed = godwitOutput(dir, d.home, args)
		stdout.WriteString(out)
	}
	var b strings.Builder
	said := times.ReplaceAllString(strings.ReplaceAll(stdout.String(), "godwit audit", "npm audit"), " in X")
	said = unreviewed.ReplaceAllString(mishaps.ReplaceAllString(said, "$1"), "")
	fmt.Fprintf(&b, "failed: %t\n%s\n", failed != nil, said)
	for _, name := range append(slices.Sorted(maps.Keys(p.files)), "package-lock.json", "node_modules/.package-lock.json") {
		text, err := os.ReadFile(filepath.Join(dir, name))
		fmt.Fprintf(&b, "-- %s -- %t\n%s", name, err == nil, text)
	}
	return b.String()
}

// advisories are made up about what a lockfile has. (npm breaks on a report that has
// nothing worse than "info".)
func (g *generator) advisories(lock []byte) map[string][]map[string]any {
	var doc struct {
		Packages map[string]struct{ Name, Version string }
	}
	json.Unmarshal(lock, &doc)
	versions := map[string]string{}
	for _, dir := range slices.Sorted(maps.Keys(doc.Packages)) {
		if i := strings.LastIndex(dir, "node_modules/"); i >= 0 && doc.Packages[dir].Name == "" && doc.Packages[dir].Version != "" {
			versions[dir[i+len("node_modules/"):]] = doc.Packages[dir].Version
		}
	}
	names := slices.Sorted(maps.Keys(versions))
	out := map[string][]map[string]any{}
	id := 1000
	for range 1 + g.IntN(4) {
		if len(names) == 0 {
			break
		}
		name := names[g.IntN(len(names))]
		for range 1 + g.IntN(2)*g.IntN(2) {
			id += 1 + g.IntN(50)
			out[name] = append(out[name], map[string]any{
				"id": id, "url": fmt.Sprintf("https://advisories.example/GHSA-%d", id), "title": fmt.Sprintf("Bad <%s>", name),
				"severity":            []string{"low", "moderate", "high", "critical"}[g.IntN(4)],
				"vulnerable_versions": g.vulnerableRange(name, versions[name]),
				"cwe":                 []string{"CWE-1"}, "cvss": map[string]any{"score": 7.5, "vectorString": nil},
			})
		}
	}
	return out
}

// vulnerableRange holds the version that is locked, mostly.
func (g *generator) vulnerableRange(name, locked string) string {
	r := g.look(name)
	other := locked
	if r != nil {
		other = r.sorted[g.IntN(len(r.sorted))]
	}
	switch g.IntN(8) {
	case 0:
		return "*"
	case 1:
		return "<=" + locked
	case 2:
		return "=" + locked
	case 3:
		return ">=" + other
	case 4:
		return "<=" + locked + " || " + other
	case 5:
		return "<" + other
	case 6:
		return ">=" + locked
	}
	return "<=" + max(locked, other)
}
