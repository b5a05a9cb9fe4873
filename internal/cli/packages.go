package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
	"godwit/internal/registry"
)

// splitSpec takes "name@version" apart; version is what follows, unread.
func splitSpec(raw string) (npm.Name, string, error) {
	text, version := raw, ""
	if at := strings.LastIndexByte(raw, '@'); at > 0 {
		text, version = raw[:at], raw[at+1:]
	}
	name, err := npm.ParseName(text)
	if err != nil {
		return "", "", fmt.Errorf("read %q: %w", raw, err)
	}
	return name, version, nil
}

// subject is the package that a command is about: the one that is named, or the
// project at hand.
func (c *call) subject(words []string) (npm.Name, error) {
	if len(words) > 0 {
		name, _, err := splitSpec(words[0])
		return name, err
	}
	p, err := c.here()
	if err != nil {
		return "", err
	}
	if p.Manifest.Name == "" {
		return "", &refusedError{"there is no name in " + p.Path(), "ERR_PNPM_PACKAGE_NAME_NOT_FOUND", "name a package"}
	}
	return p.Manifest.Name, nil
}

// fromHere is a path that was given, absolute.
func (c *call) fromHere(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.args.Dir(c.Dir, c.Home), path)
}

// here is the project at hand, for commands that need not have one.
func (c *call) here() (*project.Project, error) {
	if c.workspace.root == "" {
		return nil, &project.NotFoundError{Dir: c.args.Dir(c.Dir, c.Home)}
	}
	return c.projectOf()
}

// likeNpm reports whether the project at hand is npm's; where there is none, and
// nothing to tell by, it is.
func (c *call) likeNpm() bool {
	return c.workspace.root == "" || c.findLock() != nil || c.lock.Format == lockfile.Npm
}

func escape(segment string) string { return url.PathEscape(segment) }

// document is a packument as the registry keeps it: what we do not change goes
// back as it came.
type document map[string]json.RawMessage

// documentOf asks for the packument of a package, to be changed.
func (e *endpoint) documentOf(ctx context.Context, name npm.Name) (document, error) {
	doc := document{}
	_, err := e.send(ctx, "", registry.EscapedName(name)+"?write=true", nil, &doc)
	return doc, err
}

// field decodes a member.
func (d document) field(key string, to any) error {
	if d[key] == nil {
		return nil
	}
	if err := json.Unmarshal(d[key], to); err != nil {
		return fmt.Errorf("the packument's %s is not what registries have there: %w", key, err)
	}
	return nil
}

func (d document) set(key string, value any) error {
	text, err := encode(value)
	d[key] = text
	return err
}

func (d document) revision() string {
	rev := ""
	if json.Unmarshal(d["_rev"], &rev) != nil {
		return ""
	}
	return rev
}

// runDeprecate is the command deprecate; undeprecate takes the message away.
func runDeprecate(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	message := ""
	switch undo := c.args.Positional[0] == "undeprecate"; {
	case undo && len(words) == 1:
	case !undo && len(words) == 2:
		message = words[1]
	default:
		return &usageError{c.args.Positional[0] + " wants a package, a range if it is not for all versions, and a message", `for example: godwit deprecate left-pad@"<1.2" "use 1.2"; an empty message takes it away`}
	}
	name, rng, err := splitRange(words[0])
	if err != nil {
		return err
	}
	e, err := c.endpointOf(name)
	if err != nil {
		return err
	}
	return e.deprecate(ctx, name, rng, message)
}

// splitRange reads "name@range"; a name alone is all versions.
func splitRange(spec string) (name npm.Name, rng semver.Range, err error) {
	name, wanted, err := splitSpec(spec)
	if err != nil {
		return "", rng, err
	}
	if wanted == "" {
		wanted = "*"
	}
	if rng, err = semver.ParseRange(wanted, semver.Options{IncludePrerelease: true}); err != nil {
		err = fmt.Errorf("read the range of %q: %w", spec, err)
	}
	return name, rng, err
}

func (e *endpoint) deprecate(ctx context.Context, name npm.Name, rng semver.Range, message string) error {
	doc, err := e.documentOf(ctx, name)
	if err != nil {
		return err
	}
	versions := map[string]document{}
	if err := doc.field("versions", &versions); err != nil {
		return err
	}
	var chosen []string
	for text, m := range versions {
		v, err := semver.Parse(text, semver.Options{})
		if err != nil || !rng.Match(v) || message == "" && m["deprecated"] == nil {
			continue
		}
		if err := m.set("deprecated", message); err != nil {
			return err
		}
		chosen = append(chosen, text)
	}
	slices.SortFunc(chosen, semver.CompareTexts)
	if len(chosen) == 0 && message == "" {
		return &refusedError{what: fmt.Sprintf("no version of %s that is meant is deprecated", name), code: "ERR_PNPM_NOT_DEPRECATED", next: "godwit view " + string(name) + " versions"}
	}
	if len(chosen) == 0 {
		return &usageError{fmt.Sprintf("%s has no such version", name), "godwit view " + string(name) + " versions"}
	}
	if err := doc.set("versions", versions); err != nil {
		return err
	}
	for _, text := range chosen {
		if message == "" {
			fmt.Fprintf(e.Stderr, "undeprecating %s@%s\n", name, text)
		} else {
			fmt.Fprintf(e.Stderr, "deprecating %s@%s with message %q\n", name, text, message)
		}
	}
	if e.cfg.Settings.Call.DryRun {
		return nil
	}
	if err := e.change(ctx, name, http.MethodPut, registry.EscapedName(name), doc); err != nil || e.likeNpm() {
		return err
	}
	verb := "deprecated"
	if message == "" {
		verb = "undeprecated"
	}
	_, err = fmt.Fprintf(e.Stdout, "Successfully %s %d version(s) of %s\n", verb, len(chosen), name)
	return err
}
