// Package bunlock reads and writes bun.lock: what the projects of a workspace ask
// for, and a tree of packages.
//
//	"workspaces": {
//	  "": { "name": "app", "dependencies": { "a": "^1.0.0", }, },
//	},
//	"packages": {
//	  "a": ["a@1.0.0", "", { "dependencies": { "b": "^1.0.0" } }, "sha512-…"],
//
//	  "b": ["b@2.0.0", "", {}, "sha512-…"],
//
//	  "a/b": ["b@1.0.0", "", {}, "sha512-…"],
//	}
//
// The name of a package in that tree is a path through it: "a/b" is the b in the
// node_modules of a, and what a requires is what is nearest to it. The file is
// JSON with commas behind last members, and with comments.
package bunlock

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"godwit/internal/lockfile/conflict"
	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
)

// The names of the file, and of its binary form, which nothing but bun reads.
const (
	FileName   = "bun.lock"
	BinaryName = "bun.lockb"
)

// The newest lockfileVersion that is known, that of bun 1.4 where an override is not
// about all who depend on a name, and that of other new files.
const (
	maxVersion = 3
	newVersion = 2
)

// maxSize bounds a lockfile: it has less to say of a package than pnpm's, and
// pnpm allows its own twice as much.
const maxSize = 128 << 20

// ErrEmpty is a file with nothing in it.
var ErrEmpty = errors.New("the lockfile is empty")

// Record is a lockfile.
type Record struct {
	Version int // lockfileVersion
	// Config is configVersion: which defaults of bun the project has; -1 if the
	// file does not say.
	Config     int
	Workspaces []Workspace // the root is first
	Packages   []*Package  // in the order of the file
	Overrides  []Override
	Catalogs   map[string]npm.Deps // "" is the default
	// Merged says that the file has conflict markers, and both sides were
	// taken.
	Merged bool

	doc nicejson.Value // of the file, but for packages
}

// Workspace is what the file has for a project.
type Workspace struct {
	Dir      string // slash path from the lockfile's directory; "" is the root
	Manifest *npm.Manifest
}

// Package is an entry of the tree.
type Package struct {
	Path      string   // "a/@s/b"
	Name      npm.Name // of the package, which may not be what the path ends with
	Ref       string   // "1.0.0", "workspace:packages/a", "github:owner/repo#0123456"
	URL       string   // of the tarball of what is from a registry; "" is the usual one
	Manifest  *npm.Manifest
	Bundled   bool // it comes with the tarball of what is around it
	HasBin    bool
	Integrity string

	value nicejson.Value // what is written
}

// Read reads a lockfile. name is for errors.
func Read(name string, data []byte) (*Record, error) {
	if len(data) > maxSize {
		return nil, &Error{File: name, Err: fmt.Errorf("it has more than %d MiB", maxSize>>20)}
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if strings.TrimSpace(text) == "" {
		return nil, ErrEmpty
	}
	rec, err := read(text)
	if err != nil {
		var bad *Error
		if errors.As(err, &bad) {
			bad.File = name
			return nil, bad
		}
		return nil, &Error{File: name, Err: err}
	}
	return rec, nil
}

func read(text string) (*Record, error) {
	if !conflict.Has(text) {
		return readText(text)
	}
	sides, err := conflict.Split(text)
	if err != nil {
		return nil, &Error{Err: err, Conflict: true}
	}
	ours, err := readText(sides.Ours)
	if err != nil {
		return nil, err
	}
	theirs, err := readText(sides.Theirs)
	if err != nil {
		return nil, err
	}
	return ours.merge(theirs), nil
}

// merge is the record with what theirs has beside it. What both have stays ours:
// an install afterwards writes what belongs.
func (r *Record) merge(theirs *Record) *Record {
	have := map[string]bool{}
	for _, p := range r.Packages {
		have[p.Path] = true
	}
	for _, p := range theirs.Packages {
		if !have[p.Path] {
			r.Packages = append(r.Packages, p)
		}
	}
	r.Merged = true
	r.sort()
	return r
}

func readText(text string) (*Record, error) {
	doc, err := nicejson.Parse(strict(text))
	if err != nil {
		return nil, err
	}
	if doc.Kind != '{' {
		return nil, errors.New("it is no JSON object")
	}
	rec := &Record{Config: -1, doc: doc}
	if v, ok := doc.Lookup("lockfileVersion"); ok {
		rec.Version, err = strconv.Atoi(v.Text)
	}
	switch {
	case err != nil || rec.Version < 0:
		return nil, errors.New("its lockfileVersion is no number")
	case rec.Version > maxVersion:
		return nil, fmt.Errorf("it has lockfileVersion %d, and this version of godwit reads up to %d", rec.Version, maxVersion)
	}
	if v, ok := doc.Lookup("configVersion"); ok {
		if rec.Config, err = strconv.Atoi(v.Text); err != nil {
			return nil, errors.New("its configVersion is no number")
		}
	}
	if v, ok := doc.Lookup("overrides"); ok {
		rec.Overrides = recorded(v)
	}
	rec.catalogs()
	if err := rec.workspaces(); err != nil {
		return nil, err
	}
	return rec, rec.packages()
}

func (r *Record) catalogs() {
	r.Catalogs = map[string]npm.Deps{}
	if v, ok := r.doc.Lookup("catalog"); ok {
		r.Catalogs[""] = depsOf(v)
	}
	if v, ok := r.doc.Lookup("catalogs"); ok {
		for _, f := range v.Fields {
			r.Catalogs[f.Name] = depsOf(f.Value)
		}
	}
}

func depsOf(v nicejson.Value) npm.Deps {
	var out npm.Deps
	for _, f := range v.Fields {
		if f.Value.Kind == '"' {
			out = append(out, npm.Dep{Alias: f.Name, Specifier: f.Value.Text})
		}
	}
	return out
}

// strict makes JSON of what bun writes: comments and the commas behind last
// members become blanks.
func strict(text string) []byte {
	out := []byte(text)
	comma := -1 // that may turn out to be a last one
	for i := 0; i < len(out); i++ {
		switch c := out[i]; {
		case c == '"':
			comma = -1
			for i++; i < len(out) && out[i] != '"'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
		case c == '/' && strings.HasPrefix(text[i:], "//"):
			for ; i < len(out) && out[i] != '\n'; i++ {
				out[i] = ' '
			}
		case c == '/' && strings.HasPrefix(text[i:], "/*"):
			end := strings.Index(text[i:], "*/")
			if end < 0 {
				return out
			}
			for n := i + end + 2; i < n; i++ {
				out[i] = ' '
			}
			i--
		case c == ',':
			comma = i
		case c == '}' || c == ']':
			if comma >= 0 {
				out[comma] = ' '
			}
			comma = -1
		case c != ' ' && c != '\n' && c != '\t' && c != '\r':
			comma = -1
		}
	}
	return out
}

// Error is a file that cannot be used.
type Error struct {
	File     string
	Path     string // of the package, or ""
	Err      error
	Conflict bool
}

func (e *Error) Error() string {
	if e.Path != "" {
		return fmt.Sprintf("%s: the package %q: %v", e.File, e.Path, e.Err)
	}
	return fmt.Sprintf("%s cannot be read: %v", e.File, e.Err)
}

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// Code is the code of this error, one for all that is wrong in a lockfile.
func (e *Error) Code() string { return "ERR_GODWIT_BROKEN_LOCKFILE" }

// Hint is what the user can do.
func (e *Error) Hint() string {
	if e.Conflict {
		return "resolve the conflict by hand, or take one side (git checkout --theirs bun.lock) and install"
	}
	return "take the file from version control again, or remove it and install to make a new one"
}

// BinaryError is a lockfile in the form that bun had before 1.2.
type BinaryError struct{ File string }

func (e *BinaryError) Error() string {
	return e.File + " is bun's binary lockfile, which only bun can read"
}

// Code is the code of this error.
func (e *BinaryError) Code() string { return "ERR_GODWIT_LOCKFILE_FORMAT" }

// Hint is what the user can do.
func (e *BinaryError) Hint() string {
	return "run bun install --save-text-lockfile --frozen-lockfile --lockfile-only, remove " + BinaryName + " and commit the bun.lock that comes out"
}
