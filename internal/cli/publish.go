package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/fsys"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
	"godwit/internal/registry"
)

const publishHelp = `The scripts prepublishOnly, prepack and prepare run before, postpack when the
tarball is made, publish and postpublish when it is published. What is packed is
what pack makes. With -r all projects of the workspace are published that are not
private and whose version the registry does not have, each after those that it
depends on. On GitHub Actions, GitLab CI and CircleCI trusted publishing is tried
first; otherwise the registry's token is sent. With --provenance, and by itself
where the registry trusts a job of a public repository, a statement of where the
package was built is signed by sigstore's services, written to their public log
and published with it.`

// runPublish is the command publish.
func runPublish(ctx context.Context, c *call) error {
	return c.publish(ctx, c.args.Positional[1:])
}

// publish publishes or stages what words name, the project at hand without any.
func (c *call) publish(ctx context.Context, words []string) error {
	if len(words) > 1 {
		return &usageError{"publish wants one directory or tarball at most, and got " + strings.Join(words, " "), "publish them one by one"}
	} else if len(words) == 1 {
		return c.publishPath(ctx, words[0])
	}
	if err := c.checkScope(); err != nil {
		return err
	}
	return c.publishProjects(ctx)
}

// publishPath publishes the project in a directory, or a tarball.
func (c *call) publishPath(ctx context.Context, path string) error {
	path = c.fromHere(path)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if !info.IsDir() {
		p, stop, err := c.newPublisher()
		if err != nil {
			return err
		}
		defer stop()
		return p.tarball(ctx, path)
	}
	at, err := project.Read(path)
	if err != nil {
		return err
	}
	c.workspace = projectSet{root: path, here: "."}
	c.inputs.Project = at
	return c.publishProjects(ctx)
}

func (c *call) publishProjects(ctx context.Context) error {
	if c.workspace.root == "" {
		return &project.NotFoundError{Dir: c.args.Dir(c.Dir, c.Home)}
	}
	p, stop, err := c.newPublisher()
	if err != nil {
		return err
	}
	defer stop()
	if err := p.checkGit(); err != nil {
		return err
	}
	projects, err := p.targets()
	if err != nil {
		return p.noneIsFine(err)
	}
	for _, one := range projects {
		if err := p.project(ctx, one); err != nil {
			return fmt.Errorf("publish %s: %w", one.Dir, errors.Join(err, p.summary()))
		}
	}
	if err := p.summary(); err != nil {
		return err
	}
	return p.tell()
}

// publisher publishes packages.
type publisher struct {
	*packer
	staged bool // it only waits for approval then
	done   []*packed
}

func (c *call) newPublisher() (*publisher, func(), error) {
	p, stop, err := c.newPacker("publish")
	return &publisher{packer: p, staged: c.staging()}, stop, err
}

// project publishes one project.
func (p *publisher) project(ctx context.Context, from *project.Project) error {
	if from.Manifest.Private {
		if p.recursive() {
			return nil
		}
		return &refusedError{"the package is private", "ERR_PNPM_PRIVATE_PACKAGE", "take \"private\" out of " + from.Path() + " to publish it"}
	}
	name, version := publishedAs(&from.Manifest)
	if p.recursive() && (name == "" || version == "") {
		return nil // nothing that could be published
	}
	to, err := p.target(ctx, &from.Manifest, name, version)
	if errors.As(err, new(*existsError)) && p.recursive() {
		return nil
	}
	if err != nil {
		return err
	}
	events := []string{"prepublishOnly", "prepublish"}
	if p.npm {
		events = events[:1]
	}
	if err := p.scripts(from, events...); err != nil {
		return err
	}
	out, err := p.pack(from, func(*packed) error { return nil })
	if err != nil {
		return err
	}
	if err := p.upload(ctx, to, out); err != nil {
		return err
	}
	if !p.cfg.Settings.Call.DryRun {
		return p.scripts(from, "publish", "postpublish")
	}
	return nil
}

// publishedAs is what a project is called where it is published.
func publishedAs(m *project.Manifest) (npm.Name, string) {
	name := m.Name
	if other := m.PublishConfig.Field("name"); other.Kind == project.String {
		name = npm.Name(other.Text)
	}
	return name, canonical(m.Version)
}

// tarball publishes a file that pack made.
func (p *publisher) tarball(ctx context.Context, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	out, err := unpacked(path, data)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	m, err := project.Parse(path, out.manifest.JSON())
	if err != nil {
		return err
	}
	if m.Private {
		return &refusedError{"the package is private", "ERR_PNPM_PRIVATE_PACKAGE", "take \"private\" out of its package.json and pack it again"}
	}
	to, err := p.target(ctx, m, out.name, out.version)
	if err != nil {
		return err
	}
	if err := p.upload(ctx, to, out); err != nil {
		return err
	}
	return p.tell()
}

// destination is where a package goes, and how it is labelled there.
type destination struct {
	*endpoint
	tag, access string
	proved      bool // with a signed statement of where it was built
}

// target finds the registry of a package, and refuses what it would refuse, so
// that no script runs for nothing.
func (p *publisher) target(ctx context.Context, m *project.Manifest, name npm.Name, version string) (*destination, error) {
	at, err := p.registryFor(m, name)
	if err != nil {
		return nil, err
	}
	e, err := p.authorized(ctx, at, name)
	if err != nil {
		return nil, err
	}
	to := &destination{endpoint: e, access: p.option("access", m, p.cfg.Settings.Publish.Access), tag: p.option("tag", m, p.cfg.Settings.Resolve.Tag)}
	if to.access == "restricted" && name.Scope() == "" {
		return nil, &refusedError{fmt.Sprintf("%s cannot be restricted: it has no scope", name), "EUNSCOPED", "leave --access out, or give the package a scope"}
	}
	if semver.ValidRange(to.tag, semver.Options{}) {
		return nil, &refusedError{fmt.Sprintf("the dist-tag %q could be taken for a range", to.tag), "ERR_GODWIT_BAD_TAG", "choose a word, such as next"}
	}
	if err := p.checkVersion(ctx, to, m, name, version); err != nil {
		return nil, err
	}
	to.proved, err = p.proves(ctx, to, m, name)
	return to, err
}

// option is a flag, else what publishConfig says, else what is set elsewhere.
func (p *publisher) option(key string, m *project.Manifest, value string) string {
	if field := m.PublishConfig.Field(key); field.Kind == project.String && !p.args.Has(key) {
		return field.Text
	}
	return value
}

// registryFor is the registry that a package is published to: that of the flag,
// of publishConfig, of the scope, or the default one.
func (p *publisher) registryFor(m *project.Manifest, name npm.Name) (string, error) {
	if !p.args.Has("registry") {
		for _, key := range []string{name.Scope() + ":registry", "registry"} {
			if at := m.PublishConfig.Field(key); at.Kind == project.String && at.Text != "" {
				return at.Text, nil
			}
		}
		return p.cfg.Registries.For(name)
	}
	return p.cfg.Registries.Default, nil
}

// authorized opens a registry as whoever may publish name.
func (p *publisher) authorized(ctx context.Context, at string, name npm.Name) (*endpoint, error) {
	if p.cfg.Settings.Call.DryRun {
		return p.endpointAt(at)
	}
	e, tried := p.vouched(ctx, at, name)
	if tried != "" {
		fmt.Fprintf(p.Stderr, "Trusted publishing: %s\n", tried)
	}
	if e != nil {
		return e, nil
	}
	e, err := p.endpointAt(at)
	if err == nil && !e.loggedIn() && (p.npm || tried != "") { // pnpm asks registries that anybody may publish to
		return nil, &loginError{e.url, tried}
	}
	return e, err
}

// checkVersion refuses a version that the registry has, and, as npm does, a
// dist-tag latest that would lead backwards.
func (p *publisher) checkVersion(ctx context.Context, to *destination, m *project.Manifest, name npm.Name, version string) error {
	if p.cfg.Settings.Network.Offline || name == "" || version == "" {
		return nil
	}
	var doc struct {
		Versions map[string]json.RawMessage
		Tags     map[string]string `json:"dist-tags"`
	}
	if _, err := to.send(ctx, "", registry.EscapedName(name), nil, &doc); err != nil && !registry.IsNotFound(err) {
		if p.recursive() {
			return err
		}
		return nil // publishing tells what is wrong, if anything is
	}
	if _, ok := doc.Versions[version]; ok && !p.cfg.Settings.Call.Force {
		return &existsError{name, version}
	}
	if !p.npm || p.args.Has("tag") || m.PublishConfig.Field("tag").Kind != project.Missing || to.tag != "latest" {
		return nil
	}
	return backwards(version, doc.Tags["latest"])
}

// backwards refuses to make latest what is older, or a prerelease.
func backwards(version, latest string) error {
	ours, err := semver.Parse(version, semver.Options{})
	if err != nil {
		return err
	}
	if ours.IsPrerelease() {
		return &refusedError{version + " is a prerelease, and would become latest", "ERR_GODWIT_TAG", "pass --tag, for example --tag next"}
	}
	if last, err := semver.Parse(latest, semver.Options{}); err == nil && ours.Compare(last) < 0 {
		return &refusedError{fmt.Sprintf("%s would become latest, and %s is later", version, latest), "ERR_GODWIT_TAG", "pass --tag, for example --tag legacy"}
	}
	return nil
}

// upload sends a package to the registry, unless that is only to be shown.
func (p *publisher) upload(ctx context.Context, to *destination, out *packed) error {
	p.describe(out)
	if !p.cfg.Settings.Call.DryRun {
		doc := p.document(to, out)
		err := p.prove(ctx, to, out, &doc)
		if err != nil {
			return fmt.Errorf("sign the provenance: %w", err)
		}
		if p.staged {
			err = p.stage(ctx, to, out, doc)
		} else {
			err = to.change(ctx, out.name, http.MethodPut, registry.EscapedName(out.name), doc)
		}
		if err != nil {
			return err
		}
	}
	p.done = append(p.done, out)
	if p.cfg.Settings.Call.JSON {
		return nil
	}
	_, err := fmt.Fprintf(p.stdout, "+ %s@%s%s\n", out.name, out.version, p.stageNote(out))
	return err
}

// tell prints what was published, as JSON in the shape of npm or pnpm.
func (p *publisher) tell() error {
	if len(p.done) == 0 && p.recursive() {
		fmt.Fprintln(p.Stderr, "There are no new packages that should be published")
	}
	if !p.cfg.Settings.Call.JSON {
		return nil
	}
	if p.npm {
		return tellByName(p, (*packed).npm)
	}
	if p.staged {
		return tellByName(p, (*packed).published)
	}
	list := []packedAs[onlyPath]{}
	for _, one := range p.done {
		list = append(list, one.published())
	}
	if len(list) == 1 && !p.recursive() {
		return writeJSON(p.stdout, list[0])
	}
	return writeJSON(p.stdout, list)
}

// tellByName prints what was published by its names.
func tellByName[F packedFile | onlyPath](p *publisher, form func(*packed) packedAs[F]) error {
	byName := map[npm.Name]packedAs[F]{}
	for _, one := range p.done {
		byName[one.name] = form(one)
	}
	return writeJSON(p.stdout, byName)
}

// summary writes pnpm-publish-summary.json, which release tools read.
func (p *publisher) summary() error {
	if !p.cfg.Settings.Call.ReportSummary {
		return nil
	}
	list := []packedAs[onlyPath]{}
	for _, one := range p.done {
		list = append(list, one.published())
	}
	text, err := json.MarshalIndent(map[string]any{"publishedPackages": list}, "", "  ")
	if err != nil {
		return err
	}
	return fsys.WriteFile(filepath.Join(p.workspace.root, "pnpm-publish-summary.json"), append(text, '\n'), fsys.WriteOptions{})
}

// existsError is a version that is published already.
type existsError struct {
	name    npm.Name
	version string
}

func (e *existsError) Error() string {
	return fmt.Sprintf("%s@%s is published already", e.name, e.version)
}

// Code is npm's code for this error.
func (e *existsError) Code() string { return "EPUBLISHCONFLICT" }

// Hint is what the user can do.
func (e *existsError) Hint() string {
	return "a published version never changes: raise it with godwit version"
}
