// Package pages finds the addresses that manifests name for people: of a package's
// home, of its repository, and of where its errors are told.
package pages

import (
	"cmp"
	"net/url"
	"path"
	"strings"

	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// Of is the address of a page for docs, bugs or repo, or "". What a manifest has
// there is anything at all: only what a browser asks a server for is an address.
func Of(what string, m project.Node) string {
	r, dir := repositoryOf(m)
	page := ""
	switch what {
	case "docs":
		page = cmp.Or(Web(m.Field("homepage").Text), r.page(dir, "#readme"))
	case "bugs":
		bugs := m.Field("bugs")
		page = cmp.Or(Web(bugs.Text), Web(bugs.Field("url").Text))
		if suffix, ok := issues[r.host]; ok && page == "" {
			page = r.page("", suffix)
		}
	case "repo":
		page = cmp.Or(r.page(dir, ""), r.base)
	}
	return Web(page)
}

// Web is an address that a browser may be sent to, without credentials; what is none
// is "".
func Web(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	u.User = nil // whoever wrote a password there did not mean it for a page
	return u.String()
}

// sourcePage is where a repository can be looked at.
type sourcePage struct {
	base string // "" where it is not known
	host string // the known host's name, or ""
}

// What the known hosts have behind a repository (hosted-git-info 9, hosts.js):
// before a directory, and for its issues. A gist's are comments on its page.
var (
	trees  = map[string]string{"github": "/tree/HEAD/", "gitlab": "/tree/HEAD/", "bitbucket": "/src/HEAD/", "sourcehut": "/tree/HEAD/"}
	issues = map[string]string{"github": "/issues", "gitlab": "/issues", "bitbucket": "/issues", "gist": ""}
)

// repositoryOf reads the field repository as hosted-git-info does: a shortcut, a
// URL to clone, or any other host's.
func repositoryOf(m project.Node) (r sourcePage, dir string) {
	field := m.Field("repository")
	text := cmp.Or(field.Text, field.Field("url").Text)
	dir = path.Clean(field.Field("directory").Text)
	if dir == "." || strings.HasPrefix(dir, "..") || strings.HasPrefix(dir, "/") {
		dir = ""
	}
	if s, err := specifier.Parse("", text); err == nil && s.Git.Host != "" {
		r.base, r.host = strings.TrimSuffix(Web(strings.TrimPrefix(s.Git.HTTPS(), "git+")), ".git"), s.Git.Host
		return r, dir
	}
	u, err := url.Parse(strings.TrimPrefix(text, "git+"))
	if err != nil || u.Host == "" {
		return r, dir
	}
	scheme := "https"
	if u.Scheme == "http" {
		scheme = "http"
	}
	r.base = scheme + "://" + u.Hostname() + strings.TrimSuffix(u.EscapedPath(), ".git")
	return r, dir
}

// page is a page of a known host: of a directory, with suffix.
func (r sourcePage) page(dir, suffix string) string {
	if r.host == "" || r.base == "" {
		return ""
	}
	if tree := trees[r.host]; dir != "" && tree != "" {
		return r.base + tree + dir + suffix
	}
	return r.base + suffix
}

// Homepage is what a manifest names, or else the page of a repository on a
// host that is known, as npm normalizes manifests.
func Homepage(m project.Node) string {
	if page := m.Field("homepage").Text; page != "" {
		return page
	}
	text := m.Field("repository").Text
	if text == "" {
		text = m.Field("repository").Field("url").Text
	}
	s, err := specifier.Parse("", text)
	if err != nil || s.Git.Host == "" || text == "" {
		return ""
	}
	page := strings.TrimSuffix(strings.TrimPrefix(s.Git.HTTPS(), "git+"), ".git")
	if page == "" || strings.Contains(page, "@") { // it may hold credentials
		return ""
	}
	return page + "#readme"
}
