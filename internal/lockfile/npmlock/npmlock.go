// Package npmlock reads and writes package-lock.json: a graph, and for each
// package the directory that npm gave it.
//
// A file of version 2 or 3 has the directories in "packages":
//
//	""                              what package.json asks for
//	"packages/x"                    the same of a member of the workspace
//	"node_modules/x"                a link to it: resolved, link
//	"node_modules/a"                a package: version, resolved, integrity, and
//	                                the parts of its manifest that npm looks at
//	"node_modules/a/node_modules/b" another one, that a alone can require
//
// An edge leads where Node would find the package: up from the dependent, to
// the first node_modules that has it. Version 1 has the same as a tree of
// "dependencies", which [Read] turns into the above.
package npmlock

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
)

// The names of the file, the one that counts first; and that of the copy which
// npm keeps of what is installed.
const (
	ShrinkwrapName = "npm-shrinkwrap.json"
	FileName       = "package-lock.json"
	HiddenName     = ".package-lock.json"
)

// DefaultVersion is the lockfileVersion of a file that is new.
const DefaultVersion = 3

// ErrEmpty is a file with nothing in it.
var ErrEmpty = errors.New("the lockfile is empty")

// Document is a lockfile: the graph, and what the file says beside it.
type Document struct {
	Graph *graph.Graph
	Record
}

// Record is the file itself.
type Record struct {
	Version int // lockfileVersion
	Style   nicejson.Style
	// Name and ProjectVersion are those of the project; "" is left out.
	Name, ProjectVersion string
	Entries              map[string]*Entry // by directory; the root's is ""
	// Merged says that the file has conflict markers, and both sides were
	// taken.
	Merged bool

	legacy nicejson.Value // "dependencies" of versions 1 and 2, as it was read
}

// Entry is what "packages" has for one directory.
type Entry struct {
	Manifest                                                     *npm.Manifest // its name is empty where the directory tells it
	Resolved, Integrity                                          string
	Link, InBundle, Extraneous, Peer, Dev, Optional, DevOptional bool

	value nicejson.Value // what is written
}

// Directories lists the directories of all entries, in the order of the file.
func (r *Record) Directories() []string {
	out := make([]string, 0, len(r.Entries))
	for dir := range r.Entries {
		out = append(out, dir)
	}
	slices.SortFunc(out, npm.Collate)
	return out
}

// modules begins the part of a directory that names a package.
const modules = "node_modules/"

// child is the directory that a package called alias has in the node_modules of
// dir.
func child(dir, alias string) string {
	if dir == "" {
		return modules + alias
	}
	return dir + "/" + modules + alias
}

// Find is the directory that alias leads to from dir, as Node looks for it; ok
// is false if there is none.
func (r *Record) Find(dir, alias string) (found string, ok bool) {
	for at := dir; ; at = above(at) {
		if path.Base(at) != "node_modules" {
			found = child(at, alias)
			if r.Entries[found] != nil {
				return found, true
			}
		}
		if at == "" {
			return "", false
		}
	}
}

func above(dir string) string {
	i := strings.LastIndexByte(dir, '/')
	if i < 0 {
		return ""
	}
	return dir[:i]
}

// PackageName is the name of the package in a directory: what the entry says, or
// else what the directory is called.
func (e *Entry) PackageName(dir string) npm.Name {
	if e.Manifest.Name != "" {
		return e.Manifest.Name
	}
	if _, alias := npm.SplitPlace(dir); alias != "" {
		return npm.Name(alias)
	}
	return npm.Name(path.Base(dir))
}

// EntryError is an entry that cannot be used.
type EntryError struct{ File, Dir, Problem string }

func (e *EntryError) Error() string {
	return fmt.Sprintf("%s: the entry %q %s", e.File, e.Dir, e.Problem)
}

// Code is the code of this error, one for all that is wrong in a lockfile.
func (e *EntryError) Code() string { return "ERR_GODWIT_BROKEN_LOCKFILE" }

// Hint is what the user can do.
func (e *EntryError) Hint() string {
	return "take the file from version control again, or remove it and install to make a new one"
}
