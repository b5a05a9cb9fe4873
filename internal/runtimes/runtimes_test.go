package runtimes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"godwit/internal/npm"
	"godwit/internal/testreg"
)

// documents answers from a map, and what is below the mirror from there.
type documents struct {
	mirror string
	known  map[string]string
	asked  []string
}

type missing struct{ url string }

func (e missing) Error() string  { return e.url + " is not there" }
func (e missing) NotFound() bool { return true }

func (d *documents) Document(_ context.Context, url string) ([]byte, error) {
	d.asked = append(d.asked, url)
	if text, ok := d.known[url]; ok {
		return []byte(text), nil
	}
	if d.mirror == "" || !strings.HasPrefix(url, d.mirror) {
		return nil, missing{url}
	}
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, missing{url}
	}
	return io.ReadAll(resp.Body)
}

const releases = `-- node-releases --
rc 22.1.0-rc.2
rc 22.0.0-rc.1
release 23.1.0
release 22.11.0 lts:Jod
release 20.9.0 lts:Iron
release 18.20.0 lts:Hydrogen
`

func mirrored(t *testing.T) (*Finder, *documents) {
	reg := testreg.New(t, []byte(releases))
	at := reg.URL + "/-/test/node/"
	d := &documents{mirror: at}
	return &Finder{Client: d, Mirrors: map[string]string{"release": at + "release", "rc": at + "rc/"}}, d
}

func TestVersionsOfNode(t *testing.T) {
	f, _ := mirrored(t)
	for _, test := range []struct{ want, version string }{
		{"", "23.1.0"}, {"latest", "23.1.0"}, {"release", "23.1.0"}, {"lts", "22.11.0"}, {"iron", "20.9.0"}, {"Hydrogen", "18.20.0"},
		{"^22", "22.11.0"}, {">=18 <21", "20.9.0"}, {"*", "23.1.0"}, {"22", "22.11.0"}, {" ^20 ", "20.9.0"},
		{"rc", "22.1.0-rc.2"}, {"rc/22", "22.1.0-rc.2"}, {"rc/~22.0.0", "22.0.0-rc.1"}, {"22.0.0-rc.1", "22.0.0-rc.1"},
		{"1.2.3", "1.2.3"}, // nobody is asked about a version that is named in full
	} {
		got, err := f.Newest(t.Context(), "node", test.want)
		if err != nil || got != test.version {
			t.Errorf("%q: %q, %v, want %q", test.want, got, err, test.version)
		}
	}
	for _, want := range []string{"^99", "argon", "rc/99", "22.0.0-rc.9"} {
		if got, err := f.Newest(t.Context(), "node", want); !errors.As(err, new(*VersionError)) {
			t.Errorf("%q: %q, %v", want, got, err)
		}
	}
	if _, err := f.Newest(t.Context(), "node", "stable/22"); !errors.As(err, new(*ChannelError)) {
		t.Error(err)
	}
	if list, err := f.Versions(t.Context(), ">=20"); err != nil || !slices.Equal(list, []string{"20.9.0", "22.11.0", "23.1.0"}) {
		t.Errorf("%q, %v", list, err)
	}
}

// brief is what was found in a few words: prefix, hash, platforms.
func brief(found *Found, at string) string {
	var b strings.Builder
	for _, v := range found.Resolution.Variants {
		r := v.Resolution
		fmt.Fprintln(&b, strings.TrimPrefix(r.Tarball, at), r.Exec.Archive, r.Exec.Prefix, r.Exec.Bin, v.Platforms, r.Integrity[:12])
	}
	return b.String()
}

func TestASignedRelease(t *testing.T) {
	f, d := mirrored(t)
	found, err := f.Find(t.Context(), "node", "^22")
	if err != nil {
		t.Fatal(err)
	}
	const want = `aix-ppc64.tar.gz tarball  map[node:bin/node] [{aix ppc64 }] sha256-G79+Y
darwin-arm64.tar.gz tarball  map[node:bin/node] [{darwin arm64 }] sha256-Lomv5
darwin-x64.tar.gz tarball  map[node:bin/node] [{darwin x64 }] sha256-Zo0wu
linux-arm64.tar.gz tarball  map[node:bin/node] [{linux arm64 }] sha256-J0U/e
linux-armv7l.tar.gz tarball  map[node:bin/node] [{linux armv7l }] sha256-+FztC
linux-ppc64le.tar.gz tarball  map[node:bin/node] [{linux ppc64le }] sha256-BTKWW
linux-s390x.tar.gz tarball  map[node:bin/node] [{linux s390x }] sha256-ZPaRQ
linux-x64.tar.gz tarball  map[node:bin/node] [{linux x64 }] sha256-T4Yrq
win-arm64.zip zip node-v22.11.0-win-arm64 map[node:node.exe] [{win32 arm64 }] sha256-uf9aa
win-x64.zip zip node-v22.11.0-win-x64 map[node:node.exe] [{win32 x64 }] sha256-kFNzo
win-x86.zip zip node-v22.11.0-win-x86 map[node:node.exe] [{win32 x86 }] sha256-cA4LG
`
	if got := brief(found, d.mirror+"release/v22.11.0/node-v22.11.0-"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestAReleaseThatNobodySigned(t *testing.T) {
	f, _ := mirrored(t)
	if _, err := f.Find(t.Context(), "node", "^20"); !errors.As(err, new(*SignatureError)) {
		t.Errorf("without a signature: %v", err)
	}
	if _, err := f.Find(t.Context(), "node", "1.2.3"); !errors.As(err, new(*VersionError)) {
		t.Errorf("no such version: %v", err)
	}
	if _, err := f.Find(t.Context(), "node", "rc/22"); err != nil {
		t.Errorf("release candidates are not signed: %v", err)
	}
}

// Where Node's own mirror is asked, those for musl come from another.
func TestMusl(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	d := &documents{known: map[string]string{
		"https://nodejs.org/download/rc/index.json":                                         `[{"version":"v22.0.0-rc.1","lts":false}]`,
		"https://nodejs.org/download/rc/v22.0.0-rc.1/SHASUMS256.txt":                        hash + "  node-v22.0.0-rc.1-linux-x64.tar.gz\n",
		"https://unofficial-builds.nodejs.org/download/release/v22.0.0-rc.1/SHASUMS256.txt": hash + "  node-v22.0.0-rc.1-linux-x64-musl.tar.gz\n",
		"https://unofficial-builds.nodejs.org/download/release/v22.11.0/SHASUMS256.txt":     hash + "  node-v22.11.0-linux-x64-musl.tar.gz\n" + hash + "  node-v22.11.0-linux-loong64.tar.gz\n",
	}}
	f := &Finder{Client: d}
	found, err := f.Find(t.Context(), "node", "rc/22")
	if err != nil || len(found.Resolution.Variants) != 1 {
		t.Errorf("of another channel: %v, %v", found, err)
	}
	reg := testreg.New(t, []byte(releases))
	for _, file := range []string{"SHASUMS256.txt", "SHASUMS256.txt.sig"} {
		m := &documents{mirror: reg.URL}
		text, err := m.Document(t.Context(), reg.URL+"/-/test/node/release/v22.11.0/"+file)
		if err != nil {
			t.Fatal(err)
		}
		d.known["https://nodejs.org/download/release/v22.11.0/"+file] = string(text)
	}
	if found, err = f.Find(t.Context(), "node", "22.11.0"); err != nil {
		t.Fatal(err)
	}
	last := found.Resolution.Variants[len(found.Resolution.Variants)-1]
	if len(found.Resolution.Variants) != 12 || last.Platforms[0].Libc != "musl" || !strings.HasPrefix(last.Resolution.Tarball, unofficial) {
		t.Errorf("%d, %v", len(found.Resolution.Variants), last)
	}
}

func TestBunAndDeno(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	const bun, deno = "https://github.com/oven-sh/bun/releases/download/bun-v1.2.3/", "https://github.com/denoland/deno/releases/download/v2.1.0/"
	asset := func(name string) string {
		return `{"name":"` + name + `","browser_download_url":"` + deno + name + `"}`
	}
	d := &documents{known: map[string]string{
		bun + "SHASUMS256.txt": hash + "  bun-windows-x64.zip\n" + hash + "  bun-linux-x64-musl.zip\n" + hash + "  bun-linux-x64.zip\n" + hash + "  bun-linux-x64-baseline.zip\n" + hash + "  bun-darwin-aarch64.zip\n",
		"https://api.github.com/repos/denoland/deno/releases/tags/v2.1.0": `{"assets":[` + asset("deno-x86_64-pc-windows-msvc.zip.sha256sum") + "," + asset("deno-x86_64-unknown-linux-gnu.zip.sha256sum") + "," + asset("deno-x86_64-unknown-linux-gnu.zip") + "," + asset("denort-x86_64-unknown-linux-gnu.zip.sha256sum") + "]}",
		deno + "deno-x86_64-pc-windows-msvc.zip.sha256sum":                "Algorithm : SHA256\nHash : " + strings.ToUpper(hash),
		deno + "deno-x86_64-unknown-linux-gnu.zip.sha256sum":              hash + "  deno-x86_64-unknown-linux-gnu.zip",
	}}
	f := &Finder{Client: d, Published: func(_ context.Context, name npm.Name, want string) (string, error) {
		return map[string]string{"bun latest": "1.2.3", "deno ^2": "2.1.0"}[string(name)+" "+want], nil
	}}
	for _, test := range []struct{ name, want, at, brief string }{
		{"bun", "", bun, `bun-darwin-aarch64.zip zip bun-darwin-aarch64 map[:bun] [{darwin arm64 }] sha256-q6urq
bun-linux-x64-musl.zip zip bun-linux-x64-musl map[:bun] [{linux x64 musl}] sha256-q6urq
bun-linux-x64.zip zip bun-linux-x64 map[:bun] [{linux x64 }] sha256-q6urq
bun-windows-x64.zip zip bun-windows-x64 map[:bun.exe] [{win32 x64 }] sha256-q6urq
`},
		{"deno", "^2", deno, `deno-x86_64-pc-windows-msvc.zip zip  map[:deno.exe] [{win32 x64 } {win32 arm64 }] sha256-q6urq
deno-x86_64-unknown-linux-gnu.zip zip  map[:deno] [{linux x64 }] sha256-q6urq
`},
	} {
		found, err := f.Find(t.Context(), test.name, test.want)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if got := brief(found, test.at); got != test.brief {
			t.Errorf("%s: got\n%swant\n%s", test.name, got, test.brief)
		}
		if _, err := f.Find(t.Context(), test.name, "^99"); !errors.As(err, new(*VersionError)) {
			t.Errorf("%s ^99: %v", test.name, err)
		}
	}
	d.known[bun+"SHASUMS256.txt"] = "abc  bun-linux-x64.zip\n"
	if _, err := f.Find(t.Context(), "bun", ""); !errors.As(err, new(*ListError)) {
		t.Errorf("a hash that is none: %v", err)
	}
}

// What pnpm 12.21 saves for these.
func TestSaved(t *testing.T) {
	for _, test := range []struct{ name, want, version, previous, saved string }{
		{"node", "^22", "22.11.0", "", "runtime:^22.11.0"},
		{"node", "22", "22.11.0", "", "runtime:22.11.0"},
		{"node", "rc/~22", "22.1.0", "", "runtime:~22.1.0"},
		{"node", "rc/^22", "22.1.0-rc.2", "", "runtime:22.1.0-rc.2"},
		{"node", "lts", "22.11.0", "runtime:^20.0.0", "runtime:^22.11.0"},
		{"node", "22.11.0", "22.11.0", "runtime:^20.0.0", "runtime:22.11.0"},
		{"bun", "", "1.2.3", "", "runtime:latest"},
		{"deno", "^2", "2.1.0", "", "runtime:^2"},
	} {
		if got := Saved(test.name, test.want, test.version, test.previous); got != test.saved {
			t.Errorf("%v: %s", test, got)
		}
	}
}
