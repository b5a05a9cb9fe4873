package synth

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"path"
	"time"
)

// epoch is when the first version of everything was published.
var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// publish makes the packument and the tarballs of packages that are the major
// versions of one name.
func (w *World) publish(majors []int) Package {
	out := Package{Name: w.packages[majors[0]].name, Tarballs: map[string][]byte{}}
	versions, times := map[string]any{}, map[string]string{}
	latest := ""
	at := epoch
	for _, i := range majors {
		p := &w.packages[i]
		for minor := range p.minors {
			version := p.version(minor)
			m := w.manifest(i, version)
			file := out.Name + "/-/" + path.Base(out.Name) + "-" + version + ".tgz"
			// Nobody downloads the older ones.
			dist := older(i, minor)
			if minor == p.minors-1 {
				data := w.tarball(i, m)
				out.Tarballs[file] = data
				dist = hashes(data)
			}
			dist["tarball"] = Base + file
			m["dist"] = dist
			versions[version] = m
			latest = version
			at = at.AddDate(0, 0, 20)
			times[version] = at.Format(time.RFC3339)
		}
	}
	times["created"], times["modified"] = epoch.Format(time.RFC3339), at.Format(time.RFC3339)
	out.Document = encode(map[string]any{
		"name": out.Name, "dist-tags": map[string]string{"latest": latest}, "versions": versions, "time": times,
	})
	return out
}

// manifest is the package.json of a version of package i.
func (w *World) manifest(i int, version string) map[string]any {
	p := &w.packages[i]
	m := map[string]any{
		"name": p.name, "version": version, "license": "MIT", "main": "index.js",
		"description": "A made-up package to measure installs with.", "engines": map[string]string{"node": ">=14"},
	}
	for field, list := range map[string][]int{"dependencies": p.deps, "peerDependencies": p.peers} {
		if len(list) > 0 {
			deps := map[string]string{}
			for _, d := range list {
				deps[w.packages[d].name] = w.packages[d].wanted()
			}
			m[field] = deps
		}
	}
	if p.bin {
		m["bin"] = map[string]string{path.Base(p.name): "cli.js"}
	}
	return m
}

func hashes(data []byte) map[string]any {
	strong, weak := sha512.Sum512(data), sha1.Sum(data)
	return map[string]any{"integrity": "sha512-" + base64.StdEncoding.EncodeToString(strong[:]), "shasum": hex.EncodeToString(weak[:])}
}

// older stands for the hashes of a tarball that does not exist.
func older(i, minor int) map[string]any { return hashes(fmt.Appendf(nil, "%d %d", i, minor)) }

// tarball packs the files of package i: 6 by the median [6] and 27 by the mean
// [30], with 0.9 kB by the median [0.9]. The mean is a third of the 8 kB of
// alotta-modules, which a few bundles of megabytes make: 8,000 packages shall fit
// into 600 MB.
func (w *World) tarball(i int, manifest map[string]any) []byte {
	r := random(i, forFiles)
	var b bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // 600 MB at the usual level take a minute and a half
	t := tar.NewWriter(zip)
	add := func(name string, data []byte) {
		// In memory nothing can fail, and a name or size that tar cannot have
		// would be a mistake here.
		if err := t.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(data)), ModTime: epoch, Format: tar.FormatUSTAR}); err != nil {
			panic("synth: " + err.Error())
		}
		_, _ = t.Write(data)
	}
	add("package.json", encode(manifest))
	add("index.js", prose(r, 800))
	if w.packages[i].bin {
		add("cli.js", append([]byte("#!/usr/bin/env node\n"), prose(r, 400)...))
	}
	dirs := []string{"lib", "dist", "src", "lib/util", "test"}
	for n := range lognormal(r, 1.4, 1.9, 0, 800) {
		add(fmt.Sprintf("%s/%s-%d.js", dirs[r.IntN(len(dirs))], words[r.IntN(len(words))], n), prose(r, lognormal(r, 6.8, 1.5, 40, 100_000)))
	}
	if t.Close() != nil || zip.Close() != nil {
		panic("synth: a buffer that cannot be written to")
	}
	return b.Bytes()
}

// prose is text of about that many bytes, which compresses to a fourth as code
// does.
func prose(r *rand.Rand, size int) []byte {
	out := make([]byte, 0, size+20)
	for len(out) < size {
		out = append(out, words[r.IntN(len(words))]...)
		out = append(out, " \n;("[r.IntN(4)])
	}
	return out
}
