package bunlock

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
)

// workspaces reads what the projects ask for.
func (r *Record) workspaces() error {
	v, ok := r.doc.Lookup("workspaces")
	if !ok || v.Kind != '{' {
		return errors.New("it has no workspaces")
	}
	for _, f := range v.Fields {
		if f.Name != "" && (path.IsAbs(f.Name) || path.Clean(f.Name) != f.Name || strings.HasPrefix(f.Name, "..") || strings.ContainsAny(f.Name, "\\\x00:")) {
			return fmt.Errorf("its project %q is no directory below it", f.Name)
		}
		m, err := manifestOf(f.Value)
		if err != nil {
			return fmt.Errorf("its project %q: %w", f.Name, err)
		}
		r.Workspaces = append(r.Workspaces, Workspace{f.Name, m})
	}
	return nil
}

// manifestOf reads a manifest. Its optional peers are a list, unlike those of a
// package.json.
func manifestOf(v nicejson.Value) (*npm.Manifest, error) {
	m, err := npm.DecodeManifest(append(appendInline(nil, v), '\n'))
	if err != nil {
		return nil, err
	}
	if list, ok := v.Lookup("optionalPeers"); ok {
		m.OptionalPeers = map[string]bool{}
		for _, item := range list.Items {
			m.OptionalPeers[item.Text] = true
		}
	}
	return m, nil
}

func (r *Record) packages() error {
	v, _ := r.doc.Lookup("packages")
	r.doc.Delete("packages")
	for _, f := range v.Fields {
		p, err := readPackage(f.Name, f.Value)
		if err != nil {
			return &Error{Path: f.Name, Err: err}
		}
		r.Packages = append(r.Packages, p)
	}
	return nil
}

// readPackage reads one entry. What stands in it depends on where the package is
// from:
//
//	registry    [id, URL, info, integrity]
//	workspace   [id]
//	repository  [id, info, directory of bun's cache, integrity?]
//	others      [id, info, integrity?]
func readPackage(at string, v nicejson.Value) (*Package, error) {
	if v.Kind != '[' || len(v.Items) == 0 || v.Items[0].Kind != '"' {
		return nil, errors.New("it is no list that begins with a name")
	}
	for _, alias := range splitPath(at) {
		if _, err := npm.ParseName(alias); err != nil {
			return nil, err
		}
	}
	p := &Package{Path: at, Manifest: &npm.Manifest{}, value: v}
	id := v.Items[0].Text
	i := strings.IndexByte(id[min(1, len(id)):], '@') + 1
	if i <= 0 || i+1 >= len(id) {
		return nil, fmt.Errorf("%q has no version", id)
	}
	var err error
	if p.Name, err = npm.ParseName(id[:i]); err != nil {
		return nil, err
	}
	p.Ref = id[i+1:]
	for n, item := range v.Items[1:] {
		switch {
		case item.Kind == '{':
			if p.Manifest, err = manifestOf(item); err != nil {
				return nil, err
			}
			bundled, _ := item.Lookup("bundled")
			_, bin := item.Lookup("bin")
			_, dir := item.Lookup("binDir")
			p.Bundled, p.HasBin = bundled.Text == "true", bin || dir
		case item.Kind != '"':
			return nil, errors.New("it has something in it that is neither text nor an object")
		case n == 0:
			p.URL = item.Text
		case strings.Contains(item.Text, "-") && n == len(v.Items)-2 && hasAlgorithm(item.Text):
			p.Integrity = item.Text
		}
	}
	return p, nil
}

// hasAlgorithm tells an integrity from the name of a directory.
func hasAlgorithm(text string) bool {
	for _, algorithm := range []string{"sha512-", "sha384-", "sha256-", "sha1-"} {
		if strings.HasPrefix(text, algorithm) {
			return true
		}
	}
	return false
}

// splitPath splits "a/@s/b" into names.
func splitPath(at string) []string {
	var out []string
	for part := range strings.SplitSeq(at, "/") {
		if n := len(out); n > 0 && strings.HasPrefix(out[n-1], "@") && !strings.Contains(out[n-1], "/") {
			out[n-1] += "/" + part
		} else {
			out = append(out, part)
		}
	}
	return out
}

// splitLast splits "a/@s/b" into "a" and "@s/b".
func splitLast(at string) (above, alias string) {
	names := splitPath(at)
	alias = names[len(names)-1]
	return strings.TrimSuffix(at[:len(at)-len(alias)], "/"), alias
}
