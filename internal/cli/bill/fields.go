// Package bill tells what a project is made of, for a bill of materials: what a
// lockfile has and manifests add to it, as pnpm does, or what npm's tree has.
package bill

import (
	"net/url"
	"strings"

	"godwit/internal/cli/license"
	"godwit/internal/cli/pages"
	"godwit/internal/npm/integrity"
	"godwit/internal/project"
	"godwit/internal/sbom"
)

// describe fills in what a manifest says, as pnpm 12.21 reads it. dir is where
// else a license may be found.
func describe(c *sbom.Component, dir string, m project.Node) error {
	name, err := license.Of(dir, m)
	if err != nil {
		return err
	}
	if name != license.Unknown {
		c.License = name
	}
	c.Description, c.Homepage = m.Field("description").Str(), m.Field("homepage").Str()
	c.Author = m.Field("author").StrOr("name")
	c.Repository = pages.Repository(m.Field("repository").StrOr("url"))
	if u, err := url.Parse(strings.TrimSpace(m.Field("bugs").StrOr("url"))); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		u.User = nil
		if u.Path == "" {
			u.Path = "/" // as browsers write it
		}
		c.Bugs = u.String()
	}
	return nil
}

// digest fills in the strongest hash of a tarball.
func digest(c *sbom.Component, text string) {
	if in, err := integrity.Parse(text); err == nil {
		c.Algorithm, c.Digest = in.Hex()
	}
}
