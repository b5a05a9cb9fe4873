package pnpmlock

import (
	"strings"
	"testing"

	"godwit/internal/graph"
	"godwit/internal/npm"
)

func canonical(name npm.Name, version string) string {
	return "https://registry.example/" + string(name) + "/-/" + name.Base() + "-" + version + ".tgz"
}

// resolutionOf writes a package with the given resolution and returns the line.
func resolutionOf(t *testing.T, name npm.Name, res graph.Resolution, opts WriteOptions) string {
	t.Helper()
	key := graph.Key(name + "@1.0.0")
	d := &Document{Graph: &graph.Graph{Packages: map[graph.Key]*graph.Package{
		key: {Key: key, Name: name, Version: "1.0.0", Resolution: res},
	}}}
	for line := range strings.Lines(string(d.Append(nil, opts))) {
		if rest, ok := strings.CutPrefix(line, "    resolution: "); ok {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatal("no resolution was written")
	return ""
}

func TestTarballURLIsWrittenWhereItCannotBeTold(t *testing.T) {
	for name, c := range map[string]struct {
		name npm.Name
		res  graph.Resolution
		opts WriteOptions
		want string
	}{
		"canonical":      {"a", graph.Resolution{Integrity: "i", Tarball: canonical("a", "1.0.0")}, WriteOptions{}, "{integrity: i}"},
		"http":           {"a", graph.Resolution{Integrity: "i", Tarball: "http://registry.example/a/-/a-1.0.0.tgz"}, WriteOptions{}, "{integrity: i}"},
		"escaped slash":  {"@s/a", graph.Resolution{Integrity: "i", Tarball: "https://registry.example/@s%2fa/-/a-1.0.0.tgz"}, WriteOptions{}, "{integrity: i}"},
		"other path":     {"a", graph.Resolution{Integrity: "i", Tarball: "https://registry.example/dl/a.tgz"}, WriteOptions{}, "{integrity: i, tarball: https://registry.example/dl/a.tgz}"},
		"other host":     {"a", graph.Resolution{Integrity: "i", Tarball: "https://other.example/a/-/a-1.0.0.tgz"}, WriteOptions{}, "{integrity: i, tarball: https://other.example/a/-/a-1.0.0.tgz}"},
		"no integrity":   {"a", graph.Resolution{Tarball: canonical("a", "1.0.0")}, WriteOptions{}, "{tarball: https://registry.example/a/-/a-1.0.0.tgz}"},
		"asked for":      {"a", graph.Resolution{Integrity: "i"}, WriteOptions{IncludeTarballURL: true}, "{integrity: i, tarball: https://registry.example/a/-/a-1.0.0.tgz}"},
		"asked for kept": {"a", graph.Resolution{Integrity: "i", Tarball: canonical("a", "1.0.0")}, WriteOptions{IncludeTarballURL: true}, "{integrity: i, tarball: https://registry.example/a/-/a-1.0.0.tgz}"},
	} {
		c.opts.TarballURL = canonical
		if got := resolutionOf(t, c.name, c.res, c.opts); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	artifactory := func(name npm.Name, version string) string {
		return "https://repo.example/api/npm/all/@s/a/-/a-1.0.0.tgz"
	}
	res := graph.Resolution{Integrity: "i", Tarball: "https://repo.example/api/npm/all/@s/a/-/@s/a-1.0.0.tgz"}
	if got := resolutionOf(t, "@s/a", res, WriteOptions{TarballURL: artifactory}); got != "{integrity: i}" {
		t.Errorf("the scoped file name of Artifactory was written: %s", got)
	}
}

func TestRefs(t *testing.T) {
	for _, c := range []struct {
		alias, ref string
		target     graph.Target
	}{
		{"a", "1.0.0", graph.Target{Key: "a@1.0.0"}},
		{"a", "1.0.0(@s/b@1.0.0)", graph.Target{Key: "a@1.0.0(@s/b@1.0.0)"}},
		{"a", "b@1.0.0", graph.Target{Key: "b@1.0.0"}},
		{"a", "@s/b@1.0.0(c@1.0.0)", graph.Target{Key: "@s/b@1.0.0(c@1.0.0)"}},
		{"a", "link:../b", graph.Target{Link: "../b"}},
		{"a", "file:dir@x", graph.Target{Key: "a@file:dir@x"}},
		{"a", "a@file:///w/a", graph.Target{Key: "a@file:///w/a"}},
		{"a", "https://u@h.example/a.tgz", graph.Target{Key: "a@https://u@h.example/a.tgz"}},
		{"a", "work:1.0.0", graph.Target{Key: "a@work:1.0.0"}},
		{"a", "runtime:22.0.0", graph.Target{Key: "a@runtime:22.0.0"}},
		{"@s/a", "1.0.0", graph.Target{Key: "@s/a@1.0.0"}},
	} {
		if got := appendKey(nil, c.alias, c.ref); c.target.Key != "" && graph.Key(got) != c.target.Key {
			t.Errorf("%s: %s leads to %s", c.alias, c.ref, got)
		}
		if got := refOf(c.alias, c.target); got != c.ref {
			t.Errorf("%s: %+v is written as %s", c.alias, c.target, got)
		}
	}
}

func TestTimeKeepsDirectDependencies(t *testing.T) {
	d := mustRead(t, small)
	d.Time = map[string]string{"a@1.0.0": "2020", "b@2.0.0": "2021", "gone@1.0.0": "2022"}
	got := string(d.Append(nil, WriteOptions{}))
	if !strings.HasSuffix(got, "\ntime:\n\n  a@1.0.0: '2020'\n\n  b@2.0.0: '2021'\n") &&
		!strings.HasSuffix(got, "\ntime:\n  a@1.0.0: '2020'\n  b@2.0.0: '2021'\n") {
		t.Errorf("written:\n%s", got)
	}
}

func TestSame(t *testing.T) {
	env := "---\nx: 1\n\n---\n"
	for old, want := range map[string]bool{
		small: true, env + small: true, "\ufeff" + small: true, strings.ReplaceAll(small, "\n", "\r\n"): true,
		small + "\n": false, "": false, strings.Replace(small, "b", "c", 1): false,
	} {
		if got := Same([]byte(old), []byte(small)); got != want {
			t.Errorf("%.40q: %v", old, got)
		}
	}
}
