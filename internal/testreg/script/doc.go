// Package script gives testscript scripts an npm registry and an eye for
// node_modules.
//
//	registry [-as NAME] ARCHIVE|DIR|common…
//
// starts a registry (package testreg) for the rest of the script and sets
// $REGISTRY (its URL), $REGISTRY_HOST (host:port, for "//$REGISTRY_HOST/:_authToken"
// lines) and $OTHER (the same packages on another host); -as NAME sets $NAME,
// $NAME_HOST and $NAME_OTHER instead, for a second one. A script is itself a
// text archive, so its registry is a directory of sections: "-- reg/packages --",
// "-- reg/left-pad@1.3.0/index.js --", and "registry reg". The word common adds
// the packages all scripts share.
//
//	registry -stop [NAME]             connections are refused from now on
//	fault [-clear] [PATTERN EFFECT…]  order a fault, or end all of them
//	[!] requests [-count N] [-peak N] [-auth] [-leak] [-clear] [-header KEY] [PATTERN…]
//
// prints the matching requests to stdout ("GET 200 tarball left-pad@1.3.0",
// with -header that header behind each) and fails when there are none, or not N,
// or when fewer than -peak N were ever under way at once. With ! it fails when
// there are some. -auth selects those that carried credentials; -leak those
// that carried them to another host.
//
//	expand FILE…                  replace ${VAR} and $VAR of the variables above
//	tree [-x GLOB]… DIR           list a directory to stdout, sorted: "a/", "a/cli.js*"
//	                              (executable), "b -> ../c"; -x leaves out what matches
//	[!] json FILE KEY… [= WANT]   print a value of a JSON file to stdout; or compare it
//	[!] nodejs ARGS…              run node
//	fetch [-bearer TOKEN] PATH FILE  write what the registry answers to a file
//	fails [-status N] CMD ARGS…   run what must exit with status 1 (or N), say why on
//	                              stderr and leave stdout empty
//
// Conditions: [root] modes do not bind the user, [mount] "unshare -rm" can
// mount (a full or read-only file system for one command).
package script
