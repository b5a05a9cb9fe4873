package cli

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
	"godwit/internal/pack"
	"godwit/internal/project"
)

// publication is the body of a publishing PUT (libnpmpublish 11).
type publication struct {
	ID          string                     `json:"_id"`
	Name        npm.Name                   `json:"name"`
	Description string                     `json:"description,omitempty"`
	Tags        map[string]string          `json:"dist-tags"`
	Versions    map[string]json.RawMessage `json:"versions"`
	Access      *string                    `json:"access"` // null: as the registry has it
	Attachments map[string]attachment      `json:"_attachments"`
}

type attachment struct {
	Type   string `json:"content_type"`
	Data   string `json:"data"` // of a tarball in base64
	Length int    `json:"length"`
}

// document is what a registry gets of a package.
func (p *publisher) document(to *destination, out *packed) publication {
	file := string(out.name) + "-" + out.version + ".tgz"
	doc := publication{
		ID: string(out.name), Name: out.name, Description: out.manifest.Field("description").Text,
		Tags:        map[string]string{to.tag: out.version},
		Versions:    map[string]json.RawMessage{out.version: p.registered(to, out, file).JSON()},
		Attachments: map[string]attachment{file: {"application/octet-stream", base64.StdEncoding.EncodeToString(out.Tarball), len(out.Tarball)}},
	}
	if to.access != "" {
		doc.Access = &to.access
	}
	return doc
}

// registered is the manifest that the registry keeps.
func (p *publisher) registered(to *destination, out *packed, file string) project.Node {
	m := project.Node{Kind: project.Map, Fields: slices.Clone(out.manifest.Fields)}
	m.Set("version", project.Text(out.version))
	if bin := m.Field("bin"); bin.Kind == project.String {
		m.Set("bin", project.Node{Kind: project.Map, Fields: []project.Field{{Key: out.name.Base(), Value: bin}}})
	}
	if file, text := readme(out.dir); text != "" {
		m.Set("readme", project.Text(text))
		if p.npm {
			m.Set("readmeFilename", project.Text(file))
		}
	}
	if p.npm && out.dir != "" {
		if head, err := p.Output(out.dir, "git", "rev-parse", "HEAD"); err == nil {
			m.Set("gitHead", project.Text(head))
		}
	}
	m.Set("_id", project.Text(string(out.name)+"@"+out.version))
	sum := sha1.Sum(out.Tarball)
	dist := project.Node{Kind: project.Map}
	dist.Set("integrity", project.Text(integrity.Of(out.Tarball).String()))
	dist.Set("shasum", project.Text(hex.EncodeToString(sum[:])))
	// What follows the scheme is all that anybody reads of it; npm writes http.
	dist.Set("tarball", project.Text(strings.Replace(to.url, "https://", "http://", 1)+string(out.name)+"/-/"+file))
	m.Set("dist", dist)
	return m
}

// readme finds the text that a registry shows about a package.
func readme(dir string) (file, text string) {
	entries, err := os.ReadDir(dir)
	if dir == "" || err != nil {
		return "", ""
	}
	for _, e := range entries {
		if name := strings.ToLower(e.Name()); e.Type().IsRegular() && (name == "readme" || strings.HasPrefix(name, "readme.")) {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err == nil {
				return e.Name(), string(data)
			}
		}
	}
	return "", ""
}

// unpacked reads a tarball that is to be published.
func unpacked(path string, data []byte) (*packed, error) {
	manifest, err := install.PackedManifest(data, "")
	if err != nil {
		return nil, err
	}
	if manifest == nil {
		return nil, &refusedError{"there is no package.json in " + path, "ERR_PNPM_PACKAGE_NAME_NOT_FOUND", "publish what pack makes"}
	}
	m, err := project.Parse(path, manifest)
	if err != nil {
		return nil, err
	}
	files, err := install.PackedFiles(data)
	if err != nil {
		return nil, err
	}
	out := &packed{Package: &pack.Package{Tarball: data, Files: files}, manifest: m.Document, file: path}
	for _, f := range files {
		out.Unpacked += f.Size
	}
	return out, out.identify("its package.json")
}

// published is what pnpm says of a package that was published.
func (one *packed) published() packedAs[onlyPath] {
	return packedWith(one, one.pnpm(true).Files)
}
