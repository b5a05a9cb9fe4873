package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"godwit/internal/project"
)

const profileHelp = `    godwit profile get [key]...                         what the registry knows of you
    godwit profile set <key> <value>                    email, fullname, homepage, freenode, twitter, github
    godwit profile set password                         asks for the old and the new one
    godwit profile enable-2fa [auth-only|auth-and-writes]
    godwit profile disable-2fa`

// profilePath is where a registry has what it knows of the user (npm-profile).
const profilePath = "-/npm/v1/user"

// tfaKey is what npm calls the second factor where it shows it.
const tfaKey = "two-factor auth"

// profileKeys are shown in this order, whether they are there or not;
// writableKeys can be set, and are all sent, since what is left out is forgotten
// (npm 11, commands/profile.js).
func profileKeys() []string {
	return []string{"name", "email", tfaKey, "fullname", "homepage", "freenode", "twitter", "github", "created", "updated"}
}

func writableKeys() []string {
	return []string{"email", "password", "fullname", "homepage", "freenode", "twitter", "github"}
}

// runProfile is the command profile.
func runProfile(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	if len(words) == 0 {
		return &refusedError{"profile wants one of get, set, enable-2fa and disable-2fa behind it", "ERR_PNPM_PROFILE_SUBCOMMAND_REQUIRED", "godwit profile get shows yours"}
	}
	run := map[string]func(context.Context, *endpoint, []string) error{
		"get": c.showProfile, "set": c.setProfile,
		"enable-2fa": c.enable2FA, "enable-tfa": c.enable2FA, "enable2fa": c.enable2FA, "enabletfa": c.enable2FA,
		"disable-2fa": c.disable2FA, "disable-tfa": c.disable2FA, "disable2fa": c.disable2FA, "disabletfa": c.disable2FA,
	}[words[0]]
	if run == nil {
		return &refusedError{"profile knows get, set, enable-2fa and disable-2fa, and got " + words[0], "ERR_PNPM_PROFILE_UNKNOWN_COMMAND", "godwit help profile"}
	}
	e, err := c.account()
	if err != nil {
		return err
	}
	return run(ctx, e, words[1:])
}

// profile is what the registry knows of the user.
func (e *endpoint) profile(ctx context.Context) (project.Node, error) {
	return e.value(ctx, profilePath, "the registry's profile")
}

// changeProfile sends changes, and returns what the registry makes of them.
func (e *endpoint) changeProfile(ctx context.Context, change any) (project.Node, error) {
	var text []byte
	if _, err := e.send(ctx, http.MethodPost, profilePath, change, &text); err != nil {
		return project.Node{}, err
	}
	return project.ParseValue("the registry's profile", string(text))
}

// showProfile is profile get.
func (c *call) showProfile(ctx context.Context, e *endpoint, words []string) error {
	info, err := e.profile(ctx)
	if err != nil {
		return err
	}
	if c.cfg.Settings.Call.JSON && !c.likeNpm() {
		return writeNode(c.Stdout, info)
	}
	if !truthy(info.Field("cidr_whitelist")) {
		info.Fields = slices.DeleteFunc(info.Fields, func(f project.Field) bool { return f.Key == "cidr_whitelist" })
	}
	if c.cfg.Settings.Call.JSON {
		return writeNode(c.Stdout, info)
	}
	shown := shownProfile(info)
	if len(words) > 0 {
		var values []string
		for key := range strings.SplitSeq(strings.Join(words, ","), ",") {
			if strings.TrimSpace(key) != "" {
				values = append(values, shown.Field(key).Text)
			}
		}
		return c.printLines(strings.Join(values, "\t"))
	}
	separator := ": "
	if c.cfg.Settings.Call.Parseable {
		separator = "\t"
		if c.likeNpm() {
			shown = rawProfile(info, shown)
		}
	}
	for _, f := range shown.Fields {
		if err := c.printLines(f.Key + separator + f.Value.Text); err != nil {
			return err
		}
	}
	return nil
}

// shownProfile is a profile as people read it.
func shownProfile(info project.Node) project.Node {
	out := project.Node{Kind: project.Map}
	for _, key := range profileKeys() {
		out.Set(key, project.Text(shownText(info.Field(key))))
	}
	for _, f := range info.Fields {
		if f.Key != "tfa" && f.Key != "email_verified" && out.Field(f.Key).Kind == project.Missing {
			out.Set(f.Key, project.Text(shownText(f.Value)))
		}
	}
	verified := "(unverified)"
	if truthy(info.Field("email_verified")) {
		verified = " (verified)"
	}
	out.Set("email", project.Text(out.Field("email").Text+verified))
	mode := "disabled"
	if tfa := info.Field("tfa"); truthy(tfa) && !truthy(tfa.Field("pending")) {
		mode = tfa.Field("mode").Text
	}
	out.Set(tfaKey, project.Text(mode))
	return out
}

// rawProfile is npm's --parseable: the registry's members, but for the second factor.
func rawProfile(info, shown project.Node) project.Node {
	out := project.Node{Kind: project.Map}
	for _, f := range info.Fields {
		value := plainText(f.Value)
		if f.Key == "tfa" {
			value = shown.Field(tfaKey).Text
		}
		out.Set(f.Key, project.Text(value))
	}
	return out
}

// truthy is what JavaScript takes for true.
func truthy(n project.Node) bool {
	switch n.Kind {
	case project.Missing, project.Null:
		return false
	case project.Bool, project.Number:
		return n.Text != "false" && n.Text != "0"
	case project.String:
		return n.Text != ""
	}
	return true
}

// shownText is a value for people: nothing where there is none.
func shownText(n project.Node) string {
	if !truthy(n) {
		return ""
	}
	return plainText(n)
}

// plainText is a value as text; of lists and maps it is JSON.
func plainText(n project.Node) string {
	switch n.Kind {
	case project.List, project.Map:
		return n.Compact()
	case project.Null:
		return "null"
	}
	return n.Text
}

// setProfile is profile set.
func (c *call) setProfile(ctx context.Context, e *endpoint, words []string) error {
	key := ""
	if len(words) > 0 {
		key = strings.ToLower(strings.TrimSpace(words[0]))
	}
	switch {
	case key == "password" && len(words) > 1:
		return &refusedError{"the command line is no place for passwords", "ERR_PNPM_PROFILE_PASSWORD_ON_COMMAND_LINE", "godwit profile set password asks for them"}
	case key != "password" && len(words) < 2:
		return &refusedError{"profile set wants a key and a value", "ERR_PNPM_PROFILE_ARGS_REQUIRED", "for example: godwit profile set homepage https://example.com"}
	case !slices.Contains(writableKeys(), key):
		return &refusedError{key + " cannot be set: " + strings.Join(writableKeys(), ", ") + " can", "ERR_PNPM_PROFILE_INVALID_PROPERTY", "godwit help profile"}
	}
	value := project.Text(strings.Join(words[1:], " "))
	if key == "password" {
		var err error
		if value, err = c.newPassword(); err != nil {
			return err
		}
	}
	user, err := e.profile(ctx)
	if err != nil {
		return err
	}
	change := project.Node{Kind: project.Map}
	for _, k := range writableKeys() {
		if old := user.Field(k); k != key && old.Kind != project.Missing {
			change.Set(k, old)
		}
	}
	if value.Kind == project.String && value.Text == "" {
		value = project.Node{Kind: project.Null} // no key of a profile may be empty
	}
	change.Set(key, value)
	result, err := e.changeProfile(ctx, json.RawMessage(change.JSON()))
	if err != nil {
		return err
	}
	return c.showSet(key, result.Field(key))
}

// newPassword asks for the old password, and for the new one until it is typed
// alike twice.
func (c *call) newPassword() (project.Node, error) {
	old, err := c.askSecret("Current password: ")
	for err == nil {
		var typed, again string
		if typed, err = c.askSecret("New password: "); err != nil {
			break
		}
		if again, err = c.askSecret("       Again:     "); err != nil {
			break
		}
		if typed == again {
			n := project.Node{Kind: project.Map}
			n.Set("old", project.Text(old))
			n.Set("new", project.Text(typed))
			return n, nil
		}
		fmt.Fprintln(c.Stderr, "These are two passwords; once more.")
	}
	return project.Node{}, err
}

func (c *call) showSet(key string, value project.Node) error {
	switch s := &c.cfg.Settings.Call; {
	case s.JSON:
		out := project.Node{Kind: project.Map}
		if value.Kind != project.Missing {
			out.Set(key, value)
		}
		return writeNode(c.Stdout, out)
	case s.Parseable:
		return c.printLines(key + "\t" + plainText(value))
	case value.Kind == project.Missing || value.Kind == project.Null:
		return c.printLines("Set " + key)
	}
	return c.printLines("Set " + key + " to " + plainText(value))
}
