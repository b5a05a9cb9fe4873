package npmlock

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"godwit/internal/lockfile/conflict"
	"godwit/internal/lockfile/npmlock/nicejson"
	"godwit/internal/npm"
	"godwit/internal/npm/jsonscan"
)

// bom is the byte order mark that some editors on Windows put first.
var bom = []byte("\xef\xbb\xbf")

// Read reads a lockfile of any version. name is for errors.
func Read(name string, data []byte) (*Document, error) {
	data = bytes.TrimPrefix(data, bom)
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, ErrEmpty
	}
	rec, err := readRecord(name, data)
	if err != nil {
		return nil, err
	}
	d := &Document{Record: *rec}
	if d.Graph, err = rec.graph(name); err != nil {
		return nil, err
	}
	return d, nil
}

func readRecord(name string, data []byte) (*Record, error) {
	rec := &Record{Style: nicejson.StyleOf(data), Version: DefaultVersion, Entries: map[string]*Entry{}}
	if conflict.Has(string(data)) {
		rec.Merged = true
		var err error
		if data, err = mergeSides(data); err != nil {
			return nil, &SyntaxError{name, err}
		}
	}
	s := jsonscan.New(data)
	if s.Kind() != '{' {
		return nil, &SyntaxError{name, errors.New("it is no JSON object")}
	}
	var packages []byte
	for key := range s.Members() {
		switch string(key) {
		case "name":
			rec.Name, _ = jsonscan.String(s.Value())
		case "version":
			rec.ProjectVersion, _ = jsonscan.String(s.Value())
		case "lockfileVersion":
			version := s.Value()
			var err error
			if rec.Version, err = strconv.Atoi(string(version)); err != nil || rec.Version < 1 {
				return nil, &SyntaxError{name, fmt.Errorf("lockfileVersion %.20q is none that is known", version)}
			}
		case "packages":
			packages = s.Value()
		case "dependencies":
			var err error
			if rec.legacy, err = nicejson.Parse(s.Value()); err != nil && s.Err() == nil {
				return nil, &SyntaxError{name, err}
			}
		}
	}
	if err := s.End(); err != nil {
		return nil, &SyntaxError{name, err}
	}
	if rec.Version > DefaultVersion {
		return nil, &VersionError{name, rec.Version}
	}
	if packages == nil {
		return rec, rec.readOld(name)
	}
	return rec, rec.readPackages(name, packages)
}

func (r *Record) readPackages(name string, packages []byte) error {
	s := jsonscan.New(packages)
	for key := range s.Members() {
		dir := string(key)
		if err := r.add(name, dir, s.Value()); err != nil {
			return err
		}
	}
	return nil
}

// add reads one entry. Entries that lead out of the project are refused: what
// they name is written to and removed.
func (r *Record) add(file, dir string, raw []byte) error {
	if problem := checkDir(dir); problem != "" {
		return &EntryError{file, dir, problem}
	}
	e, err := NewEntry(raw)
	if err != nil {
		return &EntryError{file, dir, fmt.Sprintf("cannot be read: %v", err)}
	}
	r.Entries[dir] = e
	return nil
}

// CheckDir refuses a directory that a lockfile may not name.
func CheckDir(dir string) error {
	if problem := checkDir(dir); problem != "" {
		return &EntryError{"a lockfile of npm's", dir, problem}
	}
	return nil
}

// checkDir says what is wrong with a directory, or "".
func checkDir(dir string) string {
	if dir == "" {
		return ""
	}
	if strings.ContainsAny(dir, "\\\x00") || path.IsAbs(dir) || path.Clean(dir) != dir || len(dir) > 1 && dir[1] == ':' {
		return "is no path relative to the project"
	}
	if dir == ".." || strings.HasPrefix(dir, "../") {
		if strings.Contains(dir+"/", "/"+modules) {
			return "is outside of the project"
		}
		return "" // what a link leads to: it is read, not written
	}
	for rest := dir; rest != ""; {
		at, alias := npm.SplitPlace(rest)
		if alias == "" {
			at = above(rest) // a project, perhaps inside of a package
		} else if _, err := npm.ParseName(alias); err != nil {
			return "has no name that a package can have"
		}
		rest = at
	}
	return ""
}

// NewEntry makes an entry of its JSON.
func NewEntry(raw []byte) (*Entry, error) {
	v, err := nicejson.Parse(raw)
	if err != nil {
		return nil, err
	}
	m, err := npm.DecodeManifest(raw)
	if err != nil {
		return nil, err
	}
	e := &Entry{Manifest: m, value: v}
	s := jsonscan.New(raw)
	for key := range s.Members() {
		switch string(key) {
		case "resolved":
			e.Resolved, _ = jsonscan.String(s.Value())
		case "integrity":
			e.Integrity, _ = jsonscan.String(s.Value())
		default:
			if set := e.flag(key); set != nil {
				*set = string(s.Value()) == "true"
			}
		}
	}
	return e, nil
}

// flag is where a member is kept that is true or absent; nil for others.
func (e *Entry) flag(name []byte) *bool {
	switch string(name) {
	case "link":
		return &e.Link
	case "inBundle":
		return &e.InBundle
	case "extraneous":
		return &e.Extraneous
	case "peer":
		return &e.Peer
	case "dev":
		return &e.Dev
	case "optional":
		return &e.Optional
	case "devOptional":
		return &e.DevOptional
	}
	return nil
}

// SyntaxError is a file that is no lockfile.
type SyntaxError struct {
	File string
	Err  error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s cannot be read: %v", e.File, e.Err) }

// Unwrap returns what is wrong.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Code is the code of this error, one for all that is wrong in a lockfile.
func (e *SyntaxError) Code() string { return "ERR_GODWIT_BROKEN_LOCKFILE" }

// Hint is what the user can do.
func (e *SyntaxError) Hint() string {
	return "take the file from version control again, or remove it and install to make a new one"
}

// VersionError is a file of a version that came after this program.
type VersionError struct {
	File    string
	Version int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has lockfileVersion %d, and this version of godwit reads up to %d", e.File, e.Version, DefaultVersion)
}

// Code is the code of this error.
func (e *VersionError) Code() string { return "ERR_GODWIT_LOCKFILE_VERSION" }

// Hint is what the user can do.
func (e *VersionError) Hint() string {
	return "use a newer godwit, or npm install --lockfile-version=3"
}
