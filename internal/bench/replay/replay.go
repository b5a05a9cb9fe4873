// Package replay serves a recorded npm registry, and records it.
//
// A benchmark that talks to a real registry measures the weather. This one
// asks an upstream once and answers from disk for ever after:
//
//	DIR/format                              "godwit-bench recording 1"
//	DIR/packuments/<name>/full.json         as the upstream said it, URLs made neutral
//	DIR/packuments/<name>/short.json        the abbreviated form, made from full.json
//	DIR/packuments/<name>/absent            the upstream answered 404
//	DIR/tarballs/<path>                     bytes as they came
//	DIR/hosts/<host>/<name>/full.json[.gz]  bodies ready to send to clients that say "Host: <host>"
//	DIR/hosts/<host>/<name>/short.json[.gz]
//
// A packument names its tarballs by absolute URL, so its bytes depend on the
// address the client used. In DIR/packuments every URL starts with neutralBase;
// a host folder holds the same documents with that address put in, compressed
// once. Serving a request is then a map lookup and a sendfile.
//
// Every file is written under a temporary name and renamed, so a recording that
// was interrupted holds whole files only.
package replay

// neutralBase stands in recorded documents where the address of the serving
// registry goes. The .invalid domain (RFC 2606) cannot be a real tarball host.
const neutralBase = "http://replay.invalid/"

// formatLine is the content of DIR/format; another value is refused.
const formatLine = "godwit-bench recording 1\n"

// shortType is the media type of the abbreviated packument, as defined by
// npm's registry documentation (package-metadata.md).
const shortType = "application/vnd.npm.install-v1+json"
