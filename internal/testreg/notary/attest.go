package notary

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"time"
)

// Faults are the ways in which [Notary.Attest] goes wrong, and good, which is none.
func Faults() []string {
	return []string{"good", "late", "secret", "stranger", "unlogged", "replaced", "forged", "reused", "truncated", "clock", "clock-late", "clock-other", "clock-stranger"}
}

// Attest signs a statement, and returns the bundle. How it goes wrong is one of
// Faults:
//
//	late       the certificate was not good any more
//	secret     no log of certificates knows it
//	stranger   the authority is another one
//	unlogged   the log that wrote the signature down is another one
//	replaced   the statement is another one than what was signed
//	forged     the signature is another key's than the certificate's
//	reused     the log's entry is about another signature
//	truncated  half of the bundle is missing
//
// In four ways the log says no time, and an authority does:
//
//	clock           as it should
//	clock-late      when the certificate was not good any more
//	clock-other     of another signature
//	clock-stranger  but it is another one
func (n *Notary) Attest(statement []byte, fault string) []byte {
	now := n.now()
	by, log, begin := n, n, now.Add(-time.Minute)
	switch fault {
	case "late", "clock-late":
		begin = now.Add(-time.Hour)
	case "stranger":
		by = New(n.now)
	case "unlogged":
		log = New(n.now)
	}
	key := newKey()
	cert := by.Certificate(&key.PublicKey, "https://ci.example/job", begin, fault == "secret")
	if fault == "forged" {
		key = newKey()
	}
	sig := sign(key, encoded(statement))
	written := sig
	if fault == "reused" {
		written = sign(key, statement)
	}
	payload := statement
	if fault == "replaced" {
		payload = bytes.Replace(statement, []byte("slsa.dev"), []byte("slsa.example"), 1)
	}
	w := log.Write(Body(payload, written, PEM(cert), "{}"), now)
	material := object{"certificate": object{"rawBytes": cert.Raw}}
	switch fault {
	case "clock", "clock-late":
		w.stamped = n.Stamp(sig, now)
	case "clock-other":
		w.stamped = n.Stamp(statement, now)
	case "clock-stranger":
		w.stamped = New(n.now).Stamp(sig, now)
	}
	text := bundle(material, payload, object{"sig": sig}, w)
	if fault == "truncated" {
		return text[:len(text)/2]
	}
	return text
}

// Keyed signs a statement with a key that has a name, as registries do.
func (n *Notary) Keyed(statement []byte, key *ecdsa.PrivateKey, name string) []byte {
	sig := sign(key, encoded(statement))
	w := n.Write(Body(statement, sig, name, "{}"), n.now())
	return bundle(object{"publicKey": object{"hint": name}}, statement, object{"sig": sig, "keyid": name}, w)
}

const statementType = "application/vnd.in-toto+json"

// encoded is what is signed of a statement (DSSE).
func encoded(statement []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(statementType), statementType, len(statement), statement)
}

// bundle puts a signature together with all that is needed to check it.
func bundle(material object, payload []byte, sig object, w Written) []byte {
	material["timestampVerificationData"] = object{}
	entry := w.entry()
	if w.stamped != nil {
		material["timestampVerificationData"] = object{"rfc3161Timestamps": []object{{"signedTimestamp": w.stamped}}}
		delete(entry, "inclusionPromise")
		delete(entry, "integratedTime")
	}
	material["tlogEntries"] = []object{entry}
	text, err := json.Marshal(object{
		"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": material,
		"dsseEnvelope": object{"payload": payload, "payloadType": statementType, "signatures": []object{sig}},
	})
	check(err)
	return text
}

// entry is what is written down in the form of a bundle.
func (w *Written) entry() object {
	return object{
		"logIndex": fmt.Sprint(w.Index), "logId": object{"keyId": w.LogID}, "integratedTime": fmt.Sprint(w.Time),
		"kindVersion": object{"kind": "dsse", "version": "0.0.1"}, "inclusionPromise": object{"signedEntryTimestamp": w.Promise},
		"inclusionProof": object{
			"logIndex": fmt.Sprint(w.Index), "rootHash": w.Root, "treeSize": fmt.Sprint(w.Size), "hashes": w.Hashes,
			"checkpoint": object{"envelope": w.Checkpoint},
		},
		"canonicalizedBody": w.Body,
	}
}
