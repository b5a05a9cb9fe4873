//go:build !linux

package host

import "errors"

// MountFresh works on Linux only.
func MountFresh(kind, image, dir string, size int64) error { return errors.ErrUnsupported }

// Drop works on Linux only.
func Drop(image, dir string) error { return errors.ErrUnsupported }
