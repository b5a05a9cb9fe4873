// Package render makes of a registry's packument the documents that a proxy
// serves: tarballs at its own address, in the full or the short form, and with
// fewer versions where a policy hides some.
//
// It copies the bytes of what it does not change, so that a document costs two
// scans and not a tree of its values.
package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"godwit/internal/npm"
	"godwit/internal/npm/jsonscan"
	"godwit/internal/npm/semver"
)

// Document is a packument taken apart. Immutable.
type Document struct {
	Name     npm.Name
	Versions []Version
	full     bool
	members  []member // in the order of the document
	doc      *npm.Packument
}

// Version is what the document says of one version.
type Version struct {
	Key       string
	Tarball   string // URL, as the document has it
	Integrity string // may be ""
	Shasum    string // may be ""
	Published time.Time
	raw       []byte
}

// member is one name and value of a JSON object.
type member struct {
	key string
	raw []byte
}

// Parse takes body, the document about name, apart. It keeps body. Versions
// that are no versions are left out.
func Parse(name npm.Name, body []byte) (*Document, error) {
	doc, err := npm.ParsePackument(name, body)
	if err != nil {
		return nil, err
	}
	d := &Document{Name: name, doc: doc, full: doc.Full}
	if d.members, err = members(body); err != nil {
		return nil, fmt.Errorf("packument of %s: %w", name, err)
	}
	all, err := members(d.find("versions"))
	if err != nil {
		return nil, fmt.Errorf("versions of %s: %w", name, err)
	}
	published := times(d.find("time"))
	for _, m := range all {
		if !isObject(m.raw) || !semver.Valid(m.key, semver.Options{Loose: true}) {
			continue
		}
		v := Version{Key: m.key, raw: m.raw, Published: published[m.key]}
		v.readDist()
		d.Versions = append(d.Versions, v)
	}
	return d, nil
}

// times reads the member "time".
func times(raw []byte) map[string]time.Time {
	out := map[string]time.Time{}
	all, _ := members(raw)
	for _, m := range all {
		text, _ := jsonscan.String(m.raw)
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			out[m.key] = t
		}
	}
	return out
}

// Full reports whether the document has publication times: it is not the short
// form.
func (d *Document) Full() bool { return d.full }

// Packument is the document for who has to choose among its versions.
func (d *Document) Packument() *npm.Packument { return d.doc }

// Version finds a version by its key.
func (d *Document) Version(key string) (Version, bool) {
	for _, v := range d.Versions {
		if v.Key == key {
			return v, true
		}
	}
	return Version{}, false
}

func (d *Document) find(key string) []byte {
	for _, m := range d.members {
		if m.key == key {
			return m.raw
		}
	}
	return nil
}

// members lists the members of an object; of a name that comes twice the last
// value counts, as in JSON.parse. Of anything else there are none.
func members(raw []byte) ([]member, error) {
	if !isObject(raw) {
		return nil, nil
	}
	var out []member
	at := map[string]int{}
	s := jsonscan.New(raw)
	for key := range s.Members() {
		name := string(key)
		value := s.Value()
		if i, twice := at[name]; twice {
			out[i].raw = value
			continue
		}
		at[name] = len(out)
		out = append(out, member{name, value})
	}
	return out, s.Err()
}

func isObject(raw []byte) bool {
	if raw == nil {
		return false
	}
	return jsonscan.New(raw).Kind() == '{'
}

// readDist finds where the version's bytes are and what they hash to.
func (v *Version) readDist() {
	fields, _ := members(v.raw)
	for _, f := range fields {
		if f.key != "dist" {
			continue
		}
		dist, _ := members(f.raw)
		for _, m := range dist {
			text, _ := jsonscan.String(m.raw)
			switch m.key {
			case "tarball":
				v.Tarball = text
			case "integrity":
				v.Integrity = text
			case "shasum":
				v.Shasum = text
			}
		}
	}
}

// Options say how a document is rendered.
type Options struct {
	Base  string // URL that tarballs are put below, without a slash at its end
	Short bool   // the form that installs need
	// Hide, if set, takes versions out. Tag says then what a dist-tag stands for
	// instead of target, "" for nothing.
	Hide func(version string) bool
	Tag  func(tag, target string) string
}

// ErrNotFull is what the full form of a short document is asked for.
var ErrNotFull = errors.New("the document is the short form")

// Render makes a document. A short one has no full form: [ErrNotFull].
func (d *Document) Render(o Options) ([]byte, error) {
	if !o.Short && !d.full {
		return nil, ErrNotFull
	}
	out := make([]byte, 0, d.size(o))
	list := d.members
	if o.Short && d.full {
		list = d.shortMembers()
	}
	for _, m := range list {
		out = appendKey(out, m.key)
		switch {
		case m.key == "versions":
			out = d.appendVersions(out, o)
		case m.key == "dist-tags" && o.Tag != nil:
			out = appendTags(out, m.raw, o.Tag)
		case m.key == "time" && o.Hide != nil:
			out = appendTimes(out, m.raw, o.Hide)
		default:
			out = append(out, m.raw...)
		}
	}
	return closeObject(out, len(list)), nil
}

// size guesses how long the rendering gets, so that it is not copied as it
// grows: URLs may be longer than those they replace.
func (d *Document) size(o Options) int {
	n := 1024
	for _, m := range d.members {
		if !o.Short || m.key == "versions" {
			n += len(m.key) + len(m.raw) + 8
		}
	}
	return n + len(d.Versions)*(len(o.Base)+16)
}

func (d *Document) appendVersions(out []byte, o Options) []byte {
	begin, n := len(out), 0
	for _, v := range d.Versions {
		if o.Hide != nil && o.Hide(v.Key) {
			continue
		}
		n++
		out = appendKeyAt(out, begin, v.Key)
		out = d.appendVersion(out, v, o)
	}
	return closeObjectAt(out, begin, n)
}

func (d *Document) appendVersion(out []byte, v Version, o Options) []byte {
	tarball := TarballURL(o.Base, d.Name, v.Key)
	if o.Short && d.full {
		return appendShort(out, v, tarball)
	}
	return appendMoved(out, v.raw, tarball, "dist", "tarball")
}

// Manifest is one version as registries serve it by itself.
func (d *Document) Manifest(v Version, base string) []byte {
	return appendMoved(nil, v.raw, TarballURL(base, d.Name, v.Key), "dist", "tarball")
}

// TarballURL is where a proxy at base has the tarball of a version: where
// registries have it.
func TarballURL(base string, name npm.Name, version string) string {
	return base + "/" + string(name) + "/-/" + url.PathEscape(TarballFile(name, version))
}

// TarballFile is the last segment of a tarball's URL.
func TarballFile(name npm.Name, version string) string { return name.Base() + "-" + version + ".tgz" }

// TarballVersion is the version whose TarballFile is file.
func TarballVersion(name npm.Name, file string) (string, bool) {
	version, ok := strings.CutPrefix(file, name.Base()+"-")
	version, tgz := strings.CutSuffix(version, ".tgz")
	return version, ok && tgz && semver.Valid(version, semver.Options{Loose: true})
}

// appendMoved copies raw with the string at path replaced by text. A hostile
// document may have it several times: all are replaced.
func appendMoved(out, raw []byte, text string, path ...string) []byte {
	s := jsonscan.New(raw)
	copied := 0
	for key := range s.Members() {
		if string(key) != path[0] {
			continue
		}
		inner := s.Value()
		if inner == nil {
			break
		}
		end := s.Pos()
		switch {
		case len(path) > 1 && inner[0] == '{':
			out = append(out, raw[copied:end-len(inner)]...)
			out = appendMoved(out, inner, text, path[1:]...)
		case len(path) == 1 && inner[0] == '"':
			out = append(out, raw[copied:end-len(inner)]...)
			out = appendString(out, text)
		default:
			continue
		}
		copied = end
	}
	return append(out, raw[copied:]...)
}

// appendTags rewrites dist-tags.
func appendTags(out, raw []byte, tag func(tag, target string) string) []byte {
	all, _ := members(raw)
	begin, n := len(out), 0
	for _, m := range all {
		target, _ := jsonscan.String(m.raw)
		if target = tag(m.key, target); target == "" {
			continue
		}
		n++
		out = appendString(appendKeyAt(out, begin, m.key), target)
	}
	return closeObjectAt(out, begin, n)
}

// appendTimes leaves out the times of hidden versions; "created" and
// "modified" are not versions.
func appendTimes(out, raw []byte, hide func(version string) bool) []byte {
	all, _ := members(raw)
	all = slices.DeleteFunc(all, func(m member) bool {
		return m.key != "created" && m.key != "modified" && hide(m.key)
	})
	begin := len(out)
	for _, m := range all {
		out = append(appendKeyAt(out, begin, m.key), m.raw...)
	}
	return closeObjectAt(out, begin, len(all))
}

// appendKey begins the object that starts at 0 of out, or its next member.
func appendKey(out []byte, key string) []byte { return appendKeyAt(out, 0, key) }

func appendKeyAt(out []byte, begin int, key string) []byte {
	if len(out) == begin {
		out = append(out, '{')
	} else {
		out = append(out, ',')
	}
	return append(appendString(out, key), ':')
}

func closeObject(out []byte, n int) []byte { return closeObjectAt(out, 0, n) }

func closeObjectAt(out []byte, begin, n int) []byte {
	if n == 0 {
		return append(out[:begin], "{}"...)
	}
	return append(out, '}')
}

// appendString writes s as JSON.
func appendString(out []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic("render: a string that is no JSON: " + err.Error())
			}
			return append(out, quoted...)
		}
	}
	return append(append(append(out, '"'), s...), '"')
}
