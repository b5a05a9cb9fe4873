package project

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// ManifestFiles are the names of a project's manifest, in the order in which pnpm
// looks for it: the first one counts. All tools but pnpm know the first name alone.
var ManifestFiles = [...]string{ManifestFile, "package.json5", "package.yaml"}

// manifestIn is the name of the manifest in dir, or "".
func manifestIn(dir string) string {
	for _, name := range ManifestFiles {
		if isRegular(filepath.Join(dir, name)) {
			return name
		}
	}
	return ""
}

// ManifestIn is the path of the manifest of the project in dir: of package.json where
// there is none.
func ManifestIn(dir string) string {
	if name := manifestIn(dir); name != "" {
		return filepath.Join(dir, name)
	}
	return filepath.Join(dir, ManifestFile)
}

// readManifest reads the manifest in dir in whatever format. The error may wrap
// fs.ErrNotExist.
func readManifest(dir string) (name string, text []byte, err error) {
	for _, name = range ManifestFiles {
		if text, err = readFile(filepath.Join(dir, name)); !isNotExist(err) {
			return name, text, err
		}
	}
	return "", nil, err
}

// ReadJSON is the manifest in dir as JSON, whatever its format, and not looked at any
// closer. The error may wrap fs.ErrNotExist.
func ReadJSON(dir string) ([]byte, error) {
	name, text, err := readManifest(dir)
	if err != nil || name == ManifestFile {
		return text, err
	}
	doc, err := parseManifest(filepath.Join(dir, name), text)
	return doc.JSON(), err
}

// parseManifest reads a document in the format that the file's name says.
func parseManifest(file string, text []byte) (Node, error) {
	switch filepath.Ext(file) {
	case ".json5":
		v, err := parseJSON5(file, text)
		return v.node, err
	case ".yaml":
		return parseYAML(file, text)
	}
	return parseJSON(file, text)
}

// Text is the file as it was read; do not write to it. It is Raw where that is a
// package.json.
func (p *Project) Text() []byte { return p.text }

// Rewrite is the file after edits; what they do not change stays, as with [Rewrite].
// The same slice as Text, if they change nothing.
func (p *Project) Rewrite(edits []Edit, order Order) ([]byte, error) {
	if p.File == ManifestFile {
		return Rewrite(p.text, edits, order)
	}
	sorted := slices.Clone(edits)
	if order != Kept { // what is new comes in the order that it has in a package.json
		slices.SortStableFunc(sorted, func(a, b Edit) int {
			if a.Group != b.Group {
				return 0
			}
			return order.Compare(a.Alias, b.Alias)
		})
	}
	text, doc := p.text, p.Manifest.Document
	for _, e := range sorted {
		value := Node{}
		if e.Specifier != "" {
			value = Text(e.Specifier)
		}
		keys := []string{e.Group, e.Alias}
		if old := doc.Field(e.Group).Field(e.Alias); old.Kind == value.Kind && old.Text == value.Text {
			continue
		}
		var err error
		if text, err = p.set(text, keys, value); err != nil {
			return nil, err
		}
		doc = with(doc, keys, value)
	}
	return text, nil
}

// SetText is the file with the string text under a key at the top.
func (p *Project) SetText(key, text string) ([]byte, error) {
	if p.File == ManifestFile {
		return SetText(p.text, text, key)
	}
	return p.set(p.text, []string{key}, Text(text))
}

// set changes one value of a manifest that is no package.json.
func (p *Project) set(text []byte, keys []string, value Node) ([]byte, error) {
	if strings.HasSuffix(p.File, ".yaml") {
		return setManifestYAML(p.Path(), text, keys, value)
	}
	return setJSON5(p.Path(), text, keys, value)
}

// become is the file with another document, of which it has to change as little as
// possible.
func (p *Project) become(doc Node) ([]byte, error) {
	if doc.Kind != Map {
		return nil, fmt.Errorf("a manifest is an object, not %s", doc.Kind)
	}
	return p.merge(p.text, nil, p.Manifest.Document, doc)
}

// merge makes what is under keys another map.
func (p *Project) merge(text []byte, keys []string, from, to Node) ([]byte, error) {
	var err error
	for _, f := range from.Fields {
		if to.Field(f.Key).Kind == Missing {
			if text, err = p.set(text, slices.Concat(keys, []string{f.Key}), Node{}); err != nil {
				return nil, err
			}
		}
	}
	for _, f := range to.Fields {
		at := slices.Concat(keys, []string{f.Key})
		switch old := from.Field(f.Key); {
		case sameNode(old, f.Value):
			continue
		case old.Kind == Map && f.Value.Kind == Map && len(old.Fields) > 0 && len(f.Value.Fields) > 0:
			text, err = p.merge(text, at, old, f.Value)
		default:
			text, err = p.set(text, at, f.Value)
		}
		if err != nil {
			return nil, err
		}
	}
	return text, nil
}
