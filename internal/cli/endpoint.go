package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"godwit/internal/cli/ui"
	"godwit/internal/npm"
	"godwit/internal/project"
	"godwit/internal/registry"
)

// endpoint is a registry to which a command speaks for the user.
type endpoint struct {
	*call
	client *registry.Client
	url    string // of the registry, with a slash at its end
	otp    string // one-time password; "" until one is asked for

	service bool // no registry: it gets no password, and may be asked twice
	open    bool // of a trusted job, whose repository is there for everybody
}

// endpointAt opens the registry at a URL, with creds in the place of what is
// configured for the same prefixes.
func (c *call) endpointAt(url string, creds ...registry.Credential) (*endpoint, error) {
	o, err := c.clientOptions(nil)
	if err != nil {
		return nil, err
	}
	o.Default, o.Scopes = url, nil
	o.Command = commandOf(c.args.Positional)
	o.Credentials = append(creds, o.Credentials...) // of two for one prefix the first counts
	e := &endpoint{call: c, url: strings.TrimRight(url, "/") + "/", otp: c.cfg.Settings.Publish.OTP.Reveal()}
	e.client, err = registry.New(o)
	return e, err
}

// serviceAt opens what is no registry.
func (c *call) serviceAt(url string, creds ...registry.Credential) (*endpoint, error) {
	e, err := c.endpointAt(url, creds...)
	if err == nil {
		e.otp, e.service = "", true
	}
	return e, err
}

// endpointOf opens the registry that a name comes from; "" is the default one,
// or that of --scope.
func (c *call) endpointOf(name npm.Name) (*endpoint, error) {
	if scope := c.cfg.Settings.Publish.Scope; name == "" && scope != "" {
		name = npm.Name("@" + strings.TrimPrefix(scope, "@") + "/x") // only its scope counts
	}
	at, err := c.cfg.Registries.For(name)
	if err != nil {
		return nil, err
	}
	return c.endpointAt(at)
}

// prefix is what the keys of .npmrc about this registry begin with.
func (e *endpoint) prefix() string {
	u, err := url.Parse(e.url)
	if err != nil {
		return "//" // the client has parsed it before
	}
	return "//" + u.Host + u.EscapedPath()
}

// loggedIn reports whether there is a credential for the registry.
func (e *endpoint) loggedIn() bool {
	creds := e.cfg.Registries.Credentials(e.url, e.url)
	return !creds.Authorization.Empty() || creds.CertFile != ""
}

// maxReply bounds what a registry answers: a packument at the most.
const maxReply = 512 << 20

// reply is a registry's answer to a message.
type reply struct {
	status int
	header http.Header
}

// send speaks to the registry: body, unless nil, is sent as JSON, and the answer
// is decoded into to, unless that is nil; a *[]byte gets it as it is. Where the registry wants a one-time
// password, whoever sits there is asked for one.
func (e *endpoint) send(ctx context.Context, method, path string, body, to any) (reply, error) {
	payload, err := encode(body)
	if err != nil {
		return reply{}, err
	}
	for {
		got, err := e.once(ctx, method, path, payload, to)
		var status *registry.StatusError
		if !errors.As(err, &status) || e.service || !status.OTP || e.otp != "" {
			return got, err
		}
		if e.otp, err = e.askOTP(ctx, status); err != nil {
			return got, err
		}
	}
}

// value asks for a JSON document, whose members keep their order.
func (e *endpoint) value(ctx context.Context, path, what string) (project.Node, error) {
	var text []byte
	if _, err := e.send(ctx, "", path, nil, &text); err != nil {
		return project.Node{}, err
	}
	return project.ParseValue(what, string(text))
}

// change sends what changes a package, of which the cache then knows nothing: the
// next install is to see it.
func (e *endpoint) change(ctx context.Context, name npm.Name, method, path string, body any) error {
	_, err := e.send(ctx, method, path, body, nil)
	e.client.Forget(name)
	return err
}

func encode(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, fmt.Errorf("encode the message: %w", err)
	}
	return b.Bytes(), nil
}

func (e *endpoint) once(ctx context.Context, method, path string, payload []byte, to any) (reply, error) {
	header := http.Header{"Accept": {"application/json"}, "Npm-Auth-Type": {e.cfg.Settings.Publish.AuthType}}
	if payload != nil {
		header.Set("Content-Type", "application/json")
	}
	if e.otp != "" {
		header.Set("Npm-Otp", e.otp)
	}
	var got reply
	req := registry.RelayRequest{Method: method, Path: path, Header: header, Body: payload, Limit: maxReply, Again: e.service}
	err := e.client.Relay(ctx, req, func(r registry.Relayed) error {
		got = reply{r.Status, r.Header}
		data, err := io.ReadAll(r.Body)
		if err != nil || to == nil || len(bytes.TrimSpace(data)) == 0 {
			return err
		}
		if raw, ok := to.(*[]byte); ok {
			*raw = data
			return nil
		}
		if err := json.Unmarshal(data, to); err != nil {
			return fmt.Errorf("%s %s: the answer is not a registry's: %w", cmp.Or(method, http.MethodGet), path, err)
		}
		return nil
	})
	return got, err
}

// askOTP gets a one-time password: through the web where the registry offers
// that, else typed.
func (e *endpoint) askOTP(ctx context.Context, status *registry.StatusError) (string, error) {
	if !e.Terminal || e.cfg.Settings.CI {
		return "", &otpError{status}
	}
	var web struct{ AuthURL, DoneURL string }
	if json.Unmarshal(status.Body, &web) == nil && web.AuthURL != "" && web.DoneURL != "" {
		fmt.Fprintf(e.Stderr, "Authenticate your account at:\n%s\n", ui.Plain(web.AuthURL))
		return e.poll(ctx, web.DoneURL)
	}
	fmt.Fprint(e.Stderr, "This operation requires a one-time password.\nEnter OTP: ")
	line, err := e.answer()
	if err != nil || line == "" {
		return "", &otpError{status}
	}
	return line, nil
}

// answer reads what is typed up to the end of the line.
func (c *call) answer() (string, error) {
	line, err := bufio.NewReader(oneByOne{c.Stdin}).ReadString('\n')
	return strings.TrimSpace(line), err
}

// oneByOne reads no more than is used, so that the next question has its answer.
type oneByOne struct{ r io.Reader }

func (o oneByOne) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// patience is how long a login in the browser may take before we stop asking
// whether it happened; npm asks until it is interrupted.
const patience = 10 * time.Minute

// poll waits until the user has done in a browser what the registry asked for,
// and returns the token that it gives then. The address must be the registry's
// own: it is a stranger's word, and is asked with our credentials.
func (e *endpoint) poll(ctx context.Context, done string) (string, error) {
	path, ok := strings.CutPrefix(done, e.url)
	if !ok {
		return "", fmt.Errorf("the registry wants to be asked at %s, which is not below %s", ui.Plain(done), e.url)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		var answer struct{ Token string }
		got, err := e.once(ctx, "", path, nil, &answer)
		switch {
		case err != nil:
			return "", err
		case got.status == http.StatusOK && answer.Token != "":
			return answer.Token, nil
		case got.status != http.StatusAccepted:
			return "", fmt.Errorf("the registry gave no token: log in again, or with --auth-type=legacy")
		}
		seconds, _ := strconv.Atoi(got.header.Get("Retry-After"))
		// Between a second, for registries that say nothing (npm does not wait at
		// all then), and a minute.
		if err := registry.Sleep(ctx, time.Duration(min(max(seconds, 1), 60))*time.Second); err != nil {
			return "", err
		}
	}
}

// otpError is a one-time password that nobody is there to type.
type otpError struct{ status *registry.StatusError }

func (e *otpError) Error() string {
	return "the registry wants a one-time password for " + e.status.Method + " " + e.status.URL
}
func (e *otpError) Unwrap() error { return e.status }

// Code is npm's code for this error.
func (e *otpError) Code() string { return "EOTP" }

// Hint is what the user can do.
func (e *otpError) Hint() string {
	return "pass --otp=<code>, or use a token that needs none"
}

// loginError is a registry that is not told who we are.
type loginError struct{ url, tried string }

func (e *loginError) Error() string {
	msg := "this needs a login at " + e.url
	if e.tried != "" {
		msg += "; trusted publishing was tried: " + e.tried
	}
	return msg
}

// Code is npm's code for this error.
func (e *loginError) Code() string { return "ENEEDAUTH" }

// Hint is what the user can do.
func (e *loginError) Hint() string {
	return "godwit login --registry=" + e.url + ", or write its token to ~/.npmrc"
}
