// Package untar finds the files of an npm package in tar data.
//
// It is as tolerant as what npm unpacks with (node-tar), because packages of
// fifteen years exist that only ever met that reader:
//
//	block    regular file   '0' '7' NUL    yielded; "name/" is a directory
//	         directory      '5' 'D'        implied by its files, never yielded
//	         link           '1' '2'        dropped and counted, as npm does
//	         device, fifo   '3' '4' '6'    skipped and counted
//	         pax, GNU names 'x' 'X' 'L' 'N' 'K'  path and size of the next entry
//	         global pax     'g'            ignored
//	         anything else                 skipped and counted
//	         wrong checksum                that block skipped and counted
//	         two of zeros                  the end, whatever follows
//
// One state machine ([parser]) reads headers for both ways in: [Index] over a
// whole buffer, without an allocation per entry, and [Stream] over a reader.
package untar

import (
	"errors"
	"fmt"
)

// Limits bound what an archive may make us do. Zero fields get the default.
type Limits struct {
	Unpacked int64 // bytes of tar data
	Entries  int   // headers, whatever they announce
	Path     int   // bytes of a path before its first component is cut
}

// The defaults leave a factor of 30 above the largest packages known (next:
// 143 MB; icon sets: 26,000 files) and stop what could only fill a disk.
const (
	defaultUnpacked = 4 << 30
	defaultEntries  = 1 << 20
	defaultPath     = 4096 // PATH_MAX on Linux
)

// WithDefaults returns l with its zero fields filled in.
func (l Limits) WithDefaults() Limits {
	if l.Unpacked == 0 {
		l.Unpacked = defaultUnpacked
	}
	if l.Entries == 0 {
		l.Entries = defaultEntries
	}
	if l.Path == 0 {
		l.Path = defaultPath
	}
	return l
}

// Stats says what an archive held.
type Stats struct {
	Files   int   // yielded
	Bytes   int64 // in them
	Links   int   // symbolic and hard links dropped
	Skipped int   // devices, unknown kinds, files without a name below the first folder
	Invalid int   // blocks that were no header
	// Collisions lists paths that differ only in case from one that came
	// earlier, at most [MaxCollisions]: on some file systems the later file
	// replaces the earlier.
	Collisions []string
}

// MaxCollisions is how many collisions are listed: enough for a message.
const MaxCollisions = 20

// ErrFormat is the error for data in which there is no tar header at all.
var ErrFormat = errors.New("not a tar archive")

// PathError is an archive that tries to write outside its own directory. No
// packer makes such paths, so the whole archive is refused: npm skips the
// entry, which leaves a package behind that its author did not test.
type PathError struct {
	Path   string // as in the archive
	Reason string
}

func (e *PathError) Error() string {
	return fmt.Sprintf("entry %.200q %s: the archive is malicious or damaged", e.Path, e.Reason)
}

// LimitError is an archive that exceeds one of its [Limits].
type LimitError struct {
	What  string // "bytes", "entries", "bytes in a path"
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("archive has more than %d %s", e.Limit, e.What)
}
