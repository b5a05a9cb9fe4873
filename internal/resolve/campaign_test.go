package resolve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"godwit/internal/testreg"
)

// TestCampaign compares our lockfile with pnpm's for random small registries
// and projects, thousands of them if asked:
//
//	GODWIT_PNPM=/path/to/pnpm GODWIT_CAMPAIGN=5000 go test ./internal/resolve -run Campaign
//
// GODWIT_CAMPAIGN is how many, or FIRST-LAST of the seeds. What differs is
// made as small as possible and printed as an archive for testdata/golden.
//
// Of the first thousand 24 still differ; doc/status.md says how. GODWIT_PNPM_ANSWERS
// names a directory that keeps pnpm's answers, GODWIT_CAMPAIGN_SMALL says how
// many of the differences are made small.
func TestCampaign(t *testing.T) {
	bin := oracle(t)
	first, last := seeds(t, os.Getenv("GODWIT_CAMPAIGN"))
	differ := 0
	for seed := first; seed < last; seed++ {
		p := randomPlot(rand.New(rand.NewPCG(seed, 1)))
		diff := differs(t, bin, p)
		if diff == "" {
			continue
		}
		differ++
		if differ > maxMinimized {
			t.Errorf("seed %d:\n%s", seed, diff)
			continue
		}
		p = minimize(p, func(q plot) bool {
			d := differs(t, bin, q)
			return d != "" && oneFails(d) == oneFails(diff)
		})
		t.Errorf("seed %d:\n%s\n%s", seed, txtar.Format(&txtar.Archive{Files: p.files()}), differs(t, bin, p))
	}
	t.Logf("%d projects, %d differ", last-first, differ)
}

// maxMinimized keeps a campaign after a new bug short: one rule that is wrong
// fails every tenth project, and to make one small takes a minute.
var maxMinimized = func() int {
	if n, err := strconv.Atoi(os.Getenv("GODWIT_CAMPAIGN_SMALL")); err == nil {
		return n
	}
	return 12
}()

func seeds(t *testing.T, s string) (first, last uint64) {
	if s == "" {
		t.Skip("GODWIT_CAMPAIGN does not say how many projects")
	}
	first, last, err := testreg.Seeds(s)
	if err != nil {
		t.Fatalf("GODWIT_CAMPAIGN: %v", err)
	}
	return first, last
}

// plot is a world as lines of words, so that it can be taken apart: the
// settings (key=value), the project's dependencies, those it had before, and
// the lines of the registry.
type plot [][]string

const (
	settingsLine = iota
	projectLine
	beforeLine
	firstPackage
)

func (p plot) files() []txtar.File {
	var packages, settings bytes.Buffer
	for _, s := range p[settingsLine] {
		fmt.Fprintln(&settings, strings.Replace(s, "=", ": ", 1))
	}
	for _, line := range p[firstPackage:] {
		fmt.Fprintln(&packages, strings.Join(quoted(line), " "))
	}
	files := []txtar.File{{Name: "packages", Data: packages.Bytes()}}
	if settings.Len() > 0 {
		files = append(files, txtar.File{Name: "settings", Data: settings.Bytes()})
	}
	if len(p[beforeLine]) > 0 {
		files = append(files, txtar.File{Name: "before/package.json", Data: manifest(p[beforeLine])})
	}
	return append(files, txtar.File{Name: "project/package.json", Data: manifest(p[projectLine])})
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		if out[i] = w; strings.ContainsAny(w, " \"") {
			out[i] = "`" + w + "`"
		}
	}
	return out
}

// manifest makes a package.json of words ("dev:a@^1").
func manifest(words []string) []byte {
	fields := map[string]map[string]string{}
	groups := map[string]string{"": "dependencies", "dev": "devDependencies", "opt": "optionalDependencies", "peer": "peerDependencies"}
	for _, w := range words {
		group := ""
		for g := range groups {
			if rest, ok := strings.CutPrefix(w, g+":"); ok && g != "" {
				group, w = g, rest
				break
			}
		}
		i := strings.Index(w[1:], "@") + 1
		if fields[groups[group]] == nil {
			fields[groups[group]] = map[string]string{}
		}
		fields[groups[group]][w[:i]] = w[i+1:]
	}
	data, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}

// differs is what is different between pnpm's lockfile and ours, or "".
func differs(t *testing.T, bin string, p plot) string {
	w := worldOf(p.files())
	before, theirs, err := w.pnpm(t, bin)
	if err != nil && (strings.HasPrefix(err.Error(), "before") || w.before != nil && strings.Contains(err.Error(), "npm registry")) {
		return "" // pnpm 12.21 asks the registry for aliases that it has in the lockfile
	}
	ours, ourErr := w.godwit(t, before)
	if (err != nil) != (ourErr != nil) {
		return fmt.Sprintf("%s%v\ngodwit: %v", failure, err, ourErr)
	}
	if err != nil || bytes.Equal(ours, theirs) {
		return ""
	}
	return cmp.Diff(string(theirs), string(ours))
}

// failure begins a difference where one of the two found no solution.
const failure = "pnpm: "

func oneFails(diff string) bool { return strings.HasPrefix(diff, failure) }

// minimize takes away lines and words as long as interesting holds.
func minimize(p plot, interesting func(plot) bool) plot {
	for size := (len(p) - firstPackage) / 2; size > 1; size /= 2 {
		for i := firstPackage; i+size <= len(p); {
			q := append(append(plot{}, p[:i]...), p[i+size:]...)
			if interesting(q) {
				p = q
			} else {
				i += size
			}
		}
	}
	for again := true; again; {
		again = false
		for i := len(p) - 1; i >= 0; i-- {
			if i >= firstPackage {
				q := append(append(plot{}, p[:i]...), p[i+1:]...)
				if interesting(q) {
					p, again = q, true
					continue
				}
			}
			from := 0
			if i >= firstPackage {
				from = 1 // NAME@VERSION
			}
			for j := len(p[i]) - 1; j >= from; j-- {
				q := append(plot{}, p...)
				q[i] = append(append([]string{}, p[i][:j]...), p[i][j+1:]...)
				if interesting(q) {
					p, again = q, true
				}
			}
		}
	}
	return p
}

// plotter makes up a registry. The names are few and the ranges overlap, so
// that everything has to do with everything.
type plotter struct {
	*rand.Rand
	names    []string
	versions map[string][]string
}

func randomPlot(r *rand.Rand) plot {
	p := &plotter{r, nil, map[string][]string{}}
	for i := range 3 + r.IntN(10) {
		name := string(rune('a' + i))
		if r.IntN(8) == 0 {
			name = "@s/" + name
		}
		p.names = append(p.names, name)
		for _, v := range []string{"1.0.0", "1.1.0", "2.0.0", "2.0.1", "3.0.0-beta.1", "3.0.0"} {
			if r.IntN(3) == 0 {
				p.versions[name] = append(p.versions[name], v)
			}
		}
		if p.versions[name] == nil {
			p.versions[name] = []string{"1.0.0"}
		}
	}
	out := plot{p.settings(), p.project(), nil}
	if r.IntN(3) == 0 {
		out[beforeLine] = p.edited(out[projectLine])
	}
	peers := r.IntN(4)
	for _, name := range p.names {
		for _, v := range p.versions[name] {
			out = append(out, p.line(name, v, peers))
		}
	}
	return out
}

func (p *plotter) settings() []string {
	var out []string
	for _, s := range []string{
		"autoInstallPeers=false", "dedupePeerDependents=false", "dedupePeers=true", "peersSuffixMaxLength=20",
		"resolutionMode=lowest-direct", "autoInstallPeersFromHighestMatch=true",
	} {
		if p.IntN(12) == 0 {
			out = append(out, s)
		}
	}
	return out
}

func (p *plotter) project() []string {
	var out []string
	seen := map[string]bool{}
	for range 1 + p.IntN(5) {
		name := p.name()
		group := []string{"", "", "", "dev:", "opt:", "peer:"}[p.IntN(6)]
		if seen[name] && p.IntN(4) > 0 {
			continue
		}
		seen[name] = true
		out = append(out, group+p.dependency(name))
	}
	return out
}

// edited is another version of a project: one dependency more, or less, or
// with another range.
func (p *plotter) edited(words []string) []string {
	out := append([]string{}, words...)
	switch i := p.IntN(len(out)); p.IntN(3) {
	case 0:
		out = append(out, p.dependency(p.name()))
	case 1:
		out = append(out[:i], out[i+1:]...)
	default:
		word := out[i]
		at := strings.LastIndex(word, "@")
		if strings.Contains(word, "@npm:") || at <= 0 {
			break
		}
		name := word[:at]
		if k := strings.IndexByte(name, ':'); k >= 0 {
			name = name[k+1:]
		}
		out[i] = word[:at] + "@" + p.rng(name)
	}
	if len(out) == 0 {
		return []string{p.dependency(p.name())}
	}
	return out
}

func (p *plotter) name() string { return p.names[p.IntN(len(p.names))] }

// dependency is ALIAS@SPECIFIER for name, sometimes under another name.
func (p *plotter) dependency(name string) string {
	if p.IntN(12) == 0 {
		alias := p.name()
		if p.IntN(2) == 0 {
			alias = "x-" + strings.TrimPrefix(name, "@s/")
		}
		return alias + "@npm:" + name + "@" + p.rng(name)
	}
	return name + "@" + p.rng(name)
}

// rng is a range for name that some version is in, mostly.
func (p *plotter) rng(name string) string {
	v := p.versions[name][p.IntN(len(p.versions[name]))]
	major := v[:1]
	switch p.IntN(10) {
	case 0:
		return v
	case 1:
		return "~" + v
	case 2:
		return ">=" + major
	case 3:
		return "*"
	case 4:
		return "^1.0.0 || ^2.0.0"
	case 5:
		if p.IntN(4) == 0 {
			return "latest"
		}
		return "<=" + v
	case 6:
		if p.IntN(6) == 0 {
			return "^9.0.0"
		}
		return "*"
	}
	return "^" + v
}

func (p *plotter) line(name, version string, peers int) []string {
	out := []string{name + "@" + version}
	for range p.IntN(3) {
		out = append(out, p.dependency(p.name()))
	}
	if p.IntN(8) == 0 {
		if other := p.name(); !strings.Contains(strings.Join(out, " "), " "+other+"@") {
			out = append(out, "opt:"+p.dependency(other))
		}
	}
	for range peers {
		other := p.name()
		switch p.IntN(6) {
		case 0, 1:
			out = append(out, "peer:"+other+"@"+p.rng(other))
		case 2:
			out = append(out, "peer?:"+other+"@"+p.rng(other))
		case 3:
			if p.IntN(3) == 0 {
				out = append(out, `set:peerDependenciesMeta={"`+other+`":{"optional":true}}`)
			}
		}
	}
	switch p.IntN(20) {
	case 0:
		out = append(out, "deprecated")
	case 1:
		out = append(out, "tag:latest")
	case 2:
		out = append(out, "bundle:"+p.name()+"@1.0.0")
	case 3:
		out = append(out, "os:win32")
	case 4:
		out = append(out, "bin:x")
	case 5:
		out = append(out, "engine:node@*", "set:directories={\"bin\":\"y\"}")
	}
	return out
}
