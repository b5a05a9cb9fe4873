package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/config"
	"godwit/internal/project"
)

// updateConfig is the hook that has the last word about settings.
const updateConfig = "updateConfig"

// configure lets the hooks change the settings. Since they may change whatever an
// install depends on, node runs for them each time, but only if a file speaks of
// the hook.
func (c *call) configure(ctx context.Context, h *hooks) error {
	if h == nil {
		return nil
	}
	mentioned, err := h.Mentions(updateConfig)
	if err != nil || !mentioned {
		return err
	}
	h.config = true
	document := c.document()
	change, err := h.UpdateConfig(ctx, []byte(c.forHook(document).Compact()))
	if err != nil || change == nil {
		return err
	}
	changed, err := project.ParseValue(h.file, string(change.Changed))
	if err != nil {
		return err
	}
	for _, key := range change.Removed {
		changed.Set(key, project.Node{Kind: project.Null})
	}
	if c.unhooked, err = c.treeWith(h.digest); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(changed.Compact()))
	c.hooked = " " + hex.EncodeToString(sum[:16])
	return c.reconfigure(h.file, document, changed)
}

// treeWith sums up the settings that shape node_modules, hooks among them.
func (c *call) treeWith(hooks string) (string, error) {
	s, err := c.shaping()
	if err != nil {
		return "", err
	}
	s.hooks = hooks
	return c.digest(s), nil
}

// treeSettings is what is recorded of the settings that shape node_modules, and of
// the lockfile's name. Whether a tree is still right is to be found out without
// running hooks: what these change of the settings stands at the end.
func (c *call) treeSettings(shaping *shaping, file string) string {
	if c.unhooked != "" {
		return c.unhooked + " " + file + c.hooked
	}
	return c.digest(shaping) + " " + file
}

// sameTree reports whether what is recorded is about these settings, whatever hooks
// change of them.
func sameTree(recorded, settings string) bool {
	hooked, same := strings.CutPrefix(recorded, settings)
	return same && (hooked == "" || hooked[0] == ' ')
}

// withoutOrigin is what is recorded without what says where the tree comes from.
func withoutOrigin(recorded string) string {
	shape, rest, _ := strings.Cut(recorded, ".")
	_, rest, _ = strings.Cut(rest, " ")
	return shape + " " + rest
}

// document is what the project's files say in pnpm's keys.
func (c *call) document() project.Node {
	out := project.Node{Kind: project.Map}
	m := &c.inputs.Project.Manifest
	if older, named := beforePnpm11(m.PackageManager); !named || older {
		for _, f := range m.Pnpm.Fields {
			out.Set(f.Key, f.Value)
		}
	}
	if ws := c.inputs.Workspace; ws != nil {
		for _, f := range ws.Document.Fields {
			out.Set(f.Key, f.Value)
		}
	}
	return out
}

// forHook is what the hook sees: every setting, under pnpm's names, with what the
// project's files say beside them. Credentials are left out.
func (c *call) forHook(document project.Node) project.Node {
	out := project.Node{Kind: project.Map}
	for v := range c.cfg.Values() {
		if v.Data() == nil || v.Hidden() || strings.Contains(v.Key, ":") {
			continue
		}
		if text, err := json.Marshal(v.Data()); err == nil {
			if value, err := project.ParseValue(v.Key, string(text)); err == nil {
				out.Set(config.Camel(v.Key), value)
			}
		}
	}
	catalogs := project.Node{Kind: project.Map}
	for _, f := range document.Fields {
		switch f.Key {
		case "catalog":
			catalogs.Set(defaultCatalog, f.Value)
		case "catalogs":
			for _, catalog := range f.Value.Fields {
				catalogs.Set(catalog.Key, catalog.Value)
			}
		default:
			if _, known := c.cfg.Lookup(f.Key); !known {
				out.Set(f.Key, f.Value)
			}
		}
	}
	out.Set("catalogs", catalogs)
	registries := project.Node{Kind: project.Map}
	for scope, registry := range c.registries() {
		registries.Set(scope, project.Text(registry))
	}
	out.Set("registries", registries)
	for _, key := range []string{"dir", "lockfileDir", "workspaceDir"} {
		out.Set(key, project.Text(c.workspace.root))
	}
	return out
}

// registries are the URLs of the registries of all scopes.
func (c *call) registries() map[string]string {
	out := map[string]string{"default": c.cfg.Registries.Default}
	for scope, registry := range c.cfg.Registries.Scopes() {
		out[scope] = registry
	}
	return out
}

// fixed are keys that the hook is shown and cannot change: what they decide is
// done by then.
var fixed = []string{"packages", "dir", "lockfileDir", "workspaceDir", "pnpmfile", "globalPnpmfile", "ignorePnpmfile"}

// reconfigure resolves the settings once more, with what the hook of the file
// changed.
func (c *call) reconfigure(file string, document, changed project.Node) error {
	for _, f := range changed.Fields {
		if slices.Contains(fixed, f.Key) {
			return &unsupportedError{fmt.Sprintf("%s that changes %q", updateConfig, f.Key), "write it into " + project.WorkspaceFile}
		}
	}
	root := project.Node{Kind: project.Map}
	for _, f := range document.Fields {
		if replaced := changed.Field("catalogs").Kind != project.Missing; !replaced || f.Key != "catalog" {
			root.Set(f.Key, f.Value)
		}
	}
	for _, f := range changed.Fields {
		root.Set(f.Key, f.Value)
	}
	var err error
	if c.inputs.Hooked, err = project.WorkspaceOf(file, changed); err != nil {
		return err
	}
	whole, err := project.WorkspaceOf(file, root)
	if err != nil {
		return err
	}
	if old := c.inputs.Workspace; old != nil { // paths and members are where they were
		whole.File, whole.Packages = old.File, old.Packages
	}
	c.inputs.Workspace = whole
	c.cfg, err = config.Load(c.host(), c.args, c.inputs)
	return err
}
