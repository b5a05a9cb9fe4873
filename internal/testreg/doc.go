// Package testreg is an npm registry for tests, made of text archives.
//
// An archive (txtar: sections that begin with "-- NAME --") says in few words
// which packages there are and what goes wrong with them:
//
//	-- packages --
//	app-lib@1.0.0 left-pad@^1.1.0 peer:react@>=16
//	react@18.2.0
//	-- left-pad@1.3.0/package.json --
//	{"license": "WTFPL"}
//	-- left-pad@1.3.0/index.js --
//	module.exports = (s, n) => s.padStart(n)
//	-- faults --
//	left-pad x2 503
//
// # Packages
//
// Each line of the section packages is NAME@VERSION and what is to be said of
// it. A word is a dependency, ALIAS@SPECIFIER, or one of
//
//	dev:A@SPEC  opt:A@SPEC  peer:A@SPEC  dep:A@SPEC
//	peer?:A@SPEC         an optional peer
//	bundle:A@VERSION     a dependency whose files are in the tarball
//	bin:CMD=PATH         or bin:CMD; the file is made and prints "NAME@VERSION CMD"
//	os:darwin,linux      likewise cpu: and libc:
//	engine:node@>=18
//	script:postinstall="node x.js"
//	deprecated="use b"   or deprecated
//	tag:next,beta        dist-tags; latest is by default the highest release
//	time:2021-02-03      of publication; by default days from 2020-01-01 on
//	hash:sha1            what the packument says of the bytes: sha512 (integrity
//	                     and shasum, the default), sha1, none, wrong
//	tarball:URL          with {registry}, {other} and {path} for the usual parts
//	set:FIELD=JSON       any field of the manifest, of any type
//
// Double quotes (with Go escapes) and back quotes hold a word together; "#"
// begins a comment. A package without files exports "NAME@VERSION".
//
// Files are sections named NAME@VERSION/PATH; " +x" behind the path makes one
// executable, and PATH may lie in node_modules. The fields of a package.json
// win over those of the line; name and version need not be given.
//
// NAME/packument.json is served in place of the packument, as it stands but for
// {registry}, {other}, {tarball:VERSION}, {integrity:VERSION} and
// {shasum:VERSION}.
//
// # Raw tarballs
//
// A section NAME@VERSION.tar lists the entries of a tarball, which may be as
// hostile as they like:
//
//	manifest                                  package/package.json, well made
//	file     package/a.js text="x" mode=755
//	file     ../../evil text=x
//	file     package/big size=10G             claims a size and has no bytes
//	file     package/zeros zeros=100M         has them: a gzip bomb
//	dir      package/lib
//	symlink  package/l -> /etc
//	link     package/h -> ../../secret
//	char     package/null dev=1,3             likewise block and fifo
//	gnu-name package/{long*300}               a GNU long name, gnu-link a target
//	pax      path=../evil size=3              a pax header; global for all
//	file     package/x typeflag=Z checksum=bad format=gnu
//
// {TEXT*N} repeats TEXT. Words about the whole file: "member" (begins another
// gzip member), "plain" (no gzip), "no-end" (no zero blocks), "garbage 512"
// (bytes after the end), "cut 20" (bytes taken off the end). The integrity in
// the packument is that of these bytes.
//
// # Faults
//
// A line of the section faults is PATTERN [skipN] [xN] EFFECT…: leave N
// requests alone, spoil the next N (by default all). A pattern selects by path
// ("/left-pad*"), by subject ("left-pad" the packument, "left-pad@1.3.0" the
// tarball or manifest), or by kind and subject ("tarball:*", "packument:@s/*");
// "*" is any run of characters. Effects:
//
//	503, status=503       instead of the answer
//	retry-after=2, header=KEY:VALUE
//	latency=50ms          before the answer
//	hold                  before the answer, until ClearFaults
//	hang, hang=N          after N bytes, until the client gives up
//	reset, reset=N        the connection, after N bytes
//	truncate=N            close the connection after N bytes
//	corrupt, corrupt=N    change a byte in the middle, or byte N
//	length=N, +N, -N      a false Content-Length;  chunked: none
//	wrong-integrity       a packument with the hashes of other bytes
//	malformed=KIND        html, truncated, text, empty, array, null
//	body=TEXT
//	redirect, redirect=URL  to the other host, same path
//
// # Auth
//
// A line of the section auth is PATTERN bearer TOKEN or PATTERN basic
// USER:PASSWORD, PATTERN being "*", "@scope" or a name. Without the credential
// the answer is 401, with that of another line 403; missing=STATUS and
// wrong=STATUS behind it say otherwise. With otp=CODE, whoever changes something
// has to send that as well.
//
// Whoever logs in gets the token of the first line: in the browser, where the
// second question whether it is done is answered; with any name and any password
// but "wrong"; or with the word of the CI service that is at /-/test/id-token,
// for whoever has "job-secret".
//
// The one user there is has the password that is typed, unless that is "wrong",
// two tokens, and a profile; enabling a second factor is answered with a secret,
// and then done with the code 123456. What is staged waits below /-/stage.
//
// # Security
//
// The section advisories is the answer of the bulk endpoint: {"NAME": [{...}]}. A
// line of the section signatures is PATTERN good|bad|none|expired: how the
// registry has signed the versions of those packages. The section search is the
// answer to any search.
//
// A line of the section attestations is PATTERN WAY: there is a signed statement
// about those packages, and WAY is good, or says what is wrong with it (see
// package notary), or wrong-digest, wrong-name, unreadable; keyed, signed with the
// registry's key; expired-key, stray-key. The services that sign what is published
// with a statement of its own are below /-/test/notary/: fulcio, rekor, and root,
// the document that trusts them.
//
// # Node
//
// A line of the section node-releases is CHANNEL VERSION [lts:NAME], the newest first:
// /-/test/node/CHANNEL/ is a mirror that has it, for a few platforms. Its bin/node is a
// script that says the version. Of the channel release 22.11.0 alone is signed: it has
// the hashes that the Node project published, and no archives that fit them.
package testreg
