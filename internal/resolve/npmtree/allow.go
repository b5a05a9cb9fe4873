package npmtree

import (
	"fmt"
	"strings"
)

// allowed says why an edge may not lead to what it asks for, if so.
func (b *builder) allowed(e *edge, w *wanted) error {
	allow, kind := "", ""
	switch w.kind {
	case aRepository:
		allow, kind = b.opts.Allow.Git, "git"
	case aURL:
		allow, kind = b.opts.Allow.Remote, "remote"
	case anArchive:
		allow, kind = b.opts.Allow.File, "file"
	case aDirectory:
		allow, kind = b.opts.Allow.Directory, "directory"
	}
	if allow == "" || allow == "all" || allow == "root" && e.from.isProject() {
		return nil
	}
	return &AllowError{Kind: kind, Setting: allow, Want: e.name + "@" + w.spec.Raw}
}

// AllowError is a dependency on something of no registry, where the settings
// forbid that.
type AllowError struct {
	Kind    string // git, remote, file, directory
	Setting string // none or root
	Want    string
}

func (e *AllowError) Error() string {
	return fmt.Sprintf("%s: allow-%s=%s forbids it", e.Want, e.Kind, e.Setting)
}

// Code is npm's code for this error.
func (e *AllowError) Code() string { return "EALLOW" + strings.ToUpper(e.Kind) }

// Hint is what the user can do.
func (e *AllowError) Hint() string {
	return fmt.Sprintf("set allow-%s=all if you trust what asks for it", e.Kind)
}

// NotFound tells that an optional dependency may lack it.
func (e *AllowError) NotFound() bool { return true }
