package sigstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// included reports why an entry is not in a trusted log; nil if the log has
// promised it, or proves it, and whichever of the two is there is right.
func (r *Root) included(e *Entry) error {
	if e.Promise == nil && e.Proof == nil {
		return errors.New("the log neither promises nor proves that it has the entry")
	}
	if e.Promise != nil {
		l := named(r.logs, e.Log.ID, time.Unix(int64(e.Time), 0))
		if l == nil {
			return errors.New("the log is not a trusted one")
		}
		if !signed(l.key, e.promised(), e.Promise.Signed) {
			return errors.New("the log's promise is not signed by it")
		}
	}
	if e.Proof == nil {
		return nil
	}
	c, err := r.checkpoint(e.Proof.Checkpoint.Envelope)
	if err != nil {
		return err
	}
	return e.in(c)
}

// promised is what a log signs of an entry: JSON, with sorted keys and no blanks.
func (e *Entry) promised() []byte {
	return fmt.Appendf(nil, `{"body":"%s","integratedTime":%d,"logID":"%x","logIndex":%d}`,
		base64.StdEncoding.EncodeToString(e.Body), e.Time, e.Log.ID, e.Index)
}

// checkpoint is a state of a log.
type checkpoint struct {
	size uint64
	root []byte
}

// hintSize is how much of a log's ID its signature of a checkpoint begins with.
const hintSize = 4

// checkpoint reads a state that one of the logs has signed: a note of origin, size
// and root hash, an empty line, and lines of a dash, a name and a signature.
func (r *Root) checkpoint(text string) (checkpoint, error) {
	head, tail, ok := strings.Cut(text, "\n\n")
	if !ok {
		return checkpoint{}, errors.New("the log's checkpoint has no signature")
	}
	head += "\n"
	lines := strings.Split(head, "\n")
	if len(lines) < 4 {
		return checkpoint{}, errors.New("the log's checkpoint is cut short")
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	root, err2 := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || err2 != nil {
		return checkpoint{}, errors.New("the log's checkpoint cannot be read")
	}
	for line := range strings.Lines(tail) {
		words := strings.Fields(line)
		if len(words) == 3 && words[0] == "\u2014" && r.noted(head, words[1], words[2]) {
			return checkpoint{size, root}, nil
		}
	}
	return checkpoint{}, errors.New("the log's checkpoint is not signed by a trusted one")
}

// noted reports whether a log of that name has signed a note.
func (r *Root) noted(note, name, sig string) bool {
	raw, err := base64.StdEncoding.DecodeString(sig)
	if err != nil || len(raw) <= hintSize {
		return false
	}
	for _, l := range r.logs {
		if bytes.Equal(l.id[:hintSize], raw[:hintSize]) && strings.Contains(l.url, name) {
			return signed(l.key, []byte(note), raw[hintSize:])
		}
	}
	return false
}

// in reports why an entry's proof does not lead to a state of the log (RFC 9162,
// 2.1.3.2; RFC 6962 has the hashes).
func (e *Entry) in(c checkpoint) error {
	if e.Proof.Index < 0 || uint64(e.Proof.Index) >= c.size {
		return errors.New("the log's proof is about an entry that its checkpoint does not know")
	}
	index := uint64(e.Proof.Index)
	// Up to where the way to the last entry joins, hashes are of either side, and
	// from there on of the left.
	inner := bits.Len64(index ^ (c.size - 1))
	if len(e.Proof.Hashes) != inner+bits.OnesCount64(index>>inner) {
		return errors.New("the log's proof has not as many hashes as it needs")
	}
	sum := sha256.Sum256(append([]byte{0}, e.Body...))
	for i, h := range e.Proof.Hashes {
		if i < inner && index>>i&1 == 0 {
			sum = joined(sum[:], h)
		} else {
			sum = joined(h, sum[:])
		}
	}
	if !bytes.Equal(sum[:], c.root) {
		return errors.New("the log's proof does not lead to its checkpoint")
	}
	return nil
}

func joined(left, right []byte) [sha256.Size]byte {
	return sha256.Sum256(append(append([]byte{1}, left...), right...))
}

// body is what a log writes down about an envelope, in three forms.
type body struct {
	Kind    string `json:"kind"`
	Version string `json:"apiVersion"`
	Spec    struct {
		PayloadHash hash            `json:"payloadHash"` // dsse 0.0.1
		Signatures  []loggedSig     `json:"signatures"`
		Content     json.RawMessage `json:"content"` // intoto 0.0.2
		V2          *struct {
			PayloadHash struct {
				Digest []byte `json:"digest"`
			} `json:"payloadHash"`
			Signatures []struct {
				Content []byte `json:"content"`
			} `json:"signatures"`
		} `json:"dsseV002"`
	} `json:"spec"`
}

type hash struct {
	Value string `json:"value"` // SHA-256, in hexadecimal
}

type loggedSig struct {
	Signature []byte `json:"signature"`
	Sig       []byte `json:"sig"` // base64 of base64
}

// recorded reports why an entry of a log is about something else than the
// envelope.
func (env *Envelope) recorded(e *Entry) error {
	var b body
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return fmt.Errorf("the log's entry cannot be read: %w", err)
	}
	if b.Kind != e.Kind.Kind || b.Version != e.Kind.Version {
		return fmt.Errorf("the log's entry is %s %s, and not %s %s", b.Kind, b.Version, e.Kind.Kind, e.Kind.Version)
	}
	sigs, sum, err := b.about()
	if err != nil {
		return err
	}
	if len(sigs) != 1 || !bytes.Equal(sigs[0], env.Signatures[0].Sig) {
		return errors.New("the log's entry is about another signature")
	}
	if want := sha256.Sum256(env.Payload); !bytes.Equal(sum, want[:]) {
		return errors.New("the log's entry is about another statement")
	}
	return nil
}

// about is the signatures and the payload's hash that an entry names.
func (b *body) about() (sigs [][]byte, sum []byte, err error) {
	switch b.Kind + " " + b.Version {
	case "dsse 0.0.1":
		for _, s := range b.Spec.Signatures {
			sigs = append(sigs, s.Signature)
		}
		sum, err = hex.DecodeString(b.Spec.PayloadHash.Value)
		return sigs, sum, err
	case "dsse 0.0.2":
		if b.Spec.V2 == nil {
			break
		}
		for _, s := range b.Spec.V2.Signatures {
			sigs = append(sigs, s.Content)
		}
		return sigs, b.Spec.V2.PayloadHash.Digest, nil
	case "intoto 0.0.2":
		return b.intoto()
	}
	return nil, nil, fmt.Errorf("the log's entry has a form that is not known: %s %s", b.Kind, b.Version)
}

// intoto reads the older form of an entry.
func (b *body) intoto() (sigs [][]byte, sum []byte, err error) {
	var content struct {
		Envelope struct {
			Signatures []loggedSig `json:"signatures"`
		} `json:"envelope"`
		PayloadHash hash `json:"payloadHash"`
	}
	if err := json.Unmarshal(b.Spec.Content, &content); err != nil {
		return nil, nil, fmt.Errorf("the log's entry cannot be read: %w", err)
	}
	for _, s := range content.Envelope.Signatures {
		sig, err := base64.StdEncoding.DecodeString(string(s.Sig))
		if err != nil {
			return nil, nil, errors.New("the log's entry has a signature that cannot be read")
		}
		sigs = append(sigs, sig)
	}
	sum, err = hex.DecodeString(content.PayloadHash.Value)
	return sigs, sum, err
}
