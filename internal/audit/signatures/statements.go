package signatures

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"godwit/internal/npm/integrity"
	"godwit/internal/provenance"
	"godwit/internal/registry"
	"godwit/internal/sigstore"
)

// attestation is a signed statement about a version: of its publisher's job, or
// of the registry.
type attestation struct {
	PredicateType string          `json:"predicateType"`
	Bundle        json.RawMessage `json:"bundle"`
}

// attested checks the statements that a registry names about a version, as npm 11
// does (pacote, registry.js), but that whatever is wrong with one is a verdict
// about this version, and does not end the audit.
func (s *checking) attested(ctx context.Context, r *signer, v *verdict, named json.RawMessage) error {
	v.keyID, v.sig = "", ""
	root, err := s.Root()
	if err != nil {
		return err
	}
	var at struct{ URL string }
	if err := json.Unmarshal(named, &at); err != nil {
		v.invalid(badStatement, "has statements at no address")
		return nil
	}
	var answer struct {
		Attestations json.RawMessage `json:"attestations"`
	}
	if err := r.statements(ctx, at.URL, &answer); err != nil {
		if ctx.Err() != nil {
			return err
		}
		v.invalid(badStatement, "has statements that the registry does not show: %s", registry.Brief(err))
		return nil
	}
	var list []attestation
	if err := json.Unmarshal(answer.Attestations, &list); err != nil || len(list) == 0 {
		v.invalid(badStatement, "has statements that cannot be read")
		return nil
	}
	for _, one := range list {
		if r.statement(v, root, one); v.problem == "invalid" {
			return nil
		}
	}
	v.attestations, v.bundles = named, answer.Attestations
	return nil
}

// badStatement is npm's code for statements that are not right.
const badStatement = "EATTESTATIONVERIFY"

// statements asks for those at an address. The host is always the one that was
// configured, whatever the registry behind it says of itself.
func (r *signer) statements(ctx context.Context, address string, answer any) error {
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("their address is none")
	}
	base, err := url.Parse(r.url)
	if err != nil {
		return err
	}
	ask, path := r.ask, u.EscapedPath()
	below, ok := strings.CutPrefix(path, base.EscapedPath())
	if !ok {
		host := url.URL{Scheme: base.Scheme, Host: base.Host, Path: "/"}
		if ask, err = r.open(host.String()); err != nil {
			return err
		}
		below = strings.TrimPrefix(path, "/")
	}
	return ask(ctx, below, answer)
}

// statement notes what is wrong with one.
func (r *signer) statement(v *verdict, root *sigstore.Root, one attestation) {
	bundle, err := sigstore.Parse(one.Bundle)
	if err != nil {
		v.invalid(badStatement, "has a statement that is not right: %v", err)
		return
	}
	v.predicate = one.PredicateType
	key, code, err := r.keyOf(bundle)
	if err != nil {
		v.invalid(code, "has a statement that %v", err)
		return
	}
	said, err := bundle.Statement()
	if err == nil {
		_, sum := hexOf(v.integrity)
		err = said.About(provenance.PackageURL(v.name, v.version), sum)
	}
	if err != nil {
		v.invalid("EATTESTATIONSUBJECT", "has a statement that is not about it: %v", err)
		return
	}
	if err := bundle.Verify(root, key); err != nil {
		v.keyID, v.sig = bundle.Named(), bundle.Signature()
		v.invalid(badStatement, "has a statement that is not right: %v", err)
	}
}

// keyOf is the registry's key that a bundle names, nil where it names none, or
// npm's code and what is wrong with it.
func (r *signer) keyOf(bundle *sigstore.Bundle) (key crypto.PublicKey, code string, err error) {
	id := bundle.Named()
	if id == "" {
		return nil, "", nil
	}
	named := r.key(id)
	if named == nil || named.public() == nil {
		return nil, "EMISSINGSIGNATUREKEY", fmt.Errorf("is signed with the key %s, which the registry does not have", id)
	}
	if named.Expires != nil {
		end, err := time.Parse(time.RFC3339, *named.Expires)
		if t := bundle.Time(); err != nil || t.IsZero() || !t.Before(end) {
			return nil, "EEXPIREDSIGNATUREKEY", fmt.Errorf("is signed with the key %s, which expired %s", id, *named.Expires)
		}
	}
	return named.public(), "", nil
}

// hexOf is the strongest hash of an integrity.
func hexOf(text string) (algorithm, digest string) {
	in, err := integrity.Parse(text)
	if err != nil {
		return "", ""
	}
	return in.Strongest().Hex()
}
