package npmtree

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/resolve"
)

// world is a registry: manifests by name and version.
type world map[string]map[string]string

func (w world) Packument(_ context.Context, name npm.Name, _ bool) (*npm.Packument, error) {
	var versions []string
	for v, fields := range w[string(name)] {
		versions = append(versions, fmt.Sprintf(`%q: {"dist": {"tarball": "https://registry.example/%s-%s.tgz"} %s}`, v, name, v, fields))
	}
	if len(versions) == 0 {
		return nil, errors.New("404")
	}
	return npm.ParsePackument(name, []byte(`{"versions": {`+strings.Join(versions, ",")+`}}`))
}

func (w world) External(context.Context, specifier.Specifier, string) (*resolve.External, error) {
	return nil, errors.New("there is nothing")
}
func (w world) Project(string) (*npm.Manifest, []byte, error) { return nil, nil, nil }
func (w world) Bundled(context.Context, npm.Name, string, string) (*Bundle, error) {
	return &Bundle{}, nil
}

// tree resolves a project and lists its packages.
func (w world) tree(t *testing.T, manifest string, opts Options, locked ...graph.Placed) (string, error) {
	t.Helper()
	m, err := npm.DecodeManifest([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	res, err := Resolve(t.Context(), w, &Request{
		Root: t.TempDir(), Name: "app", Projects: []Project{{".", m, []byte(manifest)}}, Options: opts, Locked: locked,
	})
	if err != nil {
		return "", err
	}
	var out []string
	for _, p := range res.Placed {
		if p.Manifest != nil {
			out = append(out, strings.ReplaceAll(p.Dir, modules, "")+"@"+p.Manifest.Version)
		}
	}
	return strings.Join(out, " "), nil
}

var small = world{
	"a":      {"1.0.0": `, "dependencies": {"c": "1"}`, "2.0.0": `, "dependencies": {"c": "2"}`},
	"b":      {"1.0.0": `, "dependencies": {"c": "2", "a": "1"}`},
	"c":      {"1.0.0": ``, "2.0.0": ``},
	"plugin": {"1.0.0": `, "peerDependencies": {"a": "1"}`},
	"loop":   {"1.0.0": `, "dependencies": {"loop": "1", "loop2": "1"}`},
	"loop2":  {"1.0.0": `, "dependencies": {"loop": "*"}, "peerDependencies": {"loop": "1"}`},
}

func TestResolve(t *testing.T) {
	for _, test := range []struct {
		name, manifest string
		opts           Options
		want, err      string
	}{
		{"hoisted", `{"dependencies": {"a": "1", "b": "1"}}`, Options{}, "a@1.0.0 b@1.0.0 b/c@2.0.0 c@1.0.0", ""},
		{"nested", `{"dependencies": {"a": "1", "b": "1"}}`, Options{Strategy: Nested}, "a@1.0.0 a/c@1.0.0 b@1.0.0 b/c@2.0.0", ""},
		{"override", `{"dependencies": {"a": "1", "b": "1"}, "overrides": {"c": "2"}}`, Options{}, "a@1.0.0 b@1.0.0 c@2.0.0", ""},
		{"override below", `{"dependencies": {"a": "1", "b": "1"}, "overrides": {"b": {"c": "1"}}}`, Options{}, "a@1.0.0 b@1.0.0 c@1.0.0", ""},
		{"override of the project", `{"dependencies": {"c": "1"}, "overrides": {"c": "2"}}`, Options{}, "", "EOVERRIDE"},
		{"reference to nothing", `{"dependencies": {"a": "1"}, "overrides": {"c": "$x"}}`, Options{}, "", "EOVERRIDE"},
		{"peer", `{"dependencies": {"plugin": "1"}}`, Options{}, "a@1.0.0 c@1.0.0 plugin@1.0.0", ""},
		{"peer conflict", `{"dependencies": {"plugin": "1", "a": "2"}}`, Options{}, "", "ERESOLVE"},
		{"peer conflict, forced", `{"dependencies": {"plugin": "1", "a": "2"}}`, Options{Force: true}, "a@2.0.0 c@2.0.0 plugin@1.0.0", ""},
		{"no peers", `{"dependencies": {"plugin": "1"}}`, Options{LegacyPeers: true}, "plugin@1.0.0", ""},
		{"circles", `{"dependencies": {"loop": "1"}}`, Options{}, "loop@1.0.0 loop2@1.0.0", ""},
		{"optional", `{"dependencies": {"c": "1"}, "optionalDependencies": {"gone": "1", "a": "9"}}`, Options{}, "c@1.0.0", ""},
		{"missing", `{"dependencies": {"gone": "1"}}`, Options{}, "", "404"},
		{"no such version", `{"dependencies": {"a": "9"}}`, Options{}, "", "ETARGET"},
		{"not npm's", `{"dependencies": {"a": "workspace:*"}}`, Options{}, "", "EUNSUPPORTEDPROTOCOL"},
	} {
		got, err := small.tree(t, test.manifest, test.opts)
		var coded interface{ Code() string }
		said := ""
		if errors.As(err, &coded) {
			said = coded.Code()
		} else if err != nil {
			said = err.Error()
		}
		if got != test.want || test.err == "" && err != nil || !strings.Contains(said, test.err) {
			t.Errorf("%s: %q, %v; want %q %s", test.name, got, err, test.want, test.err)
		}
	}
}

// What a lockfile has stays if it fits; what no project could have does no harm.
func TestLocked(t *testing.T) {
	place := func(dir, version, link string) graph.Placed {
		return graph.Placed{Dir: dir, Link: link, Manifest: &npm.Manifest{Version: version}}
	}
	for _, test := range []struct {
		name   string
		locked []graph.Placed
		want   string
	}{
		{"kept", []graph.Placed{place("node_modules/c", "1.0.0", "")}, "c@1.0.0"},
		{"too old", []graph.Placed{place("node_modules/c", "0.1.0", "")}, "c@2.0.0"},
		{"no version", []graph.Placed{place("node_modules/c", "", "")}, "c@2.0.0"},
		{"below nothing", []graph.Placed{place("node_modules/x/node_modules/c", "1.0.0", "")}, "c@2.0.0"},
		{"link to nowhere", []graph.Placed{place("node_modules/c", "", "nowhere")}, "c@2.0.0"},
		{"link to itself", []graph.Placed{place("node_modules/c", "", "node_modules/c")}, "c@2.0.0"},
		{"link to the root", []graph.Placed{place("node_modules/c", "", ".")}, "c@2.0.0"},
		{"twice", []graph.Placed{place("node_modules/c", "1.0.0", ""), place("node_modules/c", "2.0.0", "")}, "c@2.0.0"},
		{"two cases", []graph.Placed{place("node_modules/C", "1.0.0", ""), place("node_modules/c", "2.0.0", "")}, "c@2.0.0"},
	} {
		got, err := small.tree(t, `{"dependencies": {"c": ">=1"}}`, Options{}, test.locked...)
		if err != nil || got != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}

func FuzzOverrides(f *testing.F) {
	for _, seed := range []string{`{}`, `{"c": "2"}`, `{"a@^1": {".": "$c", "c": ""}}`, `{"@s/x": {"y": {"z": "npm:a@1"}}}`, `[]`, `{"": "1"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, rules string) {
		manifest := `{"dependencies": {"a": "1", "b": "1", "plugin": "1"}, "overrides": ` + rules + `}`
		if _, err := npm.DecodeManifest([]byte(manifest)); err == nil {
			small.tree(t, manifest, Options{})
		}
	})
}
