// Package sbom writes bills of materials: what a project is made of, as CycloneDX
// or SPDX documents in npm's form or in pnpm's.
package sbom

import (
	"net/url"
	"strings"
	"time"
)

// Bill is what a document is made of. Components are in their order of appearance;
// no two of them have the same name and version.
type Bill struct {
	Root       Component
	Components []*Component
	// Copies are, in npm's form, all that is installed, the root among it: a package
	// in several places is as many. They are in the order of their places.
	Copies []*Component

	Type         string // of the root: library, application, framework; "" is library
	Spec         string // version of CycloneDX
	LockfileOnly bool   // nothing was looked at but the lockfile
	Authors      []string
	Supplier     string

	Tool Tool
	ID   string // a UUID
	Time time.Time
}

// Tool is what makes a document.
type Tool struct{ Name, Version string }

// Component is a package, or a project. What nobody says is "".
type Component struct {
	Name, Version string
	Place         string // in npm's form: where it is, from the root; "" is the root
	Folder        string // in npm's form: what npm calls it, by its directory
	Description   string
	Author        string
	Homepage      string
	Repository    string
	Bugs          string
	License       string
	Algorithm     string // sha512, …
	Digest        string // of the tarball, hexadecimal
	Tarball       string
	Git           bool // Tarball is a repository's

	Dev, Optional, Private, Extraneous, Bundled bool

	Deps []Dependency
}

// Dependency is of one component on another, which is among the bill's.
type Dependency struct {
	To   *Component
	Kind string // npm's word: prod, dev, optional, peer, workspace
}

// id is how npm names a component.
func (c *Component) id() string { return c.Name + "@" + c.Version }

// purl is the package URL: pkg:npm/%40scope/name@version.
func (c *Component) purl() string {
	name := c.Name
	if rest, ok := strings.CutPrefix(name, "@"); ok {
		name = "%40" + rest
	}
	if c.Version != "" {
		name += "@" + c.Version
	}
	if c.Git {
		name += "?vcs_url=" + strings.ReplaceAll(url.QueryEscape(c.Tarball), "+", "%20")
	}
	return "pkg:npm/" + name
}

// split takes the scope off a name.
func (c *Component) split() (group, name string) {
	if group, name, ok := strings.Cut(c.Name, "/"); ok && strings.HasPrefix(group, "@") {
		return group, name
	}
	return "", c.Name
}

// all is the root, and then the components.
func (b *Bill) all() []*Component { return append([]*Component{&b.Root}, b.Components...) }

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
