package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"godwit/internal/project"
)

// tokenRequest is what a registry is asked for (npm 11).
type tokenRequest struct {
	Name               string   `json:"name,omitempty"`
	Password           string   `json:"password"`
	ReadOnly           *bool    `json:"readonly,omitempty"` // pnpm 12.21 sends it always, npm 11 never
	Description        string   `json:"description,omitempty"`
	Packages           []string `json:"packages,omitempty"`
	AllPackages        bool     `json:"packages_all,omitempty"`
	Scopes             []string `json:"scopes,omitempty"`
	Orgs               []string `json:"orgs,omitempty"`
	PackagesPermission string   `json:"packages_and_scopes_permission,omitempty"`
	OrgsPermission     string   `json:"orgs_permission,omitempty"`
	Expires            int      `json:"expires,omitempty"` // days
	CIDR               []string `json:"cidr_whitelist,omitempty"`
	Bypass             bool     `json:"bypass_2fa,omitempty"`
}

func (c *call) createToken(ctx context.Context, e *endpoint, _ []string) error {
	t := &c.cfg.Settings.Token
	for _, cidr := range t.CIDR {
		if p, err := netip.ParsePrefix(cidr); err != nil || !p.Addr().Is4() {
			return &refusedError{cidr + " is no range of IPv4 addresses", "EINVALIDCIDR", "write for example --cidr 192.0.2.0/24"}
		}
	}
	password, err := c.password("Password: ")
	if err != nil {
		return err
	}
	ask := tokenRequest{Password: password, CIDR: t.CIDR}
	if c.likeNpm() {
		ask.Name, ask.Description, ask.Expires, ask.Bypass = t.Name, t.Description, t.Expires, t.Bypass
		ask.Packages, ask.AllPackages, ask.Scopes, ask.Orgs = t.Packages, t.AllPackages, t.Scopes, t.Orgs
		ask.PackagesPermission, ask.OrgsPermission = t.PackagesPermission, t.OrgsPermission
	} else {
		ask.ReadOnly = &t.ReadOnly
	}
	var text []byte
	if _, err := e.send(ctx, http.MethodPost, tokensPath, ask, &text); err != nil {
		return err
	}
	made, err := project.ParseValue("the registry's token", string(text))
	if err != nil || made.Field("token").Text == "" {
		return errors.New("the registry answered without a token")
	}
	if c.likeNpm() {
		made.Fields = slices.DeleteFunc(made.Fields, func(f project.Field) bool { return f.Key == "key" || f.Key == "updated" })
		return c.showToken(made)
	}
	shown := project.Node{Kind: project.Map}
	for _, key := range []string{"token", "readonly", "cidr_whitelist", "expires"} {
		value := made.Field(key)
		if value.Kind == project.Missing {
			value.Kind = project.Null
		}
		shown.Set(key, value)
	}
	return c.showToken(shown)
}

// showToken prints a token that was made: this once there is no other way to it.
func (c *call) showToken(made project.Node) error {
	switch s := &c.cfg.Settings.Call; {
	case s.JSON:
		return writeNode(c.Stdout, made)
	case s.Parseable:
		for _, f := range made.Fields {
			value := f.Value.Text
			if f.Value.Kind == project.List {
				value = strings.Join(f.Value.Strings(), ",")
			}
			if value == "" && !c.likeNpm() {
				continue
			}
			if err := c.printLines(f.Key + "\t" + value); err != nil {
				return err
			}
		}
		return nil
	}
	lines := []string{"Created token " + made.Field("token").Text}
	if list := made.Field("cidr_whitelist").Strings(); len(list) > 0 {
		lines = append(lines, "with IP whitelist: "+strings.Join(list, ","))
	}
	if expires := made.Field("expires").Text; expires != "" {
		lines = append(lines, "expires: "+expires)
	}
	return c.printLines(lines...)
}

// password asks for the account's, unless it was given.
func (c *call) password(prompt string) (string, error) {
	if given := c.cfg.Settings.Token.Password.Reveal(); given != "" {
		return given, nil
	}
	return c.askSecret(prompt)
}

// askSecret asks for a secret whoever sits there.
func (c *call) askSecret(prompt string) (string, error) {
	if !c.Terminal || c.cfg.Settings.CI {
		return "", &usageError{"this asks for a password, and there is no terminal", "run it in one"}
	}
	fmt.Fprint(c.Stderr, prompt)
	secret, err := c.secretAnswer()
	if secret == "" {
		return "", errors.Join(errors.New("no password was typed"), err)
	}
	return secret, nil
}
