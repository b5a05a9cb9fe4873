package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
	"godwit/internal/project"
)

const tokenHelp = `    godwit token list                  those that the registry knows, without their secrets
    godwit token create [flags]        a new one, for the account's password
    godwit token revoke <id|token>...  one that nobody may use any more
The names of tokens, when they expire and what they are for are npm's; pnpm's
projects send --read-only and --cidr alone, as pnpm does.`

// tokensPath is where a registry has the user's tokens (npm 11, commands/token.js).
const tokensPath = "-/npm/v1/tokens"

// runToken is the command token.
func runToken(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	verb := "list"
	if len(words) > 0 {
		verb, words = words[0], words[1:]
	}
	run := map[string]func(context.Context, *endpoint, []string) error{
		"list": c.listTokens, "ls": c.listTokens, "create": c.createToken,
		"revoke": c.revokeTokens, "rm": c.revokeTokens, "delete": c.revokeTokens, "remove": c.revokeTokens,
	}[verb]
	if run == nil {
		return &refusedError{"token knows list, create and revoke, and got " + verb, "ERR_PNPM_TOKEN_UNKNOWN_COMMAND", "godwit help token"}
	}
	e, err := c.account()
	if err != nil {
		return err
	}
	return run(ctx, e, words)
}

// account opens the registry of a command that is about the user.
func (c *call) account() (*endpoint, error) {
	e, err := c.endpointOf("")
	if err == nil && !e.loggedIn() {
		return nil, &loginError{url: e.url}
	}
	return e, err
}

// tokenPages is how many pages of tokens are read; registries give some dozens on
// each.
const tokenPages = 1000

// tokens lists the user's, in the registry's order.
func (e *endpoint) tokens(ctx context.Context) ([]project.Node, error) {
	var all []project.Node
	next := tokensPath
	for range tokenPages {
		doc, err := e.value(ctx, next, "the registry's tokens")
		if err != nil {
			return nil, err
		}
		all = append(all, doc.Field("objects").Items...)
		next = doc.Field("urls").Field("next").Text
		if next == "" {
			return all, nil
		}
		next = strings.TrimPrefix(strings.TrimPrefix(next, e.url), "/")
		if strings.Contains(next, "://") {
			return nil, errors.New("the registry has the next page of tokens elsewhere")
		}
	}
	return nil, fmt.Errorf("the registry has more than %d pages of tokens", tokenPages)
}

// tokenIDs are the beginnings of keys that tell them apart, six characters at
// the least.
func tokenIDs(tokens []project.Node) []string {
	ids := make([]string, len(tokens))
	for i, t := range tokens {
		key := t.Field("key").Text
		ids[i] = key
		for n := 6; n < len(key); n++ {
			same := func(o project.Node) bool { return strings.HasPrefix(o.Field("key").Text, key[:n]) }
			if !slices.ContainsFunc(tokens[:i], same) && !slices.ContainsFunc(tokens[i+1:], same) {
				ids[i] = key[:n]
				break
			}
		}
	}
	return ids
}

func (c *call) listTokens(ctx context.Context, e *endpoint, _ []string) error {
	tokens, err := e.tokens(ctx)
	if err != nil {
		return err
	}
	ids := tokenIDs(tokens)
	switch s := &c.cfg.Settings.Call; {
	case s.JSON:
		return writeNode(c.Stdout, c.tokensJSON(tokens, ids))
	case s.Parseable:
		rows := []string{"key\ttoken\tid\tname\tcreated\treadonly\tCIDR whitelist"}
		for i, t := range tokens {
			rows = append(rows, strings.Join([]string{
				t.Field("key").Text, t.Field("token").Text, ids[i], t.Field("name").Text, t.Field("created").Text,
				cmp.Or(t.Field("readonly").Text, "false"), strings.Join(t.Field("cidr_whitelist").Strings(), ","),
			}, "\t"))
		}
		return c.printLines(rows...)
	}
	for i, t := range tokens {
		line := fmt.Sprintf("Token %s… with id %s", t.Field("token").Text, ids[i])
		if name := t.Field("name").Text; name != "" {
			line += " name " + name
		}
		created := t.Field("created").Text
		lines := []string{line + " created " + created[:min(len(created), len("2006-01-02"))]}
		if list := t.Field("cidr_whitelist").Strings(); len(list) > 0 {
			lines = append(lines, "with IP whitelist: "+strings.Join(list, ","))
		}
		if i < len(tokens)-1 || c.likeNpm() {
			lines = append(lines, "")
		}
		if err := c.printLines(lines...); err != nil {
			return err
		}
	}
	return nil
}

// printLines prints lines that strangers may have a word in, and tabs between them.
func (c *call) printLines(lines ...string) error {
	for _, line := range lines {
		columns := strings.Split(line, "\t")
		for i := range columns {
			columns[i] = ui.Plain(columns[i])
		}
		if _, err := fmt.Fprintln(c.Stdout, strings.Join(columns, "\t")); err != nil {
			return err
		}
	}
	return nil
}

// tokensJSON is npm's, all that the registry says and the ID, or pnpm's choice of
// that.
func (c *call) tokensJSON(tokens []project.Node, ids []string) project.Node {
	out := []project.Node{}
	for i, t := range tokens {
		one := project.Node{Kind: project.Map}
		if c.likeNpm() {
			one.Fields = slices.Clone(t.Fields)
			one.Set("id", project.Text(ids[i]))
			out = append(out, one)
			continue
		}
		for _, key := range []string{"key", "token", "id", "name", "created", "readonly", "cidr_whitelist"} {
			value := t.Field(key)
			if key == "id" {
				value = project.Text(ids[i])
			}
			if value.Kind != project.Missing {
				one.Set(key, value)
			}
		}
		out = append(out, one)
	}
	return project.Node{Kind: project.List, Items: out}
}

// revokeTokens takes tokens away: by the beginning of their key, or by what they are.
func (c *call) revokeTokens(ctx context.Context, e *endpoint, words []string) error {
	if len(words) == 0 {
		return &refusedError{"token revoke wants the ID of a token, or the token", "ERR_PNPM_TOKEN_KEY_REQUIRED", "godwit token list shows their IDs"}
	}
	tokens, err := e.tokens(ctx)
	if err != nil {
		return err
	}
	var keys []string
	for _, word := range words {
		key, err := chosenToken(tokens, word)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	for _, key := range keys {
		if _, err := e.send(ctx, http.MethodDelete, tokensPath+"/token/"+escape(key), nil, nil); err != nil {
			return fmt.Errorf("revoke a token at %s: %w", e.url, withoutPath(err)) // the path may be the token
		}
	}
	switch s := &c.cfg.Settings.Call; {
	case s.JSON:
		return writeJSON(c.Stdout, keys)
	case s.Parseable:
		return c.printLines(strings.Join(keys, "\t"))
	}
	return c.printLines("Removed " + ui.Count(len(keys), "token"))
}

// chosenToken is the key of the one token that a word means, or the word, if it
// is the token itself. Errors do not have the word, which may be a token.
func chosenToken(tokens []project.Node, word string) (string, error) {
	var keys []string
	known := false
	for _, t := range tokens {
		if key := t.Field("key").Text; strings.HasPrefix(key, word) {
			keys = append(keys, key)
		}
		begin := t.Field("token").Text
		known = known || begin != "" && strings.HasPrefix(word, begin)
	}
	switch {
	case len(keys) == 1:
		return keys[0], nil
	case len(keys) > 1:
		return "", &refusedError{fmt.Sprintf("%d tokens have keys that begin like that", len(keys)), "ERR_PNPM_TOKEN_AMBIGUOUS", "give more of the key: godwit token list --parseable"}
	case !known:
		return "", &refusedError{"the registry knows no such token", "ERR_PNPM_TOKEN_NOT_FOUND", "godwit token list shows their IDs"}
	}
	return word, nil
}
