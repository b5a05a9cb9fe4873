package lockfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/lockfile/bunlock"
	"godwit/internal/lockfile/yarnlock"
)

func readYarn(name string, data []byte) (*Document, error) {
	rec, err := yarnlock.Read(name, data)
	if errors.Is(err, yarnlock.ErrEmpty) {
		return nil, ErrEmpty
	}
	if err != nil {
		return nil, err
	}
	return &Document{Format: Yarn, Yarn: rec}, nil
}

func appendYarn(dst []byte, d *Document, _ WriteOptions) []byte { return d.Yarn.Append(dst) }

func readBun(name string, data []byte) (*Document, error) {
	if filepath.Base(name) == bunlock.BinaryName {
		return nil, &bunlock.BinaryError{File: name}
	}
	rec, err := bunlock.Read(name, data)
	if errors.Is(err, bunlock.ErrEmpty) {
		return nil, ErrEmpty
	}
	if err != nil {
		return nil, err
	}
	return &Document{Format: Bun, Bun: rec}, nil
}

func appendBun(dst []byte, d *Document, _ WriteOptions) []byte { return d.Bun.Append(dst) }

// Join gives a document of yarn's or bun's its graph: a yarn.lock says what
// specifiers mean, and only the projects say which of them count. hoisted says
// that packages get the directories that a bun.lock has for them. Other documents
// have their graph already.
func Join(path string, d *Document, projects []Project, s Settings, hoisted bool) error {
	var err error
	switch {
	case d.Yarn != nil:
		d.Graph, d.missing, err = d.Yarn.Graph(yarnProjects(projects), s.Resolutions, s.Extend)
	case d.Bun != nil:
		d.Graph, err = d.Bun.Graph(path, hoisted)
	}
	if err != nil || d.Yarn == nil && d.Bun == nil {
		return err
	}
	for key := range d.Graph.OptionalOnly() {
		d.Graph.Packages[key].Optional = true
	}
	return nil
}

// Renewal is what a yarn.lock is made anew for; see yarnlock.Renewal.
type Renewal struct {
	Projects []Project
	Settings Settings
	Update   func(alias string, direct bool) bool
	Source   YarnSource
}

// What a yarn.lock lacks, and who is asked for it.
type (
	Want       = yarnlock.Want
	Found      = yarnlock.Found
	Tarball    = yarnlock.Tarball
	YarnSource = yarnlock.Source
	YarnTool   = yarnlock.Tool
)

// Renew is the yarn.lock for projects that it does not fit, with its graph. The
// present one may be nil. Before it is written [Sum] has to complete it.
func Renew(path string, present *Document, r Renewal) (*Document, error) {
	rec := yarnlock.New(r.Settings.Yarn)
	if present != nil {
		rec = present.Yarn
	}
	in := yarnlock.Renewal{Projects: yarnProjects(r.Projects), Resolutions: r.Settings.Resolutions, Update: r.Update, Source: r.Source, Extend: r.Settings.Extend}
	rec, err := rec.Renew(in)
	if err != nil {
		return nil, err
	}
	d := &Document{Format: Yarn, Yarn: rec}
	return d, Join(path, d, r.Projects, r.Settings, true)
}

// Sum gives packages that are new in a yarn.lock the checksums that it has of them.
func Sum(d *Document, from YarnSource) error { return d.Yarn.Sum(from) }

// What a bun.lock is made of when it is made anew; see bunlock.Renewal.
type (
	BunRenewal = bunlock.Renewal
	BunWant    = bunlock.Want
	BunFound   = bunlock.Found
)

// RenewBun is the bun.lock for projects that it does not fit, with its graph, whose
// packages have directories if it is to be hoisted. The present one may be nil.
func RenewBun(path string, present *Document, projects []Project, r BunRenewal, hoisted bool) (*Document, error) {
	var rec *bunlock.Record
	if present != nil {
		rec = present.Bun
	}
	r.Projects, r.Settings = bunProjects(projects), bunSettings(projects)
	rec, err := rec.Renew(r)
	if err != nil {
		return nil, err
	}
	d := &Document{Format: Bun, Bun: rec}
	return d, Join(path, d, projects, Settings{}, hoisted)
}

// Respecify gives a bun.lock the specifiers that projects have now. What they lead
// to stays.
func Respecify(path string, d *Document, projects []Project, hoisted bool) (*Document, error) {
	rec, err := d.Bun.Specified(bunProjects(projects))
	if err != nil {
		return nil, err
	}
	d = &Document{Format: Bun, Bun: rec}
	return d, Join(path, d, projects, Settings{}, hoisted)
}

func bunProjects(projects []Project) []bunlock.Project {
	list := make([]bunlock.Project, len(projects))
	for i, p := range projects {
		list[i] = bunlock.Project{Dir: p.Dir, Manifest: p.Manifest, JSON: p.JSON}
	}
	return list
}

// bunSettings are what the package.json at the root says of all packages.
func bunSettings(projects []Project) bunlock.Settings {
	for _, p := range projects {
		if p.Dir == "." {
			return bunlock.ReadSettings(p.JSON)
		}
	}
	return bunlock.Settings{}
}

func yarnProjects(projects []Project) []yarnlock.Project {
	list := make([]yarnlock.Project, len(projects))
	for i, p := range projects {
		list[i] = yarnlock.Project{Dir: p.Dir, Manifest: p.Manifest, JSON: p.JSON}
	}
	return list
}

// headSize is how much of a lockfile says which kind it is: comments of a few
// hundred bytes, and the fields that yarn and bun write first.
const headSize = 4096

// head is the beginning of a lockfile; nothing if it is not there.
func head(f File) (string, error) {
	file, err := os.Open(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read lockfile: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, headSize))
	return string(data), err
}

// IsBerry reports whether a yarn.lock is one of yarn 2 or later. One that is not
// there or empty will be if that version of yarn would make it.
func IsBerry(f File, version string) (bool, error) {
	text, err := head(f)
	switch {
	case strings.Contains(text, "__metadata:"):
		return true, err
	case strings.Contains(text, "# yarn lockfile v1"):
		return false, err
	}
	return yarnlock.Tool{Version: version}.Berry(), err
}

// IsolatesWorkspaces reports whether bun lays out the workspace of a bun.lock
// isolated, unless it is told otherwise: one that was begun by bun 1.3 or later, or
// that is yet to be made.
func IsolatesWorkspaces(f File) (bool, error) {
	text, err := head(f)
	if strings.TrimSpace(text) == "" {
		return true, err
	}
	_, after, found := strings.Cut(text, "\"configVersion\": ")
	return found && !strings.HasPrefix(after, "0"), err
}
