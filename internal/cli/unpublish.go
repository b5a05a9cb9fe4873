package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/registry"
)

const unpublishHelp = `Whoever depends on what is taken away cannot install any more; deprecate tells
them instead. All versions at once are taken away with --force only.`

// runUnpublish is the command unpublish.
func runUnpublish(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	if len(words) > 1 {
		return &usageError{"unpublish wants one package, and got " + strings.Join(words, " "), "take them away one by one"}
	}
	name, version, err := c.toUnpublish(words)
	if err != nil {
		return err
	}
	e, err := c.endpointOf(name)
	if err != nil {
		return err
	}
	doc, err := e.documentOf(ctx, name)
	if err != nil {
		return err
	}
	what := string(name)
	if version != "" {
		what += "@" + version
	}
	if !c.cfg.Settings.Call.DryRun {
		if err := e.unpublish(ctx, name, version, doc); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(c.Stdout, "- %s\n", what)
	return err
}

// toUnpublish is the package and the version meant; no version is all of them.
func (c *call) toUnpublish(words []string) (npm.Name, string, error) {
	if len(words) == 0 {
		p, err := c.here()
		if err != nil {
			return "", "", err
		}
		words = []string{string(p.Manifest.Name) + "@" + canonical(p.Manifest.Version)}
		if canonical(p.Manifest.Version) == "" {
			return "", "", &refusedError{"there is no version in " + p.Path(), "ERR_PNPM_PACKAGE_VERSION_NOT_FOUND", "name a package with its version"}
		}
	}
	name, version, err := splitSpec(words[0])
	if err != nil {
		return "", "", err
	}
	if version == "" && !c.cfg.Settings.Call.Force {
		return "", "", &usageError{"this would take all versions of " + string(name) + " away", "name a version, or pass --force"}
	}
	if version != "" && !semver.Valid(version, semver.Options{}) {
		return "", "", &usageError{fmt.Sprintf("%q is no version", version), "name one exactly"}
	}
	return name, version, nil
}

// unpublish takes a version away: out of the document, then its tarball, as
// libnpmpublish does. The last version, and no version, are the whole package.
func (e *endpoint) unpublish(ctx context.Context, name npm.Name, version string, doc document) error {
	versions := map[string]document{}
	if err := doc.field("versions", &versions); err != nil {
		return err
	}
	gone, ok := versions[version]
	if version != "" && !ok {
		return &usageError{fmt.Sprintf("%s has no version %s", name, version) + meant(version, slices.Sorted(maps.Keys(versions))), "godwit view " + string(name) + " versions"}
	}
	path := registry.EscapedName(name)
	if version == "" || len(versions) == 1 {
		return e.change(ctx, name, http.MethodDelete, path+"/-rev/"+escape(doc.revision()), nil)
	}
	delete(versions, version)
	if err := doc.drop(version, versions); err != nil {
		return err
	}
	if err := e.change(ctx, name, http.MethodPut, path+"/-rev/"+escape(doc.revision()), doc); err != nil {
		return err
	}
	tarball, err := e.tarballPath(gone)
	if err != nil {
		return err
	}
	now, err := e.documentOf(ctx, name)
	if err != nil {
		return err
	}
	_, err = e.send(ctx, http.MethodDelete, tarball+"/-rev/"+escape(now.revision()), nil, nil)
	if registry.IsNotFound(err) {
		return nil // the registry took it with the version
	}
	return err
}

// drop writes the versions that are left, and dist-tags that lead to one.
func (d document) drop(version string, left map[string]document) error {
	tags := map[string]string{}
	if err := d.field("dist-tags", &tags); err != nil {
		return err
	}
	latest := tags["latest"]
	maps.DeleteFunc(tags, func(_, v string) bool { return v == version })
	if latest == version {
		tags["latest"] = slices.MaxFunc(slices.Collect(maps.Keys(left)), semver.CompareTexts)
	}
	delete(d, "_revisions")
	delete(d, "_attachments")
	if err := d.set("versions", left); err != nil {
		return err
	}
	return d.set("dist-tags", tags)
}

// tarballPath is where the registry has the tarball of a version, below its URL:
// the path alone, since a registry may call itself by another host.
func (e *endpoint) tarballPath(m document) (string, error) {
	var dist struct{ Tarball string }
	if err := json.Unmarshal(m["dist"], &dist); err != nil {
		return "", fmt.Errorf("the version has no tarball: %w", err)
	}
	head, below, ok := strings.Cut(dist.Tarball, "/-/")
	if !ok {
		return "", fmt.Errorf("the tarball is at %q, which is no registry's URL", dist.Tarball)
	}
	parts := strings.Split(head, "/")
	if n := len(parts); n > 1 && strings.HasPrefix(parts[n-2], "@") {
		return strings.Join(parts[n-2:], "/") + "/-/" + below, nil
	}
	return parts[len(parts)-1] + "/-/" + below, nil
}
