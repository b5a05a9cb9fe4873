package sigstore

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// Services are those that a signature takes. Each sends a body as JSON to a path
// of its service and decodes the answer.
type Services struct {
	Fulcio, Rekor func(ctx context.Context, path string, body, answer any) error
}

// Sign signs a statement as whoever the token is of, a JSON web token that the
// authority trusts. Errors do not have the token in them.
func Sign(ctx context.Context, s Services, token string, statement []byte) (*Bundle, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := s.certificate(ctx, token, key)
	if err != nil {
		return nil, fmt.Errorf("get a certificate: %w", err)
	}
	env := &Envelope{Payload: statement, Type: StatementType}
	sig, err := sign(key, env.encoded())
	if err != nil {
		return nil, err
	}
	env.Signatures = []Signature{{Sig: sig}}
	entry, err := s.record(ctx, env, cert)
	if err != nil {
		return nil, fmt.Errorf("write to the transparency log: %w", err)
	}
	block, _ := pem.Decode([]byte(cert))
	return &Bundle{
		MediaType: MediaType,
		Material:  Material{Certificate: &Raw{block.Bytes}, Entries: []Entry{*entry}},
		Envelope:  env,
	}, nil
}

func sign(key *ecdsa.PrivateKey, data []byte) ([]byte, error) {
	sum := sha256.Sum256(data)
	return ecdsa.SignASN1(rand.Reader, key, sum[:])
}

type certificateRequest struct {
	Credentials struct {
		Token string `json:"oidcIdentityToken"`
	} `json:"credentials"`
	Key struct {
		Public struct {
			Algorithm string `json:"algorithm"`
			Content   string `json:"content"` // PEM
		} `json:"publicKey"`
		Proof []byte `json:"proofOfPossession"` // the token's subject, signed
	} `json:"publicKeyRequest"`
}

// certificateAnswer has one of the two, depending on where the log of
// certificates' word is.
type certificateAnswer struct {
	Embedded *issued `json:"signedCertificateEmbeddedSct"`
	Detached *issued `json:"signedCertificateDetachedSct"`
}

type issued struct {
	Chain struct {
		Certificates []string `json:"certificates"` // PEM
	} `json:"chain"`
}

// certificate gets a certificate of key, in PEM as the authority writes it.
func (s Services) certificate(ctx context.Context, token string, key *ecdsa.PrivateKey) (string, error) {
	subject, err := subjectOf(token)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", err
	}
	var ask certificateRequest
	ask.Credentials.Token = token
	ask.Key.Public.Algorithm = "ECDSA"
	ask.Key.Public.Content = string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	if ask.Key.Proof, err = sign(key, []byte(subject)); err != nil {
		return "", err
	}
	var answer certificateAnswer
	if err := s.Fulcio(ctx, "api/v2/signingCert", ask, &answer); err != nil {
		return "", err
	}
	for _, one := range []*issued{answer.Embedded, answer.Detached} {
		if one != nil && len(one.Chain.Certificates) > 0 {
			return one.Chain.Certificates[0], ours(one.Chain.Certificates[0], key)
		}
	}
	return "", errors.New("the authority answered without a certificate")
}

// ours reports why a certificate is not one of key.
func ours(text string, key *ecdsa.PrivateKey) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return errors.New("the authority's certificate cannot be read")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return errors.New("the authority's certificate cannot be read")
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return errors.New("the authority's certificate is of another key")
	}
	return nil
}

// subjectOf is who a token is of: what the authority wants to see signed.
func subjectOf(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errors.New("the identity token is no JSON web token")
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
		Subject  string `json:"sub"`
	}
	if err != nil || json.Unmarshal(data, &claims) != nil {
		return "", errors.New("the identity token's claims cannot be read")
	}
	switch {
	case claims.Email != "" && !claims.Verified:
		return "", errors.New("the identity token has an email address that nobody verified")
	case claims.Email != "":
		return claims.Email, nil
	case claims.Subject == "":
		return "", errors.New("the identity token has no subject")
	}
	return claims.Subject, nil
}

// proposal is what the log is asked to write down.
type proposal struct {
	Version string `json:"apiVersion"`
	Kind    string `json:"kind"`
	Spec    struct {
		Content struct {
			Envelope  string   `json:"envelope"` // JSON
			Verifiers [][]byte `json:"verifiers"`
		} `json:"proposedContent"`
	} `json:"spec"`
}

// logged is the log's answer to that.
type logged struct {
	Body         []byte `json:"body"`
	Time         int64  `json:"integratedTime"`
	Log          hexa   `json:"logID"`
	Index        int64  `json:"logIndex"`
	Verification struct {
		Promise []byte `json:"signedEntryTimestamp"`
		Proof   *struct {
			Checkpoint string `json:"checkpoint"`
			Hashes     []hexa `json:"hashes"`
			Index      int64  `json:"logIndex"`
			Root       hexa   `json:"rootHash"`
			Size       int64  `json:"treeSize"`
		} `json:"inclusionProof"`
	} `json:"verification"`
}

// hexa is bytes that JSON has in hexadecimal.
type hexa []byte

// UnmarshalText reads them.
func (h *hexa) UnmarshalText(text []byte) (err error) {
	*h, err = hex.AppendDecode(nil, text)
	return err
}

// record has the log write an envelope down.
func (s Services) record(ctx context.Context, env *Envelope, cert string) (*Entry, error) {
	text, err := json.Marshal(env)
	if err != nil {
		return nil, err
	}
	ask := proposal{Version: "0.0.1", Kind: "dsse"}
	ask.Spec.Content.Envelope = string(text)
	ask.Spec.Content.Verifiers = [][]byte{[]byte(cert)}
	answer := map[string]logged{} // by the entry's ID
	if err := s.Rekor(ctx, "api/v1/log/entries", ask, &answer); err != nil {
		return nil, err
	}
	if len(answer) != 1 {
		return nil, fmt.Errorf("the log answered with %d entries", len(answer))
	}
	for _, one := range answer {
		e := one.entry()
		return e, env.recorded(e)
	}
	panic("sigstore: a map of one is empty")
}

// entry is the log's answer in the form of a bundle.
func (l *logged) entry() *Entry {
	e := &Entry{Index: number(l.Index), Time: number(l.Time), Body: l.Body}
	e.Log.ID = l.Log
	var form struct{ Kind, APIVersion string }
	if err := json.Unmarshal(l.Body, &form); err == nil { // else the entry is refused as none of the envelope
		e.Kind = Kind{form.Kind, form.APIVersion}
	}
	if l.Verification.Promise != nil {
		e.Promise = &Promise{l.Verification.Promise}
	}
	if from := l.Verification.Proof; from != nil {
		to := &Proof{Index: number(from.Index), Root: from.Root, Size: number(from.Size)}
		for _, h := range from.Hashes {
			to.Hashes = append(to.Hashes, h)
		}
		to.Checkpoint.Envelope = from.Checkpoint
		e.Proof = to
	}
	return e
}
