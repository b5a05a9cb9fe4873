package testreg

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// packTime is the mtime npm gives every entry of a tarball it packs
// (pacote, lib/util/tar-create-options.js).
var packTime = time.Date(1985, 10, 26, 8, 15, 0, 0, time.UTC)

// packFiles makes the tarball of a version from its files. The same version
// gives the same bytes: package.json first, then the order of the archive, one
// mtime, and a gzip header without name and time.
func packFiles(v *version, gz *gzip.Writer) ([]byte, error) {
	manifest, err := v.packageJSON()
	if err != nil {
		return nil, err
	}
	files := append([]file{{path: "package.json", data: manifest}}, v.made...)
	if len(v.files) == 0 {
		files = append(files, v.module())
	}
	files = append(files, v.files...)
	var b bytes.Buffer
	gz.Reset(&b)
	tw := tar.NewWriter(gz)
	for _, f := range lastOfEach(files) {
		mode := int64(0o644)
		if f.exec {
			mode = 0o755
		}
		err := tw.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: "package/" + f.path,
			Mode: mode, Size: int64(len(f.data)), ModTime: packTime,
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
		if _, err := tw.Write(f.data); err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
		v.fileCount++
		v.unpackedSize += int64(len(f.data))
	}
	if err := tw.Close(); err != nil {
		return nil, err
	}
	if err := gz.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// lastOfEach keeps one file per path: the last, where the first stood. So a
// section of the archive replaces the generated file of a bundled package.
func lastOfEach(files []file) []file {
	at := map[string]int{}
	var out []file
	for _, f := range files {
		if i, ok := at[f.path]; ok {
			out[i] = f
			continue
		}
		at[f.path] = len(out)
		out = append(out, f)
	}
	return out
}

// packageJSON is the manifest as the tarball has it.
func (v *version) packageJSON() ([]byte, error) {
	compact, err := encode(v.manifest)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// module is the file that stands in for a package without files: it exports
// "name@version", in the language the manifest says.
func (v *version) module() file {
	path, text := "index.js", "module.exports = %q\n"
	if main := v.manifest.text("main"); main != "" {
		path = strings.TrimPrefix(main, "./")
	}
	if v.manifest.text("type") == "module" {
		text = "export default %q\n"
	}
	return file{path: path, data: fmt.Appendf(nil, text, v.name+"@"+v.version)}
}
