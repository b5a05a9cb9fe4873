package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/resolve"
	"godwit/internal/resolve/policy"
	"godwit/internal/resolve/remote"
	"godwit/internal/resolve/wire"
)

const (
	registryURL = "https://registry.example/npm"
	sumA        = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
	sumB        = "sha512-BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
)

// goodLock is what a right answer has for a project that depends on a@^1.0.0,
// where that depends on b, and for its member lib.
const goodLock = `lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0
      lib:
        specifier: workspace:*
        version: link:packages/lib

  packages/lib: {}

packages:

  a@1.0.0:
    resolution: {integrity: ` + sumA + `}

  b@1.2.0:
    resolution: {integrity: ` + sumB + `}

snapshots:

  a@1.0.0:
    dependencies:
      b: 1.2.0

  b@1.2.0: {}
`

func packageLine(id, integrity, more string) string {
	return fmt.Sprintf(`{"package":{"id":%q,"integrity":%q%s}}`+"\n", id, integrity, more)
}

func doneLine(packages int, lock, more string) string {
	return fmt.Sprintf(`{"done":{"packages":%d,"lockfile":%s%s}}`+"\n", packages, strconv.Quote(lock), more)
}

var (
	lineA = packageLine("a@1.0.0", sumA, "")
	lineB = packageLine("b@1.2.0", sumB, "")
	good  = lineA + lineB + doneLine(2, goodLock, "")
)

// question asks for what goodLock answers.
func question(picked func(id graph.Key, res graph.Resolution)) *remote.Question {
	root := &npm.Manifest{Name: "app", Dependencies: npm.Deps{{Alias: "a", Specifier: "^1.0.0"}, {Alias: "lib", Specifier: "workspace:*"}}}
	lib := &npm.Manifest{Name: "lib", Version: "1.0.0"}
	q := &remote.Question{
		Request: &resolve.Request{
			Importers: []resolve.Importer{{Dir: ".", Manifest: root}, {Dir: "packages/lib", Manifest: lib}},
			Members:   []resolve.Member{{Dir: ".", Manifest: root}, {Dir: "packages/lib", Manifest: lib}},
		},
		Projects: []lockfile.Project{{Dir: ".", Manifest: root}, {Dir: "packages/lib", Manifest: lib}},
		Settings: wire.Settings{Registries: map[string]wire.Registry{"": {URL: registryURL}}},
	}
	q.Request.Picked = picked
	return q
}

// serve answers every request with handle.
func serve(t *testing.T, handle http.HandlerFunc) *remote.Client {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return &remote.Client{
		URL: s.URL, Transport: s.Client().Transport, UserAgent: "test",
		Registry: func(npm.Name) string { return registryURL },
	}
}

// says answers with lines; of "…" it says nothing and waits for the client to give
// up, and at "✂" it breaks the connection.
func says(t *testing.T, answer string) *remote.Client {
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", wire.AnswerType)
		for line := range strings.Lines(answer) {
			switch line {
			case "…":
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			case "✂":
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			default:
				fmt.Fprint(w, line)
			}
		}
	})
}

func TestGoodAnswer(t *testing.T) {
	var picked []string
	res, err := says(t, good).Resolve(t.Context(), question(func(id graph.Key, res graph.Resolution) {
		picked = append(picked, string(id)+" "+res.Tarball+" "+res.Integrity[:8])
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := "a@1.0.0 https://registry.example/npm/a/-/a-1.0.0.tgz sha512-A,b@1.2.0 https://registry.example/npm/b/-/b-1.2.0.tgz sha512-B"
	if got := strings.Join(picked, ","); got != want {
		t.Errorf("picked %s", got)
	}
	// The plan asks for the same download again, and has to find it.
	if p := res.Graph.Packages["b@1.2.0"]; p == nil || p.Resolution.Tarball != "https://registry.example/npm/b/-/b-1.2.0.tgz" {
		t.Errorf("b is %+v", p)
	}
}

// TestFramesOfLongChunk has a server, or something between, that makes one chunk of
// many frames, over a line on which it comes in parts.
func TestFramesOfLongChunk(t *testing.T) {
	const packages = 200
	var answer strings.Builder
	for i := range packages {
		answer.WriteString(packageLine(fmt.Sprintf("a%d@1.0.0", i), sumA, ""))
	}
	arrived := make(chan bool)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s",
			wire.AnswerType, answer.Len(), answer.String()[:answer.Len()/2])
		select {
		case <-arrived:
		case <-r.Context().Done():
			return
		}
		fmt.Fprintf(conn, "%s\r\n0\r\n\r\n", answer.String()[answer.Len()/2:])
	})
	c.Patience.First = 10 * time.Second // of one that waits for the end of the chunk
	picked := 0
	_, err := c.Resolve(t.Context(), question(func(graph.Key, graph.Resolution) {
		if picked++; picked == packages/2-4 {
			close(arrived)
		}
	}))
	if picked != packages || !errors.Is(err, wire.ErrCutOff) {
		t.Errorf("%d packages, %v", picked, err)
	}
}

// drip is a server that sends a right frame every four seconds, or a byte of one.
type drip struct {
	frames int
	bytes  bool
	ctx    context.Context
}

func (d *drip) RoundTrip(r *http.Request) (*http.Response, error) {
	d.ctx = r.Context()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {wire.AnswerType}}, Body: io.NopCloser(d), Request: r}, nil
}

func (d *drip) Read(p []byte) (int, error) {
	select {
	case <-time.After(4 * time.Second):
	case <-d.ctx.Done():
		return 0, context.Cause(d.ctx)
	}
	d.frames++
	if d.bytes {
		return copy(p, " "), nil
	}
	return copy(p, packageLine(fmt.Sprintf("a%d@1.0.0", d.frames), sumA, "")), nil
}

// A server that goes on for ever, as slowly as it may, is left.
func TestFramesNowAndThen(t *testing.T) {
	for _, d := range []*drip{{}, {bytes: true}} {
		synctest.Test(t, func(t *testing.T) {
			c := &remote.Client{URL: "https://resolve.example", Transport: d, Registry: func(npm.Name) string { return registryURL }}
			began := time.Now()
			_, err := c.Resolve(t.Context(), question(nil))
			if took := time.Since(began); took > 2*time.Minute || err == nil || !strings.Contains(err.Error(), "in time") {
				t.Errorf("after %s: %v", took, err)
			}
		})
	}
}

// Whatever is wrong with an answer, the client resolves by itself.
func TestBadAnswers(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(goodLock, old) {
			t.Fatalf("%q is not in the lockfile", old)
		}
		return lineA + lineB + doneLine(2, strings.Replace(goodLock, old, new, 1), "")
	}
	for name, c := range map[string]struct{ answer, why string }{
		"nothing":             {"", "ends in the middle"},
		"no end":              {lineA + lineB, "ends in the middle"},
		"half a line":         {lineA + lineB[:20], "ends in the middle"},
		"half a frame":        {lineA + lineB[:20] + "\n", "cannot stand there"},
		"dies":                {lineA + "✂", ""},
		"silent":              {"…", "does not answer in time"},
		"falls silent":        {lineA + "…", "does not answer in time"},
		"twice the same":      {lineA + lineA + lineB + doneLine(2, goodLock, ""), "comes twice"},
		"end first":           {doneLine(2, goodLock, "") + lineA + lineB, "2 packages were sent, and 0 came"},
		"one is missing":      {lineA + doneLine(2, goodLock, ""), "2 packages were sent, and 1 came"},
		"more behind the end": {good + lineA, "behind the end"},
		"two ends":            {good + doneLine(2, goodLock, ""), "behind the end"},
		"a frame of nothing":  {"{}\n", "of 0 kinds"},
		"a frame of two":      {`{"done":{},"error":{}}` + "\n", "of 2 kinds"},
		"no JSON":             {"<html>\n", "cannot stand there"},
		"a long line":         {packageLine("a@1.0.0", sumA, `,"tarball":"`+strings.Repeat("x", 1<<17)+`"`), "longer than any that is right"},
		"not a package":       {packageLine("../a@1.0.0", sumA, ""), "invalid package name"},
		"not a version":       {packageLine("a@file:../x", sumA, ""), "no package of a registry"},
		"with peers":          {packageLine("a@1.0.0(b@1.0.0)", sumA, ""), "no package of a registry"},
		"no integrity":        {packageLine("a@1.0.0", "", ""), "integrity"},
		"another host":        {packageLine("a@1.0.0", sumA, `,"tarball":"https://evil.example/npm/a.tgz"`), "not below"},
		"another scheme":      {packageLine("a@1.0.0", sumA, `,"tarball":"http://registry.example/npm/a.tgz"`), "not below"},
		"a file":              {packageLine("a@1.0.0", sumA, `,"tarball":"file:///etc/passwd"`), "not below"},
		"above the registry":  {packageLine("a@1.0.0", sumA, `,"tarball":"../admin"`), "not below"},
		"beside the registry": {packageLine("a@1.0.0", sumA, `,"tarball":"https://registry.example/npmx/a.tgz"`), "not below"},
		"with a password":     {packageLine("a@1.0.0", sumA, `,"tarball":"https://a:b@registry.example/npm/a.tgz"`), "not below"},
		"no lockfile":         {lineA + lineB + doneLine(2, "", ""), "answer is wrong"},
		"a broken lockfile":   {lineA + lineB + doneLine(2, "a: [", ""), "answer is wrong"},
		"conflicts":           {lineA + lineB + doneLine(2, "<<<<<<< a\n"+goodLock+"=======\n"+goodLock+">>>>>>> b\n", ""), "not one lockfile"},
		"a project less":      {swap("\n  packages/lib: {}\n", ""), "for 1 projects instead of 2"},
		"a project more":      {swap("\n  packages/lib: {}\n", "\n  packages/lib: {}\n\n  packages/more: {}\n"), "for 3 projects instead of 2"},
		"a project outside":   {swap("packages/lib: {}", "../evil: {}"), "lacks the project packages/lib"},
		"another project":     {swap("packages/lib: {}", "packages/other: {}"), "lacks the project packages/lib"},
		"another specifier":   {swap("^1.0.0", "^2.0.0"), "does not fit"},
		"a dependency more":   {swap("      lib:\n", "      b:\n        specifier: '*'\n        version: 1.2.0\n      lib:\n"), "does not fit"},
		"a version outside":   {strings.ReplaceAll(strings.ReplaceAll(good, "a@1.0.0", "a@2.0.0"), "version: 1.0.0", "version: 2.0.0"), "does not fit"},
		"an unwanted package": {swap("    dependencies:\n      b: 1.2.0\n", "    hasBin: true\n"), "nobody depends on b@1.2.0"},
		"a directory":         {swap("b@1.2.0:\n    resolution: {integrity: "+sumB+"}", "b@1.2.0:\n    resolution: {directory: ../../secret, type: directory}"), "nor from this machine"},
		"a repository":        {swap("b@1.2.0:\n    resolution: {integrity: "+sumB+"}", "b@1.2.0:\n    resolution: {commit: "+strings.Repeat("a", 40)+", repo: https://evil.example/x.git, type: git}"), "nor from this machine"},
		"a tarball":           {swap("{integrity: "+sumB+"}", "{integrity: "+sumB+", tarball: https://evil.example/b.tgz}"), "not below"},
		"another integrity":   {swap("{integrity: "+sumB+"}", "{integrity: "+sumA+"}"), "not what it was when it was picked"},
		"no integrity there":  {swap("{integrity: "+sumB+"}", "{tarball: "+registryURL+"/b/-/b-1.2.0.tgz}"), "integrity"},
		"a link out":          {swap("link:packages/lib", "link:../../etc"), "nobody asked for"},
		"a link of a package": {swap("      b: 1.2.0\n", "      b: 1.2.0\n      z: link:../../etc\n"), "nobody asked for"},
		"a link inside out":   {swap("      b: 1.2.0\n", "      b: 1.2.0\n      z: link:<root>/../../etc\n"), "nobody asked for"},
		"a policy":            {lineA + lineB + doneLine(2, goodLock, `,"young":[{"name":"a","version":"1.0.0","cutoff":"2020-01-01T00:00:00Z"}]`), "a policy that there is not"},
		"it gives up":         {`{"error":{"code":"ERR_GODWIT_RESOLVE_UPSTREAM","message":"the registry is down"}}` + "\n", "the registry is down"},
	} {
		t.Run(name, func(t *testing.T) {
			client := says(t, c.answer)
			client.Patience = remote.Patience{First: 200 * time.Millisecond, Idle: 200 * time.Millisecond}
			if !strings.Contains(c.answer, "…") { // else a slow machine could not tell
				client.Patience = remote.Patience{}
			}
			res, err := client.Resolve(t.Context(), question(nil))
			var unusable *remote.UnusableError
			if !errors.As(err, &unusable) || !strings.Contains(err.Error(), c.why) || res != nil {
				t.Errorf("%v", err)
			}
		})
	}
}

// Packages come in the order in which they were picked, which is any.
func TestReorderedPackages(t *testing.T) {
	if _, err := says(t, lineB+lineA+doneLine(2, goodLock, "")).Resolve(t.Context(), question(nil)); err != nil {
		t.Error(err)
	}
}

// The largest workspace that is supported takes no time worth mentioning.
func TestManyImporters(t *testing.T) {
	q := question(nil)
	var more strings.Builder
	for i := range 9_998 {
		dir, m := fmt.Sprintf("packages/m%04d", i), &npm.Manifest{Name: npm.Name(fmt.Sprintf("m%04d", i)), Dependencies: npm.Deps{{Alias: "a", Specifier: "^1.0.0"}}}
		q.Request.Importers = append(q.Request.Importers, resolve.Importer{Dir: dir, Manifest: m})
		q.Request.Members = append(q.Request.Members, resolve.Member{Dir: dir, Manifest: m})
		q.Projects = append(q.Projects, lockfile.Project{Dir: dir, Manifest: m})
		fmt.Fprintf(&more, "\n  %s:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.0.0\n", dir)
	}
	lock := strings.Replace(goodLock, "\npackages:\n", more.String()+"\npackages:\n", 1)
	res, err := says(t, lineA+lineB+doneLine(2, lock, "")).Resolve(t.Context(), q)
	if err != nil || len(res.Graph.Importers) != 10_000 {
		t.Error(err)
	}
}

// An answer that never ends is not read for ever.
func TestEndlessAnswer(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", wire.AnswerType)
		fmt.Fprint(w, `{"done":{"lockfile":"`)
		for chunk := strings.Repeat("x", 1<<20); r.Context().Err() == nil; {
			if _, err := fmt.Fprint(w, chunk); err != nil {
				return
			}
		}
	})
	_, err := client.Resolve(t.Context(), question(nil))
	if !errors.Is(err, wire.ErrTooLong) {
		t.Error(err)
	}
}

func TestStatuses(t *testing.T) {
	for status, c := range map[int]struct{ body, why string }{
		404: {"404 page not found", "no resolve server, or too old"},
		405: {"", "no resolve server, or too old"},
		503: {`{"code":"ERR_GODWIT_RESOLVE_BUSY","message":"too much to do"}`, "too much to do"},
		500: {"<html>", "500 Internal Server Error"},
		302: {"", "302 Found"},
		200: {"<html>", "no resolve server"},
	} {
		elsewhere := says(t, good)
		client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", elsewhere.URL+wire.ResolvePath)
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			fmt.Fprint(w, c.body)
		})
		_, err := client.Resolve(t.Context(), question(nil))
		if !errors.As(err, new(*remote.UnusableError)) || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

func TestVerdict(t *testing.T) {
	client := says(t, lineA+`{"error":{"code":"ERR_PNPM_NO_MATCHING_VERSION","message":"resolve app > a: no","hint":"do","verdict":true}}`+"\n")
	_, err := client.Resolve(t.Context(), question(nil))
	var verdict *remote.VerdictError
	if !errors.As(err, &verdict) || verdict.Code() != "ERR_PNPM_NO_MATCHING_VERSION" || verdict.Hint() != "do" || err.Error() != "resolve app > a: no" {
		t.Errorf("%v", err)
	}
}

// Who interrupts an install is not told that a server is slow.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client := says(t, lineA+"…")
	_, err := client.Resolve(ctx, question(func(graph.Key, graph.Resolution) { cancel() }))
	if !errors.Is(err, context.Canceled) || errors.As(err, new(*remote.UnusableError)) {
		t.Errorf("%v", err)
	}
}

// A long request is sent packed.
func TestRequests(t *testing.T) {
	var encodings []string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		encodings = append(encodings, r.Header.Get("Content-Encoding"))
		if r.Header.Get("Authorization") != "" {
			t.Error("a credential was sent")
		}
	})
	q := question(nil)
	_, _ = client.Resolve(t.Context(), q)
	q.Request.Catalogs = map[string]npm.Deps{"default": {{Alias: "x", Specifier: strings.Repeat("y", 20<<10)}}}
	_, _ = client.Resolve(t.Context(), q)
	if fmt.Sprint(encodings) != "[ gzip]" {
		t.Errorf("they are encoded as %v", encodings)
	}
}

// What a policy says of versions comes through.
func TestYoung(t *testing.T) {
	q := question(nil)
	q.Request.Options.Policy = &policy.Policy{Cutoff: time.Unix(0, 0)}
	res, err := says(t, lineA+lineB+doneLine(2, goodLock, `,"young":[{"name":"a","version":"1.0.0","cutoff":"2020-01-01T00:00:00Z","chain":["app"]}]`)).Resolve(t.Context(), q)
	if err != nil || len(res.Young) != 1 || res.Young[0].Chain[0] != "app" {
		t.Errorf("%+v, %v", res, err)
	}
}

// Who the user is to the server, and what to do when it wants to know.
func TestAuthorization(t *testing.T) {
	var sent []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusUnauthorized)
	})
	_, err := c.Resolve(t.Context(), question(nil))
	if err == nil || !strings.Contains(err.Error(), "/:_authToken") {
		t.Errorf("%v", err)
	}
	c.Authorization = "Bearer secret"
	if _, err = c.Resolve(t.Context(), question(nil)); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
	if len(sent) != 2 || sent[0] != "" || sent[1] != "Bearer secret" {
		t.Errorf("%q", sent)
	}
}
