package testreg_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/testreg"
)

// get asks for a path or URL with headers "Key: value", following no redirect
// and decoding nothing.
func get(t *testing.T, reg *testreg.Registry, path string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	return send(t, reg, http.MethodGet, path, "", headers...)
}

func send(t *testing.T, reg *testreg.Registry, method, path, body string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	res, data, err := try(reg, method, path, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return res, data
}

func try(reg *testreg.Registry, method, path, body string, headers ...string) (*http.Response, []byte, error) {
	if !strings.HasPrefix(path, "http") {
		path = reg.URL + path
	}
	req, err := http.NewRequest(method, path, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for _, h := range headers {
		key, value, _ := strings.Cut(h, ": ")
		req.Header.Set(key, value)
	}
	res, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res, data, err
}

// at reads a JSON document and returns what stands at each path of keys.
func at(t *testing.T, data []byte, keys ...string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

const short = "Accept: application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"

func TestLineSaysWhatThePackumentHas(t *testing.T) {
	reg := testreg.New(t, []byte(`
-- packages --
a@1.0.0 b@^1 x@npm:@s/y@2 dev:d@1 opt:fsevents@^2 peer:react@">=16 <19" peer?:z@* bin:cmd=cli.js os:darwin,!win32 cpu:x64 libc:musl engine:node@>=18 deprecated="use b" script:install="node x" set:sideEffects=false set:license=MIT  # comment
@s/y@2.0.0-rc.1
@s/y@1.9.0
@s/y@1.10.0 time:2021-02-03T04:05:06Z tag:old,older
`))
	_, full := get(t, reg, "/a")
	want := map[string]any{
		"name": "a", "version": "1.0.0", "_id": "a@1.0.0",
		"dependencies":         map[string]any{"b": "^1", "x": "npm:@s/y@2"},
		"devDependencies":      map[string]any{"d": "1"},
		"optionalDependencies": map[string]any{"fsevents": "^2"},
		"peerDependencies":     map[string]any{"react": ">=16 <19", "z": "*"},
		"peerDependenciesMeta": map[string]any{"z": map[string]any{"optional": true}},
		"bin":                  map[string]any{"cmd": "cli.js"},
		"os":                   []any{"darwin", "!win32"}, "cpu": []any{"x64"}, "libc": []any{"musl"},
		"engines": map[string]any{"node": ">=18"}, "deprecated": "use b",
		"scripts": map[string]any{"install": "node x"}, "hasInstallScript": true,
		"sideEffects": false, "license": "MIT",
	}
	got := at(t, full, "versions", "1.0.0").(map[string]any)
	delete(got, "dist")
	check(t, "full", got, any(want))

	_, abbreviated := get(t, reg, "/a", short)
	for _, k := range []string{"_id", "libc", "scripts", "sideEffects", "license"} {
		delete(want, k)
	}
	got = at(t, abbreviated, "versions", "1.0.0").(map[string]any)
	delete(got, "dist")
	check(t, "abbreviated", got, any(want))
	check(t, "time in it", at(t, abbreviated, "time"), any(nil))

	_, y := get(t, reg, "/@s%2fy")
	check(t, "tags", at(t, y, "dist-tags"), any(map[string]any{"latest": "1.10.0", "old": "1.10.0", "older": "1.10.0"}))
	check(t, "time", at(t, y, "time", "1.10.0"), any("2021-02-03T04:05:06.000Z"))
	check(t, "created", at(t, y, "time", "created"), any("2020-01-01T00:00:00.000Z"))
	check(t, "modified", at(t, y, "time", "modified"), any("2021-02-03T04:05:06.000Z"))
	check(t, "default time", at(t, y, "time", "1.9.0"), any("2020-01-02T00:00:00.000Z"))
	_, same := get(t, reg, "/@s/y")
	check(t, "the other form of a scoped name", string(same), string(y))
}

// entries reads a tarball into "path mode" → content.
func entries(t *testing.T, data []byte) map[string]string {
	t.Helper()
	gz, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for tr := tar.NewReader(gz); ; {
		h, err := tr.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(tr)
		out[h.Name+" "+h.FileInfo().Mode().String()] = string(text)
	}
}

func TestTarballHasFilesAndFillsInTheRest(t *testing.T) {
	archive := []byte(`
-- packages --
@s/a@1.0.0 bin:run=bin/run.js bundle:inner@1.2.3 bundle:other@2.0.0
-- @s/a@1.0.0/package.json --
{"main": "main.js", "version": "1.0.0", "name": "@s/a"}
-- @s/a@1.0.0/tool +x --
#!/bin/sh
-- @s/a@1.0.0/main.js --
42
-- @s/a@1.0.0/node_modules/inner/index.js --
mine
`)
	reg := testreg.New(t, archive)
	_, doc := get(t, reg, "/@s/a", short)
	dist := at(t, doc, "versions", "1.0.0", "dist").(map[string]any)
	check(t, "URL", dist["tarball"], any(reg.URL+"/@s/a/-/a-1.0.0.tgz"))
	_, data := get(t, reg, dist["tarball"].(string))
	long, sum := sha512.Sum512(data), sha1.Sum(data)
	check(t, "integrity", dist["integrity"], any("sha512-"+base64.StdEncoding.EncodeToString(long[:])))
	check(t, "shasum", dist["shasum"], any(hex.EncodeToString(sum[:])))

	got := entries(t, data)
	check(t, "fileCount", dist["fileCount"], any(float64(len(got))))
	check(t, "package.json", got["package/package.json -rw-r--r--"], `{
  "name": "@s/a",
  "version": "1.0.0",
  "bin": {
    "run": "bin/run.js"
  },
  "dependencies": {
    "inner": "1.2.3",
    "other": "2.0.0"
  },
  "bundleDependencies": [
    "inner",
    "other"
  ],
  "main": "main.js"
}
`)
	delete(got, "package/package.json -rw-r--r--")
	check(t, "files", got, map[string]string{
		"package/tool -rwxr-xr-x":                            "#!/bin/sh\n",
		"package/main.js -rw-r--r--":                         "42\n",
		"package/bin/run.js -rwxr-xr-x":                      "#!/usr/bin/env node\nconsole.log(\"@s/a@1.0.0 run\")\n",
		"package/node_modules/inner/index.js -rw-r--r--":     "mine\n",
		"package/node_modules/inner/package.json -rw-r--r--": "{\n  \"name\": \"inner\",\n  \"version\": \"1.2.3\"\n}\n",
		"package/node_modules/other/index.js -rw-r--r--":     "module.exports = \"other@2.0.0\"\n",
		"package/node_modules/other/package.json -rw-r--r--": "{\n  \"name\": \"other\",\n  \"version\": \"2.0.0\"\n}\n",
	})

	_, again := get(t, testreg.New(t, archive), "/@s%2fa/-/a-1.0.0.tgz")
	if !bytes.Equal(data, again) {
		t.Error("the same archive gave other bytes")
	}
}

func TestHashesAreAsOrdered(t *testing.T) {
	reg := testreg.New(t, []byte("-- packages --\na@1.0.0\na@2.0.0 hash:sha1\na@3.0.0 hash:none\na@4.0.0 hash:wrong\n"))
	_, doc := get(t, reg, "/a")
	for ver, want := range map[string]struct{ integrity, shasum, right bool }{
		"1.0.0": {true, true, true}, "2.0.0": {false, true, true}, "3.0.0": {false, false, false}, "4.0.0": {true, true, false},
	} {
		dist := at(t, doc, "versions", ver, "dist").(map[string]any)
		integrity, _ := dist["integrity"].(string)
		shasum, _ := dist["shasum"].(string)
		_, data := get(t, reg, dist["tarball"].(string))
		sum := sha1.Sum(data)
		check(t, ver+" integrity", integrity != "", want.integrity)
		check(t, ver+" shasum", shasum != "", want.shasum)
		check(t, ver+" right", shasum == hex.EncodeToString(sum[:]), want.right)
	}
}

func TestConditionalAndCompressed(t *testing.T) {
	reg := testreg.New(t, []byte("-- packages --\na@1.0.0\n"))
	res, plain := get(t, reg, "/a")
	tag := res.Header.Get("ETag")
	if tag == "" || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("headers %v", res.Header)
	}
	res, packed := get(t, reg, "/a", "Accept-Encoding: gzip, br")
	check(t, "encoding", res.Header.Get("Content-Encoding"), "gzip")
	gz, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	unpacked, _ := io.ReadAll(gz)
	check(t, "decoded", string(unpacked), string(plain))

	res, body := get(t, reg, "/a", "If-None-Match: "+tag)
	check(t, "with the tag", res.StatusCode, http.StatusNotModified)
	check(t, "body", len(body), 0)
	res, _ = get(t, reg, "/a", `If-None-Match: "other"`, "If-Modified-Since: "+res.Header.Get("Last-Modified"))
	check(t, "with another tag", res.StatusCode, http.StatusOK)
	res, _ = get(t, reg, "/a", "If-Modified-Since: "+res.Header.Get("Last-Modified"))
	check(t, "with the date", res.StatusCode, http.StatusNotModified)
	res, _ = get(t, reg, "/a/-/a-1.0.0.tgz", "Accept-Encoding: gzip")
	check(t, "a tarball's encoding", res.Header.Get("Content-Encoding"), "")
}

func TestEndpoints(t *testing.T) {
	reg := testreg.New(t, testreg.Common())
	for path, want := range map[string]int{
		"/-/ping": 200, "/nope": 404, "/a/9.9.9": 404, "/a/-/a-9.9.9.tgz": 404, "/-/whoami": 401, "/": 404,
		"/tagged/beta": 200, "/@acme%2fcore/1.0.0": 200, "/-/package/tagged/dist-tags": 200, "/-/nope": 404,
	} {
		res, _ := get(t, reg, path)
		check(t, path, res.StatusCode, want)
	}
	_, m := get(t, reg, "/tagged/beta")
	check(t, "beta", at(t, m, "version"), any("3.0.0-beta.1"))
	res, _ := send(t, reg, "PUT", "/-/package/@acme%2fcore/dist-tags/stable", `"1.0.0"`)
	check(t, "set a tag", res.StatusCode, 200)
	_, tags := get(t, reg, "/-/package/@acme%2fcore/dist-tags")
	check(t, "tags", at(t, tags), any(map[string]any{"latest": "1.0.0", "next": "1.1.0-rc.1", "stable": "1.0.0"}))
	send(t, reg, "DELETE", "/-/package/@acme%2fcore/dist-tags/next", "")
	_, tags = get(t, reg, "/-/package/@acme%2fcore/dist-tags")
	check(t, "after removal", at(t, tags, "next"), any(nil))
}

func TestRawPackument(t *testing.T) {
	reg := testreg.New(t, []byte(`
-- packages --
old@0.0.1
-- old/packument.json --
{"versions": {"0.0.1": {"engines": ["node >= 0.4"], "dist": {"tarball": "{tarball:0.0.1}", "integrity": "{integrity:0.0.1}", "shasum": "{shasum:0.0.1}"}}}, "x": "{shasum:9.9.9} {registry} {other}"}
`))
	for _, accept := range []string{short, "Accept: */*"} {
		_, doc := get(t, reg, "/old", accept)
		_, data := get(t, reg, at(t, doc, "versions", "0.0.1", "dist", "tarball").(string))
		long, sum := sha512.Sum512(data), sha1.Sum(data)
		check(t, "integrity", at(t, doc, "versions", "0.0.1", "dist", "integrity"), any("sha512-"+base64.StdEncoding.EncodeToString(long[:])))
		check(t, "shasum", at(t, doc, "versions", "0.0.1", "dist", "shasum"), any(hex.EncodeToString(sum[:])))
		check(t, "others", at(t, doc, "x"), any("{shasum:9.9.9} "+reg.URL+" "+reg.Other))
	}
}

func TestAuth(t *testing.T) {
	reg := testreg.New(t, []byte(`
-- packages --
open@1.0.0
@s/a@1.0.0
@s2/a@1.0.0
hidden@1.0.0
-- auth --
@s bearer s3cret
@s bearer also
@s2 basic me:pass
hidden bearer h missing=404 wrong=403
hidden bearer h2
`))
	basic := base64.StdEncoding.EncodeToString([]byte("me:pass"))
	for _, test := range []struct {
		path, auth string
		want       int
	}{
		{"/open", "", 200},
		{"/open", "Bearer bad", 200},
		{"/@s%2fa", "", 401},
		{"/@s%2fa", "Bearer bad", 401},
		{"/@s%2fa", "Bearer s3cret", 200},
		{"/@s/a", "Bearer also", 200},
		{"/@s/a/-/a-1.0.0.tgz", "", 401},
		{"/@s/a/-/a-1.0.0.tgz", "Bearer s3cret", 200},
		{"/@s/a", "Basic " + basic, 403},
		{"/@s2/a", "Basic " + basic, 200},
		{"/hidden", "", 404},
		{"/hidden", "Bearer bad", 403},
	} {
		var headers []string
		if test.auth != "" {
			headers = []string{"Authorization: " + test.auth}
		}
		res, _ := get(t, reg, test.path, headers...)
		check(t, test.path+" with "+test.auth, res.StatusCode, test.want)
	}
	check(t, "leaks", len(reg.Leaks()), 0)
	res, _ := get(t, reg, reg.Other+"/@s/a")
	check(t, "the other host", res.StatusCode, 200)
	get(t, reg, reg.Other+"/@s/a", "Authorization: Bearer s3cret")
	check(t, "leaks", len(reg.Leaks()), 1)

	all := testreg.New(t, []byte("-- packages --\na@1.0.0\n-- auth --\n* bearer x\n"))
	for _, path := range []string{"/a", "/-/ping", "/-/whoami", "/nope"} {
		res, _ := get(t, all, path)
		check(t, path, res.StatusCode, 401)
	}
}

func TestPublish(t *testing.T) {
	reg := testreg.New(t, []byte("-- packages --\na@1.0.0\n"))
	put := func(ver, tarball string) int {
		data := base64.StdEncoding.EncodeToString([]byte(tarball))
		res, _ := send(t, reg, "PUT", "/a", `{"name": "a", "dist-tags": {"latest": "`+ver+`"},
			"versions": {"`+ver+`": {"name": "a", "version": "`+ver+`", "dependencies": {"b": "1"}, "dist": {"tarball": "http://elsewhere.example/"}}},
			"_attachments": {"a.tgz": {"data": "`+data+`"}}}`)
		return res.StatusCode
	}
	check(t, "publish", put("1.1.0", "bytes"), 201)
	check(t, "again", put("1.1.0", "others"), 403)
	_, doc := get(t, reg, "/a")
	check(t, "latest", at(t, doc, "dist-tags", "latest"), any("1.1.0"))
	check(t, "dependencies", at(t, doc, "versions", "1.1.0", "dependencies"), any(map[string]any{"b": "1"}))
	_, data := get(t, reg, at(t, doc, "versions", "1.1.0", "dist", "tarball").(string))
	check(t, "tarball", string(data), "bytes")

	send(t, reg, "PUT", "/a", `{"name": "a", "versions": {"1.0.0": {"deprecated": "old"}, "1.1.0": {}}}`)
	_, doc = get(t, reg, "/a")
	check(t, "deprecated", at(t, doc, "versions", "1.0.0", "deprecated"), any("old"))
	for body, want := range map[string]int{
		`{`: 400, `{"name": "b"}`: 400, `{"name": "a", "versions": {"7.0.0": {}}}`: 400,
	} {
		res, _ := send(t, reg, "PUT", "/a", body)
		check(t, body, res.StatusCode, want)
	}
	res, _ := send(t, reg, "PUT", "/new", `{"name": "new", "dist-tags": {"latest": "1.0.0"}}`)
	check(t, "no version", res.StatusCode, 404)
}

func TestRequestsAreLogged(t *testing.T) {
	reg := testreg.New(t, testreg.Common())
	get(t, reg, "/@acme%2fcore", "X-Test: 1")
	get(t, reg, "/@acme/core/-/core-1.0.0.tgz")
	get(t, reg, "/lib/2.0.0")
	get(t, reg, "/lib/-/lib-2.0.0.tgz")
	get(t, reg, "/nope")
	for _, test := range []struct {
		pattern string
		want    int
	}{
		{"*", 5}, {"@acme/*", 2}, {"@acme/core", 1}, {"tarball:*", 2}, {"lib@2.0.0", 2}, {"manifest:lib@2.0.0", 1},
		{"/@acme/core*", 2}, {"/lib/-/*.tgz", 1}, {"packument:*", 2}, {"lib", 0}, {"tarball:*1.0", 0}, {"*ib*2.*.0", 2}, {"*x*", 0},
	} {
		check(t, test.pattern, reg.Count(test.pattern), test.want)
	}
	first := reg.Requests()[0]
	check(t, "URI", first.URI, "/@acme%2fcore")
	check(t, "header", first.Header.Get("X-Test"), "1")
	check(t, "status", reg.Requests("nope")[0].Status, 404)
	check(t, "one after the other", reg.Peak(), 1)
	reg.ClearRequests()
	check(t, "cleared", reg.Count(), 0)
}

func TestPeakCountsWhatIsUnderWayAtOnce(t *testing.T) {
	reg := testreg.New(t, []byte("-- packages --\na@1.0.0\n-- faults --\na x3 hang\n"))
	ctx, giveUp := context.WithCancel(context.Background())
	done := make(chan error, 3)
	for range cap(done) {
		go func() {
			req, _ := http.NewRequestWithContext(ctx, "GET", reg.URL+"/a", nil)
			_, err := http.DefaultTransport.RoundTrip(req)
			done <- err
		}()
	}
	for reg.Count("a") < cap(done) {
		time.Sleep(time.Millisecond)
	}
	giveUp()
	for range cap(done) {
		if err := <-done; err == nil {
			t.Error("a request that was to hang was answered")
		}
	}
	check(t, "peak", reg.Peak("a"), 3)
	check(t, "peak of tarballs", reg.Peak("tarball:*"), 0)
}

func TestCloseEndsWhatHangs(t *testing.T) {
	reg := testreg.New(t, []byte("-- packages --\na@1.0.0\n-- faults --\na hang\n"))
	done := make(chan error)
	go func() {
		_, _, err := try(reg, "GET", "/a", "")
		done <- err
	}()
	for reg.Count() == 0 {
		time.Sleep(time.Millisecond)
	}
	reg.Close()
	if <-done == nil {
		t.Error("the request was answered")
	}
	if _, _, err := try(reg, "GET", "/a", ""); err == nil {
		t.Error("a closed registry answers")
	}
	reg.Close()
}

func TestHandlerWithoutListener(t *testing.T) {
	reg, err := testreg.Open([]testreg.File{{Name: "packages", Data: []byte("a@1.0.0\n")}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	reg.ServeHTTP(w, httptest.NewRequest("GET", "http://registry.example/a", nil))
	check(t, "URL", at(t, w.Body.Bytes(), "versions", "1.0.0", "dist", "tarball"), any("http://registry.example/a/-/a-1.0.0.tgz"))
	reg.Close()
}

func TestArchiveErrorsSayWhere(t *testing.T) {
	for archive, want := range map[string]string{
		"-- packages --\n\na\n":                              `packages:2: "a": a line begins with NAME@VERSION`,
		"-- packages --\na@1 b\n":                            `packages:1: a@1: "b": neither`,
		"-- packages --\na@1 hash:md5\n":                     "packages:1: a@1: hash:md5",
		"-- packages --\na@1 time:soon\n":                    "packages:1: a@1: time:soon",
		"-- packages --\na@1 set:x\n":                        "packages:1: a@1: set:x",
		"-- packages --\na@1 deprecated=\"x\n":               "packages:1: a quote is not closed",
		"-- readme --\n":                                     "readme: no such section",
		"-- a/index.js --\n":                                 "a/index.js: no such section",
		"-- a@1/package.json --\n{\n":                        "a@1/package.json: unexpected",
		"-- a@1/package.json --\n[]\n":                       "a@1/package.json: a JSON object was expected",
		"-- faults --\na\n":                                  "faults:1: a fault has a pattern and at least one effect",
		"-- faults --\n# ok\na b\n":                          "faults:2: b: no such effect",
		"-- faults --\na 999\n":                              "faults:1: 999: a status",
		"-- faults --\na malformed=x\n":                      "faults:1: malformed=x",
		"-- auth --\n@s bearer\n":                            "auth:1: write PATTERN",
		"-- auth --\n@s cookie x\n":                          `auth:1: "cookie"`,
		"-- a@1.tar --\nfile package/x\nfolder package/y\n":  `a@1.tar:2: "folder": no such kind`,
		"-- a@1.tar --\nfile package/x size=ten\n":           `a@1.tar:1: size=ten`,
		"-- a@1.tar --\nfile package/x colour=red\n":         `a@1.tar:1: "colour=red": no such option`,
		"-- a@1.tar --\nfile package/x zeros=2G\n":           `a@1.tar:1: zeros=2G: more than`,
		"-- a@1.tar --\ngarbage 99999999999999999999\n":      `a@1.tar:1: "99999999999999999999" is no count`,
		"-- a@1.tar --\nfile package/{x*300} format=ustar\n": `a@1.tar:1:`,
	} {
		_, err := testreg.Open(txtar.Parse([]byte(archive)).Files)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", archive, err, want)
		}
	}
}
