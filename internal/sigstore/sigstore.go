// Package sigstore makes and checks bundles: signatures of statements by keys
// that live for one signature.
//
//	a key of this moment ──────────────── signs ──► the statement
//	Fulcio, shown the word of a CI service, says whose key it is: a certificate
//	        that is good for minutes, and that a public log of certificates knows
//	Rekor   writes the signature down in a public log, with the time
//
// A bundle has all of that, so that whoever trusts the authority and the logs (a
// [Root]) can tell later who signed, and that the certificate was good then. A
// registry may sign with a key of its own in place of a certificate.
//
// Where the log says no time, an authority for that does (RFC 3161).
//
// Sources: sigstore's client specification and protobuf-specs (bundle, trusted
// root), DSSE, RFC 6962 (logs), and what npm 11's copy of sigstore-js makes and
// accepts.
package sigstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MediaType is that of the bundles that npm 11 makes, and we.
const MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// StatementType is the payload's type of all statements about packages.
const StatementType = "application/vnd.in-toto+json"

// Bundle is a signed statement with all that is needed to check it, in the JSON
// form of its protobuf message.
type Bundle struct {
	MediaType string    `json:"mediaType"`
	Material  Material  `json:"verificationMaterial"`
	Envelope  *Envelope `json:"dsseEnvelope"`
}

// Material says whose signature it is, and when it was made. Of the first three
// one is set.
type Material struct {
	Certificate *Raw       `json:"certificate,omitempty"`
	Chain       *Chain     `json:"x509CertificateChain,omitempty"`
	PublicKey   *PublicKey `json:"publicKey,omitempty"`
	Entries     []Entry    `json:"tlogEntries"`
	Timestamps  Timestamps `json:"timestampVerificationData"`
}

// Raw is bytes, of a certificate in DER.
type Raw struct {
	Bytes []byte `json:"rawBytes"`
}

// Chain is certificates, of which only the first is looked at: the others have
// to be those of the root.
type Chain struct {
	Certificates []Raw `json:"certificates"`
}

// PublicKey names a key that whoever checks has to know.
type PublicKey struct {
	Hint string `json:"hint"`
}

// Timestamps is what authorities for time have signed (RFC 3161).
type Timestamps struct {
	RFC3161 []timestamp `json:"rfc3161Timestamps,omitempty"`
}

// Envelope is a payload with its signature (DSSE).
type Envelope struct {
	Payload    []byte      `json:"payload"`
	Type       string      `json:"payloadType"`
	Signatures []Signature `json:"signatures"`
}

// Signature is one, and the name of its key, which may be "".
type Signature struct {
	Sig   []byte `json:"sig"`
	KeyID string `json:"keyid,omitempty"`
}

// Entry is what a log has written down.
type Entry struct {
	Index number `json:"logIndex,omitempty"`
	Log   struct {
		ID []byte `json:"keyId"`
	} `json:"logId"`
	Kind    Kind     `json:"kindVersion"`
	Time    number   `json:"integratedTime,omitempty"` // seconds since 1970
	Promise *Promise `json:"inclusionPromise,omitempty"`
	Proof   *Proof   `json:"inclusionProof,omitempty"`
	Body    []byte   `json:"canonicalizedBody"`
}

// Kind is the form of an entry's body.
type Kind struct {
	Kind    string `json:"kind"`
	Version string `json:"version"`
}

// Promise is a log's word that it will take an entry in, with the time.
type Promise struct {
	Signed []byte `json:"signedEntryTimestamp"`
}

// Proof leads from an entry to a state of the log that the log has signed.
type Proof struct {
	Index      number   `json:"logIndex,omitempty"`
	Root       []byte   `json:"rootHash"`
	Size       number   `json:"treeSize"`
	Hashes     [][]byte `json:"hashes,omitempty"`
	Checkpoint struct {
		Envelope string `json:"envelope"`
	} `json:"checkpoint"`
}

// number is an int64, which protobuf's JSON writes as a string.
type number int64

// MarshalJSON writes the string.
func (n number) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, strconv.FormatInt(int64(n), 10)), nil
}

// UnmarshalJSON reads a string or a number.
func (n *number) UnmarshalJSON(data []byte) error {
	v, err := strconv.ParseInt(strings.Trim(string(data), `"`), 10, 64)
	*n = number(v)
	return err
}

// Parse reads a bundle, and refuses what no check could make sense of.
func Parse(data []byte) (*Bundle, error) {
	var b Bundle
	if err := json.Unmarshal(data, &b); err != nil {
		return nil, fmt.Errorf("the bundle cannot be read: %w", err)
	}
	if b.Envelope == nil || len(b.Envelope.Payload) == 0 {
		return nil, errors.New("the bundle has no statement")
	}
	if len(b.Envelope.Signatures) != 1 || len(b.Envelope.Signatures[0].Sig) == 0 {
		return nil, errors.New("the bundle has not one signature")
	}
	return &b, b.checkForm()
}

// checkForm holds the bundle against what its version has to have.
func (b *Bundle) checkForm() error {
	v, ok := strings.CutPrefix(b.MediaType, "application/vnd.dev.sigstore.bundle")
	if !ok {
		return fmt.Errorf("a bundle of the type %q is not known", b.MediaType)
	}
	first := v == "+json;version=0.1"
	for _, e := range b.Material.Entries {
		if first && e.Promise == nil {
			return errors.New("the log's promise is missing")
		}
		if !first && (e.Proof == nil || e.Proof.Checkpoint.Envelope == "") {
			return errors.New("the log's proof is missing")
		}
	}
	if b.Material.Chain != nil && !first && v != "+json;version=0.2" {
		return errors.New("the bundle has a chain of certificates, which its version does not allow")
	}
	return nil
}

// Statement is what was signed about a package (in-toto).
type Statement struct {
	Subjects []struct {
		Name   string // a package URL
		Digest struct {
			SHA512 string // in hexadecimal
		}
	} `json:"subject"`
	PredicateType string `json:"predicateType"`
}

// Statement reads the payload. Whether it was signed is for [Bundle.Verify] to say.
func (b *Bundle) Statement() (*Statement, error) {
	var s Statement
	if err := json.Unmarshal(b.Envelope.Payload, &s); err != nil {
		return nil, fmt.Errorf("the statement cannot be read: %w", err)
	}
	return &s, nil
}

// About reports why the statement is not about one thing of a name and a SHA-512,
// in hexadecimal; nil if it is.
func (s *Statement) About(name, sum string) error {
	switch {
	case len(s.Subjects) != 1:
		return fmt.Errorf("it is about %d things", len(s.Subjects))
	case s.Subjects[0].Name != name:
		return fmt.Errorf("it is about %s", s.Subjects[0].Name)
	case sum == "" || s.Subjects[0].Digest.SHA512 != sum: // nothing is about no bytes
		return errors.New("it is about other bytes")
	}
	return nil
}

// encoded is what is signed of a payload (DSSE's pre-authentication encoding).
func (e *Envelope) encoded() []byte {
	head := fmt.Sprintf("DSSEv1 %d %s %d ", len(e.Type), e.Type, len(e.Payload))
	return append([]byte(head), e.Payload...)
}
