package fsys

import "errors"

// Jail is what a process, and all that it starts, may do with the machine: read
// and run what it names, write in some of that, and nothing else with files; no
// network, no sockets to other processes, no look into those. It cannot be left.
//
// What no system here can forbid: changing the mode, the owner or the times of a
// file of the user's own whose path is known.
type Jail struct {
	Write []string // directories, absolute
	Read  []string // directories and files, absolute; those that are not there do not count
}

// ErrNoJail is the cause of an error about a system that has no jails.
var ErrNoJail = errors.New("needs Linux 6.2 or later, with Landlock and seccomp turned on")
