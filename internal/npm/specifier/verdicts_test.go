package specifier

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path"
	"strings"
	"testing"
)

// npa is what npm-package-arg says about one specifier
// (testdata/generate.mjs).
type npa struct {
	Error, Type, Name, Fetch, Committish, Range, Dir string
	Host, Owner, Project, HTTPS, SSH, Tarball        string
	Sub                                              struct{ Type, Spec string }
}

func loadVerdicts(t testing.TB) (specifiers map[string]npa, splits [][3]*string) {
	t.Helper()
	f, err := os.Open("testdata/verdicts.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Specifiers [][2]json.RawMessage
		Splits     [][3]*string
	}
	if err := json.NewDecoder(z).Decode(&v); err != nil {
		t.Fatal(err)
	}
	specifiers = map[string]npa{}
	for _, row := range v.Specifiers {
		var raw string
		var want npa
		if err := json.Unmarshal(row[0], &raw); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(row[1], &want); err != nil {
			t.Fatal(err)
		}
		specifiers[raw] = want
	}
	return specifiers, v.Splits
}

func TestAgainstNPM(t *testing.T) {
	specifiers, _ := loadVerdicts(t)
	agree, ours := 0, map[string]int{}
	for raw, want := range specifiers {
		if reason := deliberate(raw, want); reason != "" {
			ours[reason]++
			continue
		}
		got, err := Parse("alias", raw)
		if diff := want.diff(got, err); diff != "" {
			t.Errorf("%q: %s; npm says %+v", raw, diff, want)
			continue
		}
		agree++
	}
	t.Logf("%d agree, deliberately different: %v", agree, ours)
	if agree < len(specifiers)*9/10 {
		t.Errorf("only %d of %d were compared", agree, len(specifiers))
	}
}

// deliberate names the reason for which a result is not npm's.
func deliberate(raw string, want npa) string {
	bare, fragment, _ := strings.Cut(raw, "#")
	_, scp, _ := parseSCP(raw)
	path := filePath(strings.TrimPrefix(raw, "file:"))
	a, isURL := parseAddress(raw)
	switch {
	case scp && want.Host == "":
		return "user@host:path is a repository, as it is to git, yarn and bun; npm takes it for a directory"
	case want.Type == "git" && want.Host == "" && (!isURL || a.host == "" || strings.Trim(a.path, "/") == ""), isURL && a.host == "":
		return "a URL without host or path is an error; npm leaves it to git"
	case want.Host != "" && want.Host != "gist" && want.Owner == "", want.Host != "" && want.Project == "", strings.HasSuffix(bare, "/.."):
		return "a repository without owner or name, or called .., is an error; npm asks the host for it"
	case want.Host != "" && strings.HasPrefix(want.Owner, "-"):
		return "what git could take for an option is an error"
	case want.Committish == "undefined":
		return "npm asks for a branch undefined"
	case strings.HasPrefix(raw, "FILE:"):
		return "npm knows FILE: but keeps it in the path"
	case isDrive(path):
		return "drives are absolute and backslashes separate on all systems, as in pnpm"
	case strings.HasPrefix(raw, "/") && (strings.HasPrefix(path, ".") || strings.HasPrefix(path, "~")):
		return "/./x is absolute, as in pnpm; npm takes it for ./x"
	case want.Host != "" && !isURL && strings.Contains(fragment, "@") && !strings.Contains(bare, "@") && strings.Contains(bare, ".") && strings.Count(bare, "/") > 1:
		return "npm takes a path for a host when the fragment has an @"
	case (want.Host == "gist" || want.Host == "sourcehut") && a.auth != "":
		return "npm drops the credentials of gists and sourcehut"
	case want.Type == "remote" && strings.HasSuffix(a.path, ".git") && strings.Contains(raw, "#"):
		return "what ends in .git is a repository, as in pnpm, and its fragment can be an error"
	case strings.HasPrefix(strings.ToLower(raw), "npm:_"):
		return "npm.ParseName lets names begin with _"
	}
	return ""
}

// diff says what of got is not as npm has it, "" if nothing.
func (want npa) diff(got Specifier, err error) string {
	if want.Error != "" || err != nil {
		if want.Error == "" {
			return "error " + err.Error()
		}
		if err == nil {
			return "no error but " + got.Kind.String()
		}
		return ""
	}
	switch want.Type {
	case "alias":
		if got.Kind.String() != want.Sub.Type && !(got.Range == defaultTag && want.Sub.Spec == "*") || string(got.Name) != want.Name {
			return "alias of " + string(got.Name) + " as " + got.Kind.String()
		}
	case "version", "range", "tag":
		if got.Kind.String() != want.Type || got.Range != want.Fetch || got.Name != "alias" {
			return got.Kind.String() + " " + got.Range
		}
	case "file", "directory":
		kinds := map[string]Kind{"file": Archive, "directory": Directory}
		if !strings.HasPrefix(strings.ToLower(got.Raw), "file:") {
			kinds["directory"] = Link // pnpm copies those of file: only
		}
		if got.Kind != kinds[want.Type] || resolve(got.Path) != want.Fetch {
			return got.Kind.String() + " " + resolve(got.Path)
		}
	case "remote":
		if got.Kind == Git && strings.HasSuffix(want.Fetch, ".git") { // a repository, as in pnpm
			got.Kind, got.URL = Tarball, got.Git.URL
		}
		if got.Kind != Tarball || got.URL != want.Fetch {
			return got.Kind.String() + " " + got.URL
		}
	case "git":
		return want.diffGit(got)
	default:
		return "type " + want.Type
	}
	return ""
}

func (want npa) diffGit(got Specifier) string {
	g := got.Git
	dir := g.Dir
	if want.Host == "gitlab" { // pnpm has another URL than npm
		want.Tarball = "https://gitlab.com/" + want.Owner + "/" + want.Project + "/-/archive/c0ffee/" + want.Project + "-c0ffee.tar.gz"
	}
	if dir != "" {
		dir = "/" + dir // npm's spelling
	}
	switch {
	case got.Kind != Git:
		return got.Kind.String()
	case g.Committish != want.Committish || g.Range != want.Range || dir != want.Dir:
		return "fragment " + g.Committish + " " + g.Range + " " + g.Dir
	case g.Host != want.Host || g.Owner != want.Owner || g.Project != want.Project:
		return "host " + g.Host + " " + g.Owner + " " + g.Project
	case want.Host == "" && g.URL != sshURL(want.Fetch):
		return "URL " + g.URL
	case g.HTTPS() != want.HTTPS || g.SSH() != want.SSH || g.Tarball("c0ffee") != want.Tarball:
		return "URLs " + g.HTTPS() + " " + g.SSH() + " " + g.Tarball("c0ffee")
	}
	return ""
}

// sshURL is what pnpm makes of git+ssh://git@host:path, which npm gives to git
// as git@host:path.
func sshURL(fetch string) string {
	if strings.Contains(fetch, "://") {
		return fetch
	}
	if at, colon := strings.IndexByte(fetch, '@'), strings.LastIndexByte(fetch, ':'); at < colon {
		fetch = fetch[:colon] + "/" + fetch[colon+1:]
	}
	return "ssh://" + fetch
}

// resolve does what the generator had npm do: the importer is /project, the
// home directory /home.
func resolve(p string) string {
	switch {
	case p == "~" || strings.HasPrefix(p, "~/"):
		return path.Join("/home", p[1:])
	case strings.HasPrefix(p, "/"):
		return path.Clean(p)
	}
	return path.Join("/project", p)
}

func TestSplitAgainstNPM(t *testing.T) {
	_, splits := loadVerdicts(t)
	for _, row := range splits {
		alias, raw := Split(*row[0])
		if row[1] == nil {
			continue
		}
		wantRaw := strings.TrimPrefix(*row[2], "git+ssh://")
		if *row[2] == "*" || strings.HasPrefix(*row[0], "git+ssh:") {
			wantRaw = raw // npm says * where there is nothing
		}
		if alias != *row[1] || raw != wantRaw {
			t.Errorf("Split(%q) = %q, %q; npm says %q, %q", *row[0], alias, raw, *row[1], *row[2])
		}
	}
}
