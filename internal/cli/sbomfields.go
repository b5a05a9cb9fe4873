package cli

import (
	"net/url"
	"strings"

	"godwit/internal/cli/license"
	"godwit/internal/npm/integrity"
	"godwit/internal/npm/specifier"
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
	c.Author = m.Field("author").Str()
	if c.Author == "" {
		c.Author = m.Field("author").Field("name").Str()
	}
	c.Repository = repositoryURL(m.Field("repository").StrOr("url"))
	if u, err := url.Parse(strings.TrimSpace(m.Field("bugs").StrOr("url"))); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		u.User = nil
		if u.Path == "" {
			u.Path = "/" // as browsers write it
		}
		c.Bugs = u.String()
	}
	return nil
}

// repositoryURL is where a repository is, without credentials; shortcuts are written
// out. What is no address is "".
func repositoryURL(text string) string {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "://") {
		u, err := url.Parse(text)
		if err != nil {
			return ""
		}
		if _, secret := u.User.Password(); secret || !strings.Contains(u.Scheme, "ssh") { // ssh's "git@" is no secret
			u.User = nil
		}
		return u.String()
	}
	s, err := specifier.Parse("", text)
	if err != nil || s.Git.Host == "" {
		return ""
	}
	u, err := url.Parse(strings.TrimPrefix(s.Git.HTTPS(), "git+"))
	if err != nil {
		return ""
	}
	u.User = nil
	_, branch, _ := strings.Cut(text, "#")
	u.Path, u.Fragment = strings.TrimSuffix(u.Path, ".git")+".git", branch
	return "git+" + u.String()
}

// digest fills in the strongest hash of a tarball.
func digest(c *sbom.Component, text string) {
	if in, err := integrity.Parse(text); err == nil {
		c.Algorithm, c.Digest = in.Hex()
	}
}
