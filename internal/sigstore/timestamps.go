package sigstore

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"
)

// A timestamp is an authority's word that it has seen a signature at a time: a
// TimeStampResp (RFC 3161, 2.4.2), which is a signed message (CMS, RFC 5652, 5) of
// a TSTInfo.
type timestamp struct {
	Signed []byte `json:"signedTimestamp"`
}

type response struct {
	Status asn1.RawValue
	Token  struct {
		Type asn1.ObjectIdentifier
		Data signedData `asn1:"explicit,tag:0"`
	}
}

type signedData struct {
	Version int
	Digests asn1.RawValue
	Content struct {
		Type asn1.ObjectIdentifier
		Info []byte `asn1:"explicit,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version int
	ID      struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm  pkix.AlgorithmIdentifier
	Signature  []byte
}

// timeInfo is a TSTInfo, as far as it is looked at.
type timeInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Sum       []byte
	}
	Serial *big.Int
	Time   time.Time `asn1:"generalized"`
}

var (
	oidSignedData  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTimeInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidContentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// hashes are those that authorities use (SHA-2).
var hashes = []struct {
	id   asn1.ObjectIdentifier
	hash crypto.Hash
}{
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512},
}

// algorithms are the kinds of signatures that they make (RFC 5758, 3.2; RFC 4055, 5).
var algorithms = []struct {
	id   asn1.ObjectIdentifier
	kind x509.SignatureAlgorithm
}{
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, x509.ECDSAWithSHA256},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, x509.ECDSAWithSHA384},
	{asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, x509.ECDSAWithSHA512},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, x509.SHA256WithRSA},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, x509.SHA384WithRSA},
	{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, x509.SHA512WithRSA},
}

// sumOf is the hash of data by an algorithm's name, nil if that is not known.
func sumOf(id asn1.ObjectIdentifier, data []byte) []byte {
	for _, h := range hashes {
		if h.id.Equal(id) {
			sum := h.hash.New()
			sum.Write(data)
			return sum.Sum(nil)
		}
	}
	return nil
}

// stamped is when a trusted authority has seen data.
func (r *Root) stamped(ts timestamp, data []byte) (time.Time, error) {
	var resp response
	var info timeInfo
	if _, err := asn1.Unmarshal(ts.Signed, &resp); err != nil || !resp.Token.Type.Equal(oidSignedData) {
		return time.Time{}, errors.New("a timestamp cannot be read")
	}
	message := resp.Token.Data
	if _, err := asn1.Unmarshal(message.Content.Info, &info); err != nil || !message.Content.Type.Equal(oidTimeInfo) || len(message.Signers) != 1 {
		return time.Time{}, errors.New("a timestamp cannot be read")
	}
	if sum := sumOf(info.Imprint.Algorithm.Algorithm, data); sum == nil || !bytes.Equal(sum, info.Imprint.Sum) {
		return time.Time{}, errors.New("a timestamp is about another signature")
	}
	signer := &message.Signers[0]
	for _, a := range r.clocks {
		leaf := a.chain[0]
		if !a.valid.has(info.Time) || leaf.SerialNumber.Cmp(signer.ID.Serial) != 0 || !bytes.Equal(leaf.RawIssuer, signer.ID.Issuer.FullBytes) {
			continue
		}
		if _, err := a.above(leaf, info.Time, x509.ExtKeyUsageTimeStamping); err != nil {
			return time.Time{}, &certificateError{info.Time, err}
		}
		if !signer.has(leaf, message.Content.Info) {
			return time.Time{}, errors.New("a timestamp is not signed by its authority")
		}
		return info.Time, nil
	}
	return time.Time{}, errors.New("a timestamp is not from a trusted authority")
}

// has reports whether cert's key has signed the attributes, and these name content.
func (s *signerInfo) has(cert *x509.Certificate, content []byte) bool {
	if len(s.Attributes.FullBytes) == 0 || !s.names(content) {
		return false
	}
	// What is signed is the set as such, without the tag that it has here (RFC 5652, 5.4).
	set := bytes.Clone(s.Attributes.FullBytes)
	set[0] = asn1.TagSet | 0x20
	for _, a := range algorithms {
		if a.id.Equal(s.Algorithm.Algorithm) {
			return cert.CheckSignature(a.kind, set, s.Signature) == nil
		}
	}
	return false
}

// names reports whether the attributes are of a timestamp with content.
func (s *signerInfo) names(content []byte) bool {
	var kind asn1.ObjectIdentifier
	var sum []byte
	for rest := s.Attributes.Bytes; len(rest) > 0; {
		var a struct {
			Type   asn1.ObjectIdentifier
			Values asn1.RawValue
		}
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return false
		}
		switch {
		case a.Type.Equal(oidContentType) && kind == nil:
			_, err = asn1.Unmarshal(a.Values.Bytes, &kind)
		case a.Type.Equal(oidDigest) && sum == nil:
			_, err = asn1.Unmarshal(a.Values.Bytes, &sum)
		}
		if err != nil {
			return false
		}
	}
	want := sumOf(s.Digest.Algorithm, content)
	return kind.Equal(oidTimeInfo) && want != nil && bytes.Equal(sum, want)
}
