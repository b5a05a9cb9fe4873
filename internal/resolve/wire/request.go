package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode"

	"godwit/internal/npm"
)

// Request is everything a resolution depends on besides the registries.
type Request struct {
	Version int `json:"version"`
	// Registries are URLs without a slash at their end by "@scope"; that of ""
	// is for all other names.
	Registries map[string]Registry `json:"registries"`
	Importers  []Importer          `json:"importers"`
	Catalogs   map[string]Deps     `json:"catalogs,omitempty"`
	Options    Options             `json:"options"`
	Shape      *Shape              `json:"shape,omitempty"`
	Patched    Deps                `json:"patched,omitempty"` // key of patchedDependencies -> SHA-256 of the patch
	Policy     *Policy             `json:"policy,omitempty"`
	Lockfile   string              `json:"lockfile,omitempty"`  // text of the present one
	Reshaped   bool                `json:"reshaped,omitempty"`  // it was made with another shape
	Preferred  bool                `json:"preferred,omitempty"` // its versions are preferred, and that is all
	Freed      []string            `json:"freed,omitempty"`     // names whose versions in it are not preferred
	// Update names the packages, as the lockfile knows them, of which the newest
	// versions are wanted; nil is no update.
	Update *[]string `json:"update,omitempty"`
	// Externals are what the client has found for paths that projects depend on.
	Externals []External `json:"externals,omitempty"`
	// LockedCatalogs are the entries that it was made with.
	LockedCatalogs map[string]Deps `json:"lockedCatalogs,omitempty"`
	// Platforms are what is installed for: optional packages for none of them are
	// in the lockfile, and are not picked. Without any all packages fit.
	Platforms []Platform `json:"platforms,omitempty"`
	// Npm asks for npm's resolution instead, which knows only registries,
	// importers, policy, update and platforms of the above.
	Npm *Npm `json:"npm,omitempty"`
}

// Registry is where a client gets packages from.
type Registry struct {
	URL string `json:"url"`
	// Private says that the client has a credential for it, which is not sent:
	// what is not there for others may be there for it.
	Private bool `json:"private,omitempty"`
}

// Platform is one that packages can be for, in Node's words.
type Platform struct {
	OS   string `json:"os"`
	CPU  string `json:"cpu"`
	Libc string `json:"libc,omitempty"`
}

// Importer is a project. Its manifest is as it is resolved: overridden, and with
// what packageExtensions add.
type Importer struct {
	Dir      string   `json:"dir"`
	Manifest Manifest `json:"manifest"`
	Injected []string `json:"injected,omitempty"` // aliases of members that are copied
	Kept     bool     `json:"kept,omitempty"`
	Publish  string   `json:"publish,omitempty"` // directory that others link to
}

// External is a directory or a tarball of the client's machine, which nobody else
// can look at.
type External struct {
	Dir       string   `json:"dir"` // of the dependent: a path from the lockfile's directory
	Alias     string   `json:"alias"`
	Specifier string   `json:"specifier"`
	ID        string   `json:"id"` // "link:" or "file:" and a path, see resolve.External
	Manifest  Manifest `json:"manifest"`
	Directory string   `json:"directory,omitempty"` // of a directory; else it is a tarball
	Tarball   string   `json:"tarball,omitempty"`
	Integrity string   `json:"integrity,omitempty"`
}

// Manifest is what of a package.json a resolution looks at.
type Manifest struct {
	Name          string        `json:"name,omitempty"`
	Version       string        `json:"version,omitempty"`
	Prod          Deps          `json:"dependencies,omitempty"`
	Dev           Deps          `json:"devDependencies,omitempty"`
	Optional      Deps          `json:"optionalDependencies,omitempty"`
	Peers         Deps          `json:"peerDependencies,omitempty"`
	OptionalPeers []string      `json:"optionalPeers,omitempty"`
	Accept        Deps          `json:"acceptDependencies,omitempty"`
	Bundled       npm.Bundled   `json:"bundled,omitzero"`
	HasBin        bool          `json:"hasBin,omitempty"`
	Engines       Deps          `json:"engines,omitempty"`
	Runtimes      []npm.Runtime `json:"runtimes,omitempty"`
	OS            []string      `json:"os,omitempty"`
	CPU           []string      `json:"cpu,omitempty"`
	Libc          []string      `json:"libc,omitempty"`
	LibcText      bool          `json:"libcText,omitempty"` // libc is written as one string
	Deprecated    string        `json:"deprecated,omitempty"`
}

// Deps is a dependency map, in its order: a list of pairs.
type Deps [][2]string

// Options are those of a resolution, see resolve.Options.
type Options struct {
	AutoInstallPeers     bool   `json:"autoInstallPeers,omitempty"`
	PeersFromHighest     bool   `json:"peersFromHighest,omitempty"`
	DedupePeers          bool   `json:"dedupePeers,omitempty"`
	DedupePeerDependents bool   `json:"dedupePeerDependents,omitempty"`
	PeersSuffixMaxLength int    `json:"peersSuffixMaxLength,omitempty"`
	LowestDirect         bool   `json:"lowestDirect,omitempty"`
	TimeBased            bool   `json:"timeBased,omitempty"`
	IgnoreCompat         bool   `json:"ignoreCompat,omitempty"`
	LinkWorkspace        string `json:"linkWorkspace,omitempty"` // "", direct or deep
	PreferWorkspace      bool   `json:"preferWorkspace,omitempty"`
	InjectWorkspace      bool   `json:"injectWorkspace,omitempty"`
	KeepInjected         bool   `json:"keepInjected,omitempty"`
	PeersFromRoot        bool   `json:"peersFromRoot,omitempty"`
	AllowExotic          bool   `json:"allowExotic,omitempty"`
}

// Shape is what the project changes in the manifests of packages.
type Shape struct {
	Overrides  Deps        `json:"overrides,omitempty"` // without "$" and catalogs
	Extensions []Extension `json:"extensions,omitempty"`
	Ignored    []string    `json:"ignoredOptional,omitempty"` // patterns
}

// Extension is an entry of packageExtensions.
type Extension struct {
	Selector string            `json:"selector"`
	Prod     map[string]string `json:"dependencies,omitempty"`
	Optional map[string]string `json:"optionalDependencies,omitempty"`
	Peers    map[string]string `json:"peerDependencies,omitempty"`
	// PeersMeta says whether a peer is optional; null where it does not say.
	PeersMeta map[string]*bool `json:"peerDependenciesMeta,omitempty"`
}

// Policy is which published versions the project admits, see policy.Policy.
type Policy struct {
	Cutoff       time.Time     `json:"cutoff,omitzero"`
	Setting      string        `json:"setting,omitempty"`
	Strict       bool          `json:"strict,omitempty"`
	Exclude      []string      `json:"exclude,omitempty"`
	MissingTime  bool          `json:"missingTime,omitempty"`
	NoDowngrade  bool          `json:"noDowngrade,omitempty"`
	TrustExclude []string      `json:"trustExclude,omitempty"`
	TrustAge     time.Duration `json:"trustAge,omitempty"` // nanoseconds
	Now          time.Time     `json:"now,omitzero"`
	Npmrc        bool          `json:"npmrc,omitempty"`
}

// maxImporters is ten times the projects of the largest workspaces that are
// known.
const maxImporters = 10_000

// ErrVersion is a request in another version of the protocol.
var ErrVersion = errors.New("the request is in a version of the protocol, or has a field, that this server does not know")

// Decode reads a request. Its size is for r to bound.
func Decode(r io.Reader) (*Request, error) {
	var req Request
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		if strings.HasPrefix(err.Error(), "json: unknown field") {
			return nil, fmt.Errorf("%w (%v)", ErrVersion, err)
		}
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		if err == nil {
			err = errors.New("there is more behind the request")
		}
		return nil, err
	}
	return &req, req.check()
}

// Encode writes the request.
func (r *Request) Encode(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

func (r *Request) check() error {
	switch {
	case r.Version != Version:
		return ErrVersion
	case len(r.Importers) == 0:
		return errors.New("there is no project to resolve for")
	case len(r.Importers) > maxImporters:
		return fmt.Errorf("%d projects are more than the %d that are supported", len(r.Importers), maxImporters)
	}
	seen := make(map[string]bool, len(r.Importers))
	for _, im := range r.Importers {
		if err := checkDir(im.Dir); err != nil {
			return err
		}
		if im.Publish != "" {
			if err := checkDir(im.Publish); err != nil {
				return err
			}
		}
		if seen[im.Dir] {
			return fmt.Errorf("the project %.200q is there twice", im.Dir)
		}
		seen[im.Dir] = true
		if name := im.Manifest.Name; name != "" {
			if _, err := npm.ParseName(name); err != nil {
				return err
			}
		}
	}
	if r.Npm != nil {
		if err := r.Npm.check(); err != nil {
			return err
		}
	}
	for _, e := range r.Externals {
		if (e.Directory == "") == (e.Tarball == "") {
			return fmt.Errorf("%.200q is neither a directory nor a tarball", e.ID)
		}
		if !strings.HasPrefix(e.ID, "link:") && !strings.HasPrefix(e.ID, "file:") || strings.ContainsFunc(e.ID, unicode.IsControl) {
			return fmt.Errorf("%.200q is no path", e.ID)
		}
		if _, err := npm.ParseName(e.Manifest.Name); err != nil {
			return err
		}
	}
	return nil
}

// maxDir is what a path may have on Linux.
const maxDir = 4096

// checkDir refuses what is no clean slash path at or below the lockfile's
// directory.
func checkDir(dir string) error {
	if dir == "" || len(dir) > maxDir || path.Clean(dir) != dir || path.IsAbs(dir) || dir == ".." ||
		strings.HasPrefix(dir, "../") || strings.Contains(dir, `\`) || strings.ContainsFunc(dir, unicode.IsControl) {
		return fmt.Errorf("%.200q is no directory below that of the lockfile", dir)
	}
	return nil
}
