package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"godwit/internal/cli/ui"
	"godwit/internal/config"
	"godwit/internal/project"
	"godwit/internal/registry"
)

const loginHelp = `The registry is the default one, that of --registry, or, with --scope, one that
packages of the scope are to come from. It is asked for a page to log in at; where
it has none, or with --auth-type=legacy, a name and a password are asked for. The
token goes to the user's .npmrc, which nobody else can read.`

// runLogin is the command login.
func runLogin(ctx context.Context, c *call) error {
	if !c.Terminal || c.cfg.Settings.CI {
		return &usageError{"login asks questions, and there is no terminal", "write //host/path/:_authToken=${NPM_TOKEN} to .npmrc, with the host and path of the registry"}
	}
	e, err := c.loginEndpoint()
	if err != nil {
		return err
	}
	token := ""
	if c.cfg.Settings.Publish.AuthType == "web" {
		if token, err = e.loginWeb(ctx); err != nil {
			return fmt.Errorf("log in at %s: %w", e.url, err)
		}
	}
	if token == "" {
		if token, err = e.loginLegacy(ctx); err != nil {
			return fmt.Errorf("log in at %s: %w", e.url, err)
		}
	}
	if err := c.keep(e.prefix()+":_authToken", token); err != nil {
		return err
	}
	if scope := c.cfg.Settings.Publish.Scope; scope != "" {
		if err := c.keep("@"+strings.TrimPrefix(scope, "@")+":registry", e.url); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(c.Stdout, "Logged in on %s\n", e.url)
	return err
}

// loginEndpoint is the registry to log in at. Of --scope and --registry together
// the latter names it, and the former what it is for.
func (c *call) loginEndpoint() (*endpoint, error) {
	if c.args.Has("registry") {
		return c.endpointAt(c.cfg.Registries.Default)
	}
	return c.endpointOf("")
}

// loginWeb lets the user log in in a browser. The token is "" where the registry
// knows nothing of that.
func (e *endpoint) loginWeb(ctx context.Context) (string, error) {
	var page struct{ LoginURL, DoneURL string }
	_, err := e.send(ctx, http.MethodPost, "-/v1/login", map[string]string{}, &page)
	var status *registry.StatusError
	if errors.As(err, &status) && status.Status >= 400 && status.Status < 500 && status.Status != http.StatusTooManyRequests {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if page.LoginURL == "" || page.DoneURL == "" {
		return "", nil
	}
	fmt.Fprintf(e.Stderr, "Login at:\n%s\n", ui.Plain(page.LoginURL))
	return e.poll(ctx, page.DoneURL)
}

// loginLegacy asks for a name and a password (CouchDB's users, npm-profile).
func (e *endpoint) loginLegacy(ctx context.Context) (string, error) {
	fmt.Fprint(e.Stderr, "Username: ")
	user, err := e.answer()
	if user == "" {
		return "", errors.Join(errors.New("no user name was typed"), err)
	}
	fmt.Fprint(e.Stderr, "Password: ")
	password, err := e.secretAnswer()
	if password == "" {
		return "", errors.Join(errors.New("no password was typed"), err)
	}
	body := map[string]any{
		"_id": "org.couchdb.user:" + user, "name": user, "password": password,
		"type": "user", "roles": []string{}, "date": e.Now().UTC().Format(time.RFC3339),
	}
	var answer struct{ Token string }
	if _, err := e.send(ctx, http.MethodPut, "-/user/org.couchdb.user:"+escape(user), body, &answer); err != nil {
		return "", err
	}
	if answer.Token == "" {
		return "", errors.New("the registry gave no token")
	}
	return answer.Token, nil
}

// secretAnswer reads what is typed without showing it, where that can be had.
func (c *call) secretAnswer() (string, error) {
	if c.Secret == nil {
		return c.answer()
	}
	defer fmt.Fprintln(c.Stderr)
	return c.Secret()
}

// keep writes a line to the user's .npmrc.
func (c *call) keep(key, value string) error {
	change, err := config.NewChange(key, project.Text(value), false)
	if err != nil {
		return err
	}
	at, err := c.cfg.Place("user", key, false)
	if err != nil {
		return err
	}
	return writeSetting(at, change, true)
}

// runLogout is the command logout: the registry forgets the token, and so does
// the file that has it.
func runLogout(ctx context.Context, c *call) error {
	e, err := c.loginEndpoint()
	if err != nil {
		return err
	}
	creds := c.cfg.Registries.Credentials(e.url, e.url)
	if creds.Authorization.Empty() {
		return &loginError{url: e.url}
	}
	if token, ok := strings.CutPrefix(creds.Authorization.Reveal(), "Bearer "); ok {
		if _, err := e.send(ctx, http.MethodDelete, "-/user/token/"+escape(token), nil, nil); err != nil && !registry.IsNotFound(err) {
			return fmt.Errorf("log out of %s: %w", e.url, withoutPath(err))
		}
	}
	if creds.Source.Level == config.FromEnv || creds.Source.Level == config.FromFlag {
		return &usageError{fmt.Sprintf("the token of %s is from %s", e.url, creds.Source.Level), "take it away there"}
	}
	for _, field := range []string{"_authToken", "_auth", "username", "_password"} {
		at := config.Place{File: creds.Source.Name}
		for _, prefix := range []string{creds.Prefix, strings.TrimSuffix(creds.Prefix, "/")} {
			if err := writeSetting(at, config.Removal(prefix+":"+field), true); err != nil {
				return err
			}
		}
	}
	_, err = fmt.Fprintf(c.Stdout, "Logged out on %s\n", e.url)
	return err
}

// withoutPath is an error without the URL, which has the token in it.
func withoutPath(err error) error {
	var status *registry.StatusError
	if errors.As(err, &status) {
		return fmt.Errorf("the registry answered %d", status.Status)
	}
	var network *registry.NetworkError
	if errors.As(err, &network) {
		return network.Err
	}
	return errors.New("the registry could not be asked")
}

// runWhoami is the command whoami.
func runWhoami(ctx context.Context, c *call) error {
	e, err := c.endpointOf("")
	if err != nil {
		return err
	}
	if !e.loggedIn() {
		return &loginError{url: e.url}
	}
	var answer struct{ Username string }
	if _, err := e.send(ctx, "", "-/whoami", nil, &answer); err != nil {
		return err
	}
	if answer.Username == "" {
		return &loginError{url: e.url}
	}
	if c.cfg.Settings.Call.JSON {
		return writeJSON(c.Stdout, answer.Username)
	}
	_, err = fmt.Fprintln(c.Stdout, ui.Plain(answer.Username))
	return err
}

// runPing is the command ping.
func runPing(ctx context.Context, c *call) error {
	e, err := c.endpointOf("")
	if err != nil {
		return err
	}
	say := c.Stderr
	if !c.likeNpm() && !c.cfg.Settings.Call.JSON {
		say = c.Stdout
	}
	fmt.Fprintf(say, "PING %s\n", e.url)
	details := map[string]any{}
	begin := c.Now()
	if _, err := e.send(ctx, "", "-/ping?write=true", nil, &details); err != nil {
		return err
	}
	took := c.Now().Sub(begin).Milliseconds()
	if _, err := fmt.Fprintf(say, "PONG %dms\n", took); err != nil || !c.cfg.Settings.Call.JSON {
		return err
	}
	return writeJSON(c.Stdout, struct {
		Registry string         `json:"registry"`
		Time     int64          `json:"time"`
		Details  map[string]any `json:"details"`
	}{e.url, took, details})
}
