package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/registry"
)

const ownerHelp = `    godwit owner ls [package]
    godwit owner add <user> [package]
    godwit owner rm <user> [package]`

// owner is who may publish a package.
type owner struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// runOwner is the command owner.
func runOwner(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	verb := "ls"
	if len(words) > 0 {
		verb, words = words[0], words[1:]
	}
	switch verb {
	case "ls", "list":
		return c.listOwners(ctx, words)
	case "add", "a":
		return c.changeOwners(ctx, words, true)
	case "rm", "remove", "r", "del":
		return c.changeOwners(ctx, words, false)
	}
	return c.listOwners(ctx, c.args.Positional[1:]) // a package: npm's old form
}

func (c *call) listOwners(ctx context.Context, words []string) error {
	name, err := c.subject(words)
	if err != nil {
		return err
	}
	e, err := c.endpointOf(name)
	if err != nil {
		return err
	}
	owners, _, err := e.owners(ctx, name)
	if err != nil {
		return err
	}
	if c.cfg.Settings.Call.JSON {
		return writeJSON(c.Stdout, owners)
	}
	if len(owners) == 0 {
		fmt.Fprintf(c.Stderr, "%s has no owners\n", name)
	}
	for _, o := range owners {
		if _, err := fmt.Fprintln(c.Stdout, ui.Plain(o.Name+" <"+o.Email+">")); err != nil {
			return err
		}
	}
	return nil
}

func (e *endpoint) owners(ctx context.Context, name npm.Name) ([]owner, document, error) {
	doc, err := e.documentOf(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	owners := []owner{}
	err = doc.field("maintainers", &owners)
	return owners, doc, err
}

// changeOwners adds or removes a user.
func (c *call) changeOwners(ctx context.Context, words []string, add bool) error {
	if len(words) == 0 || len(words) > 2 {
		return &usageError{"owner add and owner rm want a user, and a package", "for example: godwit owner add somebody left-pad"}
	}
	user := words[0]
	name, err := c.subject(words[1:])
	if err != nil {
		return err
	}
	e, err := c.endpointOf(name)
	if err != nil {
		return err
	}
	owners, doc, err := e.owners(ctx, name)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(owners, func(o owner) bool { return o.Name == user })
	switch {
	case add && at >= 0:
		fmt.Fprintf(c.Stderr, "%s is an owner of %s already\n", user, name)
		return nil
	case add:
		var found owner
		if _, err := e.send(ctx, "", "-/user/org.couchdb.user:"+escape(user), nil, &found); err != nil {
			return fmt.Errorf("look for the user %s: %w", user, err)
		}
		owners = append(owners, owner{user, found.Email})
	case at < 0:
		return &usageError{fmt.Sprintf("%s is no owner of %s", user, name), "godwit owner ls " + string(name)}
	case len(owners) == 1:
		return &usageError{fmt.Sprintf("%s is the last owner of %s", user, name), "add another one first"}
	default:
		owners = slices.Delete(owners, at, at+1)
	}
	body := map[string]any{"_id": name, "_rev": doc.revision(), "maintainers": owners}
	if _, err := e.send(ctx, http.MethodPut, registry.EscapedName(name)+"/-rev/"+escape(doc.revision()), body, nil); err != nil {
		return err
	}
	sign := "-"
	if add {
		sign = "+"
	}
	_, err = fmt.Fprintf(c.Stdout, "%s %s (%s)\n", sign, user, name)
	return err
}
