package pack

import (
	"fmt"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// Workspace answers for what only a workspace can resolve.
type Workspace struct {
	Member  func(name string) (version string, ok bool)                // a project by its name
	At      func(path string) (name npm.Name, version string, ok bool) // a project by its path from the one that is packed
	Catalog func(alias, specifier string) (string, error)
}

// hoisted are the fields of publishConfig that take the place of the manifest's
// own (pnpm 12.21, observed).
var hoisted = []string{
	"name", "bin", "type", "imports", "main", "module", "typings", "types", "exports", "browser", "esnext", "es2015",
	"unpkg", "umd:main", "os", "cpu", "libc", "typesVersions", "engines",
}

// ours are the scripts that pack and publish run: they mean nothing to whoever
// installs the package.
var ours = []string{"prepublishOnly", "prepack", "prepare", "postpack", "publish", "postpublish"}

// Publishable is the package.json that a published package has of a pnpm project:
// without what is pnpm's, with what publishConfig says of its fields, and with
// specifiers that mean something outside of the workspace.
func Publishable(doc project.Node, ws Workspace) (project.Node, error) {
	out := project.Node{Kind: project.Map}
	for _, f := range doc.Fields {
		switch f.Key {
		case "pnpm", "scripts", "packageManager":
			continue
		case "dependencies", "devDependencies", "optionalDependencies", "peerDependencies":
			deps, err := ws.dependencies(f.Value, f.Key == "peerDependencies")
			if err != nil {
				return out, err
			}
			f.Value = deps
		}
		out.Fields = append(out.Fields, f)
	}
	if s := doc.Field("scripts"); s.Kind == project.Map {
		s.Fields = slices.DeleteFunc(slices.Clone(s.Fields), func(f project.Field) bool { return slices.Contains(ours, f.Key) })
		out.Set("scripts", s)
	}
	hoist(&out)
	if bin := out.Field("bin"); bin.Kind == project.String {
		name := npm.Name(out.Field("name").Text)
		out.Set("bin", project.Node{Kind: project.Map, Fields: []project.Field{{Key: name.Base(), Value: bin}}})
	}
	return out, nil
}

// hoist moves fields of publishConfig to the top.
func hoist(doc *project.Node) {
	at := slices.IndexFunc(doc.Fields, func(f project.Field) bool { return f.Key == "publishConfig" })
	if at < 0 || doc.Fields[at].Value.Kind != project.Map {
		return
	}
	config := doc.Fields[at].Value
	config.Fields = slices.Clone(config.Fields)
	for _, key := range hoisted {
		if value := config.Field(key); value.Kind != project.Missing {
			doc.Set(key, value)
		}
	}
	config.Fields = slices.DeleteFunc(config.Fields, func(f project.Field) bool { return slices.Contains(hoisted, f.Key) })
	if len(config.Fields) == 0 {
		doc.Fields = slices.Delete(doc.Fields, at, at+1)
		return
	}
	doc.Fields[at].Value = config
}

// dependencies rewrites a map of specifiers.
func (ws *Workspace) dependencies(deps project.Node, peers bool) (project.Node, error) {
	deps.Fields = slices.Clone(deps.Fields)
	for i := range deps.Fields {
		f := &deps.Fields[i]
		if f.Value.Kind != project.String {
			continue
		}
		published, err := ws.published(f.Key, f.Value.Text, peers)
		if err != nil {
			return deps, err
		}
		f.Value.Text = published
	}
	return deps, nil
}

// published is a specifier for everybody.
func (ws *Workspace) published(alias, raw string, peer bool) (string, error) {
	if strings.HasPrefix(raw, "catalog:") {
		meant, err := ws.Catalog(alias, raw)
		if err != nil {
			return "", err
		}
		raw = meant
	}
	switch {
	case peer && strings.Contains(raw, workspacePrefix):
		return ws.peer(alias, raw)
	case strings.HasPrefix(raw, workspacePrefix):
		return ws.member(alias, raw)
	case strings.HasPrefix(raw, "jsr:"):
		s, err := specifier.Parse(alias, raw)
		if err != nil {
			return "", fmt.Errorf("read %q of %s: %w", raw, alias, err)
		}
		return "npm:" + string(s.Name) + "@" + s.Range, nil
	}
	return raw, nil
}

const workspacePrefix = "workspace:"

// member is what takes the place of a project of the workspace.
func (ws *Workspace) member(alias, raw string) (string, error) {
	s, err := specifier.Parse(alias, raw)
	if err != nil {
		return "", fmt.Errorf("read %q of %s: %w", raw, alias, err)
	}
	name := s.Name
	version, ok := "", false
	if s.Path != "" {
		name, version, ok = ws.At(s.Path)
	} else {
		version, ok = ws.Member(string(name))
	}
	switch s.Range {
	case "", "*":
	case "^", "~":
		version = s.Range + version
	default:
		version, ok = s.Range, true
	}
	if !ok {
		return "", &MemberError{Alias: alias, Specifier: raw}
	}
	if string(name) != alias {
		return "npm:" + string(name) + "@" + version, nil
	}
	return version, nil
}

// peer is what takes the place of a peer, which may be one of several ranges.
func (ws *Workspace) peer(alias, raw string) (string, error) {
	version, ok := ws.Member(alias)
	out := strings.NewReplacer("workspace:*", version, "workspace:^", "^"+version, "workspace:~", "~"+version).Replace(raw)
	if out != raw && !ok {
		return "", &MemberError{Alias: alias, Specifier: raw}
	}
	return strings.ReplaceAll(out, workspacePrefix, ""), nil
}

// MemberError is a dependency on a project that the workspace does not have.
type MemberError struct{ Alias, Specifier string }

func (e *MemberError) Error() string {
	return fmt.Sprintf("the dependency %s is %q, and no project of the workspace with a version is called that", e.Alias, e.Specifier)
}

// Code is pnpm's code for this error.
func (e *MemberError) Code() string { return "ERR_PNPM_CANNOT_RESOLVE_WORKSPACE_PROTOCOL" }

// Hint is what the user can do.
func (e *MemberError) Hint() string {
	return "correct the name, give that project a version, or write a range of published versions"
}
