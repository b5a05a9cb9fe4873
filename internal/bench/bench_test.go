package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"godwit/internal/bench/host"
	"godwit/internal/bench/replay"
	"godwit/internal/bench/result"
	"godwit/internal/bench/scratch"
	"godwit/internal/bench/tool"
)

// script is a package manager of a few lines. It appends what it was told to
// a journal, so that tests see the order of things.
const script = `#!/bin/sh
echo "$NAME $1 lock=$(cat own.lock 2>/dev/null) modules=$(test -d node_modules && echo yes || echo no) cache=$(test -e "$HOME/warm" && echo warm || echo cold)" >> "$JOURNAL"
case "$1" in
resolve) grep -o '"dep":[^,}]*' package.json > own.lock ;;
add) test "$2" = left-pad || exit 9; echo added >> own.lock ;;
update) test "$2" = dep || exit 9; echo updated >> own.lock ;;
*) test -e own.lock || grep -o '"dep":[^,}]*' package.json > own.lock
   mkdir -p node_modules/dep; echo hello > node_modules/dep/index.js; : > "$HOME/warm" ;;
esac
%s
`

// fake makes a tool of the script with an extra last step.
func fake(t *testing.T, name, journal, extra string) tool.Found {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(program, fmt.Appendf(nil, script, extra), 0o755); err != nil {
		t.Fatal(err)
	}
	return tool.Found{Command: []string{program}, Version: "1", Tool: tool.Tool{
		Name: name, Layout: "x", Fair: "x", Locks: []string{"own.lock"},
		Env: []string{"NAME=" + name, "JOURNAL=" + journal, "REGISTRY={registry}"},
		Commands: map[tool.Action]string{
			tool.Install: "install", tool.Frozen: "frozen", tool.Resolve: "resolve", tool.Add: "add {name}", tool.Update: "update {name}",
		},
	}}
}

// setup is a benchmark of the tools in folders of the test.
func setup(t *testing.T, rounds int, phases []string, tools ...tool.Found) Config {
	t.Helper()
	fixture := t.TempDir()
	for name, text := range map[string]string{
		"package.json": `{"dependencies": {"dep": "^1.0.0"}}`, "own.lock": "the fixture's", "pnpm-lock.yaml": "the fixture's",
		"node_modules/x/y": "stale", "src/a.js": "1",
	} {
		path := filepath.Join(fixture, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(fixture, "own.lock")); err != nil { // not a lockfile the table knows
		t.Fatal(err)
	}
	rec, err := replay.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	reg, err := replay.New(rec, replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	control, data := httptest.NewServer(reg.Control()), httptest.NewUnstartedServer(reg)
	data.Listener = reg.Listener(data.Listener)
	data.Start()
	t.Cleanup(control.Close)
	t.Cleanup(data.Close)
	ground, err := scratch.New(scratch.Options{Base: t.TempDir(), Kind: "folder"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := PhasesNamed(phases)
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenFixture(fixture, "", func(name, version string) bool { return name == "dep" && version == "1.0.0" })
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Fixture: f, Tools: tools, Phases: list, Rounds: rounds, Ground: ground,
		Registry: Registry{Control: control.URL, Client: http.DefaultClient}, Address: data.URL + "/",
		Add: "left-pad", Limit: time.Minute, Logs: t.TempDir(), Path: os.Getenv("PATH"),
		Measure: host.Run, Log: t.Logf,
	}
}

func read(t *testing.T, journal string) []string {
	t.Helper()
	b, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func TestEachPhasePutsToolsInItsSituation(t *testing.T) {
	const old, own = `lock="dep": "1.0.0"`, `lock="dep": "^1.0.0"`
	for phase, want := range map[string]string{
		"p0":     "a install lock= modules=no cache=cold",
		"p1":     "a resolve lock= modules=no cache=cold",
		"p3":     "a frozen " + own + " modules=no cache=cold",
		"p4":     "a frozen " + own + " modules=no cache=warm",
		"p5":     "a install " + own + " modules=yes cache=warm",
		"p6":     "a install lock= modules=no cache=warm",
		"add":    "a add " + own + " modules=yes cache=warm",
		"update": "a update " + old + " modules=yes cache=warm",
	} {
		t.Run(phase, func(t *testing.T) {
			journal := filepath.Join(t.TempDir(), "journal")
			r, err := Run(context.Background(), setup(t, 2, []string{phase}, fake(t, "a", journal, "")))
			if err != nil {
				t.Fatal(err)
			}
			cell := r.Cell(phase, "a")
			if cell.Failure != nil || len(cell.Valid()) != 2 {
				t.Fatalf("%+v", cell)
			}
			lines := read(t, journal)
			if got := lines[len(lines)-1]; got != want {
				t.Errorf("the last run saw\n%s, want\n%s", got, want)
			}
			first := strings.Fields(want)[1]
			timed := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.ReplaceAll(l, "\n", "") != want })
			if len(timed) < 3 {
				t.Errorf("%s ran %d times in its situation, want 3 (one untimed):\n%s", first, len(timed), strings.Join(lines, "\n"))
			}
			if cell.Sizes.Lock == 0 || (phase != "p1" && cell.Sizes.NodeModules != 6) {
				t.Errorf("sizes: %+v", cell.Sizes)
			}
		})
	}
}

// renewed is a server that counts how often it began anew.
type renewed struct{ times int }

func (s *renewed) Place() (url, token string) {
	return fmt.Sprintf("http://127.0.0.1:1/%d/", s.times), fmt.Sprint(s.times)
}
func (s *renewed) Renew(context.Context) error { s.times++; return nil }

func TestServerThatIsColdToo(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	with, without := fake(t, "a", journal, `echo "$SERVER $TOKEN" >> "$JOURNAL.server"`), fake(t, "b", journal, "")
	with.Server = &tool.Server{}
	with.Env = append(with.Env, "SERVER={server}", "TOKEN={token}")
	c := setup(t, 2, []string{"p0", "s0"}, with, without)
	s := &renewed{}
	c.Servers = map[string]Server{"a": s}
	r, err := Run(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if s.times != 3 { // one untimed
		t.Errorf("the server began anew %d times", s.times)
	}
	if f := r.Cell("s0", "b").Failure; f == nil || f.What != "it asks no server" {
		t.Errorf("a tool without a server: %+v", f)
	}
	want := "http://127.0.0.1:1/0/ 0|http://127.0.0.1:1/0/ 0|http://127.0.0.1:1/0/ 0|http://127.0.0.1:1/1/ 1|http://127.0.0.1:1/2/ 2|http://127.0.0.1:1/3/ 3"
	if got := strings.Join(read(t, journal+".server"), "|"); got != want {
		t.Errorf("the tool was told %s", got)
	}
}

func TestToolsTakeTurns(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	_, err := Run(context.Background(), setup(t, 3, []string{"p0"}, fake(t, "a", journal, ""), fake(t, "b", journal, ""), fake(t, "c", journal, "")))
	if err != nil {
		t.Fatal(err)
	}
	var order string
	for _, l := range read(t, journal) {
		order += l[:1]
	}
	if want := "abc" + "cba" + "abc" + "cba"; order != want {
		t.Errorf("order %s, want %s", order, want)
	}
}

func TestWhatGoesWrongIsSaidAndTheRestGoesOn(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	none := fake(t, "none", journal, "rm -f own.lock")
	no := fake(t, "no", journal, "")
	delete(no.Commands, tool.Install)
	broken := fake(t, "broken", journal, `printf '\033[31mcannot do that\033[0m\n' >&2; exit 7`)
	missing := tool.Found{Command: []string{"/nowhere/tool"}, Tool: none.Tool}
	missing.Name = "missing"
	silent := fake(t, "silent", journal, "")
	silent.NDJSON = true
	hangs := fake(t, "hangs", journal, "sleep 600")
	c := setup(t, 1, []string{"p0"}, broken, none, no, missing, silent, hangs, fake(t, "good", journal, ""))
	c.Limit = 2 * time.Second
	r, err := Run(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"broken": "exit status 7", "none": "no lockfile", "no": "no such command",
		"missing": "no such file", "silent": `"done" event`, "hangs": "stopped after 2s",
	} {
		f := r.Cell("p0", name).Failure
		if f == nil || !strings.Contains(f.What, want) {
			t.Errorf("%s: %+v, want %q", name, f, want)
		}
	}
	if tail := strings.Join(r.Cell("p0", "broken").Failure.Tail, "|"); tail != "cannot do that" {
		t.Errorf("the last lines are %q", tail)
	}
	if good := r.Cell("p0", "good"); good.Failure != nil || len(good.Valid()) != 1 {
		t.Errorf("the good one: %+v", good)
	}
}

func TestAddThatAddsNothingIsAFailure(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	idle := fake(t, "idle", journal, `test "$1" = add && sed -i /added/d own.lock; true`)
	r, err := Run(context.Background(), setup(t, 1, []string{"add"}, idle))
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Cell("add", "idle").Failure; f == nil || !strings.Contains(f.What, "nothing was done to left-pad") {
		t.Errorf("%+v", f)
	}
}

func TestSeedThatFailsLeavesColdPhasesAlone(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	// It fails where the home folder belongs to the seed's volume.
	seedless := fake(t, "seedless", journal, `case "$HOME" in */1-seedless/*) echo no seed >&2; exit 5;; esac`)
	r, err := Run(context.Background(), setup(t, 1, []string{"p0", "p3", "p4"}, seedless))
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Cell("p0", "seedless"); c.Failure != nil || len(c.Valid()) != 1 {
		t.Errorf("p0: %+v", c)
	}
	for _, phase := range []string{"p3", "p4"} {
		if f := r.Cell(phase, "seedless").Failure; f == nil || !strings.Contains(f.What, "seed") {
			t.Errorf("%s: %+v", phase, f)
		}
	}
}

func TestSampleWithAMissDoesNotCount(t *testing.T) {
	if _, err := os.Stat("/usr/bin/curl"); err != nil {
		t.Skip("curl is not here")
	}
	journal := filepath.Join(t.TempDir(), "journal")
	r, err := Run(context.Background(), setup(t, 1, []string{"p0"}, fake(t, "a", journal, `/usr/bin/curl -s "${REGISTRY}not-recorded" >/dev/null`)))
	if err != nil {
		t.Fatal(err)
	}
	cell := r.Cell("p0", "a")
	if len(cell.Samples) != 1 || len(cell.Valid()) != 0 || !strings.Contains(cell.Samples[0].Invalid, "/not-recorded") {
		t.Errorf("%+v", cell.Samples)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "/not-recorded") {
		t.Errorf("notes: %q", r.Notes)
	}
	if net := cell.Samples[0].Net; net.Requests != 1 || net.BytesOut == 0 {
		t.Errorf("net: %+v", net)
	}
}

func TestLineItemsAndTraceOfTheMedian(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	ours := fake(t, "ours", journal, `echo '{"event":"x"}'
echo '{"event":"done","summary":{"packages":3,"warm":1,"cold":2,"maxLinks":4,"stageMillis":{"resolve":1.5}},"upToDate":true}'
test -n "$2" && echo trace > "$2"; true`)
	ours.NDJSON, ours.Trace = true, "{trace}"
	c := setup(t, 3, []string{"p0"}, ours)
	c.Trace = true
	r, err := Run(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	cell := r.Cell("p0", "ours")
	if len(cell.Valid()) != 3 {
		t.Fatalf("%+v", cell)
	}
	want := result.Summary{Packages: 3, Warm: 1, Cold: 2, MaxLinks: 4, StageMillis: map[string]float64{"resolve": 1.5}}
	if d := cell.Valid()[0].Done; d == nil || !d.UpToDate || fmt.Sprint(d.Summary) != fmt.Sprint(want) {
		t.Errorf("%+v", cell.Valid()[0].Done)
	}
	if _, err := os.Stat(filepath.Join(c.Logs, cell.Trace)); cell.Trace == "" || err != nil {
		t.Errorf("trace %q: %v", cell.Trace, err)
	}
	if all, _ := filepath.Glob(filepath.Join(c.Logs, "*trace*")); len(all) != 1 {
		t.Errorf("traces of other rounds were kept: %v", all)
	}
}

func TestCancelledRunKeepsWhatItHas(t *testing.T) {
	journal := filepath.Join(t.TempDir(), "journal")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := setup(t, 5, []string{"p0"}, fake(t, "a", journal, ""))
	c.Log = func(format string, args ...any) {
		if strings.Contains(fmt.Sprintf(format, args...), "round 2/") {
			cancel()
		}
	}
	r, err := Run(ctx, c)
	if err == nil || r == nil || len(r.Cell("p0", "a").Samples) < 2 {
		t.Errorf("%v", err)
	}
}

func TestFixtureThatCannotBeUsed(t *testing.T) {
	dir := t.TempDir()
	never := func(string, string) bool { return false }
	if _, err := OpenFixture(dir, "", never); err == nil {
		t.Error("a folder without package.json was taken")
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"dependencies":{"a":"1.0.0","b":"^1.0.0"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for update, want := range map[string]string{"a": "begins with ^", "c": "does not depend on c"} {
		if _, err := OpenFixture(dir, update, never); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--update %s: %v", update, err)
		}
	}
	if f, err := OpenFixture(dir, "b", never); err != nil || f.From != "1.0.0" {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err := OpenFixture(dir, "", never); err != nil || f.Update != "" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestPhasesNamed(t *testing.T) {
	if _, err := PhasesNamed([]string{"p0", "p2"}); err == nil || !strings.Contains(err.Error(), "p2") {
		t.Errorf("%v", err)
	}
	p, err := PhasesNamed([]string{"p4", "p0"})
	if err != nil || len(p) != 2 || p[0].Name != "p0" {
		t.Errorf("%v, %v", p, err)
	}
}
