package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/resolve/npmtree"
)

// Npm is what a resolution by npm's rules depends on beside what Request has for
// both, see npmtree.Request and npmtree.Options.
type Npm struct {
	Name         string `json:"name,omitempty"` // of the lockfile's directory
	LegacyPeers  bool   `json:"legacyPeers,omitempty"`
	StrictPeers  bool   `json:"strictPeers,omitempty"`
	Force        bool   `json:"force,omitempty"`
	PreferDedupe bool   `json:"preferDedupe,omitempty"`
	Strategy     string `json:"strategy,omitempty"`
	Tag          string `json:"tag,omitempty"`
	Node         string `json:"node,omitempty"` // its version; "" prefers none
	// Overrides are the root project's, as its package.json has them.
	Overrides json.RawMessage     `json:"overrides,omitempty"`
	Asked     map[string][]string `json:"asked,omitempty"` // dependencies that the user named, by project
	Locked    []Placed            `json:"locked,omitempty"`
	Inflate   bool                `json:"inflate,omitempty"`
}

// Placed is what is in one directory of npm's tree, see graph.Placed. A project
// has its directory only.
type Placed struct {
	Dir        string `json:"dir"`
	Link       string `json:"link,omitempty"`
	Resolved   string `json:"resolved,omitempty"`
	Integrity  string `json:"integrity,omitempty"`
	Bundled    bool   `json:"bundled,omitempty"`
	Shrinkwrap bool   `json:"shrinkwrap,omitempty"`
	Short      bool   `json:"short,omitempty"`
	// Kept says that an answer means what the lockfile has there, which is not
	// told again.
	Kept bool `json:"kept,omitempty"`
	// Manifest is what the lockfile says of it, in a request.
	Manifest *Manifest `json:"manifest,omitempty"`
	// Package is what a lockfile records of its package.json, in an answer.
	Package json.RawMessage `json:"package,omitempty"`
}

// Warning is one that a resolution ends with.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// NewNpm makes a request of req, of whose settings s has the rest.
func NewNpm(req *npmtree.Request, s Settings) (*Request, error) {
	o := &req.Options
	n := &Npm{
		Name: req.Name, LegacyPeers: o.LegacyPeers, StrictPeers: o.StrictPeers, Force: o.Force, PreferDedupe: o.PreferDedupe,
		Strategy: string(o.Strategy), Tag: o.Tag, Asked: req.Asked, Inflate: req.Inflate,
	}
	if o.Node != nil {
		if v := o.Node(); v != (semver.Version{}) {
			n.Node = v.String()
		}
	}
	r := &Request{Version: Version, Registries: s.Registries, Policy: policyOf(o.Policy, s), Npm: n}
	r.platforms(s.Platforms)
	for _, p := range req.Projects {
		r.Importers = append(r.Importers, Importer{Dir: p.Dir, Manifest: manifestOf(p.Manifest)})
		if p.Dir == "." {
			var err error
			if n.Overrides, err = overridesOf(p.JSON); err != nil {
				return nil, err
			}
		}
	}
	for i := range req.Locked {
		if p := &req.Locked[i]; p.Dir != "" { // the project is in Importers
			n.Locked = append(n.Locked, lockedOf(p))
		}
	}
	slices.SortFunc(n.Locked, func(a, b Placed) int { return cmp.Compare(a.Dir, b.Dir) }) // the same question has the same bytes
	if req.Update != nil {
		names := updatedNpm(req)
		r.Update = &names
	}
	return r, nil
}

// overridesOf are the overrides of a package.json; nil if it has none.
func overridesOf(manifest []byte) (json.RawMessage, error) {
	manifest = bytes.TrimPrefix(manifest, []byte("\ufeff"))
	if len(manifest) == 0 {
		return nil, nil
	}
	var members map[string]json.RawMessage // names in another case are other names
	err := json.Unmarshal(manifest, &members)
	return members["overrides"], err
}

func lockedOf(p *graph.Placed) Placed {
	out := Placed{
		Dir: p.Dir, Link: p.Link, Resolved: p.Resolved, Integrity: p.Integrity, Bundled: p.Bundled, Shrinkwrap: p.Shrinkwrap,
	}
	if p.Manifest != nil {
		m := manifestOf(p.Manifest)
		out.Manifest = &m
	}
	return out
}

// updatedNpm lists what an update is about, of all names that are known.
func updatedNpm(req *npmtree.Request) []string {
	names := map[string]bool{}
	of := func(m *npm.Manifest) {
		if m == nil {
			return
		}
		for _, deps := range []npm.Deps{m.Dependencies, m.DevDependencies, m.OptionalDependencies, m.PeerDependencies} {
			for _, d := range deps {
				names[d.Alias] = true
			}
		}
	}
	for _, p := range req.Projects {
		of(p.Manifest)
	}
	for _, p := range req.Locked {
		of(p.Manifest)
		names[p.Alias()] = true
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool { return !req.Update(name) })
	return append([]string{}, slices.Sorted(maps.Keys(names))...) // none is an update of nothing
}

// check refuses a request that npm's resolver would not get from a client.
func (n *Npm) check() error {
	switch npmtree.Strategy(n.Strategy) {
	case "", npmtree.Hoisted, npmtree.Nested, npmtree.Shallow:
	default:
		return fmt.Errorf("%w (strategy %.40q)", ErrVersion, n.Strategy)
	}
	for _, p := range n.Locked {
		if p.Link == "" && p.Manifest == nil {
			return fmt.Errorf("the lockfile does not say what is in %.200q", p.Dir)
		}
		if p.Package != nil || p.Kept || p.Short {
			return errors.New("the lockfile has what only an answer has")
		}
	}
	return nil
}

// nowhere is the directory of a lockfile that nobody here has: no absolute path
// of a request leads into it.
const nowhere = "/\x00"

// NpmResolution is the request as npm's resolver knows it. Picked is for the
// caller to set.
func (r *Request) NpmResolution() (*npmtree.Request, error) {
	n := r.Npm
	req := &npmtree.Request{
		Root: nowhere, Name: n.Name, Asked: n.Asked, Inflate: n.Inflate, Update: r.updates(),
		Options: npmtree.Options{
			LegacyPeers: n.LegacyPeers, StrictPeers: n.StrictPeers, Force: n.Force, PreferDedupe: n.PreferDedupe,
			Strategy: npmtree.Strategy(n.Strategy), Tag: n.Tag, Platform: r.fits,
		},
	}
	var err error
	if req.Options.Policy, err = r.Policy.policy(); err != nil {
		return nil, err
	}
	var node semver.Version
	if n.Node != "" {
		if node, err = semver.Parse(n.Node, semver.Options{Loose: true}); err != nil {
			return nil, err
		}
	}
	req.Options.Node = func() semver.Version { return node }
	for _, im := range r.Importers {
		p := npmtree.Project{Dir: im.Dir, Manifest: im.Manifest.manifest(), JSON: []byte("{}")}
		if im.Dir == "." && n.Overrides != nil {
			p.JSON = slices.Concat([]byte(`{"overrides":`), n.Overrides, []byte("}"))
		}
		req.Projects = append(req.Projects, p)
	}
	for _, p := range n.Locked {
		locked := graph.Placed{
			Dir: p.Dir, Link: p.Link, Resolved: p.Resolved, Integrity: p.Integrity, Bundled: p.Bundled, Shrinkwrap: p.Shrinkwrap,
		}
		if p.Manifest != nil {
			locked.Manifest = p.Manifest.manifest()
		}
		req.Locked = append(req.Locked, locked)
	}
	return req, nil
}

// NewPlaced is what an answer says of a directory, a project or not.
func NewPlaced(p *graph.Placed, project bool) (Placed, error) {
	out := Placed{Dir: p.Dir, Link: p.Link, Bundled: p.Bundled, Kept: p.Kept}
	if p.Kept || project || p.Link != "" {
		return out, nil
	}
	out.Resolved, out.Integrity, out.Shrinkwrap, out.Short = p.Resolved, p.Integrity, p.Shrinkwrap, p.Short
	var err error
	if out.Package, err = lockfile.Recorded(p.JSON, p.Manifest); err != nil {
		return out, fmt.Errorf("%s: %w", p.Dir, err)
	}
	return out, nil
}
