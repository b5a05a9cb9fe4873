package render

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"godwit/internal/npm"
)

const full = `{"_id":"@s/a","name":"@s/a","dist-tags":{"latest":"2.0.0","old":"1.0.0"},
 "versions":{"1.0.0":{"name":"@s/a","version":"1.0.0","scripts":{"test":"x"},"x":{"dist":{"tarball":"kept"}},
   "dist":{"tarball":"https://registry.example/@s/a/-/a-1.0.0.tgz","integrity":"sha512-x","shasum":"00"}},
  "2.0.0":{"name":"@s/a","version":"2.0.0","dependencies":{"b":"^1"},"scripts":{"postinstall":"x"},
   "dist":{"shasum":"11","tarball":"https://cdn.example/odd.tgz"}},
  "__proto__":{}, "not a version":{"dist":{"tarball":"https://evil.example/"}}, "3.0.0":7},
 "time":{"created":"2020-01-01T00:00:00.000Z","modified":"2020-02-01T00:00:00.000Z","1.0.0":"2020-01-01T00:00:00.000Z","2.0.0":"2020-02-01T00:00:00.000Z"},
 "readme":"hello"}`

func parse(t *testing.T, name npm.Name, body string) *Document {
	t.Helper()
	d, err := Parse(name, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rendered is a rendering as a value; it must be JSON.
func rendered(t *testing.T, d *Document, o Options) map[string]any {
	t.Helper()
	body, err := d.Render(o)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, string(body))
}

func decode(t *testing.T, body string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return out
}

func diff(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestFullMovesTarballsOnly(t *testing.T) {
	want := decode(t, full)
	versions := want["versions"].(map[string]any)
	delete(versions, "__proto__")
	delete(versions, "not a version")
	delete(versions, "3.0.0")
	for key := range versions {
		versions[key].(map[string]any)["dist"].(map[string]any)["tarball"] = "http://here:1/npm/@s/a/-/a-" + key + ".tgz"
	}
	diff(t, rendered(t, parse(t, "@s/a", full), Options{Base: "http://here:1/npm"}), want)
}

func TestShort(t *testing.T) {
	want := decode(t, `{"name":"@s/a","dist-tags":{"latest":"2.0.0","old":"1.0.0"},"modified":"2020-02-01T00:00:00.000Z","versions":{
 "1.0.0":{"name":"@s/a","version":"1.0.0","dist":{"tarball":"http://h/@s/a/-/a-1.0.0.tgz","integrity":"sha512-x","shasum":"00"}},
 "2.0.0":{"name":"@s/a","version":"2.0.0","dependencies":{"b":"^1"},"hasInstallScript":true,"dist":{"shasum":"11","tarball":"http://h/@s/a/-/a-2.0.0.tgz"}}}}`)
	d := parse(t, "@s/a", full)
	diff(t, rendered(t, d, Options{Base: "http://h", Short: true}), want)

	// The short form of the short form is itself.
	body, err := d.Render(Options{Base: "http://h", Short: true})
	if err != nil {
		t.Fatal(err)
	}
	again := parse(t, "@s/a", string(body))
	diff(t, rendered(t, again, Options{Base: "http://h", Short: true}), want)
	if _, err := again.Render(Options{Base: "http://h"}); err != ErrNotFull {
		t.Errorf("full form of the short one: %v", err)
	}
}

func TestHide(t *testing.T) {
	d := parse(t, "@s/a", full)
	got := rendered(t, d, Options{
		Base: "http://h", Hide: func(v string) bool { return v == "2.0.0" },
		Tag: func(tag, target string) string {
			if tag == "latest" {
				return "1.0.0"
			}
			return ""
		},
	})
	if len(got["versions"].(map[string]any)) != 1 {
		t.Errorf("versions: %v", got["versions"])
	}
	diff(t, got["dist-tags"], any(map[string]any{"latest": "1.0.0"}))
	if times := got["time"].(map[string]any); times["2.0.0"] != nil || times["1.0.0"] == nil || times["modified"] == nil {
		t.Errorf("time: %v", times)
	}
	got = rendered(t, d, Options{Base: "http://h", Short: true, Hide: func(string) bool { return true }})
	diff(t, got["versions"], any(map[string]any{}))
}

func TestRepeatedMembersHideNothing(t *testing.T) {
	// JSON.parse takes the last of each, so all are rewritten.
	d := parse(t, "a", `{"name":"a","versions":{"9.9.9":{}},"versions":{"1.0.0":{"dist":{"tarball":"https://evil.example/1"}},"1.0.0":
 {"dist":{"tarball":"https://evil.example/2"},"dist":{"tarball":"https://evil.example/3","tarball":"https:\/\/evil.example/4"}}}}`)
	body, err := d.Render(Options{Base: "http://h", Short: true})
	if err != nil || strings.Contains(string(body), "evil") || strings.Contains(string(body), "9.9.9") {
		t.Errorf("%s, %v", body, err)
	}
}

func TestTarballNames(t *testing.T) {
	for _, c := range []struct {
		name    npm.Name
		version string
		url     string
	}{
		{"a", "1.0.0", "http://h/a/-/a-1.0.0.tgz"},
		{"@s/a-1", "1.0.0-rc.1+build.5", "http://h/@s/a-1/-/a-1-1.0.0-rc.1+build.5.tgz"},
	} {
		if got := TarballURL("http://h", c.name, c.version); got != c.url {
			t.Errorf("got %s", got)
		}
		if version, ok := TarballVersion(c.name, TarballFile(c.name, c.version)); !ok || version != c.version {
			t.Errorf("read back as %q", version)
		}
	}
	for _, file := range []string{"a-1.0.0.zip", "b-1.0.0.tgz", "a-latest.tgz", "a-.tgz", "a-1.0.0/../x.tgz", ""} {
		if version, ok := TarballVersion("a", file); ok {
			t.Errorf("%q is taken for version %q", file, version)
		}
	}
}

func FuzzRender(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte(`{"versions":{"1.0.0":{"dist":{"tarball":1}},"2.0.0":{"dist":[]}},"dist-tags":[],"time":{"modified":{}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := Parse("@s/a", body)
		if err != nil {
			return
		}
		valid := json.Valid(body)
		for _, o := range []Options{
			{Base: "http://h", Short: true}, {Base: "http://h"},
			{Base: "http://h", Short: d.Full(), Hide: func(v string) bool { return v == "1.0.0" }, Tag: func(_, v string) string { return v }},
		} {
			out, err := d.Render(o)
			if err == nil && valid && !json.Valid(out) {
				t.Errorf("%q became %q", body, out)
			}
		}
	})
}
