package cli

import (
	"cmp"
	"context"
	"fmt"

	"godwit/internal/cli/pages"
	"godwit/internal/cli/ui"
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
		address := pages.Of(what, m)
		if address == "" {
			return &refusedError{what: fmt.Sprintf("the package.json of %s names no page for %s", cmp.Or(name, "the project"), what), code: noPage[what], next: "godwit view shows what it names"}
		}
		title := fmt.Sprintf("%s %s available at the following URL", cmp.Or(name, c.workspace.root), what)
		if err := c.browse(title, address, c.ofNpm()); err != nil {
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

// browse opens a page, or prints its address where nobody would see it; titled
// says that a line above it tells what it is.
func (c *call) browse(title, address string, titled bool) error {
	browser := c.cfg.Settings.Terminal.Browser
	opens := c.Terminal && !c.cfg.Settings.CI && browser != "false"
	switch {
	case c.cfg.Settings.Call.JSON && !opens:
		return writeJSON(c.Stdout, struct {
			Title string `json:"title"`
			URL   string `json:"url"`
		}{title, address})
	case titled:
		fmt.Fprintf(c.Stdout, "%s:\n", ui.Plain(title))
	}
	if _, err := fmt.Fprintln(c.Stdout, ui.Plain(address)); err != nil || !opens {
		return err
	}
	command := map[string][]string{"darwin": {"open"}, "windows": {"rundll32", "url.dll,FileProtocolHandler"}}[c.OS]
	if command == nil {
		command = []string{"xdg-open"}
	}
	if browser != "" && browser != "true" {
		command = []string{browser}
	}
	if _, err := c.Output(c.Dir, command[0], append(command[1:], address)...); err != nil {
		fmt.Fprintf(c.Stderr, "WARN %s could not open the page: %s\n", command[0], err)
	}
	return nil
}
