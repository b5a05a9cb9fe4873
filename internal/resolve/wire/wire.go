// Package wire is what a client and a resolve server say to each other.
//
// The client posts a [Request]: all that a resolution depends on but what the
// registries say. The server answers in lines, each a [Frame]:
//
//	{"package":{"id":"a@1.0.0","integrity":"sha512-…"}}   as it is picked
//	{"package":{"id":"b@2.0.0", …}}
//	{"done":{"packages":2,"lockfile":"lockfileVersion: '9.0'\n…"}}
//
// The last line is "done" or "error"; without one the answer was cut off. Lines
// are neither compressed nor held back, since a download waits for each.
//
// A server that does not know a field of a request refuses it: to go on without
// would be to resolve something else. It does no input or output of its own.
package wire

// Version is the version of the protocol. It is in the path, too.
const Version = 1

// The paths below the address of a server.
const (
	HelloPath   = "/-/godwit"
	ResolvePath = "/-/godwit/v1/resolve"
)

// The content types of requests and answers.
const (
	RequestType = "application/json"
	AnswerType  = "application/x-ndjson"
)

// Hello is what a server answers at HelloPath.
type Hello struct {
	Server  string `json:"server"`  // its version
	Resolve []int  `json:"resolve"` // versions of the protocol that it speaks
}

// The codes of refusals: of a [Failure], or of a status that is not 200. None of
// them is about the project: a client that gets one resolves by itself.
const (
	CodeRequest     = "ERR_GODWIT_RESOLVE_REQUEST"     // it cannot be read
	CodeTooLarge    = "ERR_GODWIT_RESOLVE_TOO_LARGE"   // it is beyond a limit of the server
	CodeBusy        = "ERR_GODWIT_RESOLVE_BUSY"        // come again later
	CodeRegistry    = "ERR_GODWIT_RESOLVE_REGISTRY"    // the server does not ask this registry
	CodeUnreachable = "ERR_GODWIT_RESOLVE_UNREACHABLE" // something that the server cannot get at, or may not
	CodeUpstream    = "ERR_GODWIT_RESOLVE_UPSTREAM"    // its registry let it down
	CodeTimeout     = "ERR_GODWIT_RESOLVE_TIMEOUT"     // it took longer than the server allows
)
