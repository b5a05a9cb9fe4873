//go:build fsys_portable

package fsys

import "errors"

func clone(from, to string) error { return errors.ErrUnsupported }
