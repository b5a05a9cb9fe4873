package npmtree

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/jsonscan"
	"godwit/internal/npm/semver"
	"godwit/internal/npm/specifier"
)

// pkg is a package, wherever it goes. Immutable.
type pkg struct {
	manifest   *npm.Manifest
	raw        []byte // JSON, as published
	version    semver.Version
	versioned  bool // version is one
	resolved   string
	integrity  string
	bundled    map[string]bool // dependencies that its tarball has
	shrinkwrap bool            // its tarball has a lockfile
}

// nothing is what could not be found.
func nothing() *pkg { return &pkg{manifest: &npm.Manifest{}} }

func newPkg(m *npm.Manifest, raw []byte) *pkg {
	p := &pkg{manifest: m, raw: raw}
	var err error
	p.version, err = semver.Parse(m.Version, loose)
	p.versioned = err == nil
	if m.Bundled.All || len(m.Bundled.Names) > 0 {
		p.bundled = map[string]bool{}
		for _, name := range m.Bundled.Names {
			p.bundled[name] = true
		}
		if m.Bundled.All {
			for _, d := range m.Dependencies {
				p.bundled[d.Alias] = true
			}
		}
	}
	return p
}

// isTrue reports whether a member of an object is true.
func isTrue(raw []byte, name string) bool { return string(member(raw, name)) == "true" }

// member is a member of a package.json, or nil.
func member(raw []byte, name string) (value []byte) {
	s := jsonscan.New(bytes.TrimPrefix(raw, []byte("\ufeff")))
	if s.Kind() != '{' {
		return nil
	}
	for key := range s.Members() {
		if string(key) == name {
			value = s.Value()
		}
	}
	return value
}

var loose = semver.Options{Loose: true}

// wantedKind is what a specifier asks for, as npm tells them apart.
type wantedKind uint8

const (
	unusable    wantedKind = iota
	aRange                 // or a version
	aTag                   // of a registry
	aDirectory             // a link to it
	anArchive              // on this machine
	aURL                   // of a tarball
	aRepository            // of git
)

// wanted is a specifier, read.
type wanted struct {
	kind wantedKind
	name npm.Name // of a registry's package
	text string   // range or tag
	rng  semver.Range
	spec specifier.Specifier
	err  error
}

type wantedKey struct{ alias, raw string }

// want reads a specifier, once.
func (b *builder) want(alias, raw string) *wanted {
	key := wantedKey{alias, raw}
	if w := b.wants[key]; w != nil {
		return w
	}
	w := parseWanted(alias, raw)
	b.wants[key] = w
	return w
}

func parseWanted(alias, raw string) *wanted {
	spec, err := specifier.Parse(alias, orAny(strings.TrimSpace(raw)))
	w := &wanted{spec: spec, name: spec.Name, err: err}
	if err != nil {
		return w
	}
	switch spec.Kind {
	case specifier.Version, specifier.Range:
		w.kind, w.text = aRange, orAny(spec.Range)
	case specifier.Tag:
		w.kind, w.text = aTag, spec.Range
		if isBareAlias(raw) {
			w.kind, w.text = aRange, "*" // "npm:name" is any version to npm
		}
	case specifier.Directory, specifier.Link:
		w.kind = aDirectory
		if strings.HasPrefix(strings.TrimSpace(raw), "link:") {
			w.kind = unusable
		}
	case specifier.Archive:
		w.kind = anArchive
	case specifier.Tarball:
		w.kind = aURL
	case specifier.Git:
		w.kind = aRepository
	}
	if w.kind == unusable {
		w.err = &ProtocolError{alias, raw}
	}
	if w.kind == aRange {
		w.rng, w.err = semver.ParseRange(w.text, loose)
	}
	return w
}

// isBareAlias reports whether raw is an alias that asks for no version.
func isBareAlias(raw string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(raw), "npm:")
	return ok && strings.LastIndexByte(rest, '@') <= 0
}

// admits reports whether n is what spec asks for at an edge.
func (b *builder) admits(n *node, spec string, e *edge) bool {
	w := b.want(n.name, spec)
	if w.err != nil {
		return false
	}
	switch p := n.files().pkg; w.kind {
	case aRange:
		return w.text == "*" || p.versioned && w.rng.Match(p.version)
	case aTag:
		return isURL(n.pkg.resolved) && !n.isLink
	case aDirectory:
		if b.opts.InstallLinks && !n.isMember() {
			return !n.isLink
		}
		return n.isLink && n.target != nil && n.target.dir == b.locate(e, w.spec.Path)
	case anArchive:
		return !n.isLink && n.pkg.resolved == "file:"+b.locate(e, w.spec.Path)
	case aURL:
		return n.pkg.resolved == w.spec.URL
	case aRepository:
		return b.sameRepository(n, w)
	}
	return false
}

func isURL(s string) bool { return strings.HasPrefix(s, "http:") || strings.HasPrefix(s, "https:") }

// sameRepository reports whether n came from the repository that is wanted. Which
// commit it is of was decided when it was found, unless the specifier names one.
func (b *builder) sameRepository(n *node, w *wanted) bool {
	have, err := specifier.Parse(n.name, n.pkg.resolved)
	if err != nil || have.Kind != specifier.Git {
		return false
	}
	is, want := have.Git, w.spec.Git
	if is.Host != want.Host || is.Owner != want.Owner || is.Project != want.Project || is.Host == "" && is.URL != want.URL {
		return false
	}
	if want.Range != "" {
		r, err := semver.ParseRange(want.Range, loose)
		return err == nil && n.pkg.versioned && r.Match(n.pkg.version)
	}
	return !isCommit(want.Committish) || is.Committish == want.Committish
}

// isCommit reports whether s is the whole name of a commit.
func isCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// locate is a path, as an edge has it, from the project's root.
func (b *builder) locate(e *edge, p string) string {
	from := e.from.dir
	switch {
	case e.rules != nil && e.rules.name == e.name && e.rules.value != "":
		from = "" // it stands in the project's package.json
	case e.from.pkg.copied():
		from = strings.TrimPrefix(e.from.pkg.resolved, "file:")
	case strings.HasPrefix(e.from.pkg.resolved, "file:"):
		from = path.Dir(strings.TrimPrefix(e.from.pkg.resolved, "file:"))
	}
	if filepath.IsAbs(filepath.FromSlash(p)) {
		if rel, err := filepath.Rel(b.req.Root, filepath.FromSlash(p)); err == nil {
			return clean(filepath.ToSlash(rel))
		}
		return p
	}
	return clean(path.Join(from, p))
}

// clean is a directory as nodes have it.
func clean(dir string) string {
	if dir = path.Clean(dir); dir == "." {
		return ""
	}
	return dir
}

// copied reports whether a package is the copy of a directory.
func (p *pkg) copied() bool {
	return strings.HasPrefix(p.resolved, "file:") && !specifier.IsArchive(p.resolved)
}

// linked reports whether the directory that an edge asks for is linked, not
// copied: a project of the workspace always is, as is what package.json says is
// at "./" or "../" and inside of the project; but nothing that a copy asks for.
func (b *builder) linked(e *edge) bool {
	switch inside := b.locate(e, strings.TrimPrefix(e.raw, "file:")); {
	case !b.opts.InstallLinks:
		return true
	case e.from.pkg.copied():
		return false
	case b.isMemberName(e.name):
		return true
	default:
		return (strings.HasPrefix(e.raw, "file:./") || strings.HasPrefix(e.raw, "file:../")) &&
			inside != ".." && !strings.HasPrefix(inside, "../") && !path.IsAbs(inside)
	}
}

// find looks for the package that an edge asks for.
func (b *builder) find(ctx context.Context, e *edge, w *wanted) (*pkg, error) {
	if w.err != nil {
		return nil, w.err
	}
	if err := b.allowed(e, w); err != nil {
		return nil, err
	}
	if w.kind == aRange || w.kind == aTag {
		return b.pick(w)
	}
	key := wantedKey{b.locate(e, ""), w.spec.Raw}
	if got, ok := b.externals[key]; ok {
		return got.pkg, got.err
	}
	p, err := b.external(ctx, e, w)
	b.externals[key] = found{p, err}
	return p, err
}

// found is what looking for something came to.
type found struct {
	pkg *pkg
	err error
}

// external looks at an archive, a tarball or a repository.
func (b *builder) external(ctx context.Context, e *edge, w *wanted) (*pkg, error) {
	spec := w.spec
	if w.kind == anArchive || w.kind == aDirectory {
		spec.Path = b.locate(e, spec.Path)
	}
	ext, err := b.src.External(ctx, spec, ".")
	if err != nil {
		return nil, err
	}
	p := newPkg(ext.Manifest, ext.JSON)
	p.resolved, p.integrity = ext.Resolution.Tarball, ext.Resolution.Integrity
	switch w.kind {
	case aURL:
		p.resolved = spec.URL
	case aDirectory:
		p.resolved = "file:" + ext.Resolution.Directory
	case aRepository:
		p.resolved = resolvedGit(spec.Git, ext.Resolution.Commit)
	}
	return p, nil
}

// resolvedGit is what npm calls a commit of a repository: for the hosts that it
// knows, by way of SSH.
func resolvedGit(repo specifier.Repository, commit string) string {
	url := repo.SSH()
	if url == "" {
		url = repo.URL
	}
	if !strings.HasPrefix(url, "git") {
		url = "git+" + url
	}
	return url + "#" + commit
}

// ProtocolError is a specifier that npm does not know.
type ProtocolError struct{ Alias, Specifier string }

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("%s@%q: npm has no such kind of specifier", e.Alias, e.Specifier)
}

// Code is npm's code for this error.
func (e *ProtocolError) Code() string { return "EUNSUPPORTEDPROTOCOL" }

// Hint is what the user can do.
func (e *ProtocolError) Hint() string {
	return "write a version, a range, file: or a URL; workspace:, catalog: and link: are for projects with a pnpm-lock.yaml"
}
