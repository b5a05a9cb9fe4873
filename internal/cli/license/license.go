// Package license says what the license of a package is, and who it is from, by its
// package.json and its files.
package license

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"godwit/internal/project"
)

// Unknown is pnpm's word where nothing says what the license is.
const Unknown = "Unknown"

// inFiles are where pnpm looks for what package.json does not say; the
// first that is there counts.
var inFiles = []string{
	"LICENSE", "LICENCE", "LICENSE.md", "LICENCE.md", "LICENSE.txt", "LICENCE.txt",
	"MIT-LICENSE.txt", "MIT-LICENSE.md", "MIT-LICENSE",
}

// names are those that pnpm knows in a text, the first that fits counts.
var names = []string{
	"Apache1_1", "Apache-1.1", "Apache 1.1", "Apache2", "Apache-2.0", "Apache 2.0", "BSD", "BSD-4-Clause",
	"CC01", "CC0-1.0", "CC0 1.0", "CDDL1", "CDDL-1.0", "Common Development and Distribution License 1.0",
	"EPL1", "EPL-1.0", "Eclipse Public License 1.0", "GPLv2", "GPL-2.0-only", "GPLv3", "GPL-3.0-only", "ISC",
	"LGPL", "LGPL-3.0-only", "LGPL2_1", "LGPL-2.1-only", "MIT", "MPL1_1", "MPL-1.1", "Mozilla Public License 1.1",
	"MPL2", "MPL-2.0", "Mozilla Public License 2.0", "NewBSD", "BSD-3-Clause", "New BSD", "OFL", "OFL-1.1",
	"SIL OPEN FONT LICENSE Version 1.1", "Python", "PSF-2.0", "Python Software Foundation License", "Ruby",
	"SimplifiedBSD", "BSD-2-Clause", "Simplified BSD", "WTFPL", "0BSD", "BSD Zero Clause License", "Zlib", "zlib/libpng license",
}

// maxText bounds what is read of a text, in bytes: the longest on the SPDX
// list have 50 kB.
const maxText = 1 << 20

// Of is the license of the package in dir with this manifest, as pnpm
// 12.21 finds it.
func Of(dir string, manifest project.Node) (string, error) {
	license := field(manifest.Field("license"))
	if license == "" {
		license = field(manifest.Field("licenses"))
	}
	if license != "" && !strings.Contains(strings.ToLower(license), "see license") {
		return license, nil
	}
	for _, name := range inFiles {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := read(file)
		return namedIn(text), err
	}
	if license == "" {
		license = Unknown
	}
	return license, nil
}

// field is what a field says: a word, or an object or a list of old.
func field(n project.Node) string {
	switch n.Kind {
	case project.String:
		return n.Text
	case project.Map:
		if word := n.Field("type").Text; word != "" {
			return word
		}
		return n.Field("name").Text
	case project.List:
		var words []string
		for _, item := range n.Items {
			if item.Kind == project.List {
				continue
			}
			if word := field(item); word != "" {
				words = append(words, word)
			}
		}
		if len(words) > 1 {
			return "(" + strings.Join(words, " OR ") + ")"
		}
		return strings.Join(words, "")
	}
	return ""
}

func read(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxText))
	return string(text), err
}

// namedIn is the licenses that a text names.
func namedIn(text string) string {
	patterns := make([]string, len(names))
	for i, name := range names {
		patterns[i] = regexp.QuoteMeta(name)
	}
	var found []string
	for _, name := range regexp.MustCompile(`(?i)\b(?:`+strings.Join(patterns, "|")+`)\b`).FindAllString(text, -1) {
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return Unknown
	}
	return strings.Join(found, " OR ")
}

// Author is the name of an author: "Name <mail> (page)", or an object.
func Author(n project.Node) string {
	text := n.Text
	if n.Kind == project.Map {
		text = n.Field("name").Text
	}
	if at := strings.IndexAny(text, "<("); at >= 0 {
		text = text[:at]
	}
	return strings.TrimSpace(text)
}
