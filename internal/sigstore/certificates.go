package sigstore

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"time"
)

// sctList is the extension with what logs of certificates have signed (RFC 6962, 3.3).
var sctList = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}

// published reports why a log of certificates did not know cert; nil if all that
// the certificate names did, one at least.
func (r *Root) published(cert, issuer *x509.Certificate) error {
	scts, bare, err := precertificate(cert)
	if err != nil {
		return err
	}
	if len(scts) == 0 {
		return errors.New("no log of certificates knows its certificate")
	}
	by := sha256.Sum256(issuer.RawSubjectPublicKeyInfo)
	for _, sct := range scts {
		l := named(r.ctLogs, sct.log, sct.time)
		if l == nil || !signed(l.key, sct.signs(by[:], bare), sct.sig) {
			return errors.New("no trusted log of certificates knows its certificate")
		}
	}
	return nil
}

// sct is a signed certificate timestamp.
type sct struct {
	log        []byte
	stamp      []byte // milliseconds since 1970, 8 bytes
	time       time.Time
	extensions []byte
	sig        []byte
}

// signs is what a log signs of a certificate (RFC 6962, 3.2): by is the hash of
// its issuer's key, bare the certificate without the timestamps.
func (s *sct) signs(by, bare []byte) []byte {
	out := []byte{0, 0} // version 1, a certificate's timestamp
	out = append(out, s.stamp...)
	out = append(out, 0, 1) // of a precertificate
	out = append(out, by...)
	out = append(out, byte(len(bare)>>16), byte(len(bare)>>8), byte(len(bare)))
	out = append(out, bare...)
	out = binary.BigEndian.AppendUint16(out, uint16(len(s.extensions)))
	return append(out, s.extensions...)
}

// precertificate takes the timestamps out of a certificate: it returns them, and
// what is left of the part that is signed, to the byte.
func precertificate(cert *x509.Certificate) (scts []sct, bare []byte, err error) {
	var whole asn1.RawValue
	if _, err := asn1.Unmarshal(cert.RawTBSCertificate, &whole); err != nil {
		return nil, nil, err
	}
	var fields []byte
	for rest := whole.Bytes; len(rest) > 0; {
		var field asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &field); err != nil {
			return nil, nil, err
		}
		if field.Class != asn1.ClassContextSpecific || field.Tag != 3 { // 3: the extensions (RFC 5280, 4.1)
			fields = append(fields, field.FullBytes...)
			continue
		}
		kept, found, err := withoutSCTs(field.Bytes)
		if err != nil {
			return nil, nil, err
		}
		if scts, err = parseSCTs(found); err != nil {
			return nil, nil, err
		}
		if fields, err = appendDER(fields, asn1.ClassContextSpecific, 3, kept); err != nil {
			return nil, nil, err
		}
	}
	bare, err = appendDER(nil, asn1.ClassUniversal, asn1.TagSequence, fields)
	return scts, bare, err
}

// withoutSCTs divides a list of extensions: the list without the one, and what
// that one has, nil if there is none.
func withoutSCTs(list []byte) (kept, found []byte, err error) {
	var all asn1.RawValue
	if _, err := asn1.Unmarshal(list, &all); err != nil {
		return nil, nil, err
	}
	for rest := all.Bytes; len(rest) > 0; {
		var one asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &one); err != nil {
			return nil, nil, err
		}
		var id asn1.ObjectIdentifier
		value, err := asn1.Unmarshal(one.Bytes, &id)
		if err != nil {
			return nil, nil, err
		}
		if !id.Equal(sctList) || found != nil {
			kept = append(kept, one.FullBytes...)
			continue
		}
		if _, err := asn1.Unmarshal(value, &found); err != nil {
			return nil, nil, err
		}
	}
	kept, err = appendDER(nil, asn1.ClassUniversal, asn1.TagSequence, kept)
	return kept, found, err
}

// appendDER writes a constructed value.
func appendDER(to []byte, class, tag int, content []byte) ([]byte, error) {
	der, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: content})
	return append(to, der...), err
}

// parseSCTs reads the list in the extension, an octet string in an octet string.
func parseSCTs(value []byte) ([]sct, error) {
	if value == nil {
		return nil, nil
	}
	broken := errors.New("the timestamps of its certificate cannot be read")
	var text []byte
	if _, err := asn1.Unmarshal(value, &text); err != nil {
		return nil, broken
	}
	list, rest, ok := vector(text)
	if !ok || len(rest) > 0 {
		return nil, broken
	}
	var scts []sct
	for len(list) > 0 {
		var one []byte
		if one, list, ok = vector(list); !ok {
			return nil, broken
		}
		s, ok := parseSCT(one)
		if !ok {
			return nil, broken
		}
		scts = append(scts, s)
	}
	return scts, nil
}

// parseSCT reads a timestamp: version, log (32), time (8), extensions, hash and
// signature algorithm, signature.
func parseSCT(b []byte) (s sct, ok bool) {
	const fixed = 1 + 32 + 8
	if len(b) < fixed || b[0] != 0 {
		return s, false
	}
	s.log, s.stamp = b[1:33], b[33:fixed]
	s.time = time.UnixMilli(int64(binary.BigEndian.Uint64(s.stamp)))
	s.extensions, b, ok = vector(b[fixed:])
	if !ok || len(b) < 2 || b[0] != 4 { // 4: SHA-256 (RFC 5246, 7.4.1.4.1); the log's key says the rest
		return s, false
	}
	s.sig, b, ok = vector(b[2:])
	return s, ok && len(b) == 0
}

// vector takes bytes with their length in two bytes before them.
func vector(b []byte) (content, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if b = b[2:]; len(b) < n {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}
