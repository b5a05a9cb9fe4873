package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/config"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/known"
	"godwit/internal/npm/specifier"
	"godwit/internal/registry"
)

// established is how many versions make a package one that is what it is called:
// 87 of 100 packages that large projects depend on have that many, and who lives
// on slips publishes once or twice.
const established = 5

// checkNames looks at names that no project here depends on yet: one that is a slip
// away from a popular one, of a package that is hardly there, is asked about, and
// refused where nobody sits. A version behind the name says that it is meant.
func (c *call) checkNames(ctx context.Context, src *source, requests []specifier.Specifier, importers []install.Importer) error {
	if !c.cfg.Settings.Save.CheckNames || c.cfg.Settings.Call.Yes == config.Yes {
		return nil
	}
	for _, s := range requests {
		if s.Registry != "" { // nobody else need know the name
			continue
		}
		if s.Kind != specifier.Invalid && (!s.Kind.IsRegistry() || s.Kind == specifier.Version) {
			continue
		}
		name := requestedName(s)
		meant := known.Meant(string(name))
		if meant == "" || c.familiar(importers, string(name)) || src.client.Registry(name) != src.client.Registry(npm.Name(meant)) {
			continue
		}
		doc, err := src.Packument(ctx, name, false)
		if err != nil || len(doc.Versions()) >= established { // the resolver tells of errors
			continue
		}
		if err := c.askWhether(string(name), meant); err != nil {
			return err
		}
	}
	return nil
}

// requestedName is the name that a request asks a registry for: it may be all that
// there is of the request.
func requestedName(s specifier.Specifier) npm.Name {
	if s.Kind == specifier.Invalid {
		return npm.Name(s.Alias)
	}
	return s.Name
}

// familiar reports whether a project has a name, or depends on it.
func (c *call) familiar(importers []install.Importer, name string) bool {
	return slices.ContainsFunc(importers, func(im install.Importer) bool {
		return string(im.Manifest.Name) == name || slices.ContainsFunc(groupsOfManifest, func(group string) bool {
			_, ok := depsOf(im.Manifest, group).Lookup(name)
			return ok
		})
	})
}

func (c *call) askWhether(name, meant string) error {
	if c.Terminal && !c.cfg.Settings.CI {
		fmt.Fprintf(c.Stderr, "%s is a young package, and one slip away from %s, which many projects use.\nAdd %s? (y/N) ", ui.Plain(name), meant, ui.Plain(name))
		answer, _ := c.answer()
		if answer = strings.ToLower(answer); answer == "y" || answer == "yes" {
			return nil
		}
	}
	return &misspeltError{name, meant}
}

// misspeltError is a name that was most likely typed wrong.
type misspeltError struct{ name, meant string }

func (e *misspeltError) Error() string {
	return fmt.Sprintf("%s is a young package, and one slip away from %s, which many projects use; nothing was added", e.name, e.meant)
}

// Code has no counterpart in pnpm, which adds whatever it is told.
func (e *misspeltError) Code() string { return "ERR_GODWIT_MISSPELT" }

// Hint is what the user can do.
func (e *misspeltError) Hint() string {
	return fmt.Sprintf("godwit add %s; or, if %s is meant, name its version (%[2]s@1.0.0) or pass --yes", e.meant, e.name)
}

// suggest adds names that are near to the error for one that no registry has.
func (c *call) suggest(err error, requests []specifier.Specifier) error {
	var refused *registry.StatusError
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		return err
	}
	for _, s := range requests {
		name := requestedName(s)
		if name == "" || !strings.HasSuffix(refused.URL, "/"+registry.EscapedName(name)) {
			continue
		}
		if near := meant(string(name), known.Popular()); near != "" {
			return &nearError{err, near}
		}
	}
	return err
}

// nearError is an error about a name, with those that may have been meant.
type nearError struct {
	error
	near string
}

func (e *nearError) Error() string { return e.error.Error() + e.near }
func (e *nearError) Unwrap() error { return e.error }
