package sbom

import (
	"fmt"
	"net/url"
	"strings"
)

// spdxDocument is a document of SPDX 2.3.
type spdxDocument struct {
	Version       string             `json:"spdxVersion"`
	DataLicense   string             `json:"dataLicense"`
	ID            string             `json:"SPDXID"`
	Name          string             `json:"name"`
	Namespace     string             `json:"documentNamespace"`
	Creation      spdxCreation       `json:"creationInfo"`
	Describes     []string           `json:"documentDescribes,omitempty"`
	Packages      []spdxPackage      `json:"packages"`
	Relationships []spdxRelationship `json:"relationships"`
}

type spdxCreation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	ID          string         `json:"SPDXID"`
	Name        string         `json:"name"`
	Version     string         `json:"versionInfo"`
	File        *string        `json:"packageFileName,omitempty"`
	Download    string         `json:"downloadLocation"`
	Analyzed    bool           `json:"filesAnalyzed"`
	Purpose     string         `json:"primaryPackagePurpose,omitempty"`
	Homepage    string         `json:"homepage,omitempty"`
	Concluded   string         `json:"licenseConcluded,omitempty"`
	Declared    string         `json:"licenseDeclared"`
	Copyright   string         `json:"copyrightText,omitempty"`
	References  []spdxRef      `json:"externalRefs"`
	Description string         `json:"description,omitempty"`
	Supplier    string         `json:"supplier,omitempty"`
	Checksums   []spdxChecksum `json:"checksums,omitempty"`
}

type spdxRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type spdxChecksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type spdxRelationship struct {
	Of      string `json:"spdxElementId"`
	Related string `json:"relatedSpdxElement"`
	Type    string `json:"relationshipType"`
}

const (
	spdxSelf    = "SPDXRef-DOCUMENT"
	noAssertion = "NOASSERTION" // SPDX's word where nothing is known
)

func (b *Bill) spdx() *spdxDocument {
	return &spdxDocument{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: spdxSelf,
		Creation: spdxCreation{Created: b.Time.UTC().Format("2006-01-02T15:04:05.000Z"), Creators: []string{"Tool: " + b.Tool.Name + "-" + b.Tool.Version}},
	}
}

func (c *Component) spdx(id string) spdxPackage {
	out := spdxPackage{
		ID: id, Name: c.Name, Version: c.Version, Download: orElse(c.Tarball, noAssertion), Declared: orElse(c.License, noAssertion),
		References: []spdxRef{{"PACKAGE-MANAGER", "purl", c.purl()}}, Description: c.Description,
	}
	if c.Digest != "" {
		out.Checksums = []spdxChecksum{{strings.ToUpper(c.Algorithm), c.Digest}}
	}
	return out
}

// npmRelations are npm's words for what a dependency is to its dependent.
var npmRelations = map[string]string{"peer": "PREREQUISITE_FOR", "optional": "OPTIONAL_DEPENDENCY_OF", "dev": "DEV_DEPENDENCY_OF"}

// NpmSPDX is the document in npm's form (11.19, sbom-spdx.js).
func (b *Bill) NpmSPDX() any {
	doc := b.spdx()
	doc.Name = b.Root.id()
	doc.Namespace = fmt.Sprintf("http://spdx.org/spdxdocs/%s-%s-%s", strings.ReplaceAll(b.Root.Name, "/", "%2f"), b.Root.Version, b.ID)
	root := b.Root.npmSPDXID()
	doc.Describes = []string{root}
	doc.Relationships = []spdxRelationship{{spdxSelf, root, "DESCRIBES"}}
	relate := func(of *Component, to *Component, kind string) {
		doc.Relationships = append(doc.Relationships, spdxRelationship{to.npmSPDXID(), of.npmSPDXID(), orElse(npmRelations[kind], "DEPENDENCY_OF")})
	}
	for _, c := range b.all() {
		p := c.spdx(c.npmSPDXID())
		p.File, p.Homepage = &c.Place, orElse(c.Homepage, noAssertion)
		if c == &b.Root {
			p.Purpose = strings.ToUpper(orElse(b.Type, "library"))
		}
		doc.Packages = append(doc.Packages, p)
	}
	for _, c := range b.Copies {
		told := map[Dependency]bool{}
		for _, d := range c.Deps {
			if !told[d] {
				told[d] = true
				relate(c, d.To, d.Kind)
			}
		}
	}
	for _, c := range b.Components {
		if c.Extraneous {
			relate(&b.Root, c, "optional")
		}
	}
	return doc
}

func (c *Component) npmSPDXID() string {
	return "SPDXRef-Package-" + strings.ReplaceAll(strings.TrimPrefix(c.Name, "@"), "/", ".") + "-" + c.Version
}

// PnpmSPDX is the document in pnpm's form (12.21).
func (b *Bill) PnpmSPDX() any {
	doc := b.spdx()
	doc.Creation.Created = b.Time.UTC().Format("2006-01-02T15:04:05Z")
	doc.Name = b.Root.Name
	doc.Namespace = fmt.Sprintf("https://spdx.org/spdxdocs/%s-%s-%s", spdxWord(b.Root.Name), url.PathEscape(b.Root.Version), b.ID)
	ids := map[*Component]string{}
	for i, c := range b.all() {
		ids[c] = fmt.Sprintf("SPDXRef-Package-%s-%s-%d", spdxWord(c.Name), spdxWord(c.Version), i-1)
		if c == &b.Root {
			ids[c] = "SPDXRef-RootPackage"
		}
		p := c.spdx(ids[c])
		p.Concluded, p.Copyright, p.Homepage = p.Declared, noAssertion, c.Homepage
		if c == &b.Root {
			p.Purpose, p.Homepage = strings.ToUpper(orElse(b.Type, "library")), c.Repository
		}
		if c.Author != "" {
			p.Supplier = "Person: " + c.Author
		}
		doc.Packages = append(doc.Packages, p)
	}
	doc.Relationships = []spdxRelationship{{spdxSelf, ids[&b.Root], "DESCRIBES"}}
	for _, c := range b.all() {
		told := map[*Component]bool{}
		for _, d := range c.Deps {
			if !told[d.To] {
				told[d.To] = true
				doc.Relationships = append(doc.Relationships, spdxRelationship{ids[c], ids[d.To], "DEPENDS_ON"})
			}
		}
	}
	return doc
}

// spdxWord is a text with what an identifier may have.
func spdxWord(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("-.", r) || r < 128 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return r
		}
		return '-'
	}, text)
}
