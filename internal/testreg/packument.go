package testreg

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// shortType is the media type of the abbreviated packument
// (npm/registry, docs/responses/package-metadata.md).
const shortType = "application/vnd.npm.install-v1+json"

// shortFields are the fields of a version that the abbreviated packument keeps.
// The public registry leaves libc out, so clients must ask for the full one.
var shortFields = []string{
	"name", "version", "deprecated", "dependencies", "optionalDependencies",
	"devDependencies", "bundleDependencies",
	"peerDependencies", "peerDependenciesMeta", "acceptDependencies", "bin",
	"directories", "dist", "engines", "funding", "cpu", "os",
	"_hasShrinkwrap", "hasInstallScript",
}

// timeLayout is how the registry writes a time.
const timeLayout = "2006-01-02T15:04:05.000Z"

// packument is the document of p, abbreviated or full.
func (p *pkg) packument(h hosts, short bool) ([]byte, error) {
	if p.raw != nil {
		return p.expandRaw(h), nil
	}
	var versions, tags, times object
	var modified time.Time
	for _, v := range p.versions {
		versions = append(versions, member{v.version, v.document(h, short)})
		times = append(times, member{v.version, v.time.Format(timeLayout)})
		modified = later(modified, v.time)
	}
	for tag, ver := range p.distTags() {
		tags = append(tags, member{tag, ver})
	}
	slices.SortFunc(tags, func(a, b member) int { return cmp.Compare(a.key, b.key) })
	stamp := modified.Format(timeLayout)
	if short {
		return encode(object{{"name", p.name}, {"dist-tags", tags}, {"versions", versions}, {"modified", stamp}})
	}
	created := p.versions[0].time.Format(timeLayout)
	times = append(object{{"created", created}, {"modified", stamp}}, times...)
	return encode(object{{"_id", p.name}, {"name", p.name}, {"dist-tags", tags}, {"versions", versions}, {"time", times}, {"_rev", revision}, {"maintainers", p.maintainers()}})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// modified is when the packument last changed.
func (p *pkg) modified() time.Time {
	var t time.Time
	for _, v := range p.versions {
		t = later(t, v.time)
	}
	return t
}

// distTags are the tags asked for; latest, if it is not one of them, is the
// highest release, or the last version when all are prereleases.
func (p *pkg) distTags() map[string]string {
	tags := map[string]string{}
	for tag, ver := range p.tags {
		tags[tag] = ver
	}
	if tags["latest"] != "" || len(p.versions) == 0 {
		return tags
	}
	var best string
	for _, v := range p.versions {
		if !strings.Contains(v.version, "-") && (best == "" || compareReleases(v.version, best) > 0) {
			best = v.version
		}
	}
	tags["latest"] = cmp.Or(best, p.versions[len(p.versions)-1].version)
	return tags
}

// compareReleases orders versions without a prerelease.
func compareReleases(a, b string) int {
	numbers := func(s string) (ns []int) {
		s, _, _ = strings.Cut(s, "+")
		for part := range strings.SplitSeq(s, ".") {
			n, _ := strconv.Atoi(part) // what is no number sorts first
			ns = append(ns, n)
		}
		return ns
	}
	return slices.Compare(numbers(a), numbers(b))
}

// document is what the packument says of v.
func (v *version) document(h hosts, short bool) object {
	doc := slices.Clone(v.manifest)
	for i, m := range doc { // npm publish knows only one of the two spellings
		if m.key == "bundledDependencies" {
			doc[i].key = "bundleDependencies"
		}
	}
	doc.set("_id", v.name+"@"+v.version)
	if v.deprecated != "" {
		doc.set("deprecated", v.deprecated)
	}
	if v.hasInstallScript() {
		doc.set("hasInstallScript", true)
	}
	for _, f := range v.files {
		if f.path == "npm-shrinkwrap.json" {
			doc.set("_hasShrinkwrap", true)
		}
	}
	doc.set("dist", v.dist(h))
	if short {
		doc = slices.DeleteFunc(doc, func(m member) bool { return !slices.Contains(shortFields, m.key) })
	}
	return doc
}

// hasInstallScript is what npm computes on publish: a script that install
// runs, or a binding.gyp that makes one.
func (v *version) hasInstallScript() bool {
	for _, m := range v.manifest.child("scripts") {
		if m.key == "preinstall" || m.key == "install" || m.key == "postinstall" {
			return true
		}
	}
	for _, f := range v.files {
		if f.path == "binding.gyp" {
			return true
		}
	}
	return false
}

// dist is where the tarball is and what is said of its bytes.
func (v *version) dist(h hosts) object {
	var d object
	sums := hashesOf(v.tarball)
	if v.hash == "wrong" {
		sums = hashesOf([]byte("other bytes"))
	}
	if v.hash == "sha512" || v.hash == "wrong" {
		d.set("integrity", sums.integrity)
	}
	if v.hash != "none" {
		d.set("shasum", sums.shasum)
	}
	d.set("tarball", v.url(h))
	if v.fileCount > 0 && v.hash == "sha512" {
		d.set("fileCount", v.fileCount)
		d.set("unpackedSize", v.unpackedSize)
	}
	if v.signing != nil {
		if signatures := v.signing.sign(v.name, v.version, sums.integrity); signatures != nil {
			d.set("signatures", signatures)
		}
	}
	if v.attested != "" || v.bundle != nil {
		d.set("attestations", object{
			{"url", h.registry + "/-/npm/v1/attestations/" + v.name + "@" + v.version},
			{"provenance", object{{"predicateType", "https://slsa.dev/provenance/v1"}}},
		})
	}
	return d
}

// url is where the packument says the tarball is.
func (v *version) url(h hosts) string {
	path := "/" + v.name + "/-/" + v.name[strings.LastIndexByte(v.name, '/')+1:] + "-" + v.version + ".tgz"
	if v.tarballURL == "" {
		return h.registry + path
	}
	return h.expand(strings.ReplaceAll(v.tarballURL, "{path}", path))
}

// sums are the two hashes a packument has.
type sums struct{ integrity, shasum string }

func hashesOf(data []byte) sums {
	long, short := sha512.Sum512(data), sha1.Sum(data)
	return sums{"sha512-" + base64.StdEncoding.EncodeToString(long[:]), hex.EncodeToString(short[:])}
}

var (
	integrityField = regexp.MustCompile(`"integrity":\s*"[^"]*"`)
	shasumField    = regexp.MustCompile(`"shasum":\s*"[^"]*"`)
	placeholder    = regexp.MustCompile(`\{(tarball|integrity|shasum):([^{}]+)\}`)
)

// expandRaw is packument.json with its placeholders filled in. One that names
// no version stays as it is.
func (p *pkg) expandRaw(h hosts) []byte {
	out := placeholder.ReplaceAllFunc(p.raw, func(m []byte) []byte {
		parts := placeholder.FindSubmatch(m)
		v := p.version(string(parts[2]))
		if v == nil {
			return m
		}
		switch string(parts[1]) {
		case "tarball":
			return []byte(v.url(h))
		case "integrity":
			return []byte(hashesOf(v.tarball).integrity)
		}
		return []byte(hashesOf(v.tarball).shasum)
	})
	return []byte(h.expand(string(out)))
}
