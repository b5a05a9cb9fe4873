package testreg

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// serveAudit answers the bulk endpoint with the advisories about the names asked
// for, whatever the versions, as the public registry leaves that to the client.
func (r *Registry) serveAudit(x *exchange, body []byte) {
	if x.request.Header.Get("Content-Encoding") == "gzip" { // npm
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(z)
		}
		if err != nil {
			x.refuse(http.StatusBadRequest, err.Error())
			return
		}
	}
	asked := map[string][]string{}
	if err := json.Unmarshal(body, &asked); err != nil {
		x.refuse(http.StatusBadRequest, "the body is not a list of versions for each name")
		return
	}
	out := object{}
	for _, m := range r.fx.advisories {
		if len(asked[m.key]) > 0 {
			out = append(out, m)
		}
	}
	x.json(http.StatusOK, out)
}

// A signing is how a registry signs what it publishes.
type signing struct {
	key   *ecdsa.PrivateKey
	rules []signRule
}

// A signRule says how the packages of a pattern are signed: good, bad, none, or
// expired (well, with a key that was not good any more).
type signRule struct{ pattern, how string }

// parseSigning reads lines "PATTERN good|bad|none|expired", and makes a key.
func parseSigning(file, text string) (*signing, error) {
	rules, err := parseRules(file, text, []string{"good", "bad", "none", "expired"})
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &signing{key, rules}, err
}

// parseRules reads lines "PATTERN WORD".
func parseRules(file, text string, ways []string) (rules []signRule, err error) {
	err = eachLine(file, text, func(words []string) error {
		if len(words) != 2 || !slices.Contains(ways, words[1]) {
			return fmt.Errorf("write PATTERN and one of %s", strings.Join(ways, ", "))
		}
		rules = append(rules, signRule{words[0], words[1]})
		return nil
	})
	return rules, err
}

// sign is what dist.signatures has for a version, or nil.
func (s *signing) sign(name, version, integrity string) []object {
	for _, rule := range s.rules {
		if !glob(rule.pattern, name) {
			continue
		}
		if rule.how == "none" {
			return nil
		}
		text := name + "@" + version + ":" + integrity
		if rule.how == "bad" {
			text += " or not"
		}
		id := "SHA256:test"
		if rule.how == "expired" {
			id = "SHA256:old"
		}
		sum := sha256.Sum256([]byte(text))
		sig, err := ecdsa.SignASN1(rand.Reader, s.key, sum[:])
		if err != nil {
			panic("testreg: " + err.Error())
		}
		return []object{{{"keyid", id}, {"sig", base64.StdEncoding.EncodeToString(sig)}}}
	}
	return nil
}

// serveKeys lists one key under two names, of which the second expired before
// anything here was published.
func (r *Registry) serveKeys(x *exchange) {
	if r.fx.signing == nil {
		x.refuse(http.StatusNotFound, "Not found")
		return
	}
	der, err := x509.MarshalPKIXPublicKey(&r.fx.signing.key.PublicKey)
	if err != nil {
		x.refuse(http.StatusInternalServerError, err.Error())
		return
	}
	key := func(id string, expires any) object {
		return object{{"expires", expires}, {"keyid", id}, {"keytype", "ecdsa-sha2-nistp256"}, {"scheme", "ecdsa-sha2-nistp256"}, {"key", base64.StdEncoding.EncodeToString(der)}}
	}
	x.json(http.StatusOK, object{{"keys", []object{key("SHA256:test", nil), key("SHA256:old", "2019-01-01T00:00:00.000Z")}}})
}
