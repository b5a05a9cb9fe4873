// Package notary is a certificate authority and two logs for tests: what sigstore's
// Fulcio, Rekor and certificate log are for the world, and the document that
// makes clients trust them.
package notary

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"sync"
	"time"
)

// Host is what the log calls itself.
const Host = "rekor.example"

// Notary gives certificates and writes signatures down.
type Notary struct {
	root, issuer   *x509.Certificate
	rootKey        *ecdsa.PrivateKey
	issuerKey      *ecdsa.PrivateKey
	clock          *x509.Certificate // of whoever stamps times
	clockKey       *ecdsa.PrivateKey
	log, certLog   *ecdsa.PrivateKey
	logID, certLID []byte
	now            func() time.Time

	mu     sync.Mutex
	leaves [][]byte // hashes of what is written down
	serial int64
}

// New makes one with keys of its own, and a log that has a few entries.
func New(now func() time.Time) *Notary {
	n := &Notary{now: now, serial: 10}
	n.rootKey = newKey()
	n.issuerKey, n.log, n.certLog = newKey(), newKey(), newKey()
	n.logID, n.certLID = keyID(n.log), keyID(n.certLog)
	begin := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	authority := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Organization: []string{"sigstore.example"}},
			NotBefore: begin, NotAfter: begin.AddDate(90, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	n.root = issue(authority(1, "root"), nil, &n.rootKey.PublicKey, n.rootKey)
	middle := authority(2, "intermediate")
	middle.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	n.issuer = issue(middle, n.root, &n.issuerKey.PublicKey, n.rootKey)
	n.clock = n.newClock(begin)
	for i := range 5 { // so that proofs have hashes of both sides
		n.leaves = append(n.leaves, leaf(fmt.Append(nil, "entry ", i)))
	}
	return n
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	return key
}

// check panics: whatever fails here is no fault of what is tested.
func check(err error) {
	if err != nil {
		panic("notary: " + err.Error())
	}
}

func der(key *ecdsa.PrivateKey) []byte {
	out, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	check(err)
	return out
}

func keyID(key *ecdsa.PrivateKey) []byte {
	sum := sha256.Sum256(der(key))
	return sum[:]
}

func sign(key *ecdsa.PrivateKey, data []byte) []byte {
	sum := sha256.Sum256(data)
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	check(err)
	return sig
}

// issue makes a certificate; without a parent it is its own.
func issue(template, parent *x509.Certificate, key *ecdsa.PublicKey, by *ecdsa.PrivateKey) *x509.Certificate {
	if parent == nil {
		parent = template
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, key, by)
	check(err)
	cert, err := x509.ParseCertificate(raw)
	check(err)
	return cert
}

// Certificate gives one for ten minutes, as Fulcio does, which the log of
// certificates knows unless secret.
func (n *Notary) Certificate(key *ecdsa.PublicKey, who string, at time.Time, secret bool) *x509.Certificate {
	n.mu.Lock()
	n.serial++
	serial := n.serial
	n.mu.Unlock()
	u, err := url.Parse(who)
	check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: at, NotAfter: at.Add(10 * time.Minute), URIs: []*url.URL{u},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	bare := issue(template, n.issuer, key, n.issuerKey)
	if secret {
		return bare
	}
	list, err := asn1.Marshal(n.timestamp(bare.RawTBSCertificate, at))
	check(err)
	template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: list}}
	return issue(template, n.issuer, key, n.issuerKey)
}

// timestamp is the log of certificates' word that it knows one: a list of one
// (RFC 6962, 3.2 and 3.3).
func (n *Notary) timestamp(bare []byte, at time.Time) []byte {
	stamp := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))
	by := sha256.Sum256(n.issuer.RawSubjectPublicKeyInfo)
	message := append([]byte{0, 0}, stamp...)
	message = append(append(message, 0, 1), by[:]...)
	message = append(message, byte(len(bare)>>16), byte(len(bare)>>8), byte(len(bare)))
	message = append(append(message, bare...), 0, 0)
	one := append(append([]byte{0}, n.certLID...), stamp...)
	one = append(one, 0, 0, 4, 3)
	one = vector(one, sign(n.certLog, message))
	return vector(nil, vector(nil, one))
}

func vector(to, content []byte) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(len(content))), content...)
}

// Written is what the log says of an entry.
type Written struct {
	Body, Promise, LogID []byte
	Time, Index, Size    int64
	Root                 []byte
	Hashes               [][]byte
	Checkpoint           string
	stamped              []byte // by an authority for time; the log says none then
}

// Write takes an entry into the log.
func (n *Notary) Write(body []byte, at time.Time) Written {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.leaves = append(n.leaves, leaf(body))
	index := len(n.leaves) - 1
	w := Written{
		Body: body, LogID: n.logID, Time: at.Unix(), Index: int64(index), Size: int64(len(n.leaves)),
		Root: treeHash(n.leaves), Hashes: path(index, n.leaves),
	}
	// A log of several parts counts in all of them (Rekor); one here is enough.
	w.Promise = sign(n.log, fmt.Appendf(nil, `{"body":"%s","integratedTime":%d,"logID":"%x","logIndex":%d}`,
		base64.StdEncoding.EncodeToString(body), w.Time, n.logID, w.Index))
	note := fmt.Sprintf("%s - 1\n%d\n%s\n", Host, w.Size, base64.StdEncoding.EncodeToString(w.Root))
	sig := append(n.logID[:4:4], sign(n.log, []byte(note))...)
	w.Checkpoint = note + "\n\u2014 " + Host + " " + base64.StdEncoding.EncodeToString(sig) + "\n"
	return w
}

func leaf(body []byte) []byte {
	sum := sha256.Sum256(append([]byte{0}, body...))
	return sum[:]
}

func join(left, right []byte) []byte {
	sum := sha256.Sum256(append(append([]byte{1}, left...), right...))
	return sum[:]
}

// split is the largest power of two below n (RFC 6962, 2.1).
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

func treeHash(leaves [][]byte) []byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := split(len(leaves))
	return join(treeHash(leaves[:k]), treeHash(leaves[k:]))
}

// path is the hashes that lead from a leaf to the root.
func path(i int, leaves [][]byte) [][]byte {
	if len(leaves) == 1 {
		return nil
	}
	if k := split(len(leaves)); i < k {
		return append(path(i, leaves[:k]), treeHash(leaves[k:]))
	} else {
		return append(path(i-k, leaves[k:]), treeHash(leaves[:k]))
	}
}

// Root is the document that makes a client trust the notary.
func (n *Notary) Root() []byte {
	type m = map[string]any
	since := m{"start": "2019-01-01T00:00:00Z"}
	logOf := func(key *ecdsa.PrivateKey, host string) m {
		return m{
			"baseUrl": "https://" + host, "hashAlgorithm": "SHA2_256", "logId": m{"keyId": keyID(key)},
			"publicKey": m{"rawBytes": der(key), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": since},
		}
	}
	text, err := json.MarshalIndent(m{
		"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"tlogs":     []m{logOf(n.log, Host)}, "ctlogs": []m{logOf(n.certLog, "ct.example")}, "timestampAuthorities": []m{{
			"subject": m{"organization": "sigstore.example", "commonName": "clock"}, "uri": "https://clock.example", "validFor": since,
			"certChain": m{"certificates": []m{{"rawBytes": n.clock.Raw}, {"rawBytes": n.root.Raw}}},
		}},
		"certificateAuthorities": []m{{
			"subject": m{"organization": "sigstore.example", "commonName": "root"}, "uri": "https://fulcio.example", "validFor": since,
			"certChain": m{"certificates": []m{{"rawBytes": n.issuer.Raw}, {"rawBytes": n.root.Raw}}},
		}},
	}, "", "  ")
	check(err)
	return append(text, '\n')
}
