package codes_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"godwit/internal/cli/codes"
)

const root = "../../.."

// A code that nobody explains, and an explanation of a code that nobody uses, are
// both wrong. What looks like a code in the source, and is none:
var others = map[string]bool{
	"ECDSA":      true, // an algorithm
	"EXTRANEOUS": true, // a remark of list
}

func TestEveryCodeIsExplained(t *testing.T) {
	used := inSource(t)
	for name, at := range used {
		if _, ok := codes.Of(name); !ok && !others[name] {
			t.Errorf("%s: nothing explains %s", at, name)
		}
	}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(codes.Markdown(), "\n") {
		rest, ok := strings.CutPrefix(line, "| `")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, "`")
		if seen[name] {
			t.Errorf("%s is explained twice", name)
		}
		seen[name] = true
		if _, ok := used[strings.TrimSuffix(name, "*")]; !ok {
			t.Errorf("nothing in the source has the code %s", name)
		}
	}
}

// inSource finds the string constants that are codes, and one place of each. What
// tests and the test registry say is no code of ours.
func inSource(t *testing.T) map[string]token.Position {
	t.Helper()
	code := regexp.MustCompile(`^(ERR_(PNPM|GODWIT)[A-Z0-9_]*|E[A-Z]{4,})$`)
	files, found := token.NewFileSet(), map[string]token.Position{}
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && (d.Name() == "testreg" || d.Name() == "testdata" || d.Name() == "codes") {
				if err == nil {
					err = fs.SkipDir
				}
				return err
			}
			if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					text, _ := strconv.Unquote(lit.Value)
					text = strings.TrimSuffix(text, "%d")
					if code.MatchString(text) {
						found[text] = files.Position(lit.Pos())
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// The page is made of the table: UPDATE=1 go test ./internal/cli/codes.
func TestPageIsMadeOfTable(t *testing.T) {
	page := filepath.Join(root, "doc", "errors.md")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(codes.Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != codes.Markdown() {
		t.Error("doc/errors.md is not what make errors writes")
	}
}
