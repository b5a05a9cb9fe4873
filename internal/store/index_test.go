package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"godwit/internal/fsys"
)

func testTree() *Tree {
	return &Tree{
		Dirs:  []string{"a", "a/b"},
		Files: []File{{"package.json", 5, false}, {"a/b/c", 1 << 40, true}},
		Meta: Meta{
			Name: "@s/p", Version: "1.0.0", Scripts: Preinstall | Prepare, Gyp: true,
			Bins: []Bin{{Name: "p", Path: "a/b/c", Shebang: "#!/bin/sh"}, {Name: "q", Path: "none", Absent: true}},
		},
	}
}

// sign puts the right checksum behind an index.
func sign(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, castagnoli()))
}

func TestIndexRoundTrip(t *testing.T) {
	for _, want := range []*Tree{testTree(), {}} {
		got, err := decodeIndex(want.encode())
		check(t, err)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Tree{}, ID{}), cmpopts.IgnoreFields(Tree{}, "ID")); diff != "" {
			t.Error(diff)
		}
	}
}

func TestIndexDamage(t *testing.T) {
	data := testTree().encode()
	for i := range data {
		if _, err := decodeIndex(data[:i]); !errors.Is(err, errIndex) {
			t.Errorf("%d bytes of %d: %v", i, len(data), err)
		}
		flipped := append([]byte(nil), data...)
		flipped[i] ^= 0x10
		if _, err := decodeIndex(flipped); !errors.Is(err, errIndex) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if i >= len(indexMagic) && i < len(data)-4 {
			if _, err := decodeIndex(sign(append([]byte(nil), data[:i]...))); !errors.Is(err, errIndex) {
				t.Errorf("signed %d bytes of %d: %v", i, len(data), err)
			}
		}
	}
	if _, err := decodeIndex(sign(append(data[:len(data)-4:len(data)-4], 0))); !errors.Is(err, errIndex) {
		t.Errorf("a byte too many: %v", err)
	}
}

// TestIndexHostile signs indexes that would write elsewhere or ask for much
// memory.
func TestIndexHostile(t *testing.T) {
	for name, change := range map[string]func(*Tree){
		"file":      func(t *Tree) { t.Files[0].Path = "../../x" },
		"absolute":  func(t *Tree) { t.Files[0].Path = "/x" },
		"directory": func(t *Tree) { t.Dirs[0] = ".." },
		"bin path":  func(t *Tree) { t.Meta.Bins[0].Path = "../x" },
		"bin name":  func(t *Tree) { t.Meta.Bins[0].Name = "../x" },
		"bin slash": func(t *Tree) { t.Meta.Bins[0].Name = `a\b` },
	} {
		tree := testTree()
		change(tree)
		if _, err := decodeIndex(tree.encode()); !errors.Is(err, errIndex) {
			t.Errorf("%s: %v", name, err)
		}
	}
	huge := binary.AppendUvarint([]byte(indexMagic+"\x00\x00\x00"), 1<<50)
	if _, err := decodeIndex(sign(huge)); !errors.Is(err, errIndex) {
		t.Errorf("2^50 commands: %v", err)
	}
	endless := append([]byte(indexMagic), strings.Repeat("\xff", 20)...)
	if _, err := decodeIndex(sign(endless)); !errors.Is(err, errIndex) {
		t.Errorf("endless number: %v", err)
	}
}

func FuzzDecodeIndex(f *testing.F) {
	data := testTree().encode()
	f.Add(data[len(indexMagic) : len(data)-4])
	f.Add([]byte("\x01a\x011\x3f\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		tree, err := decodeIndex(sign(append([]byte(indexMagic), body...)))
		if err != nil {
			return
		}
		for _, file := range tree.Files {
			if fsys.CheckPath(file.Path) != nil || file.Size < 0 {
				t.Fatalf("accepts %+v", file)
			}
		}
		again, err := decodeIndex(tree.encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tree, again, cmpopts.IgnoreUnexported(Tree{}, ID{})); diff != "" {
			t.Fatal(diff)
		}
	})
}
