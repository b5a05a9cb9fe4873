package npm

import (
	"testing"

	"godwit/internal/npm/semver"
)

func TestSupportsAsNPM(t *testing.T) {
	type question struct {
		Platform      Platform
		OS, CPU, Libc []string
	}
	lists := [][]string{nil, {}, {"any"}, {"linux"}, {"!linux"}, {"!win32", "!darwin"}, {"linux", "!linux"}, {"darwin", "!win32"}, {"any", "win32"}, {""}, {"!"}}
	libcs := [][]string{nil, {}, {"glibc"}, {"!musl"}, {"musl", "glibc"}, {"any"}}
	var questions []question
	for _, p := range []Platform{{"linux", "x64", "glibc"}, {"linux", "arm64", "musl"}, {"darwin", "arm64", ""}, {"win32", "x64", ""}} {
		for _, os := range lists {
			for _, libc := range libcs {
				questions = append(questions, question{p, os, []string{"x64", "!ia32"}, libc}, question{p, os, nil, libc})
			}
		}
	}
	script := `
		const { checkPlatform } = require(process.argv[1] + '/npm-install-checks')
		console.log(JSON.stringify(JSON.parse(process.argv[2]).map(q => {
			const env = { os: q.Platform.OS, cpu: q.Platform.CPU, libc: q.Platform.Libc }
			if (env.os === 'linux' && !env.libc) env.libc = undefined
			try { checkPlatform({ os: q.OS, cpu: q.CPU, libc: q.Libc }, false, env); return true } catch { return false }
		})))`
	var want []bool
	askNPM(t, script, questions, &want)
	for i, q := range questions {
		if got := q.Platform.Supports(q.OS, q.CPU, q.Libc); got != want[i] {
			t.Errorf("%+v: got %v, npm says %v", q, got, want[i])
		}
	}
}

func TestEngineFitsAsNPM(t *testing.T) {
	type question struct{ Node, Want string }
	var questions []question
	for _, node := range []string{"20.20.2", "22.0.0-rc.1", "0.10.48"} {
		for _, want := range []string{"", "*", ">=18", "^20.1.0 || >=22", "<0.11", "node >= 4", "garbage", "~22", ">= 0.4"} {
			questions = append(questions, question{node, want})
		}
	}
	script := `
		const { checkEngine } = require(process.argv[1] + '/npm-install-checks')
		console.log(JSON.stringify(JSON.parse(process.argv[2]).map(q => {
			try { checkEngine({ engines: { node: q.Want } }, '11.0.0', q.Node); return true } catch { return false }
		})))`
	var want []bool
	askNPM(t, script, questions, &want)
	for i, q := range questions {
		_, got := EngineFits(Deps{{"node", q.Want}}, "node", semver.MustParse(q.Node))
		if got != want[i] {
			t.Errorf("node %s, wanted %q: got %v, npm says %v", q.Node, q.Want, got, want[i])
		}
	}
}

func TestPlatformOf(t *testing.T) {
	for _, test := range []struct {
		os, cpu, libc string
		want          Platform
	}{
		{"linux", "amd64", "musl", Platform{"linux", "x64", "musl"}},
		{"windows", "386", "glibc", Platform{"win32", "ia32", ""}},
		{"darwin", "arm64", "", Platform{"darwin", "arm64", ""}},
		{"linux", "ppc64le", "glibc", Platform{"linux", "ppc64", "glibc"}},
	} {
		if got := PlatformOf(test.os, test.cpu, test.libc); got != test.want {
			t.Errorf("%s/%s: got %+v, want %+v", test.os, test.cpu, got, test.want)
		}
	}
}

func TestTarballURL(t *testing.T) {
	for _, test := range []struct {
		registry string
		name     Name
		version  string
		want     string
	}{
		{"https://registry.example", "a", "1.0.0", "https://registry.example/a/-/a-1.0.0.tgz"},
		{"https://registry.example/npm/", "@s/a", "1.0.0-b.1+c", "https://registry.example/npm/@s/a/-/a-1.0.0-b.1.tgz"},
	} {
		if got := TarballURL(test.registry, test.name, test.version); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
