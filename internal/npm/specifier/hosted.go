package specifier

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// host is a git host with known URLs (hosted-git-info 9).
type host struct {
	name, domain string
	schemes      string // that its repositories are recognized by, with blanks around
	tarball      string // {owner}, {project} and {commit} stand for themselves
	noOwner      bool   // URLs do not have the owner
	noSuffix     bool   // HTTPS URLs do not end in ".git"
	split        func(path string) (owner, project, tree string, ok bool)
}

var hosts = [...]host{
	{
		name: "github", domain: "github.com",
		schemes: " git http git+ssh git+https ssh https ",
		tarball: "https://codeload.github.com/{owner}/{project}/tar.gz/{commit}",
		split:   splitGitHub,
	},
	{
		name: "gitlab", domain: "gitlab.com",
		schemes: " git+ssh git+https ssh https ",
		tarball: "https://gitlab.com/{owner}/{project}/-/archive/{commit}/{project}-{commit}.tar.gz", // pnpm's; npm asks the API
		split:   splitGitLab,
	},
	{
		name: "bitbucket", domain: "bitbucket.org",
		schemes: " git+ssh git+https ssh https ",
		tarball: "https://bitbucket.org/{owner}/{project}/get/{commit}.tar.gz",
		split:   func(path string) (string, string, string, bool) { return splitTwo(path, "get") },
	},
	{
		name: "gist", domain: "gist.github.com",
		schemes: " git git+ssh git+https ssh https ",
		tarball: "https://codeload.github.com/gist/{project}/tar.gz/{commit}",
		noOwner: true,
		split:   splitGist,
	},
	{
		name: "sourcehut", domain: "git.sr.ht",
		schemes:  " git+ssh https ",
		tarball:  "https://git.sr.ht/{owner}/{project}/archive/{commit}.tar.gz",
		noSuffix: true,
		split:    func(path string) (string, string, string, bool) { return splitTwo(path, "archive") },
	},
}

// The split functions take the path of a URL apart. ok is false where it is
// not a repository's but, say, that of a tarball.

// splitGitHub also knows /owner/project/tree/branch.
func splitGitHub(path string) (owner, project, tree string, ok bool) {
	owner, project, rest := cutTwo(path)
	kind, rest, _ := strings.Cut(rest, "/")
	if kind != "" {
		if kind != "tree" {
			return "", "", "", false
		}
		tree, _, _ = strings.Cut(rest, "/")
	}
	return owner, project, tree, owner != "" && project != ""
}

// splitGitLab allows groups of groups.
func splitGitLab(path string) (owner, project, tree string, ok bool) {
	path = strings.TrimPrefix(path, "/")
	if strings.Contains(path, "/-/") || strings.Contains(path, "/archive.tar.gz") {
		return "", "", "", false
	}
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", "", "", false
	}
	return path[:i], path[i+1:], "", i > 0 && i+1 < len(path)
}

func splitTwo(path, tarball string) (owner, project, tree string, ok bool) {
	owner, project, rest := cutTwo(path)
	kind, _, _ := strings.Cut(rest, "/")
	return owner, project, "", kind != tarball && owner != "" && project != ""
}

// splitGist: a gist has an id; the owner is optional.
func splitGist(path string) (owner, project, tree string, ok bool) {
	owner, project, rest := cutTwo(path)
	if kind, _, _ := strings.Cut(rest, "/"); kind == "raw" {
		return "", "", "", false
	}
	if project == "" {
		owner, project = "", owner
	}
	return owner, project, "", project != ""
}

func cutTwo(path string) (first, second, rest string) {
	first, rest, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	second, rest, _ = strings.Cut(rest, "/")
	return first, second, rest
}

// hostedAt recognizes the repository of a known host by its URL.
func hostedAt(a address) (repo Repository, ok bool, err error) {
	h := hostOf(func(h *host) bool { return h.domain == strings.TrimPrefix(a.host, "www.") })
	if h == nil || !strings.Contains(h.schemes, " "+a.scheme+" ") {
		return Repository{}, false, nil
	}
	owner, project, tree, ok := h.split(a.path)
	if !ok {
		return Repository{}, false, nil
	}
	repo, err = h.repository(owner, project)
	if err != nil {
		return Repository{}, false, err
	}
	if a.scheme == "ssh" || a.scheme == "git+ssh" {
		repo.URL = repo.SSH()
	} else {
		repo.auth = a.auth
		repo.URL = repo.HTTPS()
		if a.scheme == "git" {
			repo.URL = "git" + strings.TrimPrefix(repo.URL, "https")
		}
	}
	fragment := a.fragment
	if tree != "" {
		fragment = tree
	}
	return repo, true, repo.setFragment(fragment)
}

// shortcut: "github:owner/project", "gist:id".
func (s *Specifier) shortcut(raw, _ string) error {
	scheme, rest, _ := cutScheme(raw)
	path, fragment, _ := strings.Cut(rest, "#")
	path, _, _ = strings.Cut(path, "?")
	if _, after, ok := strings.Cut(path, "@"); ok {
		path = after // credentials have no place in a shortcut
	}
	path = strings.TrimPrefix(path, "/")
	owner, project := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		owner, project = path[:i], path[i+1:]
	}
	h := hostOf(func(h *host) bool { return h.name == scheme })
	repo, err := h.repository(owner, project)
	if err != nil {
		return err
	}
	repo.URL = repo.HTTPS()
	return s.git(repo, repo.setFragment(fragment))
}

func hostOf(is func(*host) bool) *host {
	for i := range hosts {
		if is(&hosts[i]) {
			return &hosts[i]
		}
	}
	return nil
}

// parseHosted recognizes what has no protocol but is a repository all the
// same: "owner/project", "git@github.com:owner/project".
func parseHosted(raw string) (repo Repository, ok bool, err error) {
	if isShorthand(raw) {
		var s Specifier
		err := s.shortcut("github:"+raw, "")
		return s.Git, err == nil, err
	}
	if bare, _, _ := strings.Cut(raw, "#"); strings.Contains(bare, "@") {
		if a, ok := parseAddress("git+ssh://" + raw); ok {
			return hostedAt(a)
		}
	}
	return Repository{}, false, nil
}

// isShorthand reports whether s is "owner/project", a repository of GitHub.
func isShorthand(s string) bool {
	bare, _, _ := strings.Cut(s, "#")
	slash := strings.IndexByte(bare, '/')
	return slash > 0 && slash == strings.LastIndexByte(bare, '/') && slash < len(bare)-1 &&
		bare[0] != '.' && !strings.ContainsAny(bare, "@: \t\r\n")
}

// repository checks and decodes the two parts of a name on h.
func (h *host) repository(owner, project string) (Repository, error) {
	project = strings.TrimSuffix(project, ".git")
	o, err1 := url.PathUnescape(owner)
	p, err2 := url.PathUnescape(project)
	p = strings.TrimSuffix(p, ".git")
	if err1 != nil || err2 != nil || p == "" || o == "" && !h.noOwner || hasEmptyPart(o) || !isSafe(o) || !isSafe(p) || strings.Contains(p, "/") {
		want := "owner/project"
		if h.noOwner {
			want = "id"
		}
		return Repository{}, fmt.Errorf("malformed name of a repository: want %s:%s", h.name, want)
	}
	return Repository{Host: h.name, Owner: o, Project: p}, nil
}

// hasEmptyPart reports whether a group of groups has one without a name: written as
// a shortcut it would begin another part of a URL.
func hasEmptyPart(owner string) bool {
	return strings.Contains("/"+owner+"/", "//") && owner != ""
}

// isSafe reports whether s can stand in a URL as it is and name no other path.
func isSafe(s string) bool {
	for segment := range strings.SplitSeq(s, "/") {
		if segment == "." || segment == ".." {
			return false
		}
	}
	return !strings.ContainsAny(s, " \\:?#@%\"<>") && !hasControl(s) && !strings.HasPrefix(s, "-")
}

func hasControl(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }

// HTTPS is the URL to clone over HTTPS, "" for a repository of no known host.
// It may hold credentials.
func (r Repository) HTTPS() string {
	h := hostOf(func(h *host) bool { return h.name == r.Host })
	if h == nil {
		return ""
	}
	auth, suffix := r.auth, ".git"
	if auth != "" {
		auth += "@"
	}
	if h.noSuffix {
		suffix = ""
	}
	return "https://" + auth + h.domain + "/" + r.path(h) + suffix
}

// SSH is the URL to clone over SSH, "" for a repository of no known host.
func (r Repository) SSH() string {
	h := hostOf(func(h *host) bool { return h.name == r.Host })
	if h == nil {
		return ""
	}
	return "ssh://git@" + h.domain + "/" + r.path(h) + ".git"
}

// Tarball is the URL of the host's tarball of a commit, "" for a repository of
// no known host.
func (r Repository) Tarball(commit string) string {
	h := hostOf(func(h *host) bool { return h.name == r.Host })
	if h == nil {
		return ""
	}
	return strings.NewReplacer("{owner}", r.Owner, "{project}", r.Project, "{commit}", url.PathEscape(commit)).Replace(h.tarball)
}

// Archive is the URL of the tarball that anybody may have of a commit, "" for a
// repository of another host than the three whose archives pnpm uses, and for
// one that is reached with credentials.
func (r Repository) Archive(commit string) string {
	switch r.Host {
	case "github", "gitlab", "bitbucket":
		if r.auth == "" {
			return r.Tarball(commit)
		}
	}
	return ""
}

// Shortcut is "github:owner/project", "" for a repository of no known host.
func (r Repository) Shortcut() string {
	h := hostOf(func(h *host) bool { return h.name == r.Host })
	if h == nil {
		return ""
	}
	return h.name + ":" + r.path(h)
}

func (r Repository) path(h *host) string {
	if h.noOwner {
		return r.Project
	}
	return r.Owner + "/" + r.Project
}
