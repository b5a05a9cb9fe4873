package testreg

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// nodeRelease is a release of Node on the mirror.
type nodeRelease struct{ channel, version, lts string }

// What the Node project published as hashes of v22.11.0, and its signature of that.
var (
	//go:embed testdata/node/SHASUMS256.txt
	signedHashes []byte
	//go:embed testdata/node/SHASUMS256.txt.sig
	hashesSignature []byte
)

// signedVersion is the version that these are about.
const signedVersion = "22.11.0"

// nodeLine reads "CHANNEL VERSION [lts:NAME]".
func (fx *fixtures) nodeLine(words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("want CHANNEL VERSION [lts:NAME]")
	}
	r := nodeRelease{channel: words[0], version: words[1]}
	for _, word := range words[2:] {
		name, ok := strings.CutPrefix(word, "lts:")
		if !ok {
			return fmt.Errorf("%q: want lts:NAME", word)
		}
		r.lts = name
	}
	fx.node = append(fx.node, r)
	return nil
}

// nodePlatforms are those that a release has archives for, as it calls them.
var nodePlatforms = []string{"aix-ppc64", "darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "linux-x64-musl", "win-x64", "win-arm64"}

// serveNode answers for the mirror: CHANNEL/index.json, and below CHANNEL/vVERSION the
// hashes and the archives.
func (r *Registry) serveNode(x *exchange) {
	channel, rest, _ := strings.Cut(x.route.rest, "/")
	if rest == "index.json" {
		index := []object{}
		for _, n := range r.fx.node {
			if n.channel == channel {
				lts := any(false)
				if n.lts != "" {
					lts = n.lts
				}
				index = append(index, object{{"version", "v" + n.version}, {"lts", lts}})
			}
		}
		x.json(http.StatusOK, index)
		return
	}
	for _, n := range r.fx.node {
		if file, ok := strings.CutPrefix(rest, "v"+n.version+"/"); ok && n.channel == channel {
			if data := n.file(file); data != nil {
				x.status, x.body = http.StatusOK, data
				x.header.Set("Content-Type", "application/octet-stream")
				return
			}
		}
	}
	x.refuse(http.StatusNotFound, "Not found")
}

// file is what a release has under a name, or nil.
func (n nodeRelease) file(name string) []byte {
	signed := n.channel == "release" && n.version == signedVersion
	switch {
	case name == "SHASUMS256.txt" && signed:
		return signedHashes
	case name == "SHASUMS256.txt.sig" && signed:
		return hashesSignature
	case name == "SHASUMS256.txt":
		return n.hashes()
	}
	for _, platform := range nodePlatforms {
		if name == n.archive(platform) {
			return n.pack(platform)
		}
	}
	return nil
}

func (n nodeRelease) archive(platform string) string {
	suffix := ".tar.gz"
	if strings.HasPrefix(platform, "win") {
		suffix = ".zip"
	}
	return "node-v" + n.version + "-" + platform + suffix
}

func (n nodeRelease) hashes() []byte {
	var b bytes.Buffer
	for _, platform := range nodePlatforms {
		sum := sha256.Sum256(n.pack(platform))
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), n.archive(platform))
	}
	// What is listed besides is no archive of Node for a platform.
	for _, other := range []string{".tar.gz", "-headers.tar.gz", "-linux-x64.tar.xz", "-x64.msi"} {
		fmt.Fprintf(&b, "%064d  node-v%s%s\n", 0, n.version, other)
	}
	fmt.Fprintf(&b, "%064d  win-x64/node.exe\n", 0)
	return b.Bytes()
}

// pack makes an archive: a program that says its version and its platform, and what a
// release has besides, npm among it.
func (n nodeRelease) pack(platform string) []byte {
	program := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = --version ]; then echo v%s; else echo node v%s %s \"$@\"; fi\n", n.version, n.version, platform)
	base := "node-v" + n.version + "-" + platform + "/"
	if strings.HasPrefix(platform, "win") {
		return zipped(base, []file{{"node.exe", []byte(program), true}, {"npm.cmd", []byte("npm"), false}, {"node_modules/npm/package.json", []byte("{}"), false}, {"README.md", []byte("Node\n"), false}})
	}
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	tw := tar.NewWriter(gz)
	for _, f := range []file{
		{"bin/node", []byte(program), true}, {"README.md", []byte("Node\n"), false}, {"include/node/node.h", []byte("/* node */\n"), false},
		{"lib/node_modules/npm/package.json", []byte("{}"), false}, {"lib/node_modules/corepack/package.json", []byte("{}"), false},
	} {
		mode := int64(0o644)
		if f.exec {
			mode = 0o755
		}
		tw.WriteHeader(&tar.Header{Name: base + f.path, Mode: mode, Size: int64(len(f.data)), ModTime: packTime})
		tw.Write(f.data)
	}
	tw.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: base + "bin/npm", Linkname: "../lib/node_modules/npm/bin/npm-cli.js", ModTime: packTime})
	tw.Close()
	gz.Close()
	return b.Bytes()
}

// zipped is a zip archive of files below base.
func zipped(base string, files []file) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: base + f.path, Method: zip.Deflate, Modified: packTime}
		h.SetMode(0o644)
		if f.exec {
			h.SetMode(0o755)
		}
		w, _ := z.CreateHeader(h) // a buffer takes everything
		w.Write(f.data)
	}
	z.Close()
	return b.Bytes()
}
