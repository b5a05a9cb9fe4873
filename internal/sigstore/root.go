package sigstore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// publicRoot is what sigstore's public services are known by: trusted_root.json
// of its TUF repository, as npm 11.19's copy of @sigstore/tuf has it. make
// trusted-root brings it up to date.
//
//go:embed trusted_root.json
var publicRoot []byte

// Root is who is trusted: authorities that give certificates, and logs.
type Root struct {
	authorities []authority
	logs        []log       // of signatures (Rekor)
	ctLogs      []log       // of certificates (CT)
	clocks      []authority // that say what time it is, the first of a chain being theirs
}

// authority is certificates, the last being its root.
type authority struct {
	chain []*x509.Certificate
	valid period
}

// log is one that is known by its key.
type log struct {
	url   string
	id    []byte
	key   crypto.PublicKey
	valid period
}

// period is when something counts; without an end it still does.
type period struct {
	Start time.Time  `json:"start"`
	End   *time.Time `json:"end"`
}

func (p period) has(t time.Time) bool {
	return !t.Before(p.Start) && (p.End == nil || !t.After(*p.End))
}

// PublicRoot is that of sigstore's public services.
func PublicRoot() (*Root, error) { return ParseRoot(publicRoot) }

// rootDocument is the form of trusted_root.json.
type rootDocument struct {
	Logs        []logDocument       `json:"tlogs"`
	CTLogs      []logDocument       `json:"ctlogs"`
	Authorities []authorityDocument `json:"certificateAuthorities"`
	Clocks      []authorityDocument `json:"timestampAuthorities"`
}

type logDocument struct {
	URL string `json:"baseUrl"`
	Key struct {
		Bytes []byte `json:"rawBytes"`
		Valid period `json:"validFor"`
	} `json:"publicKey"`
	ID         keyID `json:"logId"`
	Checkpoint keyID `json:"checkpointKeyId"` // where set, the one that counts
}

type keyID struct {
	Bytes []byte `json:"keyId"`
}

type authorityDocument struct {
	Chain Chain  `json:"certChain"`
	Valid period `json:"validFor"`
}

// ParseRoot reads a trusted_root.json.
func ParseRoot(data []byte) (*Root, error) {
	var doc rootDocument
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("the trusted root cannot be read: %w", err)
	}
	var r Root
	var err error
	if r.logs, err = parseLogs(doc.Logs); err != nil {
		return nil, err
	}
	if r.ctLogs, err = parseLogs(doc.CTLogs); err != nil {
		return nil, err
	}
	if r.authorities, err = parseAuthorities(doc.Authorities); err != nil {
		return nil, err
	}
	if r.clocks, err = parseAuthorities(doc.Clocks); err != nil {
		return nil, err
	}
	if len(r.logs) == 0 {
		return nil, errors.New("the trusted root has no log")
	}
	return &r, nil
}

func parseAuthorities(docs []authorityDocument) ([]authority, error) {
	var out []authority
	for _, d := range docs {
		a := authority{valid: d.Valid}
		for _, raw := range d.Chain.Certificates {
			cert, err := x509.ParseCertificate(raw.Bytes)
			if err != nil {
				return nil, fmt.Errorf("a certificate of the trusted root cannot be read: %w", err)
			}
			a.chain = append(a.chain, cert)
		}
		if len(a.chain) > 0 {
			out = append(out, a)
		}
	}
	return out, nil
}

// above is the certificate that has given cert, which was good at t for a use.
func (a *authority) above(cert *x509.Certificate, t time.Time, use x509.ExtKeyUsage) (*x509.Certificate, error) {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	last := len(a.chain) - 1
	roots.AddCert(a.chain[last])
	for _, c := range a.chain[:last] {
		between.AddCert(c)
	}
	chains, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: t, KeyUsages: []x509.ExtKeyUsage{use}})
	if err != nil {
		return nil, err
	}
	if len(chains[0]) < 2 {
		return nil, errors.New("it is the authority's own")
	}
	return chains[0][1], nil
}

// parseLogs leaves out logs whose keys have a form that is not known here: what
// only they wrote down is not believed then.
func parseLogs(docs []logDocument) ([]log, error) {
	var logs []log
	for _, d := range docs {
		id := d.ID.Bytes
		if len(d.Checkpoint.Bytes) > 0 {
			id = d.Checkpoint.Bytes
		}
		if len(id) < hintSize {
			return nil, fmt.Errorf("the log %s of the trusted root has no ID", d.URL)
		}
		if key, err := x509.ParsePKIXPublicKey(d.Key.Bytes); err == nil {
			logs = append(logs, log{d.URL, id, key, d.Key.Valid})
		}
	}
	return logs, nil
}

// signed reports whether sig is the key's over data, by the hash that goes with
// the key's kind and size.
func signed(key crypto.PublicKey, data, sig []byte) bool {
	short, long := sha256.Sum256(data), sha512.Sum384(data)
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		if key.Curve.Params().BitSize == 384 {
			return ecdsa.VerifyASN1(key, long[:], sig) || ecdsa.VerifyASN1(key, short[:], sig)
		}
		return ecdsa.VerifyASN1(key, short[:], sig)
	case ed25519.PublicKey:
		return ed25519.Verify(key, data, sig)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, short[:], sig) == nil
	}
	return false
}
