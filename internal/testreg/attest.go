package testreg

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"godwit/internal/testreg/notary"
)

// attestings are the ways in which a statement about a version is signed.
func attestings() []string {
	return append(notary.Faults(), "wrong-digest", "wrong-name", "unreadable", "keyed", "expired-key", "stray-key")
}

// notary is whoever signs, and trusts, what has to do with statements. r.mu is held.
func (r *Registry) notary() *notary.Notary {
	if r.sealer == nil {
		r.sealer = notary.New(time.Now)
	}
	return r.sealer
}

// serveNotary answers as Fulcio and Rekor do.
func (r *Registry) serveNotary(x *exchange, body []byte) {
	answer := r.notary().GiveCertificate
	switch x.route.rest {
	case "root":
		x.status, x.body = http.StatusOK, r.notary().Root()
		return
	case "fulcio/api/v2/signingCert":
	case "rekor/api/v1/log/entries":
		answer = r.notary().WriteEntry
	default:
		x.refuse(http.StatusNotFound, "Not found")
		return
	}
	got, err := answer(body)
	if err != nil {
		x.json(http.StatusBadRequest, object{{"code", 3}, {"message", err.Error()}})
		return
	}
	x.json(http.StatusCreated, got)
}

// serveAttestations lists what was signed about a version.
func (r *Registry) serveAttestations(x *exchange, v *version) {
	if v == nil || v.attested == "" && v.bundle == nil {
		x.refuse(http.StatusNotFound, "Not found")
		return
	}
	bundle := v.bundle
	if bundle == nil {
		bundle = r.attest(v)
	}
	text, err := json.Marshal(map[string]any{"attestations": []any{
		map[string]any{"predicateType": "https://slsa.dev/provenance/v1", "bundle": bundle},
	}})
	if err != nil { // a bundle that is cut short
		text = append([]byte(`{"attestations": [{"predicateType": "https://slsa.dev/provenance/v1", "bundle": `), bundle...)
	}
	x.status, x.body = http.StatusOK, text
	x.header.Set("Content-Type", "application/json")
}

// attest makes the statement about a version.
func (r *Registry) attest(v *version) json.RawMessage {
	name, sum := strings.Replace(v.name, "@", "%40", 1), sha512.Sum512(v.tarball)
	switch v.attested {
	case "wrong-digest":
		sum[0] ^= 1
	case "wrong-name":
		name += "-other"
	}
	statement := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"pkg:npm/` + name + "@" + v.version +
		`","digest":{"sha512":"` + hex.EncodeToString(sum[:]) + `"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}`)
	switch v.attested {
	case "unreadable":
		statement = statement[:9]
	case "keyed":
		return r.notary().Keyed(statement, r.fx.signing.key, "SHA256:test")
	case "expired-key":
		return r.notary().Keyed(statement, r.fx.signing.key, "SHA256:old")
	case "stray-key":
		return r.notary().Keyed(statement, r.fx.signing.key, "SHA256:stray")
	case "wrong-digest", "wrong-name":
		return r.notary().Attest(statement, "good")
	}
	return r.notary().Attest(statement, v.attested)
}
