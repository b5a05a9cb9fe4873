package cli

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// fixManifest is pkg fix: what publish would put right (npm's fixSteps,
// @npmcli/package-json): name and version, commands, scripts, dependencies and the
// repository.
func fixManifest(p *project.Project) (project.Node, error) {
	doc := p.Manifest.Document
	doc.Fields = slices.Clone(doc.Fields)
	if name := doc.Field("name"); name.Kind == project.String {
		name.Text = strings.TrimSpace(name.Text)
		if _, err := npm.ParseName(name.Text); err != nil {
			return doc, err
		}
		doc.Set("name", name)
	}
	if v := doc.Field("version"); v.Kind == project.String {
		parsed, err := semver.Parse(v.Text, semver.Options{Loose: true})
		if err != nil {
			return doc, fmt.Errorf("the version %q is none: %w", v.Text, err)
		}
		doc.Set("version", project.Text(parsed.String()))
	}
	fixBin(&doc)
	if repo := fixedRepository(doc.Field("repository")); repo.Kind == project.Map {
		doc.Set("repository", repo)
	}
	if scripts := doc.Field("scripts"); scripts.Kind == project.Map {
		doc.Set("scripts", onlyTexts(scripts))
	}
	for _, group := range []string{prodGroup, devGroup, optionalGroup} {
		if deps := doc.Field(group); deps.Kind == project.Map {
			doc.Set(group, onlyTexts(deps))
		}
	}
	fixBundled(&doc)
	return doc, nil
}

// onlyTexts leaves out members that are no text.
func onlyTexts(n project.Node) project.Node {
	n.Fields = slices.DeleteFunc(slices.Clone(n.Fields), func(f project.Field) bool { return f.Value.Kind != project.String })
	return n
}

// fixBin names the command of a package that has one only, and cleans paths.
func fixBin(doc *project.Node) {
	bin := doc.Field("bin")
	if bin.Kind == project.String {
		base := npm.Name(doc.Field("name").Text).Base()
		bin = project.Node{Kind: project.Map, Fields: []project.Field{{Key: base, Value: bin}}}
	}
	if bin.Kind != project.Map {
		return
	}
	bin = onlyTexts(bin)
	for i, f := range bin.Fields {
		// What climbs out of the package begins at its top again.
		bin.Fields[i].Value.Text = strings.TrimPrefix(path.Join("/", strings.ReplaceAll(f.Value.Text, "\\", "/")), "/")
		bin.Fields[i].Key = path.Base(f.Key)
	}
	doc.Set("bin", bin)
}

// fixBundled makes bundleDependencies a list: true is all dependencies, false none.
func fixBundled(doc *project.Node) {
	bundled := doc.Field("bundleDependencies")
	names := project.Node{Kind: project.List}
	switch {
	case bundled.Kind == project.Bool && bundled.Text == "false":
		doc.Fields = slices.DeleteFunc(doc.Fields, func(f project.Field) bool { return f.Key == "bundleDependencies" })
		return
	case bundled.Kind == project.Bool:
		bundled = doc.Field(prodGroup)
	case bundled.Kind != project.Map:
		return
	}
	for _, f := range bundled.Fields {
		names.Items = append(names.Items, project.Text(f.Key))
	}
	doc.Set("bundleDependencies", names)
}

// fixedRepository is a repository with its type, and the whole URL of one that is
// hosted.
func fixedRepository(n project.Node) project.Node {
	if n.Kind == project.String {
		n = project.Node{Kind: project.Map, Fields: []project.Field{{Key: "type", Value: project.Text("git")}, {Key: "url", Value: n}}}
	}
	url := n.Field("url")
	if n.Kind != project.Map || url.Kind != project.String {
		return n
	}
	n.Fields = slices.Clone(n.Fields)
	if s, err := specifier.Parse("repository", url.Text); err == nil && s.Kind == specifier.Git && s.Git.Host != "" {
		n.Set("url", project.Text("git+"+s.Git.HTTPS()))
	}
	return n
}
