package notary

import (
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"
)

// The parts of a timestamp (RFC 3161, 2.4.2, and RFC 5652, 5).
type (
	imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Sum       []byte
	}
	timeInfo struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint imprint
		Serial  *big.Int
		Time    time.Time `asn1:"generalized"`
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values asn1.RawValue
	}
	signerID struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	signerInfo struct {
		Version    int
		ID         signerID
		Digest     pkix.AlgorithmIdentifier
		Attributes asn1.RawValue
		Algorithm  pkix.AlgorithmIdentifier
		Signature  []byte
	}
	content struct {
		Type asn1.ObjectIdentifier
		Info []byte `asn1:"explicit,tag:0"`
	}
	signedData struct {
		Version int
		Digests []pkix.AlgorithmIdentifier `asn1:"set"`
		Content content
		Signers []signerInfo `asn1:"set"`
	}
	token struct {
		Type asn1.ObjectIdentifier
		Data signedData `asn1:"explicit,tag:0"`
	}
	response struct {
		Status struct{ Status int }
		Token  token
	}
)

var (
	oidSHA256     = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}}
	oidECDSA      = pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTimeInfo   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

func encode(v any, params string) []byte {
	out, err := asn1.MarshalWithParams(v, params)
	check(err)
	return out
}

// set is a value that stands in a set of its own.
func set(der []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassUniversal, Tag: asn1.TagSet, IsCompound: true, Bytes: der}
}

// Stamp is the authority's word that data was there at a time.
func (n *Notary) Stamp(data []byte, at time.Time) []byte {
	sum := sha256.Sum256(data)
	info := encode(timeInfo{1, asn1.ObjectIdentifier{1, 2, 3}, imprint{oidSHA256, sum[:]}, big.NewInt(7), at.UTC().Truncate(time.Second)}, "")
	infoSum := sha256.Sum256(info)
	attributes := append(
		encode(attribute{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, set(encode(oidTimeInfo, ""))}, ""),
		encode(attribute{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, set(encode(infoSum[:], ""))}, "")...)
	signer := signerInfo{
		Version: 1, ID: signerID{asn1.RawValue{FullBytes: n.clock.RawIssuer}, n.clock.SerialNumber}, Digest: oidSHA256,
		Attributes: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: attributes},
		Algorithm:  oidECDSA, Signature: sign(n.clockKey, encode(set(attributes), "")),
	}
	var out response
	out.Token = token{oidSignedData, signedData{3, []pkix.AlgorithmIdentifier{oidSHA256}, content{oidTimeInfo, info}, []signerInfo{signer}}}
	return encode(out, "")
}

// newClock makes the certificate of whoever says what time it is.
func (n *Notary) newClock(begin time.Time) *x509.Certificate {
	n.clockKey = newKey()
	return issue(&x509.Certificate{
		SerialNumber: big.NewInt(3), Subject: pkix.Name{CommonName: "clock"}, NotBefore: begin, NotAfter: begin.AddDate(80, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	}, n.root, &n.clockKey.PublicKey, n.rootKey)
}
