package sbom

import (
	"slices"
	"strings"

	"godwit/internal/spdx"
)

// cdx is a CycloneDX document (ECMA-424); npm's form has some of its members, pnpm's
// others.
type cdx struct {
	Schema       string          `json:"$schema"`
	Format       string          `json:"bomFormat"`
	Spec         string          `json:"specVersion"`
	Serial       string          `json:"serialNumber"`
	Version      int             `json:"version"`
	Metadata     cdxMetadata     `json:"metadata"`
	Components   []cdxComponent  `json:"components"`
	Dependencies []cdxDependency `json:"dependencies"`
}

type cdxMetadata struct {
	Timestamp  string       `json:"timestamp"`
	Lifecycles []cdxPhase   `json:"lifecycles"`
	Tools      any          `json:"tools"`
	Component  cdxComponent `json:"component"`
	Authors    []cdxName    `json:"authors,omitempty"`
	Supplier   *cdxName     `json:"supplier,omitempty"`
}

type cdxPhase struct {
	Phase string `json:"phase"`
}

type cdxName struct {
	Name string `json:"name"`
}

type cdxTool struct {
	Type    string `json:"type,omitempty"`
	Vendor  string `json:"vendor,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

type cdxComponent struct {
	Ref         string         `json:"bom-ref"`
	Type        string         `json:"type"`
	Group       string         `json:"group,omitempty"`
	Name        string         `json:"name"`
	Version     string         `json:"version"`
	Scope       string         `json:"scope,omitempty"`
	Author      string         `json:"author,omitempty"`
	Authors     []cdxName      `json:"authors,omitempty"`
	Description string         `json:"description,omitempty"`
	Purl        string         `json:"purl"`
	Properties  *[]cdxProperty `json:"properties,omitempty"`
	References  *[]cdxRef      `json:"externalReferences,omitempty"`
	Hashes      []cdxHash      `json:"hashes,omitempty"`
	Licenses    []cdxLicense   `json:"licenses,omitempty"`
}

type cdxProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type cdxRef struct {
	Type   string    `json:"type"`
	URL    string    `json:"url"`
	Hashes []cdxHash `json:"hashes,omitempty"`
}

type cdxHash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type cdxLicense struct {
	License    *cdxLicenseID `json:"license,omitempty"`
	Expression string        `json:"expression,omitempty"`
}

type cdxLicenseID struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

type cdxDependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn"`
}

// cyclonedx is the document without components, to be filled in.
func (b *Bill) cyclonedx(spec string) *cdx {
	phase := "build"
	if b.LockfileOnly {
		phase = "pre-build"
	}
	return &cdx{
		Schema: "http://cyclonedx.org/schema/bom-" + spec + ".schema.json", Format: "CycloneDX", Spec: spec,
		Serial: "urn:uuid:" + b.ID, Version: 1, Components: []cdxComponent{}, Dependencies: []cdxDependency{},
		Metadata: cdxMetadata{Timestamp: b.Time.UTC().Format("2006-01-02T15:04:05.000Z"), Lifecycles: []cdxPhase{{phase}}},
	}
}

func property(name string) cdxProperty { return cdxProperty{"cdx:npm:package:" + name, "true"} }

func (c *Component) hashes() []cdxHash {
	if c.Digest == "" {
		return nil
	}
	return []cdxHash{{strings.Replace(strings.ToUpper(c.Algorithm), "SHA", "SHA-", 1), c.Digest}}
}

// references are those of kinds that have a URL, in this order.
func references(pairs ...string) []cdxRef {
	out := []cdxRef{}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			out = append(out, cdxRef{Type: pair[0], URL: pair[1]})
		}
	}
	return out
}

// NpmCycloneDX is the document in npm's form (11.19, sbom-cyclonedx.js).
func (b *Bill) NpmCycloneDX() any {
	doc := b.cyclonedx(b.Spec)
	doc.Metadata.Tools = []cdxTool{{Vendor: b.Tool.Name, Name: "cli", Version: b.Tool.Version}}
	doc.Metadata.Component = b.Root.npmCycloneDX(orElse(b.Type, "library"))
	for _, c := range b.all() {
		if c != &b.Root {
			doc.Components = append(doc.Components, c.npmCycloneDX("library"))
		}
		on := []string{}
		for _, d := range c.Deps {
			if id := d.To.id(); !slices.Contains(on, id) {
				on = append(on, id)
			}
		}
		doc.Dependencies = append(doc.Dependencies, cdxDependency{c.id(), on})
	}
	return doc
}

func (c *Component) npmCycloneDX(kind string) cdxComponent {
	scope := "required"
	if c.Optional {
		scope = "optional"
	}
	refs := references("distribution", c.Tarball, "vcs", c.Repository, "website", c.Homepage, "issue-tracker", c.Bugs)
	out := cdxComponent{
		Ref: c.id(), Type: kind, Name: orElse(c.Folder, c.Name), Version: c.Version, Scope: scope, Author: c.Author,
		Description: c.Description, Purl: c.purl(), Properties: &[]cdxProperty{}, References: &refs, Hashes: c.hashes(),
	}
	for _, p := range []struct {
		on   bool
		name string
	}{{c.Dev, "development"}, {c.Private, "private"}, {c.Extraneous, "extraneous"}, {c.Bundled, "bundled"}} {
		if p.on {
			*out.Properties = append(*out.Properties, property(p.name))
		}
	}
	// npm tells of licenses that are SPDX's to the letter, and of no others.
	if e, ok := spdx.Parse(c.License); ok && e.Exact && e.License != "" {
		out.Licenses = []cdxLicense{{License: &cdxLicenseID{ID: e.License}}}
	} else if ok && e.Exact {
		out.Licenses = []cdxLicense{{Expression: c.License}}
	}
	return out
}

// PnpmCycloneDX is the document in pnpm's form (12.21).
func (b *Bill) PnpmCycloneDX() any {
	doc := b.cyclonedx(b.Spec)
	doc.Metadata.Tools = map[string][]cdxTool{"components": {{Type: "application", Name: b.Tool.Name, Version: b.Tool.Version}}}
	doc.Metadata.Component = b.Root.pnpmCycloneDX(orElse(b.Type, "library"))
	for _, author := range b.Authors {
		doc.Metadata.Authors = append(doc.Metadata.Authors, cdxName{author})
	}
	if b.Supplier != "" {
		doc.Metadata.Supplier = &cdxName{b.Supplier}
	}
	for _, c := range b.all() {
		if c != &b.Root {
			doc.Components = append(doc.Components, c.pnpmCycloneDX("library"))
		}
		on := []string{}
		for _, d := range c.Deps {
			on = append(on, d.To.purl())
		}
		slices.Sort(on)
		doc.Dependencies = append(doc.Dependencies, cdxDependency{c.purl(), slices.Compact(on)})
	}
	slices.SortFunc(doc.Dependencies, func(x, y cdxDependency) int { return strings.Compare(x.Ref, y.Ref) })
	return doc
}

func (c *Component) pnpmCycloneDX(kind string) cdxComponent {
	group, name := c.split()
	out := cdxComponent{
		Ref: c.purl(), Type: kind, Group: group, Name: name, Version: c.Version, Description: c.Description, Purl: c.purl(),
		Licenses: licenses(c.License),
	}
	if c.Author != "" {
		out.Authors = []cdxName{{c.Author}}
	}
	if c.Dev {
		out.Scope, out.Properties = "excluded", &[]cdxProperty{property("development")}
	}
	refs := references("distribution", c.Tarball, "website", c.Homepage, "vcs", c.Repository, "issue-tracker", c.Bugs)
	if c.Tarball != "" {
		refs[0].Hashes = c.hashes()
	}
	if len(refs) > 0 {
		out.References = &refs
	}
	return out
}

// licenses is a license as the schema wants it: an identifier of SPDX's list, an
// expression, or else a name.
func licenses(text string) []cdxLicense {
	e, ok := spdx.Parse(text)
	switch {
	case text == "":
		return nil
	case ok && e.Plain:
		return []cdxLicense{{License: &cdxLicenseID{ID: e.License}}}
	case ok && e.Upper:
		return []cdxLicense{{Expression: text}}
	}
	return []cdxLicense{{License: &cdxLicenseID{Name: text}}}
}
