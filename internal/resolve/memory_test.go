package resolve

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/specifier"
)

// memory is a registry in memory: lines of NAME@VERSION and dependencies,
// ALIAS@SPECIFIER, with "peer:" or "peer?:" in front.
type memory map[npm.Name]*npm.Packument

func registry(t testing.TB, lines ...string) memory {
	t.Helper()
	type manifest map[string]map[string]any
	docs := map[npm.Name]map[string]manifest{}
	latest := map[npm.Name]string{}
	for _, line := range lines {
		words := strings.Fields(line)
		name, version := graph.Key(words[0]).Split()
		m := manifest{}
		for _, w := range words[1:] {
			field := "dependencies"
			if rest, ok := strings.CutPrefix(w, "peer:"); ok {
				field, w = "peerDependencies", rest
			} else if rest, ok := strings.CutPrefix(w, "peer?:"); ok {
				field, w = "peerDependencies", rest
				alias, _ := graph.Key(w).Split()
				setField(m, "peerDependenciesMeta", string(alias), map[string]bool{"optional": true})
			}
			alias, spec := graph.Key(w).Split()
			setField(m, field, string(alias), spec)
		}
		if docs[name] == nil {
			docs[name] = map[string]manifest{}
		}
		docs[name][version] = m
		latest[name] = version
	}
	out := memory{}
	for name, versions := range docs {
		body, err := json.Marshal(map[string]any{"name": name, "dist-tags": map[string]string{"latest": latest[name]}, "versions": versions})
		if err != nil {
			t.Fatal(err)
		}
		if out[name], err = npm.ParsePackument(name, body); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func setField[M ~map[string]map[string]any](m M, field, key string, value any) {
	if m[field] == nil {
		m[field] = map[string]any{}
	}
	m[field][key] = value
}

type notThere struct{ npm.Name }

func (e notThere) Error() string  { return fmt.Sprintf("%s is not in the registry", e.Name) }
func (e notThere) NotFound() bool { return true }

func (m memory) Packument(_ context.Context, name npm.Name, _ bool) (*npm.Packument, error) {
	if doc := m[name]; doc != nil {
		return doc, nil
	}
	return nil, notThere{name}
}

func (m memory) External(_ context.Context, s specifier.Specifier, _ string) (*External, error) {
	return nil, fmt.Errorf("%q is not in the registry", s.Raw)
}

func (m memory) Integrity(_ context.Context, name npm.Name, version, _ string) (string, error) {
	return integrity.Of([]byte(string(name) + "@" + version)).String(), nil
}

// project asks for dependencies, ALIAS@SPECIFIER.
func project(words ...string) *Request {
	m := &npm.Manifest{Name: "app"}
	for _, w := range words {
		alias, spec := graph.Key(w).Split()
		m.Dependencies = append(m.Dependencies, npm.Dep{Alias: string(alias), Specifier: spec})
	}
	return &Request{
		Importers: []Importer{{Dir: ".", Manifest: m}},
		Options:   Options{AutoInstallPeers: true, DedupePeerDependents: true},
	}
}
