package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"godwit/internal/cli/draw"
	"godwit/internal/project"
)

// secondFactor is a change of it.
type secondFactor struct {
	TFA struct {
		Password string `json:"password"`
		Mode     string `json:"mode"` // auth-only, auth-and-writes, disable
	} `json:"tfa"`
}

// change2FA asks for the password and sends a mode.
func (e *endpoint) change2FA(ctx context.Context, password, mode string) (project.Node, error) {
	var change secondFactor
	change.TFA.Password, change.TFA.Mode = password, mode
	return e.changeProfile(ctx, change)
}

// enable2FA is profile enable-2fa.
func (c *call) enable2FA(ctx context.Context, e *endpoint, words []string) error {
	mode := "auth-and-writes"
	if len(words) > 0 {
		mode = words[0]
	}
	if len(words) > 1 || !slices.Contains([]string{"auth-only", "auth-and-writes"}, mode) {
		return &refusedError{"a second factor is asked for at logins (auth-only), or at publications, too (auth-and-writes), and not at " + strings.Join(words, " "), "ERR_PNPM_PROFILE_INVALID_2FA_MODE", "godwit help profile"}
	}
	if c.cfg.Settings.Call.JSON || c.cfg.Settings.Call.Parseable {
		return &refusedError{"enable-2fa asks questions, and has no other output", "ERR_PNPM_PROFILE_2FA_INTERACTIVE", "leave out --json and --parseable"}
	}
	user, err := e.profile(ctx)
	if err != nil {
		return err
	}
	is := user.Field("tfa")
	pending := truthy(is.Field("pending"))
	if !pending && is.Field("mode").Text == mode {
		return c.printLines("Two factor authentication is already enabled and set to " + mode)
	}
	if !c.hasToken(e) {
		return &refusedError{"the registry is told your password each time, which a second factor would break", "ERR_GODWIT_PASSWORD", "get a token with godwit login --registry=" + e.url}
	}
	password, err := c.askSecret("Password: ")
	if err != nil {
		return err
	}
	if pending { // begun once, and never finished
		if _, err := e.change2FA(ctx, password, "disable"); err != nil {
			return err
		}
	}
	answer, err := e.change2FA(ctx, password, mode)
	if err != nil {
		return err
	}
	if answer.Field("tfa").Field("mode").Text != "" {
		return c.printLines("Two factor authentication mode changed to: " + mode)
	}
	return c.finish2FA(ctx, e, answer.Field("tfa").Text)
}

// hasToken reports whether a registry knows the user by a token.
func (c *call) hasToken(e *endpoint) bool {
	return strings.HasPrefix(c.cfg.Registries.Credentials(e.url, e.url).Authorization.Reveal(), "Bearer ")
}

// finish2FA shows the secret for an authenticator, and sends the first code that
// it makes of that.
func (c *call) finish2FA(ctx context.Context, e *endpoint, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "otpauth" || u.Query().Get("secret") == "" {
		return errors.New("the registry answered without a secret for an authenticator")
	}
	drawn, err := draw.QR(address)
	if err != nil {
		return err
	}
	lines := append([]string{"Scan into your authenticator app:"}, drawn...)
	if err := c.printLines(append(lines, "", "Or enter code: "+u.Query().Get("secret"))...); err != nil {
		return err
	}
	fmt.Fprint(c.Stderr, "And an OTP code from your authenticator: ")
	code, err := c.answer()
	if code == "" {
		return errors.Join(&refusedError{"no code was typed, and nothing is enabled", "ERR_PNPM_PROFILE_2FA_OTP_MISSING", "begin again"}, err)
	}
	result, err := e.changeProfile(ctx, map[string]any{"tfa": []string{code}})
	if err != nil {
		return err
	}
	lines = []string{"Two factor authentication is enabled. These codes let you in without the authenticator; keep them apart from it:"}
	for _, code := range result.Field("tfa").Strings() {
		lines = append(lines, "\t"+code)
	}
	return c.printLines(lines...)
}

// disable2FA is profile disable-2fa.
func (c *call) disable2FA(ctx context.Context, e *endpoint, _ []string) error {
	user, err := e.profile(ctx)
	if err != nil {
		return err
	}
	if is := user.Field("tfa"); !truthy(is) || truthy(is.Field("pending")) {
		return c.printLines("Two factor authentication not enabled.")
	}
	password, err := c.askSecret("Password: ")
	if err != nil {
		return err
	}
	if _, err := e.change2FA(ctx, password, "disable"); err != nil {
		return err
	}
	switch s := &c.cfg.Settings.Call; {
	case s.JSON:
		return writeJSON(c.Stdout, map[string]bool{"tfa": false})
	case s.Parseable:
		return c.printLines("tfa\tfalse")
	}
	return c.printLines("Two factor authentication disabled.")
}
