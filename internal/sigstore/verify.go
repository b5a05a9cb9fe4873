package sigstore

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"time"
)

// Verify reports what is wrong with a bundle, nil if nothing is: that the
// signature is that of its certificate, or of key where the bundle names one,
// that the certificate is from an authority of root and was good when a log of
// root took the signature in, and that a log of certificates knew it.
//
// Who signed is not looked at, nor what was said: see [Bundle.Statement].
func (b *Bundle) Verify(root *Root, key crypto.PublicKey) error {
	if len(b.Material.Entries) == 0 {
		return errors.New("no log has written it down")
	}
	var times []time.Time
	for i := range b.Material.Entries {
		e := &b.Material.Entries[i]
		if err := root.included(e); err != nil {
			return err
		}
		if err := b.Envelope.recorded(e); err != nil {
			return err
		}
		if e.Promise != nil && e.Time != 0 { // a proof alone says nothing of the time
			times = append(times, time.Unix(int64(e.Time), 0))
		}
	}
	for _, ts := range b.Material.Timestamps.RFC3161 {
		t, err := root.stamped(ts, b.Envelope.Signatures[0].Sig)
		if err != nil {
			return err
		}
		times = append(times, t)
	}
	if len(times) == 0 {
		return errors.New("nobody says when it was written down")
	}
	key, err := b.signer(root, key, times)
	if err != nil {
		return err
	}
	if !signed(key, b.Envelope.encoded(), b.Envelope.Signatures[0].Sig) {
		return errors.New("the signature is not that of the statement")
	}
	return nil
}

// Named is the name of the key that has signed, "" where it has none.
func (b *Bundle) Named() string { return b.Envelope.Signatures[0].KeyID }

// Signature is that of the statement, in base64.
func (b *Bundle) Signature() string {
	return base64.StdEncoding.EncodeToString(b.Envelope.Signatures[0].Sig)
}

// Time is when the first log promised to take the signature in, which is true if
// [Bundle.Verify] says so; the zero time where none did.
func (b *Bundle) Time() time.Time {
	if len(b.Material.Entries) == 0 || b.Material.Entries[0].Promise == nil {
		return time.Time{}
	}
	return time.Unix(int64(b.Material.Entries[0].Time), 0)
}

// signer is the key of whoever signed, which was good at all times.
func (b *Bundle) signer(root *Root, key crypto.PublicKey, times []time.Time) (crypto.PublicKey, error) {
	if b.Material.PublicKey != nil {
		if key == nil {
			return nil, errors.New("its key is not known")
		}
		return key, nil
	}
	cert, err := b.certificate()
	if err != nil {
		return nil, err
	}
	for _, t := range times {
		issuer, err := root.issuer(cert, t)
		if err != nil {
			return nil, err
		}
		if err := root.published(cert, issuer); err != nil {
			return nil, err
		}
	}
	return cert.PublicKey, nil
}

// certificate reads the signer's.
func (b *Bundle) certificate() (*x509.Certificate, error) {
	raw := b.Material.Certificate
	if chain := b.Material.Chain; raw == nil && chain != nil && len(chain.Certificates) > 0 {
		raw = &chain.Certificates[0]
	}
	if raw == nil {
		return nil, errors.New("the bundle has no certificate")
	}
	cert, err := x509.ParseCertificate(raw.Bytes)
	if err != nil {
		return nil, errors.New("its certificate cannot be read")
	}
	return cert, nil
}

// issuer finds the authority that has given a certificate that was good at t,
// and returns its own.
func (r *Root) issuer(cert *x509.Certificate, t time.Time) (*x509.Certificate, error) {
	err := errors.New("no trusted authority gave certificates then")
	for _, a := range r.authorities {
		if !a.valid.has(t) {
			continue
		}
		var issuer *x509.Certificate
		if issuer, err = a.above(cert, t, x509.ExtKeyUsageCodeSigning); err == nil {
			return issuer, nil
		}
	}
	return nil, &certificateError{t, err}
}

// certificateError is a certificate that nobody trusted has given, or that was
// not good when it was used.
type certificateError struct {
	at  time.Time
	err error
}

func (e *certificateError) Error() string {
	why := "it is not from a trusted authority"
	if invalid := (x509.CertificateInvalidError{}); errors.As(e.err, &invalid) && invalid.Reason == x509.Expired {
		why = "it was not good then"
	}
	return "its certificate was used at " + e.at.UTC().Format(time.RFC3339) + ", and " + why
}
func (e *certificateError) Unwrap() error { return e.err }

// named finds the log of an ID that counted at t.
func named(logs []log, id []byte, t time.Time) *log {
	for i := range logs {
		if bytes.Equal(logs[i].id, id) && logs[i].valid.has(t) {
			return &logs[i]
		}
	}
	return nil
}
