package server

import (
	"context"
	"errors"
	"io/fs"

	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/resolve/wire"
)

// errTimeout ends a run that takes too long.
var errTimeout = &unreachable{wire.CodeTimeout, "the resolution took longer than this server allows"}

// failureOf is an error as a frame has it: in the words that a client would use
// itself if it is about the project.
func failureOf(ctx context.Context, err error) *wire.Failure {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	f := &wire.Failure{Message: err.Error(), Cause: err.Error()}
	var chain *resolve.Error
	if errors.As(err, &chain) {
		f.Chain, f.Cause = chain.Chain, chain.Cause.Error()
	}
	var hint interface{ Hint() string }
	if errors.As(err, &hint) {
		f.Hint = hint.Hint()
	}
	var code interface{ Code() string }
	if errors.As(err, &code) {
		f.Code = code.Code()
	}
	switch {
	case ctx.Err() != nil && f.Code == "":
		f.Code = wire.CodeTimeout
	case errors.As(err, new(*unreachable)):
	case isUpstream(err):
		f.Code = wire.CodeUpstream
	default:
		f.Verdict = true
	}
	return f
}

// isUpstream reports whether an error is about this server's surroundings.
func isUpstream(err error) bool {
	for _, target := range []any{
		new(*registry.StatusError), new(*registry.NetworkError), new(*registry.OfflineError), new(*registry.BrokenError),
		new(*registry.TooLargeError), new(*fs.PathError),
	} {
		if errors.As(err, target) {
			return true
		}
	}
	return false
}
