package cli

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"godwit/internal/npm/specifier"
	"godwit/internal/project"
)

// unknownLicense is pnpm's word where nothing says what the license is.
const unknownLicense = "Unknown"

// licenseFiles are where pnpm looks for what package.json does not say; the
// first that is there counts.
var licenseFiles = []string{
	"LICENSE", "LICENCE", "LICENSE.md", "LICENCE.md", "LICENSE.txt", "LICENCE.txt",
	"MIT-LICENSE.txt", "MIT-LICENSE.md", "MIT-LICENSE",
}

// licenseNames are those that pnpm knows in a text, the first that fits counts.
var licenseNames = []string{
	"Apache1_1", "Apache-1.1", "Apache 1.1", "Apache2", "Apache-2.0", "Apache 2.0", "BSD", "BSD-4-Clause",
	"CC01", "CC0-1.0", "CC0 1.0", "CDDL1", "CDDL-1.0", "Common Development and Distribution License 1.0",
	"EPL1", "EPL-1.0", "Eclipse Public License 1.0", "GPLv2", "GPL-2.0-only", "GPLv3", "GPL-3.0-only", "ISC",
	"LGPL", "LGPL-3.0-only", "LGPL2_1", "LGPL-2.1-only", "MIT", "MPL1_1", "MPL-1.1", "Mozilla Public License 1.1",
	"MPL2", "MPL-2.0", "Mozilla Public License 2.0", "NewBSD", "BSD-3-Clause", "New BSD", "OFL", "OFL-1.1",
	"SIL OPEN FONT LICENSE Version 1.1", "Python", "PSF-2.0", "Python Software Foundation License", "Ruby",
	"SimplifiedBSD", "BSD-2-Clause", "Simplified BSD", "WTFPL", "0BSD", "BSD Zero Clause License", "Zlib", "zlib/libpng license",
}

// maxLicense bounds what is read of a text, in bytes: the longest on the SPDX
// list have 50 kB.
const maxLicense = 1 << 20

// licenseOf is the license of the package in dir with this manifest, as pnpm
// 12.21 finds it.
func licenseOf(dir string, manifest project.Node) (string, error) {
	license := licenseField(manifest.Field("license"))
	if license == "" {
		license = licenseField(manifest.Field("licenses"))
	}
	if license != "" && !strings.Contains(strings.ToLower(license), "see license") {
		return license, nil
	}
	for _, name := range licenseFiles {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := readLicense(file)
		return namedIn(text), err
	}
	if license == "" {
		license = unknownLicense
	}
	return license, nil
}

// licenseField is what a field says: a word, or an object or a list of old.
func licenseField(n project.Node) string {
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
			if word := licenseField(item); word != "" {
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

func readLicense(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxLicense))
	return string(text), err
}

// namedIn is the licenses that a text names.
func namedIn(text string) string {
	names := make([]string, len(licenseNames))
	for i, name := range licenseNames {
		names[i] = regexp.QuoteMeta(name)
	}
	var found []string
	for _, name := range regexp.MustCompile(`(?i)\b(?:`+strings.Join(names, "|")+`)\b`).FindAllString(text, -1) {
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return unknownLicense
	}
	return strings.Join(found, " OR ")
}

// authorOf is the name of an author: "Name <mail> (page)", or an object.
func authorOf(n project.Node) string {
	text := n.Text
	if n.Kind == project.Map {
		text = n.Field("name").Text
	}
	if at := strings.IndexAny(text, "<("); at >= 0 {
		text = text[:at]
	}
	return strings.TrimSpace(text)
}

// homepageOf is what a manifest names, or else the page of a repository on a
// host that is known, as npm normalizes manifests.
func homepageOf(m project.Node) string {
	if page := m.Field("homepage").Text; page != "" {
		return page
	}
	text := m.Field("repository").Text
	if text == "" {
		text = m.Field("repository").Field("url").Text
	}
	s, err := specifier.Parse("", text)
	if err != nil || s.Git.Host == "" || text == "" {
		return ""
	}
	page := strings.TrimSuffix(strings.TrimPrefix(s.Git.HTTPS(), "git+"), ".git")
	if page == "" || strings.Contains(page, "@") { // it may hold credentials
		return ""
	}
	return page + "#readme"
}
