package yamltree

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/lexer"
	"github.com/google/go-cmp/cmp"
)

// lockfiles are those of the shared projects, each cut at its document marks.
func lockfiles(t testing.TB) map[string]string {
	t.Helper()
	paths, _ := filepath.Glob("../../../../../shared/ecosystem/*/pnpm-lock.yaml")
	if len(paths) == 0 {
		t.Skip("no ../shared/ecosystem here")
	}
	docs := map[string]string{}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.TrimPrefix(string(data), "---\n")
		for i, doc := range strings.Split(text, "\n---\n") {
			name := filepath.Base(filepath.Dir(p)) + string(rune('0'+i))
			docs[name] = strings.TrimSuffix(doc, "\n") + "\n"
		}
	}
	return docs
}

func TestLockfilesAreInPlainNotation(t *testing.T) {
	for name, text := range lockfiles(t) {
		n, err := parsePlain(text, 1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(text, string(Append(nil, n))); diff != "" {
			t.Errorf("%s: written otherwise (-want +got):\n%s", name, diff)
		}
	}
}

func TestBothReadersAgreeOnLockfiles(t *testing.T) {
	for name, text := range lockfiles(t) {
		plain, err := parsePlain(text, 1)
		if err != nil {
			t.Fatal(err)
		}
		general, err := parseGeneral(text, 1)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !equal(general, plain) {
			t.Errorf("%s (-general +plain):\n%.2000s", name, cmp.Diff(string(Append(nil, general)), string(Append(nil, plain))))
		}
	}
}

// The library's parser recurses without limit and must not see deep input.
func TestDepthIsBoundedBeforeTheLibraryParses(t *testing.T) {
	for text, ok := range map[string]bool{
		strings.Repeat("[", maxDepth+1):                           false,
		strings.Repeat("{a: ", maxDepth+1):                        false,
		strings.Repeat("- ", 8*maxDepth) + "a":                    false,
		strings.Repeat(" ", 8*maxDepth) + "a: b":                  false,
		strings.Repeat("&a ", maxDepth+1):                         false,
		strings.Repeat("a: [x, {b: c}]\n", maxDepth):              true,
		"a: {k: " + strings.Repeat("x", 9*maxDepth) + ", c: d}\n": true,
	} {
		if err := bounded(lexer.Tokenize(text), 1); (err == nil) != ok {
			t.Errorf("%.30q: %v", text, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for name, text := range lockfiles(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for name, text := range lockfiles(b) {
		n, err := Parse(text, 1)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			buf := make([]byte, 0, 2*len(text))
			for b.Loop() {
				buf = Append(buf[:0], n)
			}
		})
	}
}
