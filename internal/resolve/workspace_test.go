package resolve_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/resolve"
)

// shelf is a registry that has all packuments at hand.
type shelf map[npm.Name]*npm.Packument

func (s shelf) Packument(_ context.Context, name npm.Name, _ bool) (*npm.Packument, error) {
	if doc := s[name]; doc != nil {
		return doc, nil
	}
	return nil, missing(name)
}

func (s shelf) External(_ context.Context, spec specifier.Specifier, _ string) (*resolve.External, error) {
	return nil, fmt.Errorf("%s is not on the shelf", spec.Raw)
}

func (s shelf) Integrity(_ context.Context, name npm.Name, version, _ string) (string, error) {
	return "", fmt.Errorf("%s@%s has its hash on the shelf", name, version)
}

// largeWorkspace makes up projects with 15 dependencies each, out of packages in
// five layers with two dependencies each, of which some want one of five hosts as
// a peer; one project in fifty has another version of it.
func largeWorkspace(tb testing.TB, projects, packages int) (shelf, *resolve.Request) {
	r := rand.New(rand.NewPCG(1, 2))
	s := shelf{}
	put := func(name string, body func(version string) string, versions ...string) {
		var b strings.Builder
		fmt.Fprintf(&b, `{"name":%q,"dist-tags":{"latest":%q},"versions":{`, name, versions[len(versions)-1])
		for i, v := range versions {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `%q:{"name":%q,"version":%q,"dist":{"tarball":"https://registry.example/%s/-/x-%s.tgz","integrity":"sha512-%s"}%s}`,
				v, name, v, name, v, strings.Repeat("A", 86)+"==", body(v))
		}
		b.WriteString("}}")
		doc, err := npm.ParsePackument(npm.Name(name), []byte(b.String()))
		if err != nil {
			tb.Fatal(err)
		}
		s[npm.Name(name)] = doc
	}
	const layers, hosts = 5, 5
	for i := range hosts {
		put(fmt.Sprintf("host%d", i), func(string) string { return "" }, "1.0.0", "1.1.0", "2.0.0")
	}
	size := packages / layers
	for i := range packages {
		var deps []string
		if i+size < packages {
			for range r.IntN(5) {
				deps = append(deps, fmt.Sprintf(`"p%d":"^1.0.0"`, (i/size+1)*size+r.IntN(size)))
			}
		}
		body := fmt.Sprintf(`,"dependencies":{%s}`, strings.Join(deps, ","))
		if r.IntN(50) == 0 {
			body += fmt.Sprintf(`,"peerDependencies":{"host%d":"*"}`, r.IntN(hosts))
		}
		put(fmt.Sprintf("p%d", i), func(string) string { return body }, "1.0.0", "1.2.0", "1.3.1")
	}
	req := &resolve.Request{Options: resolve.Options{AutoInstallPeers: true, DedupePeerDependents: true, PeersFromRoot: true}}
	for i := range projects {
		m := &npm.Manifest{Name: npm.Name(fmt.Sprintf("@w/m%04d", i)), Version: "1.0.0"}
		seen := map[string]bool{}
		add := func(alias, spec string) {
			if !seen[alias] {
				seen[alias] = true
				m.Dependencies = append(m.Dependencies, npm.Dep{Alias: alias, Specifier: spec})
			}
		}
		for range 12 {
			add(fmt.Sprintf("p%d", r.IntN(packages)), "^1.0.0")
		}
		for range 3 {
			if k := r.IntN(projects); k < i {
				add(fmt.Sprintf("@w/m%04d", k), "workspace:^")
			}
		}
		for h := range hosts {
			spec := "^1.0.0"
			if r.IntN(50) == 0 {
				spec = "^2.0.0"
			}
			add(fmt.Sprintf("host%d", h), spec)
		}
		dir := fmt.Sprintf("packages/m%04d", i)
		req.Importers = append(req.Importers, resolve.Importer{Dir: dir, Manifest: m})
		req.Members = append(req.Members, resolve.Member{Dir: dir, Manifest: m})
	}
	return s, req
}

func TestManyProjects(t *testing.T) {
	src, req := largeWorkspace(t, 60, 300)
	res, err := resolve.Resolve(t.Context(), src, req)
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, im := range res.Graph.Importers {
		for _, d := range im.Deps {
			if d.Target.Link != "" {
				links++
				if want := "../" + strings.TrimPrefix(d.Alias, "@w/"); d.Target.Link != want {
					t.Errorf("%s in %s leads to %s", d.Alias, im.Dir, d.Target.Link)
				}
			} else if res.Graph.Packages[d.Target.Key] == nil {
				t.Errorf("%s in %s leads to %s, which is not there", d.Alias, im.Dir, d.Target.Key)
			}
		}
	}
	if len(res.Graph.Importers) != 60 || links == 0 {
		t.Errorf("%d importers, %d links", len(res.Graph.Importers), links)
	}
}

// BenchmarkWorkspace resolves 1,000 projects with 5,000 packages; the target is
// two seconds with all packuments at hand.
func BenchmarkWorkspace(b *testing.B) {
	src, req := largeWorkspace(b, 1000, 5000)
	b.ReportAllocs()
	for b.Loop() {
		res, err := resolve.Resolve(b.Context(), src, req)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(res.Graph.Packages)), "packages")
	}
}
