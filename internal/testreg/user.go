package testreg

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// serveTokens lists, makes and revokes the user's tokens. r.mu is held.
func (r *Registry) serveTokens(x *exchange, body []byte) {
	if r.tokens == nil {
		r.tokens = []object{
			{{"token", "npm_aaaa"}, {"key", "aaaaaaaaaa0000000000"}, {"cidr_whitelist", nil}, {"readonly", false}, {"name", "first"}, {"created", "2020-01-01T10:00:00.000Z"}, {"updated", "2020-01-01T10:00:00.000Z"}},
			{{"token", "npm_bbbb"}, {"key", "aaaaaaaaaa1111111111"}, {"cidr_whitelist", []string{"10.0.0.0/8"}}, {"readonly", true}, {"name", "second"}, {"created", "2020-01-02T10:00:00.000Z"}, {"updated", "2020-01-02T10:00:00.000Z"}},
		}
	}
	switch x.request.Method {
	case http.MethodGet:
		r.listTokens(x)
	case http.MethodPost:
		r.makeToken(x, body)
	case http.MethodDelete:
		key := x.route.rest
		is := func(t object) bool { return t.text("key") == key || strings.HasPrefix(key, t.text("token")) }
		if !slices.ContainsFunc(r.tokens, is) {
			x.refuse(http.StatusNotFound, "Not found")
			return
		}
		r.tokens = slices.DeleteFunc(r.tokens, is)
		x.status = http.StatusNoContent
	default:
		x.refuse(http.StatusMethodNotAllowed, "Method not allowed")
	}
}

// listTokens gives one on each page, so that clients have to turn them.
func (r *Registry) listTokens(x *exchange) {
	page := 0
	fmt.Sscan(x.request.URL.Query().Get("page"), &page)
	urls, list := object{}, []object{}
	if page < len(r.tokens) {
		list = r.tokens[page : page+1]
	}
	if page+1 < len(r.tokens) {
		urls.set("next", fmt.Sprintf("/-/npm/v1/tokens?page=%d", page+1))
	}
	x.json(http.StatusOK, object{{"objects", list}, {"total", len(r.tokens)}, {"urls", urls}})
}

func (r *Registry) makeToken(x *exchange, body []byte) {
	var sent object
	if err := json.Unmarshal(body, &sent); err != nil || sent.text("password") == "" {
		x.refuse(http.StatusBadRequest, "the body is no request for a token")
		return
	}
	if sent.text("password") == "wrong" {
		x.refuse(http.StatusUnauthorized, "bad password")
		return
	}
	made := object{{"token", "npm_made0123456789"}, {"key", "cccccccccc2222222222"}, {"cidr_whitelist", []string{}}, {"readonly", false}, {"created", "2020-01-03T10:00:00.000Z"}, {"updated", "2020-01-03T10:00:00.000Z"}}
	for _, m := range sent {
		if m.key != "password" {
			made.set(m.key, m.value)
		}
	}
	if sent.lookup("expires") != nil {
		made.set("expires", "2020-01-04T10:00:00.000Z")
	}
	r.tokens = append(r.tokens, made)
	x.json(http.StatusOK, made)
}

// serveProfile tells and changes what the registry knows of the user. r.mu is held.
func (r *Registry) serveProfile(x *exchange, body []byte) {
	if r.profile == nil {
		r.profile = object{
			{"tfa", nil}, {"name", "tester"}, {"email", "tester@registry.example"}, {"email_verified", true},
			{"created", "2020-01-01T10:00:00.000Z"}, {"updated", "2020-01-01T10:00:00.000Z"}, {"cidr_whitelist", nil}, {"fullname", "Tess Ter"},
		}
	}
	if x.request.Method == http.MethodGet {
		x.json(http.StatusOK, r.profile)
		return
	}
	var sent object
	if err := json.Unmarshal(body, &sent); err != nil {
		x.refuse(http.StatusBadRequest, "the body is no profile")
		return
	}
	if sent.lookup("tfa") != nil {
		r.secondFactor(x, sent)
		return
	}
	if sent.child("password").text("old") == "wrong" {
		x.refuse(http.StatusForbidden, "the old password is wrong")
		return
	}
	for _, m := range sent {
		if m.key != "password" {
			r.profile.set(m.key, m.value)
		}
	}
	x.json(http.StatusOK, r.profile)
}

// secondFactor answers a change of it: a mode and a password, or a code.
func (r *Registry) secondFactor(x *exchange, sent object) {
	is, ask := r.profile.child("tfa"), sent.child("tfa")
	mode := ask.text("mode")
	var code []string
	raw, _ := sent.lookup("tfa").(json.RawMessage)
	switch {
	case ask.text("password") == "wrong":
		x.refuse(http.StatusForbidden, "bad password")
	case mode == "disable":
		r.profile.set("tfa", nil)
		x.json(http.StatusOK, object{{"tfa", nil}})
	case mode != "" && is.lookup("pending") == false:
		r.profile.set("tfa", object{{"mode", mode}, {"pending", false}})
		x.json(http.StatusOK, object{{"tfa", object{{"mode", mode}, {"pending", false}}}})
	case mode != "":
		r.profile.set("tfa", object{{"mode", mode}, {"pending", true}})
		x.json(http.StatusOK, object{{"tfa", "otpauth://totp/registry:tester?secret=JBSWY3DPEHPK3PXP&issuer=registry"}})
	case json.Unmarshal(raw, &code) == nil && len(code) == 1 && code[0] == "123456" && is != nil:
		r.profile.set("tfa", object{{"mode", is.text("mode")}, {"pending", false}})
		x.json(http.StatusOK, object{{"tfa", []string{"recovery-one", "recovery-two"}}})
	default:
		x.refuse(http.StatusForbidden, "the code is wrong")
	}
}
