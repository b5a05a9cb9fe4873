package fsys

// SameExec reports whether the file is executable if want says so, and only
// then. Windows has no such bit, so there it always is as wanted.
func (i Info) SameExec(bool) bool { return true }

// CommandsNeedExtension is true: only files with one of certain extensions can be run.
const CommandsNeedExtension = true
