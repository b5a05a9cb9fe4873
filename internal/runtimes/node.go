package runtimes

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm/semver"
	"godwit/internal/runtimes/releasekey"
)

// Where Node's releases are if no mirror is named, and where those for musl are, which
// the Node project builds but does not call its own.
const (
	nodejs     = "https://nodejs.org/download/"
	unofficial = "https://unofficial-builds.nodejs.org/download/release/"
	stable     = "release"
)

// channels are the release channels of Node.
var channels = []string{"nightly", "rc", "test", "v8-canary", stable}

// channelOf reads what is wanted of Node: "rc/22", "nightly", "22.0.0-rc.1", "^22".
func channelOf(want string) (channel, version string, err error) {
	if channel, version, ok := strings.Cut(want, "/"); ok {
		if !slices.Contains(channels, channel) {
			return "", "", &ChannelError{channel}
		}
		return channel, version, nil
	}
	if slices.Contains(channels, want) {
		return want, "latest", nil
	}
	if release, pre, ok := strings.Cut(want, "-"); ok && exact(release) {
		for _, channel := range channels[:4] {
			if strings.HasPrefix(pre, channel) {
				return channel, want, nil
			}
		}
	}
	return stable, want, nil
}

// Latest is what asks for the newest version in the channel that want is of.
func Latest(want string) string {
	if channel, _, err := channelOf(want); err == nil && channel != stable {
		return channel + "/latest"
	}
	return "latest"
}

// exact reports whether text is a version as it stands in lockfiles.
func exact(text string) bool {
	v, err := semver.Parse(text, semver.Options{})
	return err == nil && v.String() == text && !v.IsPrerelease() && v.Build() == ""
}

// picked is a version of Node and where it is.
type picked struct {
	version, channel, mirror string
	unseen                   bool // nobody was asked whether there is such a version
}

func (f *Finder) pick(ctx context.Context, want string) (picked, error) {
	channel, version, err := channelOf(want)
	if err != nil {
		return picked{}, err
	}
	p := picked{version: version, channel: channel, mirror: f.mirror(channel)}
	if channel == stable && exact(version) {
		p.unseen = true
		return p, nil
	}
	all, err := f.index(ctx, p.mirror)
	if err != nil {
		return picked{}, err
	}
	if fit := fitting(all, version); len(fit) > 0 {
		p.version = newest(fit, version)
		return p, nil
	}
	return picked{}, &VersionError{Name: "node", Want: want}
}

// mirror is where a channel's releases are, with a slash at the end.
func (f *Finder) mirror(channel string) string {
	if m := f.Mirrors[channel]; m != "" {
		return strings.TrimRight(m, "/") + "/"
	}
	return nodejs + channel + "/"
}

// release is one entry of a mirror's index, whose first is the newest.
type release struct {
	Version string          // "v22.11.0"
	LTS     json.RawMessage // the name of its line, or false
}

func (r release) version() string { return strings.TrimPrefix(r.Version, "v") }

// lts is the name of the line of long-term support, or "".
func (r release) lts() (name string) {
	_ = json.Unmarshal(r.LTS, &name) // false is no name
	return name
}

func (f *Finder) index(ctx context.Context, mirror string) ([]release, error) {
	url := mirror + "index.json"
	text, err := f.Client.Document(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("list the versions of node: %w", err)
	}
	var all []release
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, &ListError{url, "it is no index of releases: " + err.Error()}
	}
	return all, nil
}

// fitting are the releases that a word or a range means, in their order.
func fitting(all []release, want string) (out []release) {
	if want == "" || want == "latest" {
		return all[:min(len(all), 1)]
	}
	rng, notRange := semver.ParseRange(want, semver.Options{})
	for _, r := range all {
		v, err := semver.Parse(r.version(), semver.Options{})
		fits := false
		switch {
		case err != nil:
		case want == "lts":
			fits = r.lts() != ""
		case notRange != nil:
			fits = strings.EqualFold(r.lts(), want)
		default:
			fits = matches(rng, v)
		}
		if fits {
			out = append(out, r)
		}
	}
	return out
}

// matches reports whether a version is in a range, where a prerelease is if the
// release that it is of is (as pnpm 12.21 has it for Node; semver has another rule).
func matches(rng semver.Range, v semver.Version) bool {
	return rng.Match(v) || v.IsPrerelease() && rng.Match(v.Release())
}

// newest is the highest version of releases that were found for what is wanted.
func newest(fit []release, want string) string {
	best := slices.MaxFunc(fit, func(a, b release) int {
		v, _ := semver.Parse(a.version(), semver.Options{}) // fitting looked
		w, _ := semver.Parse(b.version(), semver.Options{})
		return v.Compare(w)
	})
	return best.version()
}

// Versions are the versions of Node that are meant, the newest last.
func (f *Finder) Versions(ctx context.Context, want string) ([]string, error) {
	channel, version, err := channelOf(strings.TrimSpace(want))
	if err != nil {
		return nil, err
	}
	all, err := f.index(ctx, f.mirror(channel))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range slices.Backward(fitting(all, version)) {
		out = append(out, r.version())
	}
	return out, nil
}

func (f *Finder) node(ctx context.Context, want string) (*Found, error) {
	p, err := f.pick(ctx, want)
	if err != nil {
		return nil, err
	}
	variants, err := f.nodeArchives(ctx, p)
	if p.unseen && notFound(err) {
		return nil, &VersionError{Name: "node", Want: want}
	}
	if err != nil {
		return nil, err
	}
	if p.mirror == nodejs+stable+"/" { // other mirrors have them, or don't
		musl, err := f.list(ctx, picked{version: p.version, mirror: unofficial})
		if err != nil && !notFound(err) {
			return nil, err
		}
		for _, e := range musl {
			if v, ok, err := nodeArchive(e, p.version, unofficial); err != nil {
				return nil, err
			} else if ok && v.Platforms[0].Libc != "" {
				variants = append(variants, v)
			}
		}
	}
	return found("node", p.version, variants)
}

func (f *Finder) nodeArchives(ctx context.Context, p picked) (out []graph.Variant, err error) {
	list, err := f.list(ctx, p)
	for _, e := range list {
		v, ok, err := nodeArchive(e, p.version, p.mirror)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, v)
		}
	}
	return out, err
}

// list reads the hashes of a release. Those of the stable channel have to be signed,
// wherever they come from: a project can name a mirror.
func (f *Finder) list(ctx context.Context, p picked) ([]entry, error) {
	url := p.mirror + "v" + p.version + "/SHASUMS256.txt"
	text, err := f.Client.Document(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("list the archives of node %s: %w", p.version, err)
	}
	if p.channel != stable {
		return entries(text), nil
	}
	signature, err := f.Client.Document(ctx, url+".sig")
	if err != nil {
		return nil, &SignatureError{url, err}
	}
	keys := f.Keys
	if keys == nil {
		if keys, err = releasekey.Keys(); err != nil {
			return nil, err
		}
	}
	if err := releasekey.Check(text, signature, keys); err != nil {
		return nil, &SignatureError{url, err}
	}
	return entries(text), nil
}

// nodeArchive is what a line of the hashes is about, if that is Node for a platform.
func nodeArchive(e entry, version, mirror string) (_ graph.Variant, ok bool, _ error) {
	name, isNode := strings.CutPrefix(e.file, "node-v"+version+"-")
	name, isTar := strings.CutSuffix(name, ".tar.gz")
	name, isZip := strings.CutSuffix(name, ".zip")
	platform, arch, musl, ok := parts(name)
	if !isNode || isTar == isZip || !ok {
		return graph.Variant{}, false, nil
	}
	// Each platform has one form of archive, whichever it is that is listed.
	base := strings.TrimSuffix(strings.TrimSuffix(e.file, ".tar.gz"), ".zip")
	a := archive{url: mirror + "v" + version + "/" + base + ".tar.gz", sha256: e.sha256, kind: "tarball", bin: map[string]string{"node": "bin/node"}}
	if platform == "win" {
		platform = "win32"
		a.kind, a.prefix, a.url = "zip", base, mirror+"v"+version+"/"+base+".zip"
		a.bin = map[string]string{"node": "node.exe"}
	}
	a.platforms = []graph.Platform{{OS: platform, CPU: arch, Libc: libc(musl)}}
	v, err := a.variant()
	return v, err == nil, err
}
