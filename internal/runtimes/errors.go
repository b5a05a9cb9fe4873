package runtimes

import (
	"errors"
	"fmt"
	"strings"
)

// VersionError is a version that a runtime does not have.
type VersionError struct{ Name, Want string }

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has no version that %q means", e.Name, e.Want)
}

// Code is pnpm's for each runtime.
func (e *VersionError) Code() string {
	switch e.Name {
	case "deno":
		return "ERR_PNPM_DENO_RESOLUTION_FAILURE"
	case "bun":
		return "ERR_PNPM_BUN_RESOLUTION_FAILURE"
	}
	return "ERR_PNPM_NODEJS_VERSION_NOT_FOUND"
}

// Hint is what the user can do.
func (e *VersionError) Hint() string {
	if e.Name == "node" {
		return "write a version (22.11.0), a range (^22), lts or the name of an LTS line; godwit env list ^22 lists what there is"
	}
	return "write a version, a range, or latest"
}

// NotFound makes it a thing that an optional dependency may lack.
func (e *VersionError) NotFound() bool { return true }

// ChannelError is a release channel that Node does not have.
type ChannelError struct{ Channel string }

func (e *ChannelError) Error() string {
	return fmt.Sprintf("%q is no release channel of Node", e.Channel)
}

// Code is pnpm's code for this error.
func (e *ChannelError) Code() string { return "ERR_PNPM_INVALID_NODE_RELEASE_CHANNEL" }

// Hint is what the user can do.
func (e *ChannelError) Hint() string { return "there are: " + strings.Join(channels, ", ") }

// SignatureError is a list of hashes that the Node project did not sign.
type SignatureError struct {
	URL string
	Err error
}

func (e *SignatureError) Error() string {
	return fmt.Sprintf("the hashes at %s are not those of a release of Node: %v", e.URL, e.Err)
}

// Unwrap returns the cause.
func (e *SignatureError) Unwrap() error { return e.Err }

// Code is pnpm's code for this error.
func (e *SignatureError) Code() string { return "ERR_PNPM_NODE_SHASUMS_SIGNATURE_INVALID" }

// Hint is what the user can do.
func (e *SignatureError) Hint() string {
	return "a mirror has to have SHASUMS256.txt and SHASUMS256.txt.sig as nodejs.org has them; if it does, do not trust it: nothing was downloaded"
}

// ListError is a document about a release that does not say what it has to.
type ListError struct{ URL, Problem string }

func (e *ListError) Error() string { return fmt.Sprintf("read %s: %s", e.URL, e.Problem) }

// Code tells it apart.
func (e *ListError) Code() string { return "ERR_GODWIT_RUNTIME_RELEASE" }

// Hint is what the user can do.
func (e *ListError) Hint() string {
	return "see what answers there; for Node, nodeDownloadMirrors in pnpm-workspace.yaml says where releases are"
}

func notFound(err error) bool {
	var missing interface{ NotFound() bool }
	return errors.As(err, &missing) && missing.NotFound()
}
