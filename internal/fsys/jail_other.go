//go:build !linux || !(amd64 || arm64)

package fsys

import "os/exec"

// CheckJail reports why no process can be jailed here, or nil.
func CheckJail() error { return ErrNoJail }

// Start starts cmd in the jail.
func (j *Jail) Start(*exec.Cmd) error { return ErrNoJail }
