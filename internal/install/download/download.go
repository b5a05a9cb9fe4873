// Package download gets tarballs as verified bytes.
package download

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/npm/integrity"
)

// Client fetches what is at a URL.
type Client interface {
	// room is memory for size bytes; 0 if that is not known.
	Tarball(ctx context.Context, name npm.Name, url string, room func(size int64) []byte) ([]byte, error)
	// Checkout is a directory with the files of a commit, to be read only.
	Checkout(ctx context.Context, url, commit string) (dir string, err error)
	// TarballURL is where the registry of name keeps a version when nobody
	// says otherwise. The version may have the prefix of a registry in front
	// ("work:1.0.0"); "" is one that nobody has.
	TarballURL(name npm.Name, version string) string
}

// Source says where tarballs come from.
type Source struct {
	Client Client
	Root   string // directory that "file:" paths start from
	// Room is memory for size bytes, see [Client].
	Room func(size int64) []byte
	// Carried is asked before the client; nil has nothing.
	Carried Carried
}

// Carried has tarballs that were brought here from another machine, unverified,
// by the name that the store would have for them ("sha512-<hex>").
type Carried interface {
	Path() string
	Has(id string) bool
	Tarball(id string, room func(size int64) []byte) ([]byte, error)
}

// CarriedID is the name of a package's tarball among those that are carried, or
// "": what has no integrity, or is here anyway, is not.
func CarriedID(res graph.Resolution) string {
	if res.Kind != graph.Registry && res.Kind != graph.Tarball || strings.HasPrefix(res.Tarball, "file:") {
		return ""
	}
	in, err := integrity.Parse(res.Integrity)
	if err != nil {
		return ""
	}
	algo, digest := in.Hex()
	return algo + "-" + digest
}

// DamagedError is a carried tarball that is not what its name says.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the tarball in %s is not what was expected: %v", e.Path, e.Err)
}

// Unwrap returns the mismatch.
func (e *DamagedError) Unwrap() error { return e.Err }

// Code is the code of this error.
func (e *DamagedError) Code() string { return "ERR_GODWIT_CACHE_FILE" }

// Hint is what the user can do.
func (e *DamagedError) Hint() string {
	return "remove the file, and find out who could write to it: nothing of the tarball was used"
}

// URL is where the tarball of a package is: a URL, or "file:" and a path.
func (s *Source) URL(id graph.Key, res graph.Resolution) string {
	if res.Tarball != "" {
		return res.Tarball
	}
	name, version := id.ID().Split()
	return s.Client.TarballURL(name, version)
}

// IntegrityError says that a tarball has other bytes than were promised.
type IntegrityError struct {
	URL  string
	Page bool // it begins as a web page does
	Err  error
}

func (e *IntegrityError) Error() string {
	return fmt.Sprintf("the tarball at %s is not what was expected: %v", e.URL, e.Err)
}

// Unwrap returns the mismatch.
func (e *IntegrityError) Unwrap() error { return e.Err }

// Code is pnpm's code for this error.
func (e *IntegrityError) Code() string { return "ERR_PNPM_TARBALL_INTEGRITY" }

// Hint is what the user can do.
func (e *IntegrityError) Hint() string {
	if e.Page {
		return "a web page came: see whether the network wants you to sign in, and who answers in place of the registry: nothing of it was used"
	}
	return "if the package was published again on purpose, remove its entry from the lockfile; if not, tell whoever runs the registry: nothing of the tarball was used"
}

// LocalError is a registry, or a lockfile in its name, that says that a tarball is on
// this machine.
type LocalError struct{ URL string }

func (e *LocalError) Error() string {
	return fmt.Sprintf("the package is from a registry, and its tarball is said to be %.200q", e.URL)
}

// Hint is what the user can do.
func (e *LocalError) Hint() string {
	return "do not trust that registry, or the lockfile if it says so; nothing of the file was read"
}

// PrefixError is a package of a registry whose prefix nobody has.
type PrefixError struct{ ID graph.Key }

func (e *PrefixError) Error() string {
	_, ref := e.ID.Split()
	prefix, _, _ := strings.Cut(ref, ":")
	return fmt.Sprintf("%s is of the registry %q, and no setting says where that is", e.ID, prefix+":")
}

// Code is pnpm's code for this error.
func (e *PrefixError) Code() string { return "ERR_PNPM_MISSING_NAMED_REGISTRY" }

// Hint is what the user can do.
func (e *PrefixError) Hint() string { return "name it under namedRegistries in pnpm-workspace.yaml" }

// PlatformError is a runtime that there is no archive of for this machine.
type PlatformError struct{ ID graph.Key }

func (e *PlatformError) Error() string {
	return fmt.Sprintf("%s is not published for this operating system and processor", e.ID)
}

// Code tells it apart.
func (e *PlatformError) Code() string { return "ERR_GODWIT_NO_VARIANT" }

// Hint is what the user can do.
func (e *PlatformError) Hint() string {
	return "install with --no-runtime and put the runtime on PATH"
}

// UncheckedError is a runtime that nothing says the hash of.
type UncheckedError struct{ ID graph.Key }

func (e *UncheckedError) Error() string {
	return fmt.Sprintf("nothing says which bytes the archive of %s has", e.ID)
}

// Code is pnpm's code for this error.
func (e *UncheckedError) Code() string { return "ERR_PNPM_MISSING_TARBALL_INTEGRITY" }

// Hint is what the user can do.
func (e *UncheckedError) Hint() string { return "remove it from the lockfile: it is resolved anew" }

// ErrUnsupported is the cause for packages from sources that this version
// cannot fetch.
var ErrUnsupported error = unsupported{}

type unsupported struct{}

func (unsupported) Error() string { return "this version of godwit cannot fetch it" }

// Code is the code of this error.
func (unsupported) Code() string { return "ERR_GODWIT_UNSUPPORTED" }

// Hint is what the user can do.
func (unsupported) Hint() string {
	return "install this project with pnpm"
}

// Tarball fetches the tarball of a package and checks it. Without an integrity
// to check against it returns the one it has; callers record that.
func (s *Source) Tarball(ctx context.Context, id graph.Key, res graph.Resolution) ([]byte, integrity.Integrity, error) {
	switch res.Kind {
	case graph.Registry, graph.Tarball:
	case graph.Binary:
		if res.Integrity == "" {
			return nil, integrity.Integrity{}, &UncheckedError{id}
		}
	case graph.Variations:
		return nil, integrity.Integrity{}, &PlatformError{id}
	default:
		return nil, integrity.Integrity{}, fmt.Errorf("%s comes from a hook: %w", id, ErrUnsupported)
	}
	if s.Carried != nil {
		if key := CarriedID(res); key != "" && s.Carried.Has(key) {
			return s.carried(key, res)
		}
	}
	url := s.URL(id, res)
	if url == "" {
		return nil, integrity.Integrity{}, &PrefixError{id}
	}
	if res.Kind != graph.Tarball && strings.HasPrefix(url, "file:") {
		return nil, integrity.Integrity{}, &LocalError{url}
	}
	data, in, err := s.verified(ctx, id.Name(), url, res.Integrity)
	if errors.As(err, new(*integrity.MismatchError)) && !strings.HasPrefix(url, "file:") {
		// Proxies cut tarballs off, and networks answer in place of registries, with
		// no error that could be seen. Like npm and pnpm, ask again.
		return s.verified(ctx, id.Name(), url, res.Integrity)
	}
	return data, in, err
}

// verified reads a tarball and holds it against an integrity, if there is one.
func (s *Source) verified(ctx context.Context, name npm.Name, url, promised string) ([]byte, integrity.Integrity, error) {
	data, err := s.read(ctx, name, url)
	if err != nil {
		return nil, integrity.Integrity{}, err
	}
	if promised == "" {
		return data, integrity.Of(data), nil
	}
	want, err := integrity.Parse(promised)
	if err == nil {
		err = want.Verify(data)
	}
	if err != nil {
		return nil, want, &IntegrityError{URL: url, Page: bytes.HasPrefix(bytes.TrimSpace(data[:min(len(data), 64)]), []byte("<")), Err: err}
	}
	return data, want, nil
}

// carried takes a tarball that is here already. A wrong one is an error even if
// the registry has a right one: somebody put it there.
func (s *Source) carried(key string, res graph.Resolution) ([]byte, integrity.Integrity, error) {
	want, err := integrity.Parse(res.Integrity)
	if err != nil {
		return nil, want, err
	}
	data, err := s.Carried.Tarball(key, s.Room)
	if err != nil {
		return nil, want, err
	}
	if err := want.Verify(data); err != nil {
		return nil, want, &DamagedError{Path: s.Carried.Path(), Err: err}
	}
	return data, want, nil
}

func (s *Source) read(ctx context.Context, name npm.Name, url string) ([]byte, error) {
	path, local := strings.CutPrefix(url, "file:")
	if !local {
		return s.Client.Tarball(ctx, name, url, s.Room)
	}
	path = filepath.FromSlash(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Root, path)
	}
	// A pipe or a device would be read for ever.
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, cmp.Or(err, error(&fs.PathError{Op: "read", Path: path, Err: errors.New("it is no regular file")}))
	}
	return os.ReadFile(path)
}
