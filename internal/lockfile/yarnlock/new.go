package yarnlock

import (
	"strings"

	"godwit/internal/lockfile/yarnlock/syml"
	"godwit/internal/npm/semver"
)

// Tool is the yarn that a new lockfile is for.
type Tool struct {
	Version     string // "" is one of yarn 1
	Compression string // compressionLevel of .yarnrc.yml
}

// The first versions of yarn that write these versions of the lockfile, the newest
// first (LOCKFILE_VERSION of @yarnpkg/core, which the versions of @yarnpkg/cli name).
var lockfileVersions = []struct{ yarn, lockfile string }{{">=4.15.0", "10"}, {">=4.14.0", "9"}, {">=4.0.0-0", "8"}}

// lockfileVersion is that of the lockfiles that the tool makes, or "" for those
// that cannot be made here.
func (t Tool) lockfileVersion() string {
	v, err := semver.Parse(t.Version, semver.Options{})
	if err != nil {
		return ""
	}
	for _, known := range lockfileVersions {
		if r, err := semver.ParseRange(known.yarn, semver.Options{IncludePrerelease: true}); err == nil && r.Match(v) {
			return known.lockfile
		}
	}
	return ""
}

// Berry reports whether the tool is yarn 4 or later, whose lockfiles can be made.
func (t Tool) Berry() bool { return t.lockfileVersion() != "" }

// cacheKey is what the tool's archives are called after.
func (t Tool) cacheKey() string {
	switch t.Compression {
	case "", "0":
		return storedKey
	case "mixed":
		return strings.TrimSuffix(storedKey, "c0")
	}
	return strings.TrimSuffix(storedKey, "0") + t.Compression
}

// New is a lockfile without anything in it.
func New(t Tool) *Record {
	version := t.lockfileVersion()
	if version == "" {
		return &Record{Dialect: syml.Classic, head: classicHead, newline: "\n", index: map[string]*Entry{}}
	}
	meta := syml.Map(metadata, syml.Text("version", version), syml.Text("cacheKey", t.cacheKey()))
	return &Record{Dialect: syml.Berry, Meta: meta, head: berryHead, newline: "\n", index: map[string]*Entry{}}
}
