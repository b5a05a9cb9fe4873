package known

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestMeant(t *testing.T) {
	for name, want := range map[string]string{
		"lodash": "", "lodahs": "lodash", "loadsh": "lodash", "lodas": "lodash", "lodashs": "lodash", "iodash": "lodash",
		"crossspawn": "cross-spawn", "cross_spawn": "cross-spawn", "typescript.": "typescript", "TypeScript": "typescript",
		"preact":      "", // one letter from react, and known
		"vuw":         "", // too short to tell
		"@types/nodr": "", // of a scope that is known
		"@tyoes/node": "@types/node", "quite-another": "", "": "", "lodash-of-mine": "",
	} {
		if got := Meant(name); got != want {
			t.Errorf("%q may mean %q, not %q", name, want, got)
		}
	}
}

// lists are what names look like in each tool's lockfile.
var lists = map[string]*regexp.Regexp{
	"pnpm-lock.yaml":    regexp.MustCompile(`(?m)^  '?((?:@[^/\s']+/)?[^@\s'/(]+)@[^:]*:`),
	"package-lock.json": regexp.MustCompile(`(?m)^    "(?:[^"]*/)?node_modules/((?:@[^/"]+/)?[^/"]+)": \{`),
	"yarn.lock":         regexp.MustCompile(`(?m)^"?((?:@[^/\s"]+/)?[^@\s"/]+)@`),
	"bun.lock":          regexp.MustCompile(`(?m)^    "[^"]+": \["((?:@[^/"]+/)?[^@"/]+)@`),
}

// TestNames holds names.txt against the lockfiles it is made of; UPDATE=1 makes it.
func TestNames(t *testing.T) {
	const ecosystem = "../../../../shared/ecosystem"
	dirs, err := os.ReadDir(ecosystem)
	if err != nil {
		t.Skip("no ../shared/ecosystem beside this repository")
	}
	counts := map[string]int{}
	for _, dir := range dirs {
		if !dir.IsDir() {
			continue
		}
		for name := range namesBelow(t, filepath.Join(ecosystem, dir.Name())) {
			counts[name]++
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%s %d\n", name, counts[name])
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("names.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if b.String() != text {
		t.Error("names.txt is not what the lockfiles have: UPDATE=1 makes it anew")
	}
}

// namesBelow are the names in all lockfiles below a directory.
func namesBelow(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		list := lists[filepath.Base(path)]
		if err != nil || list == nil {
			return err
		}
		data, err := os.ReadFile(path)
		for _, m := range list.FindAllStringSubmatch(string(data), -1) {
			names[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
