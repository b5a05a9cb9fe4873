package yarnpatch

import (
	"crypto/sha512"
	"encoding/hex"
	"strings"

	"github.com/go-json-experiment/json"

	"godwit/internal/npm/semver"
)

// cacheVersion is what yarn puts before all that it hashes of patches
// (@yarnpkg/plugin-patch, constants).
const cacheVersion = "3"

// Hash is the hash of what a patch does to a version, as it stands in yarn.lock.
func (p *Patch) Hash(version string) string {
	h := sha512.New()
	h.Write([]byte(cacheVersion))
	for i := range p.files {
		if f := &p.files[i]; f.fits(version) {
			h.Write(f.effect())
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:6]
}

// fits reports whether the file is for a version. It is, too, if it would be
// without all prereleases (@yarnpkg/core, semverUtils.satisfiesWithPrereleases).
func (f *file) fits(version string) bool {
	if f.versions == "" || matches(version, f.versions) {
		return true
	}
	return matches(released(version), released(f.versions))
}

// released is a range with the prereleases of its versions left out.
func released(rng string) string {
	words := strings.Fields(rng)
	for i, w := range words {
		if number, _, ok := strings.Cut(w, "-"); ok && number != "" {
			words[i] = number
		}
	}
	return strings.Join(words, " ")
}

func matches(version, rng string) bool {
	r, err := semver.ParseRange(rng, semver.Options{IncludePrerelease: true})
	if err != nil {
		return false
	}
	v, err := semver.Parse(version, semver.Options{})
	return err == nil && r.Match(v)
}

// The effect of a file, with the fields and their order that JSON.stringify sees.
type (
	jsonSpan struct {
		Start  int `json:"start"`
		Length int `json:"length"`
	}
	jsonHeader struct {
		Original jsonSpan `json:"original"`
		Patched  jsonSpan `json:"patched"`
	}
	jsonPart struct {
		Type      string   `json:"type"`
		Lines     []string `json:"lines"`
		NoNewline bool     `json:"noNewlineAtEndOfFile"`
	}
	jsonHunk struct {
		Header jsonHeader `json:"header"`
		Parts  []jsonPart `json:"parts"`
	}
	jsonPatch struct {
		Type       string     `json:"type"`
		Path       string     `json:"path"`
		Hunks      []jsonHunk `json:"hunks"`
		BeforeHash *string    `json:"beforeHash"`
		AfterHash  *string    `json:"afterHash"`
	}
	jsonCreation struct {
		Type string    `json:"type"`
		Hunk *jsonHunk `json:"hunk"`
		Path string    `json:"path"`
		Mode int       `json:"mode"`
		Hash *string   `json:"hash"`
	}
)

var partTypes = map[byte]string{' ': "context", '+': "insertion", '-': "deletion"}

func (f *file) effect() []byte {
	hunks := make([]jsonHunk, len(f.hunks))
	for i, h := range f.hunks {
		hunks[i].Header = jsonHeader{jsonSpan{h.from.start, h.from.length}, jsonSpan{h.to.start, h.to.length}}
		for _, p := range h.parts {
			hunks[i].Parts = append(hunks[i].Parts, jsonPart{partTypes[p.kind], p.lines, p.noNewline})
		}
	}
	if !f.created {
		return stringify(jsonPatch{"patch", f.path, hunks, f.before, f.after})
	}
	made := jsonCreation{Type: "file creation", Path: f.path, Mode: 0o644, Hash: f.after}
	if f.exec {
		made.Mode = 0o755
	}
	if len(hunks) > 0 {
		made.Hunk = &hunks[0]
	}
	return stringify(made)
}

// stringify is JSON.stringify, which escapes less than the standard library does.
func stringify(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("yarnpatch: " + err.Error()) // texts and numbers can always be written
	}
	return text
}
