package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

const browseHelp = `In a terminal the page is opened, elsewhere its address is printed, as with
--no-browser. Without a name it is the project's.`

// runBrowse is the commands docs, bugs and repo: pages that package.json names.
func runBrowse(ctx context.Context, c *call) error {
	what := find(c.args.Positional[0]).names[0]
	words := c.args.Positional[1:]
	if len(words) == 0 {
		words = []string{""}
	}
	if c.workspace.root != "" {
		if err := c.findLock(); err != nil {
			return err
		}
	}
	for _, word := range words {
		name, m, err := c.manifestAbout(ctx, word)
		if err != nil {
			return err
		}
		page := pageOf(what, m)
		if page == "" {
			return &refusedError{what: fmt.Sprintf("the package.json of %s names no page for %s", cmp.Or(name, "the project"), what), code: noPage[what], next: "godwit view shows what it names"}
		}
		title := fmt.Sprintf("%s %s available at the following URL", cmp.Or(name, c.workspace.root), what)
		if err := c.browse(title, page, c.ofNpm()); err != nil {
			return err
		}
	}
	return nil
}

// noPage are pnpm's codes.
var noPage = map[string]string{"bugs": "ERR_PNPM_NO_BUGS_URL", "repo": "ERR_PNPM_NO_REPO_URL", "docs": ""}

// manifestAbout is the manifest of a package of the registry, or of the project.
func (c *call) manifestAbout(ctx context.Context, word string) (name string, m project.Node, err error) {
	if word == "" || word == "." {
		p, err := c.here()
		if err != nil {
			return "", m, err
		}
		return string(p.Manifest.Name), p.Manifest.Document, nil
	}
	found, err := c.said(ctx, word)
	if err != nil {
		return "", m, err
	}
	m = found[len(found)-1]
	return m.Field("name").Text, m, nil
}

// pageOf is the address of a page, or "". What a manifest has there is anything at
// all: only what a browser asks a server for is an address.
func pageOf(what string, m project.Node) string {
	r, dir := repositoryOf(m)
	page := ""
	switch what {
	case "docs":
		page = cmp.Or(webPage(m.Field("homepage").Text), r.page(dir, "#readme"))
	case "bugs":
		bugs := m.Field("bugs")
		page = cmp.Or(webPage(bugs.Text), webPage(bugs.Field("url").Text))
		if suffix, ok := issues[r.host]; ok && page == "" {
			page = r.page("", suffix)
		}
	case "repo":
		page = cmp.Or(r.page(dir, ""), r.base)
	}
	return webPage(page)
}

func webPage(text string) string {
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
		r.base, r.host = strings.TrimSuffix(webPage(strings.TrimPrefix(s.Git.HTTPS(), "git+")), ".git"), s.Git.Host
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

// browse opens a page, or prints its address where nobody would see it; titled
// says that a line above it tells what it is.
func (c *call) browse(title, page string, titled bool) error {
	browser := c.cfg.Settings.Terminal.Browser
	opens := c.Terminal && !c.cfg.Settings.CI && browser != "false"
	switch {
	case c.cfg.Settings.Call.JSON && !opens:
		return writeJSON(c.Stdout, struct {
			Title string `json:"title"`
			URL   string `json:"url"`
		}{title, page})
	case titled:
		fmt.Fprintf(c.Stdout, "%s:\n", ui.Plain(title))
	}
	if _, err := fmt.Fprintln(c.Stdout, ui.Plain(page)); err != nil || !opens {
		return err
	}
	command := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[c.OS]
	if command == nil {
		command = []string{"xdg-open"}
	}
	if browser != "" && browser != "true" {
		command = []string{browser}
	}
	if _, err := c.Output(c.Dir, command[0], append(command[1:], page)...); err != nil {
		fmt.Fprintf(c.Stderr, "WARN %s could not open the page: %s\n", command[0], err)
	}
	return nil
}
