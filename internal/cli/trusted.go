package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"godwit/internal/npm"
	"godwit/internal/registry"
)

// trusted publishing: a CI service vouches for the job, and the registry gives a
// token for that (npm 11, utils/oidc.js).
//
//	GitHub Actions   ACTIONS_ID_TOKEN_REQUEST_URL answers with the service's word
//	the others       have it in NPM_ID_TOKEN
//	registry         POST -/npm/v1/oidc/token/exchange/package/NAME

// vouched opens the registry with a token for one package, if this runs on a CI
// service and the registry trusts it. tried tells what came of it, "" where
// there was nothing to try; a registry without any such thing is no failure.
func (c *call) vouched(ctx context.Context, at string, name npm.Name) (e *endpoint, tried string) {
	word, why := c.word(ctx, at)
	if word == "" {
		return nil, why
	}
	e, err := c.endpointAt(at)
	if err != nil {
		return nil, err.Error()
	}
	open := saysPublic(word)
	prefix := e.prefix()
	if e, err = c.endpointAt(at, registry.Credential{Prefix: prefix, Token: word}); err != nil {
		return nil, err.Error()
	}
	var answer struct{ Token string }
	if _, err := e.send(ctx, http.MethodPost, "-/npm/v1/oidc/token/exchange/package/"+registry.EscapedName(name), nil, &answer); err != nil {
		return nil, registry.Brief(err)
	}
	if answer.Token == "" {
		return nil, "the registry answered without a token"
	}
	if e, err = c.endpointAt(at, registry.Credential{Prefix: prefix, Token: answer.Token}); err != nil {
		return nil, err.Error()
	}
	e.open = open
	return e, c.cfg.Settings.CIName + " vouched for this job"
}

// word is what the CI service says about the job, or "" and why there is none.
func (c *call) word(ctx context.Context, at string) (token, why string) {
	service := c.cfg.Settings.CIName
	if service != onGitHub && service != onGitLab && service != "CircleCI" {
		return "", ""
	}
	if token := c.variable("NPM_ID_TOKEN"); token != "" {
		return token, ""
	}
	if service != onGitHub {
		return "", service + " has set no NPM_ID_TOKEN"
	}
	ask, secret := c.variable("ACTIONS_ID_TOKEN_REQUEST_URL"), c.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if ask == "" || secret == "" {
		return "", "the workflow has no permission id-token: write"
	}
	registryURL, err := url.Parse(at)
	if err != nil {
		return "", "the registry has no URL"
	}
	token, err = c.askService(ctx, ask, secret, "npm:"+registryURL.Hostname())
	if err != nil {
		return "", "GitHub gave no token: " + registry.Brief(err)
	}
	return token, ""
}

// askService gets the word of GitHub Actions for an audience.
func (c *call) askService(ctx context.Context, ask, secret, audience string) (string, error) {
	u, err := url.Parse(ask)
	if err != nil {
		return "", errors.New("ACTIONS_ID_TOKEN_REQUEST_URL is no URL")
	}
	query := u.Query()
	query.Add("audience", audience)
	host := url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}
	e, err := c.serviceAt(host.String(), registry.Credential{Prefix: "//" + u.Host + "/", Token: secret})
	if err != nil {
		return "", err
	}
	var answer struct{ Value string }
	_, err = e.send(ctx, "", strings.TrimPrefix(u.EscapedPath(), "/")+"?"+query.Encode(), nil, &answer)
	if err == nil && answer.Value == "" {
		err = errors.New("the answer has no value")
	}
	return answer.Value, err
}

// saysPublic reports whether a service's word is about a repository that is there
// for everybody. It is only the service that is asked; the registry checks.
func saysPublic(word string) bool {
	parts := strings.Split(word, ".")
	if len(parts) != 3 {
		return false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		GitHub string `json:"repository_visibility"`
		GitLab string `json:"project_visibility"`
	}
	return err == nil && json.Unmarshal(text, &claims) == nil && (claims.GitHub == "public" || claims.GitLab == "public")
}

// variable is one of the environment, "" where it is not set.
func (c *call) variable(name string) string {
	value, _ := c.variableSet(name)
	return value
}

// variableSet is one of the environment, and whether it is set.
func (c *call) variableSet(name string) (string, bool) {
	for _, kv := range c.Env {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
