package releasekey

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"os"
	"testing"
)

// release reads what the Node project published with v22.11.0.
func release(t testing.TB) (document, signature []byte) {
	t.Helper()
	document, err := os.ReadFile("../../testreg/testdata/node/SHASUMS256.txt")
	if err != nil {
		t.Fatal(err)
	}
	if signature, err = os.ReadFile("../../testreg/testdata/node/SHASUMS256.txt.sig"); err != nil {
		t.Fatal(err)
	}
	return document, signature
}

func TestARealReleaseIsSigned(t *testing.T) {
	document, signature := release(t)
	keys, err := Keys()
	if err != nil || len(keys) != 33 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	if err := Check(document, signature, keys); err != nil {
		t.Error(err)
	}
}

func TestWhatNobodySigned(t *testing.T) {
	document, signature := release(t)
	keys, err := Keys()
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(document, []byte("1bbf7e63"), []byte("00000000"), 1)
	if err := Check(other, signature, keys); !errors.Is(err, ErrNobody) {
		t.Errorf("another document: %v", err)
	}
	if err := Check(document, signature, nil); !errors.Is(err, ErrNobody) {
		t.Errorf("no keys: %v", err)
	}
	if err := Check(document, nil, keys); !errors.Is(err, ErrNobody) {
		t.Errorf("no signature: %v", err)
	}
	for _, broken := range [][]byte{[]byte("<html>"), signature[:len(signature)-1], signature[:20], {0xc2, 0xff}} {
		if err := Check(document, broken, keys); err == nil {
			t.Errorf("%q: no error", broken[:min(len(broken), 20)])
		}
	}
}

// Half of the recent releases are signed with Ed25519.
func TestEd25519(t *testing.T) {
	private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	number := func(b []byte) []byte {
		return append(binary.BigEndian.AppendUint16(nil, uint16(8*len(b))), b...)
	}
	public := append([]byte{0x40}, private.Public().(ed25519.PublicKey)...)
	key, err := ParseKey(append(append([]byte{4, 0, 0, 0, 0, algorithmEdDSA}, ed25519OID...), number(public)...))
	if err != nil {
		t.Fatal(err)
	}
	hashed := []byte{4, 0, algorithmEdDSA, 8, 0, 0}
	s := signature{hashed: hashed, hash: hashes[8]}
	made := ed25519.Sign(private, s.digest([]byte("text")))
	body := append(append(hashed, 0, 0, 0, 0), append(number(made[:32]), number(made[32:])...)...)
	packet := append([]byte{0xc2, byte(len(body))}, body...)
	if err := Check([]byte("text"), packet, []Key{key}); err != nil {
		t.Error(err)
	}
	if err := Check([]byte("test"), packet, []Key{key}); !errors.Is(err, ErrNobody) {
		t.Errorf("another text: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	document, signature := release(f)
	f.Add(signature)
	keys, err := Keys()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, other []byte) {
		if err := Check(document, other, keys[:1]); err == nil {
			t.Error("signed by another key")
		}
		ParseKey(other)
	})
}
