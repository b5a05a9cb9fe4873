package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"godwit/internal/cli/fund"
	"godwit/internal/cli/pages"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/registry"
)

const fundHelp = `Without a name: what is installed, and asks for money. With one the page of that
package is opened, or its address printed, as with --no-browser; of several pages
--which says the one that is meant.`

// runFund is the command fund.
func runFund(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	if len(words) > 1 {
		return &usageError{"fund takes one package, and got " + strings.Join(words, " "), "godwit help fund"}
	}
	if c.flagged("which") && c.cfg.Settings.Call.Which == 0 {
		return &refusedError{what: "--which counts from 1", code: "EFUNDNUMBER", next: "godwit fund lists who asks for money"}
	}
	if err := c.findLock(); err != nil {
		return err
	}
	tree, err := c.fundingTree()
	if err != nil {
		return err
	}
	a := &fund.Asker{Tree: tree, Npm: c.ofNpm()}
	if len(words) == 1 {
		return c.openFunding(ctx, a, words[0])
	}
	return c.listFunding(a)
}

// fundingTree is what is installed.
func (c *call) fundingTree() (fund.Tree, error) {
	if c.ofNpm() {
		t, err := c.npmTree()
		if err != nil {
			return nil, err
		}
		return fund.InModules(t), nil
	}
	g, err := c.installed()
	if err != nil {
		return nil, err
	}
	dirs, err := c.listedDirs()
	return &fund.Graph{Installed: g, Root: c.workspace.root, Dirs: dirs, Find: c.resolved}, err
}

// listFunding shows who asks for money.
func (c *call) listFunding(a *fund.Asker) error {
	all, err := a.All()
	if err != nil {
		return err
	}
	if c.cfg.Settings.Call.JSON {
		out := project.Node{Kind: project.List, Items: all}
		if len(all) == 1 && (a.Npm || !c.recursive()) {
			out = all[0]
		}
		_, err := fmt.Fprintf(c.Stdout, "%s\n", out.JSON())
		return err
	}
	texts := make([]string, len(all))
	for i, n := range all {
		texts[i] = fund.Draw(n, !a.Npm)
	}
	text := strings.Join(texts, "\n")
	if a.Npm {
		text += "\n" // npm ends with an empty line
	}
	_, err = io.WriteString(c.Stdout, text)
	return err
}

// openFunding shows the page of one package, or all pages where it has several and
// nothing says which one.
func (c *call) openFunding(ctx context.Context, a *fund.Asker, word string) error {
	m, err := c.fundingOf(ctx, a, word)
	if err != nil {
		return err
	}
	sources := fund.Pages(m)
	which := c.cfg.Settings.Call.Which
	if which == 0 && len(sources) == 1 {
		which = 1
	}
	if which > 0 && which <= len(sources) {
		source := sources[which-1]
		return c.browse(fundingTitle(source), pages.Web(source.Field("url").Text), true)
	}
	if len(sources) == 0 {
		code := "ERR_PNPM_NO_FUNDING"
		if a.Npm {
			code = "ENOFUND"
		}
		return &refusedError{what: "there is no page for the funding of " + word, code: code, next: "godwit fund lists who asks for money"}
	}
	if which > 0 {
		fmt.Fprintf(c.Stdout, "--which=%d is not a valid index\n", which)
	}
	for i, source := range sources {
		fmt.Fprintf(c.Stdout, "%d: %s: %s", i+1, fundingTitle(source), fund.Line(source.Field("url").Text))
	}
	_, err = fmt.Fprintf(c.Stdout, "Run `godwit fund %s --which=1`, for example, to open the first funding URL listed in that package\n", word)
	return err
}

func fundingTitle(source project.Node) string {
	title := "Funding"
	if kind := source.Field("type").Text; kind != "" {
		title = strings.TrimSpace(fund.Line(kind)) + " funding"
	}
	return title + " available at the following URL"
}

// fundingOf is the manifest that a word means: a directory's, or that of the highest
// version that is installed. npm asks the registry for what is not.
func (c *call) fundingOf(ctx context.Context, a *fund.Asker, word string) (project.Node, error) {
	name, _ := specifier.Split(word)
	if strings.HasPrefix(word, ".") || filepath.IsAbs(word) || strings.HasPrefix(word, "file:") && a.Npm {
		return a.Manifest(c.fromHere(strings.TrimPrefix(word, "file:")))
	}
	best, err := a.Newest(name)
	if err != nil || best.Kind == project.Map || !a.Npm {
		return best, err
	}
	found, err := c.said(ctx, word)
	if registry.IsNotFound(err) {
		return best, nil
	}
	if err != nil {
		return best, err
	}
	return found[len(found)-1], nil
}
