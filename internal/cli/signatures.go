package cli

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"godwit/internal/audit"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/registry"
	"godwit/internal/spawn"
)

// registryKey is one that a registry signs with (-/npm/v1/keys).
type registryKey struct {
	ID      string  `json:"keyid"`
	Type    string  `json:"keytype"` // ecdsa-sha2-nistp256
	Key     string  `json:"key"`     // base64 of DER
	Expires *string `json:"expires"`
}

// signed is what a registry says of one version.
type signed struct {
	Dist struct {
		Integrity  string `json:"integrity"`
		Signatures []struct {
			KeyID string `json:"keyid"`
			Sig   string `json:"sig"`
		} `json:"signatures"`
	} `json:"dist"`
}

// verdict is a package whose signature is not right, in npm's JSON.
type verdict struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Registry string `json:"registry"`
	Code     string `json:"code,omitempty"`
	problem  string
}

// auditSignatures is audit signatures: whether the registry has signed each
// package of the lockfile with a key that it says is its own.
func (c *call) auditSignatures(ctx context.Context) error {
	a, err := c.newAuditor()
	if err != nil {
		return err
	}
	var all []verdict
	for name, versions := range audit.Question(a.graph, a.reach) {
		for _, version := range versions {
			all = append(all, verdict{Name: name, Version: version})
		}
	}
	slices.SortFunc(all, func(a, b verdict) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Version, b.Version))
	})
	s := &signatures{call: c, registries: map[string]*signer{}}
	begin := c.Now()
	if err := s.open(ctx, all); err != nil {
		return err
	}
	// As many at one time as outdated asks for.
	err = spawn.Each(len(all), packumentsAtOnce, true, func(i int) error { return s.check(ctx, &all[i]) })
	if err != nil {
		return err
	}
	return s.report(all, c.Now().Sub(begin))
}

// signatures is the registries that packages are from.
type signatures struct {
	*call
	registries map[string]*signer
}

// signer is a registry and its keys; without any it signs nothing.
type signer struct {
	*endpoint
	keys []registryKey
}

// open asks each registry for its keys.
func (s *signatures) open(ctx context.Context, all []verdict) error {
	found := false
	for i := range all {
		at, err := s.cfg.Registries.For(npm.Name(all[i].Name))
		if err != nil {
			return err
		}
		all[i].Registry = at
		if s.registries[at] == nil {
			e, err := s.endpointAt(at)
			if err != nil {
				return err
			}
			var answer struct{ Keys []registryKey }
			if _, err := e.send(ctx, "", "-/npm/v1/keys", nil, &answer); err != nil && !isNotFound(err) {
				return err
			}
			s.registries[at] = &signer{e, answer.Keys}
		}
		found = found || len(s.registries[at].keys) > 0
	}
	if !found {
		return &refusedError{what: "no registry that packages are from signs them", code: "ERR_GODWIT_NO_SIGNATURES", next: "there is nothing to check"}
	}
	return nil
}

// check compares one package's signature with what the lockfile's registry says.
func (s *signatures) check(ctx context.Context, v *verdict) error {
	r := s.registries[v.Registry]
	if len(r.keys) == 0 {
		v.problem = "unsigned"
		return nil
	}
	var m signed
	if _, err := r.send(ctx, "", registry.EscapedName(npm.Name(v.Name))+"/"+escape(v.Version), nil, &m); err != nil {
		return fmt.Errorf("ask for %s@%s: %w", v.Name, v.Version, err)
	}
	if len(m.Dist.Signatures) == 0 {
		v.problem = "missing"
		return nil
	}
	message := sha256.Sum256([]byte(v.Name + "@" + v.Version + ":" + m.Dist.Integrity))
	for _, sig := range m.Dist.Signatures {
		at := slices.IndexFunc(r.keys, func(k registryKey) bool { return k.ID == sig.KeyID })
		if at < 0 || !r.keys[at].verify(message[:], sig.Sig) {
			v.problem, v.Code = "invalid", "EINTEGRITYSIGNATURE"
			return nil
		}
		if r.keys[at].Expires == nil {
			continue
		}
		if good, err := r.signedBefore(ctx, v, *r.keys[at].Expires); err != nil {
			return err
		} else if !good {
			v.problem, v.Code = "invalid", "EEXPIREDSIGNATUREKEY"
			return nil
		}
	}
	return nil
}

// verify reports whether sig is the key's over a SHA-256.
func (k *registryKey) verify(sum []byte, sig string) bool {
	der, err := base64.StdEncoding.DecodeString(k.Key)
	if err != nil {
		return false
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return false
	}
	ec, ok := public.(*ecdsa.PublicKey)
	raw, err := base64.StdEncoding.DecodeString(sig)
	return ok && err == nil && ecdsa.VerifyASN1(ec, sum, raw)
}

// signedBefore reports whether a version was published before its key expired.
func (r *signer) signedBefore(ctx context.Context, v *verdict, expires string) (bool, error) {
	var doc struct{ Time map[string]time.Time }
	if _, err := r.send(ctx, "", registry.EscapedName(npm.Name(v.Name)), nil, &doc); err != nil {
		return false, fmt.Errorf("ask when %s@%s was published: %w", v.Name, v.Version, err)
	}
	end, err := time.Parse(time.RFC3339, expires)
	published := doc.Time[v.Version]
	return err == nil && !published.IsZero() && published.Before(end), nil
}

// report tells the verdicts, and fails unless all are right.
func (s *signatures) report(all []verdict, took time.Duration) error {
	by := map[string][]verdict{}
	for _, v := range all {
		by[v.problem] = append(by[v.problem], v)
	}
	if s.cfg.Settings.Call.JSON {
		err := writeJSON(s.Stdout, map[string][]verdict{"invalid": append([]verdict{}, by["invalid"]...), "missing": append([]verdict{}, by["missing"]...)})
		if err != nil {
			return err
		}
	} else if err := s.tell(by, len(all), took); err != nil {
		return err
	}
	if len(by["invalid"])+len(by["missing"]) > 0 {
		return vulnerableError{}
	}
	return nil
}

func (s *signatures) tell(by map[string][]verdict, total int, took time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "audited %d packages", total)
	if s.lock.Format == lockfile.Npm {
		fmt.Fprintf(&b, " in %s", took.Round(time.Second))
	}
	b.WriteString("\n\n")
	if n := len(by[""]); n > 0 {
		fmt.Fprintf(&b, "%d packages have verified registry signatures\n\n", n)
	}
	if n := len(by["unsigned"]); n > 0 {
		fmt.Fprintf(&b, "%d packages are from registries that sign nothing\n\n", n)
	}
	for _, kind := range []struct{ problem, text string }{
		{"missing", "packages have no signature, although the registry has keys:"},
		{"invalid", "packages have invalid signatures; someone may have tampered with them since they were published:"},
	} {
		if len(by[kind.problem]) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%d %s\n\n", len(by[kind.problem]), kind.text)
		for _, v := range by[kind.problem] {
			fmt.Fprintf(&b, "%s@%s (%s)\n", v.Name, v.Version, v.Registry)
		}
		b.WriteByte('\n')
	}
	_, err := fmt.Fprint(s.Stdout, plainLines(b.String()))
	return err
}
