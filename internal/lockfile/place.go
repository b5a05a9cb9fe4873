package lockfile

import (
	"path/filepath"

	"godwit/internal/graph"
	"godwit/internal/lockfile/npmlock"
	"godwit/internal/npm"
)

// Placed is what npm's lockfile has, directory by directory; nil where there is
// none.
func (d *Document) Placed() []graph.Placed {
	if d == nil || d.Npm == nil {
		return nil
	}
	return d.Npm.Placed()
}

// Shrinkwrap reads the npm-shrinkwrap.json that a package was published with.
func Shrinkwrap(data []byte) ([]graph.Placed, error) {
	d, err := npmlock.Read(npmlock.ShrinkwrapName, data)
	if err != nil {
		return nil, err
	}
	placed := d.Placed()
	for i := range placed {
		placed[i].JSON = d.Entries[placed[i].Dir].JSON()
	}
	return placed, nil
}

// Place is npm's lockfile for a tree that was resolved for the projects. path is
// where it will be; previous, what is there, may be nil.
func Place(path string, placed []graph.Placed, projects []Project, s Settings, previous *Document) (*Document, error) {
	p := npmlock.Placement{Placed: placed, Dir: filepath.Base(filepath.Dir(path)), NoPeers: s.LegacyPeers, OmitResolved: s.OmitResolved}
	if previous != nil {
		p.Old = previous.Npm
	}
	for _, project := range projects {
		p.Projects = append(p.Projects, npmlock.Project{Dir: project.Dir, Manifest: project.Manifest, JSON: project.JSON})
	}
	doc, err := npmlock.Place(path, p)
	if err != nil {
		return nil, err
	}
	return &Document{Format: Npm, Graph: doc.Graph, Npm: &doc.Record}, nil
}

// Recorded is what of a published package.json a lockfile of npm's is made of,
// for [Place] elsewhere.
func Recorded(json []byte, m *npm.Manifest) ([]byte, error) { return npmlock.Recorded(json, m) }

// CheckDir refuses a directory that npm's lockfile may not name.
func CheckDir(dir string) error { return npmlock.CheckDir(dir) }

// FillIntegrity records what was fetched for packages of which npm's lockfile has
// no integrity: the next time nothing else will do. npm leaves that open.
func (d *Document) FillIntegrity(fetched func(*graph.Package) string) {
	for _, p := range d.Graph.Packages {
		if p.Resolution.Integrity == "" && !p.Inside && (p.Resolution.Kind == graph.Registry || p.Resolution.Kind == graph.Tarball) {
			if in := fetched(p); in != "" {
				d.Npm.SetIntegrity(p.Dir, in)
			}
		}
	}
}
