package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/registry"
)

const distTagHelp = `A dist-tag is a word for a version, which can be installed by it. latest is what
is installed without a version or word.
    godwit dist-tag ls [package]
    godwit dist-tag add <package>@<version> [tag]
    godwit dist-tag rm <package> <tag>`

// runDistTag is the command dist-tag.
func runDistTag(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	verb := ""
	if len(words) > 0 {
		verb = words[0]
	}
	switch verb {
	case "add", "a", "set", "s":
		return c.addTag(ctx, words[1:])
	case "rm", "r", "remove", "del", "d":
		return c.removeTag(ctx, words[1:])
	case "ls", "l", "list", "sl":
		words = words[1:]
	}
	return c.listTags(ctx, words)
}

func (c *call) addTag(ctx context.Context, words []string) error {
	if len(words) == 0 || len(words) > 2 {
		return &usageError{"dist-tag add wants a package with its version, and a tag", "for example: godwit dist-tag add left-pad@1.3.0 next"}
	}
	name, version, err := splitSpec(words[0])
	if err != nil {
		return err
	}
	tag := c.cfg.Settings.Resolve.Tag
	if len(words) == 2 {
		tag = words[1]
	}
	switch {
	case version == "":
		return &usageError{words[0] + " has no version", "write " + words[0] + "@1.0.0"}
	case semver.ValidRange(tag, semver.Options{}):
		return &usageError{fmt.Sprintf("the dist-tag %q could be taken for a range", tag), "choose a word, such as next"}
	}
	e, tags, err := c.tagsOf(ctx, name)
	if err != nil {
		return err
	}
	if tags[tag] == version {
		fmt.Fprintf(c.Stderr, "%s is %s already\n", tag, version)
		return nil
	}
	if err := e.change(ctx, name, http.MethodPut, tagPath(name, tag), version); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "+%s: %s@%s\n", tag, name, version)
	return err
}

func (c *call) removeTag(ctx context.Context, words []string) error {
	if len(words) != 2 {
		return &usageError{"dist-tag rm wants a package and a tag", "for example: godwit dist-tag rm left-pad next"}
	}
	name, _, err := splitSpec(words[0])
	if err != nil {
		return err
	}
	e, tags, err := c.tagsOf(ctx, name)
	if err != nil {
		return err
	}
	version, ok := tags[words[1]]
	if !ok {
		return &usageError{fmt.Sprintf("%s has no dist-tag %q", name, words[1]) + meant(words[1], slices.Sorted(maps.Keys(tags))), "godwit dist-tag ls " + string(name)}
	}
	if err := e.change(ctx, name, http.MethodDelete, tagPath(name, words[1]), nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "-%s: %s@%s\n", words[1], name, version)
	return err
}

func (c *call) listTags(ctx context.Context, words []string) error {
	if len(words) > 1 {
		return &usageError{"dist-tag ls wants one package, and got " + strings.Join(words, " "), "ask for them one by one"}
	}
	name, err := c.subject(words)
	if err != nil {
		return err
	}
	_, tags, err := c.tagsOf(ctx, name)
	if err != nil {
		return err
	}
	if c.cfg.Settings.Call.JSON {
		return writeJSON(c.Stdout, tags)
	}
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		if _, err := fmt.Fprintf(c.Stdout, "%s: %s\n", tag, tags[tag]); err != nil {
			return err
		}
	}
	return nil
}

// tagsOf asks for the dist-tags of a package.
func (c *call) tagsOf(ctx context.Context, name npm.Name) (*endpoint, map[string]string, error) {
	e, err := c.endpointOf(name)
	if err != nil {
		return nil, nil, err
	}
	tags := map[string]string{}
	_, err = e.send(ctx, "", "-/package/"+registry.EscapedName(name)+"/dist-tags", nil, &tags)
	return e, tags, err
}

func tagPath(name npm.Name, tag string) string {
	return "-/package/" + registry.EscapedName(name) + "/dist-tags/" + escape(tag)
}
