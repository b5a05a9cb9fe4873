package notary

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

type object = map[string]any

// GiveCertificate is Fulcio's answer to a request.
func (n *Notary) GiveCertificate(body []byte) (object, error) {
	var ask struct {
		Credentials struct {
			Token string `json:"oidcIdentityToken"`
		} `json:"credentials"`
		Request struct {
			Key struct {
				Algorithm, Content string
			} `json:"publicKey"`
			Proof []byte `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	if err := json.Unmarshal(body, &ask); err != nil || ask.Request.Key.Algorithm != "ECDSA" {
		return nil, errors.New("the body is no request for a certificate")
	}
	subject, audience, err := Claims(ask.Credentials.Token)
	if err != nil || audience != "sigstore" {
		return nil, errors.New("there was an error processing the identity token")
	}
	key, err := readKey(ask.Request.Key.Content)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256([]byte(subject)); !ecdsa.VerifyASN1(key, sum[:], ask.Request.Proof) {
		return nil, errors.New("the proof of possession is wrong")
	}
	// From a second ago on: certificates count in whole ones.
	cert := n.Certificate(key, "https://ci.example/"+subject, n.now().Add(-time.Second), false)
	var chain []string
	for _, c := range []*x509.Certificate{cert, n.issuer, n.root} {
		chain = append(chain, PEM(c))
	}
	return object{"signedCertificateEmbeddedSct": object{"chain": object{"certificates": chain}}}, nil
}

// Token is a CI service's word, for an audience. Nobody checks who signed it.
func Token(subject, audience string, more map[string]string) string {
	claims := map[string]string{"sub": subject, "aud": audience}
	for key, value := range more {
		claims[key] = value
	}
	text, err := json.Marshal(claims)
	check(err)
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"none"}`)) + "." + enc(text) + "." + enc([]byte("secret-signature"))
}

// Claims is what a token says.
func Claims(token string) (subject, audience string, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", "", errors.New("no token")
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", "", err
	}
	var c struct{ Sub, Aud string }
	err = json.Unmarshal(text, &c)
	return c.Sub, c.Aud, err
}

func readKey(text string) (*ecdsa.PublicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the key is no PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	ec, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("the key is of another kind")
	}
	return ec, nil
}

// PEM is a certificate as Fulcio writes it.
func PEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// envelope is DSSE's.
type envelope struct {
	Payload     []byte `json:"payload"`
	PayloadType string `json:"payloadType"`
	Signatures  []struct {
		Sig []byte `json:"sig"`
	} `json:"signatures"`
}

// WriteEntry is Rekor's answer to a proposed entry of the kind dsse.
func (n *Notary) WriteEntry(body []byte) (object, error) {
	var ask struct {
		APIVersion, Kind string
		Spec             struct {
			Content struct {
				Envelope  string
				Verifiers [][]byte
			} `json:"proposedContent"`
		}
	}
	var env envelope
	if err := json.Unmarshal(body, &ask); err != nil || ask.Kind != "dsse" || ask.APIVersion != "0.0.1" || len(ask.Spec.Content.Verifiers) != 1 {
		return nil, errors.New("the body is no entry of the kind dsse")
	}
	if err := json.Unmarshal([]byte(ask.Spec.Content.Envelope), &env); err != nil || len(env.Signatures) != 1 {
		return nil, errors.New("the envelope has not one signature")
	}
	block, _ := pem.Decode(ask.Spec.Content.Verifiers[0])
	if block == nil {
		return nil, errors.New("the verifier is no PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	message := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(env.PayloadType), env.PayloadType, len(env.Payload), env.Payload)
	if err := cert.CheckSignature(x509.ECDSAWithSHA256, message, env.Signatures[0].Sig); err != nil {
		return nil, errors.New("the signature is wrong")
	}
	w := n.Write(Body(env.Payload, env.Signatures[0].Sig, PEM(cert), ask.Spec.Content.Envelope), n.now())
	var hashes []string
	for _, h := range w.Hashes {
		hashes = append(hashes, hex.EncodeToString(h))
	}
	return object{strings.Repeat("ab", 40): object{
		"body": w.Body, "integratedTime": w.Time, "logID": hex.EncodeToString(w.LogID), "logIndex": w.Index,
		"verification": object{
			"signedEntryTimestamp": w.Promise,
			"inclusionProof": object{
				"checkpoint": w.Checkpoint, "hashes": hashes, "logIndex": w.Index,
				"rootHash": hex.EncodeToString(w.Root), "treeSize": w.Size,
			},
		},
	}}, nil
}

// Body is what the log writes down of an envelope.
func Body(payload, sig []byte, verifier, envelope string) []byte {
	sum := func(data []byte) object {
		s := sha256.Sum256(data)
		return object{"algorithm": "sha256", "value": hex.EncodeToString(s[:])}
	}
	text, err := json.Marshal(object{
		"apiVersion": "0.0.1", "kind": "dsse",
		"spec": object{
			"envelopeHash": sum([]byte(envelope)), "payloadHash": sum(payload),
			"signatures": []object{{"signature": sig, "verifier": []byte(verifier)}},
		},
	})
	check(err)
	return text
}
