// Package signatures checks what registries have signed about packages, and what was
// signed about where these were built.
package signatures

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
	"net/url"
	"slices"
	"strings"
	"time"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/registry"
	"godwit/internal/sigstore"
	"godwit/internal/spawn"
)

// Ask decodes what a registry answers below its URL.
type Ask func(ctx context.Context, path string, to any) error

// Options are where answers come from.
type Options struct {
	Registry func(npm.Name) (url string, err error) // that a package is from
	Open     func(url string) (Ask, error)
	Root     func() (*sigstore.Root, error) // who is trusted about statements; asked when there is one, by several at once
	Width    int                            // packages asked for at one time
	Copies   bool                           // each copy of a package counts, as with npm
}

// Check looks whether the registry has signed each package of a graph that is reached
// with a key that it says is its own, and whether what is said of where they were
// built is signed as it should be.
func Check(ctx context.Context, g *graph.Graph, reach graph.Reach, o Options) (*Report, error) {
	s := &checking{Options: o, graph: g, reach: reach, registries: map[string]*signer{}}
	all := s.verdicts()
	if err := s.open(ctx, all); err != nil {
		return nil, err
	}
	err := spawn.Each(len(all), o.Width, true, func(i int) error { return s.check(ctx, all[i]) })
	if err != nil {
		return nil, err
	}
	return &Report{all}, nil
}

// checking is one call of Check.
type checking struct {
	Options
	graph      *graph.Graph
	reach      graph.Reach
	registries map[string]*signer
}

// registryKey is one that a registry signs with (-/npm/v1/keys).
type registryKey struct {
	ID      string  `json:"keyid"`
	Key     string  `json:"key"` // base64 of DER; ecdsa-sha2-nistp256 is the one type there is
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

// verdicts lists the versions to look at, by name and version.
func (s *checking) verdicts() []*verdict {
	type version struct {
		name    npm.Name
		version string
	}
	by := map[version]*verdict{}
	for key := range s.reach {
		p := s.graph.Packages[key]
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
		if s.Copies {
			v.places = append(v.places, place{dir: p.Dir, kind: s.kind(key)})
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
func (s *checking) kind(key graph.Key) string {
	for _, im := range s.graph.Importers {
		for _, d := range im.Deps {
			if d.Target.Key == key {
				return [...]string{graph.Prod: "dependencies", graph.Dev: "devDependencies", graph.Optional: "optionalDependencies"}[d.Group]
			}
		}
	}
	if s.reach[key] {
		return "optionalDependencies"
	}
	return "dependencies"
}

// signer is a registry and its keys; without any it signs nothing.
type signer struct {
	url  string // with a slash at its end
	ask  Ask
	open func(url string) (Ask, error)
	keys []registryKey
}

// open asks each registry for its keys.
func (s *checking) open(ctx context.Context, all []*verdict) error {
	for _, v := range all {
		at, err := s.Registry(npm.Name(v.name))
		if err != nil {
			return err
		}
		v.registry = at
		if s.registries[at] != nil {
			continue
		}
		ask, err := s.Open(at)
		if err != nil {
			return err
		}
		var answer struct{ Keys []registryKey }
		if err := ask(ctx, "-/npm/v1/keys", &answer); err != nil && !registry.IsNotFound(err) {
			return err
		}
		s.registries[at] = &signer{strings.TrimRight(at, "/") + "/", ask, s.Open, answer.Keys}
	}
	return nil
}

// check looks at one version: its signature, and what is said of where it was
// built.
func (s *checking) check(ctx context.Context, v *verdict) error {
	r := s.registries[v.registry]
	var m signed
	err := r.ask(ctx, registry.EscapedName(npm.Name(v.name))+"/"+url.PathEscape(v.version), &m)
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
	if err := r.ask(ctx, registry.EscapedName(npm.Name(v.name)), &doc); err != nil {
		return false, fmt.Errorf("ask when %s@%s was published: %w", v.name, v.version, err)
	}
	end, err := time.Parse(time.RFC3339, expires)
	published := doc.Time[v.version]
	return err == nil && !published.IsZero() && published.Before(end), nil
}
