//go:build !windows

package fsys

// SameExec reports whether the file is executable if want says so, and only
// then. Windows has no such bit, so there it always is as wanted.
func (i Info) SameExec(want bool) bool { return i.Exec == want }

// CommandsNeedExtension is false: a script is run by its first line.
const CommandsNeedExtension = false
