package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"godwit/internal/bench/link"
	"godwit/internal/bench/tool"
)

// TestMain lets the test binary be the program: children of a benchmark are
// started from the running executable.
func TestMain(m *testing.M) {
	if os.Getenv("GODWIT_BENCH") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// asProgram makes children of this process run main. The race detector lets a
// process linger for a second at its end, which children by the dozen need not.
func asProgram(t *testing.T) {
	t.Setenv("GODWIT_BENCH", "1")
	t.Setenv("GORACE", "atexit_sleep_ms=0")
}

// tell runs one command in this process.
func tell(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, said bytes.Buffer
	err = dispatch(context.Background(), process{stdin: strings.NewReader(""), stdout: &out, stderr: &said}, args)
	return out.String(), said.String(), err
}

func TestMistakesAreExplained(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "gates.json")
	if err := os.WriteFile(empty, []byte(`{"gates":[]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"frobnicate", `no command "frobnicate"`},
		{"run", "--fixture DIR is required"},
		{"run --fixture x y", `"y" is not a flag`},
		{"run --fixture x --rounds 0", "--rounds"},
		{"run --fixture x --frozen --upstream http://registry.example/", "exclude each other"},
		{"run --fixture x --gate " + empty, "holds no gates"},
		{"scale --sizes 500,x", `"x" is no number of packages`},
		{"scale --sizes 500,500", "each once"},
		{"scale --sizes 500 --max-growth 1.1", "two sizes"},
		{"scale --sizes 500 --rounds 0", "--rounds"},
		{"synth", "--project DIR and --data DIR"},
		{"synth --packages 3 --project " + dir + "/p --data " + dir + "/d", "a project of 3 packages"},
		{"link --to x --latency -1s", "latency"},
		{"link", "--to HOST:PORT"},
		{"serve", "--data DIR"},
		{"record --data " + dir + " --upstream ftp://registry.example/", "http or https"},
		{"report --result " + empty, "format"},
		{"peers --tools nothing --peers " + dir, `no tool "nothing"`},
		{"measure x", "stdin"},
	} {
		if _, _, err := tell(t, strings.Fields(c.args)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.args, err, c.want)
		}
	}
	if _, said, err := tell(t, "help"); err != nil || !strings.Contains(said, "peers") {
		t.Errorf("help: %v, %s", err, said)
	}
}

// upstream is a registry that has one package.
func upstream(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/dep" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"name":"dep","dist-tags":{"latest":"1.1.0"},"versions":{"1.1.0":{"version":"1.1.0"}}}`)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// script plays a package manager that asks the registry for one packument.
const script = `#!/bin/sh
if [ "$1" = --version ]; then echo 1.2.3; exit; fi
while [ $# -gt 0 ]; do test "$1" = --registry && registry=$2; shift; done
%CURL% -sf -H 'Accept: application/vnd.npm.install-v1+json' "${registry}dep" > /dev/null || exit 4
echo lock > pnpm-lock.yaml; mkdir -p node_modules
echo '{"event":"done","summary":{"cold":5,"stageMillis":{"resolve":2}}}'
`

// freePorts returns an address with a port that is free, and so are those behind it
// that a benchmark uses. They are below the ports that systems give to who does not
// ask for one (Linux from 32768 on, others from 49152), of which the connections of
// other tests take thousands meanwhile.
func freePorts(t *testing.T) string {
	t.Helper()
	for range 50 {
		o := options{listen: fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000))}
		if allFree(o) {
			return o.listen
		}
	}
	t.Fatalf("no %d free ports in a row", portLast+1)
	return ""
}

// allFree reports whether a benchmark could listen.
func allFree(o options) bool {
	for n := range portLast + 1 {
		address, err := o.port(n)
		if err != nil {
			return false
		}
		ln, err := net.Listen("tcp", address)
		if err != nil {
			return false
		}
		ln.Close()
	}
	return true
}

// TestRunEndToEnd runs the whole program: registry and link as children, tools
// through the measuring process, a recording made and then served, gates.
func TestRunEndToEnd(t *testing.T) {
	curl := "/usr/bin/curl"
	if _, err := os.Stat(curl); err != nil {
		t.Skip("curl is not here")
	}
	asProgram(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("fixture/package.json", `{"dependencies":{"dep":"^1.0.0"}}`)
	tool := write("godwit", strings.ReplaceAll(script, "%CURL%", curl))
	gates := write("gates.json", `{"gates":[{"kind":"cold","phase":"p0","tool":"godwit","min":5}]}`)
	out := filepath.Join(dir, "out")
	args := []string{"run", "--fixture", filepath.Join(dir, "fixture"), "--data", filepath.Join(dir, "data"), "--peers", dir,
		"--godwit", tool, "--tools", "godwit,yarn", "--phases", "p0,p4", "--rounds", "2", "--fs", "folder", "--work", dir,
		"--out", out, "--listen", freePorts(t), "--latency", "1ms", "--gate", gates}
	stdout, stderr, err := tell(t, append(args, "--upstream", upstream(t))...)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if !strings.Contains(stdout, "| godwit 1.2.3 |") || !strings.Contains(stderr, "yarn is left out") {
		t.Errorf("stdout:\n%s\nstderr:\n%s", stdout, stderr)
	}
	var result struct {
		Link  string
		Cells []struct {
			Samples []struct {
				Net struct{ Requests, Upstream, Misses, BytesOut int64 }
			}
		}
	}
	b, err := os.ReadFile(filepath.Join(out, "result.json"))
	if err == nil {
		err = json.Unmarshal(b, &result)
	}
	if err != nil || len(result.Cells) != 2 || len(result.Cells[0].Samples) != 2 || !strings.Contains(result.Link, "1ms one way") {
		t.Fatalf("%v: %s", err, b)
	}
	if n := result.Cells[0].Samples[0].Net; n.Requests != 1 || n.Upstream != 0 || n.Misses != 0 || n.BytesOut == 0 {
		t.Errorf("counts: %+v", n)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "godwit-bench-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}

	// The same again needs no upstream; and a gate that fails is an error.
	write("gates.json", `{"gates":[{"kind":"cold","phase":"p0","tool":"godwit","min":6}]}`)
	if _, stderr, err = tell(t, append(args, "--frozen")...); err == nil || !strings.Contains(err.Error(), "1 of 1 gates failed") {
		t.Errorf("%v\n%s", err, stderr)
	}
	if _, _, err := tell(t, "report", "--result", filepath.Join(out, "result.json"), "--out", out); err != nil {
		t.Error(err)
	}
}

func TestAddressInUseIsSaid(t *testing.T) {
	asProgram(t)
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	dir := t.TempDir()
	o := options{data: dir, out: dir, listen: strings.TrimPrefix(s.URL, "http://"), frozen: true}
	_, err := o.startHelpers(context.Background())
	if err == nil || !strings.Contains(err.Error(), "address already in use") || !strings.Contains(err.Error(), "--listen") {
		t.Errorf("%v", err)
	}
}

func TestServerIsStartedBehindItsOwnLink(t *testing.T) {
	asProgram(t)
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := options{
		data: filepath.Join(dir, "data"), out: dir, listen: freePorts(t), frozen: true,
		link: link.Options{Latency: time.Millisecond}, serverLatency: time.Millisecond,
	}
	at := func(port int) string {
		address, err := o.port(port)
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	h, err := o.startHelpers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer h.stop()
	// Relays to their upstream stand in for the servers.
	tools, err := tool.Named([]string{"godwit", "godwit+server"})
	if err != nil {
		t.Fatal(err)
	}
	o.server = self + " link --listen {listen} --to " + at(portServers+portServerLink)
	servers, err := o.startServers(context.Background(), h, []tool.Found{{Tool: tools[0]}, {Tool: tools[1]}})
	if err != nil || len(servers) != 1 {
		t.Fatalf("%v, %v", servers, err)
	}
	s := servers["godwit+server"]
	url, _ := s.Place()
	if url != "http://"+at(portServers+portServerClient)+"/" || h.address != "http://"+at(portLink)+"/" {
		t.Fatalf("server at %s, registry at %s", url, h.address)
	}
	for range 2 {
		if err := fetch(context.Background(), url+"-/ping", nil); err != nil {
			t.Error(err)
		}
		if err := s.Renew(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestDescribeLink(t *testing.T) {
	if s := describeLink(link.Options{}); s != "loopback, no delay" {
		t.Error(s)
	}
	want := "25ms one way (50ms round trip), 200 Mbit/s for the whole link in each direction, TCP slow start"
	if s := describeLink(link.Options{Latency: 25 * time.Millisecond, Bandwidth: 200, SlowStart: true}); s != want {
		t.Error(s)
	}
}

func TestShortKeepsWhatTheUserSaid(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var o options
	flags := o.flags()
	if err := flags.Parse([]string{"--short", "--rounds", "9"}); err != nil {
		t.Fatal(err)
	}
	if err := o.shorten(flags); err != nil {
		t.Fatal(err)
	}
	if o.rounds != 9 || o.phases != "p0,p3,p4,p5" || o.check() != nil {
		t.Errorf("%+v", o)
	}
	if _, err := os.Stat(filepath.Join(o.fixture, "package.json")); err != nil {
		t.Error(err)
	}
}

func TestGatesOfTheServerCanFail(t *testing.T) {
	gates, err := readGates("gates/server.json")
	if err != nil || len(gates) < 8 {
		t.Errorf("%d gates, %v", len(gates), err)
	}
}
