package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"godwit/internal/cli/pages"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/registry"
)

// open shows the page of one package, or all pages where it has several and
// nothing says which one.
func (f *funder) open(ctx context.Context, word string) error {
	m, err := f.named(ctx, word)
	if err != nil {
		return err
	}
	funding, _ := fundingOf(m)
	asked := fundingPages(funding)
	which := f.cfg.Settings.Call.Which
	if which == 0 && len(asked) == 1 {
		which = 1
	}
	if which > 0 && which <= len(asked) {
		page := asked[which-1]
		return f.browse(fundTitle(page), pages.Web(page.Field("url").Text), true)
	}
	if len(asked) == 0 {
		code := "ERR_PNPM_NO_FUNDING"
		if f.ofNpm() {
			code = "ENOFUND"
		}
		return &refusedError{what: "there is no page for the funding of " + word, code: code, next: "godwit fund lists who asks for money"}
	}
	if which > 0 {
		fmt.Fprintf(f.Stdout, "--which=%d is not a valid index\n", which)
	}
	for i, page := range asked {
		fmt.Fprintf(f.Stdout, "%d: %s: %s", i+1, fundTitle(page), fundLine(page.Field("url").Text))
	}
	_, err = fmt.Fprintf(f.Stdout, "Run `godwit fund %s --which=1`, for example, to open the first funding URL listed in that package\n", word)
	return err
}

func fundTitle(page project.Node) string {
	title := "Funding"
	if kind := page.Field("type").Text; kind != "" {
		title = strings.TrimSpace(fundLine(kind)) + " funding"
	}
	return title + " available at the following URL"
}

// named is the manifest that a word means: a directory's, or that of the highest
// version that is installed. npm asks the registry for what is not.
func (f *funder) named(ctx context.Context, word string) (project.Node, error) {
	name, _ := specifier.Split(word)
	if strings.HasPrefix(word, ".") || filepath.IsAbs(word) || strings.HasPrefix(word, "file:") && f.ofNpm() {
		return f.manifest(f.fromHere(strings.TrimPrefix(word, "file:")))
	}
	var best project.Node
	seen := map[string]bool{}
	for todo := f.roots(); len(todo) > 0; {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at.dir] {
			continue
		}
		seen[at.dir] = true
		m, err := f.manifest(at.dir)
		if err != nil {
			return m, err
		}
		version := m.Field("version").Text
		if name != "" && m.Field("name").Text == name && semver.Valid(version, semver.Options{}) && semver.CompareTexts(version, best.Field("version").Text) > 0 {
			best = m
		}
		todo = append(todo, f.below(at)...)
	}
	if best.Kind == project.Map || !f.ofNpm() {
		return best, nil
	}
	found, err := f.said(ctx, word)
	if status := (*registry.StatusError)(nil); errors.As(err, &status) && status.Status == http.StatusNotFound {
		return best, nil
	}
	if err != nil {
		return best, err
	}
	return found[len(found)-1], nil
}
