package cli

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/registry"
	"godwit/internal/sigstore"
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
		Tarball    string `json:"tarball"`
		Signatures []struct {
			KeyID string `json:"keyid"`
			Sig   string `json:"sig"`
		} `json:"signatures"`
		Attestations json.RawMessage `json:"attestations"`
	} `json:"dist"`
}

// verdict is what came of looking at one version.
type verdict struct {
	name, version, registry string
	places                  []place // of npm's node_modules; nil elsewhere

	locked              []string // integrities that the lockfile has
	integrity, resolved string   // as the registry has them
	problem             string   // "", missing, invalid; unsigned where the registry has no keys
	code, message       string   // of what is invalid
	keyID, sig          string   // with which it was signed
	predicate           string   // of the statement that it is about

	attestations json.RawMessage // dist.attestations, where they are right
	bundles      json.RawMessage // and what they are
}

// place is a directory of npm's that has a package, and how it is depended on.
type place struct{ dir, kind string }

// count is for how many packages a verdict stands: npm counts copies.
func (v *verdict) count() int { return max(len(v.places), 1) }

// invalid notes what is wrong with a version. The first thing counts.
func (v *verdict) invalid(code, format string, args ...any) {
	if v.problem != "invalid" {
		v.problem, v.code = "invalid", code
		v.message = v.name + "@" + v.version + " " + fmt.Sprintf(format, args...)
	}
}

// auditSignatures is audit signatures: whether the registry has signed each
// package of the lockfile with a key that it says is its own, and whether what
// is said of where they were built is signed as it should be.
func (c *call) auditSignatures(ctx context.Context) error {
	a, err := c.newAuditor()
	if err != nil {
		return err
	}
	all := a.verdicts()
	s := &signatures{call: c, registries: map[string]*signer{}, npm: c.ofNpm(), root: sync.OnceValues(c.trustedRoot)}
	begin := c.Now()
	if err := s.open(ctx, all); err != nil {
		return err
	}
	// As many at one time as outdated asks for.
	err = spawn.Each(len(all), packumentsAtOnce, true, func(i int) error { return s.check(ctx, all[i]) })
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(v *verdict) bool { return v.problem != "unsigned" || v.attestations != nil }) {
		return &refusedError{what: "no registry that packages are from signs them", code: "ERR_GODWIT_NO_SIGNATURES", next: "there is nothing to check"}
	}
	return s.report(all, c.Now().Sub(begin))
}

// verdicts lists the versions to look at, by name and version.
func (a *auditor) verdicts() []*verdict {
	type version struct {
		name    npm.Name
		version string
	}
	by := map[version]*verdict{}
	for key := range a.reach {
		p := a.graph.Packages[key]
		if p == nil || p.Resolution.Kind != graph.Registry {
			continue
		}
		at := version{p.Name, p.Version}
		v := by[at]
		if v == nil {
			v = &verdict{name: string(p.Name), version: p.Version}
			by[at] = v
		}
		if !slices.Contains(v.locked, p.Resolution.Integrity) {
			v.locked = append(v.locked, p.Resolution.Integrity)
		}
		if a.ofNpm() {
			v.places = append(v.places, place{dir: p.Dir, kind: a.kind(key)})
		}
	}
	all := slices.Collect(maps.Values(by))
	slices.SortFunc(all, func(a, b *verdict) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.version, b.version))
	})
	for _, v := range all {
		slices.SortFunc(v.places, func(a, b place) int { return strings.Compare(a.dir, b.dir) })
	}
	return all
}

// kind is the map of package.json that asks for a package.
func (a *auditor) kind(key graph.Key) string {
	for _, im := range a.graph.Importers {
		for _, d := range im.Deps {
			if d.Target.Key == key {
				return [...]string{graph.Prod: "dependencies", graph.Dev: "devDependencies", graph.Optional: "optionalDependencies"}[d.Group]
			}
		}
	}
	if a.reach[key] {
		return "optionalDependencies"
	}
	return "dependencies"
}

// signatures is the registries that packages are from.
type signatures struct {
	*call
	npm        bool
	registries map[string]*signer
	root       func() (*sigstore.Root, error) // read when it is needed, once
}

// signer is a registry and its keys; without any it signs nothing.
type signer struct {
	*endpoint
	keys []registryKey
}

// open asks each registry for its keys.
func (s *signatures) open(ctx context.Context, all []*verdict) error {
	for _, v := range all {
		at, err := s.cfg.Registries.For(npm.Name(v.name))
		if err != nil {
			return err
		}
		v.registry = at
		if s.registries[at] != nil {
			continue
		}
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
	return nil
}

// check looks at one version: its signature, and what is said of where it was
// built.
func (s *signatures) check(ctx context.Context, v *verdict) error {
	r := s.registries[v.registry]
	var m signed
	_, err := r.send(ctx, "", registry.EscapedName(npm.Name(v.name))+"/"+escape(v.version), nil, &m)
	if err != nil && len(r.keys) == 0 && ctx.Err() == nil {
		v.problem = "unsigned" // such a registry need not know the question
		return nil
	}
	if err != nil {
		return fmt.Errorf("ask for %s@%s: %w", v.name, v.version, err)
	}
	v.integrity, v.resolved = m.Dist.Integrity, m.Dist.Tarball
	if err := r.signature(ctx, v, &m); err != nil {
		return err
	}
	for _, locked := range v.locked {
		if v.problem == "" && contradict(locked, v.integrity) {
			v.invalid("EINTEGRITY", "is signed with the integrity %s, and the lockfile has %s", v.integrity, locked)
		}
	}
	if v.problem == "invalid" || len(m.Dist.Attestations) == 0 || string(m.Dist.Attestations) == "null" {
		return nil
	}
	return s.attested(ctx, r, v, m.Dist.Attestations)
}

// contradict reports whether two integrities have hashes of one kind, and others.
func contradict(a, b string) bool {
	x, err := integrity.Parse(a)
	y, err2 := integrity.Parse(b)
	if err != nil || err2 != nil {
		return false
	}
	x, y = x.Strongest(), y.Strongest()
	return x.Algorithm() == y.Algorithm() && x.String() != y.String()
}

// signature compares one version's signature with what its registry says.
func (r *signer) signature(ctx context.Context, v *verdict, m *signed) error {
	switch {
	case len(r.keys) == 0:
		v.problem = "unsigned"
		return nil
	case len(m.Dist.Signatures) == 0:
		v.problem = "missing"
		return nil
	}
	message := sha256.Sum256([]byte(v.name + "@" + v.version + ":" + m.Dist.Integrity))
	for _, sig := range m.Dist.Signatures {
		key := r.key(sig.KeyID)
		v.keyID, v.sig = sig.KeyID, sig.Sig
		if key == nil || !key.verify(message[:], sig.Sig) {
			v.invalid("EINTEGRITYSIGNATURE", "has a signature that is not of its key %s", sig.KeyID)
			return nil
		}
		if key.Expires == nil {
			continue
		}
		if good, err := r.signedBefore(ctx, v, *key.Expires); err != nil {
			return err
		} else if !good {
			v.invalid("EEXPIREDSIGNATUREKEY", "is signed with the key %s, which expired before it was published", sig.KeyID)
			return nil
		}
	}
	return nil
}

// key is one of the registry's, or nil.
func (r *signer) key(id string) *registryKey {
	at := slices.IndexFunc(r.keys, func(k registryKey) bool { return k.ID == id })
	if at < 0 {
		return nil
	}
	return &r.keys[at]
}

// public is the key itself, or nil where it cannot be read.
func (k *registryKey) public() crypto.PublicKey {
	der, err := base64.StdEncoding.DecodeString(k.Key)
	if err != nil {
		return nil
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil
	}
	return public
}

// verify reports whether sig is the key's over a SHA-256.
func (k *registryKey) verify(sum []byte, sig string) bool {
	ec, ok := k.public().(*ecdsa.PublicKey)
	raw, err := base64.StdEncoding.DecodeString(sig)
	return ok && err == nil && ecdsa.VerifyASN1(ec, sum, raw)
}

// signedBefore reports whether a version was published before its key expired.
func (r *signer) signedBefore(ctx context.Context, v *verdict, expires string) (bool, error) {
	var doc struct{ Time map[string]time.Time }
	if _, err := r.send(ctx, "", registry.EscapedName(npm.Name(v.name)), nil, &doc); err != nil {
		return false, fmt.Errorf("ask when %s@%s was published: %w", v.name, v.version, err)
	}
	end, err := time.Parse(time.RFC3339, expires)
	published := doc.Time[v.version]
	return err == nil && !published.IsZero() && published.Before(end), nil
}
