package testreg

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// A File is one section of an archive.
type File = txtar.File

// fixtures is what a set of archives says, before anything is served.
type fixtures struct {
	packages map[string]*pkg
	auth     []authRule
	faults   []*fault

	advisories object // the answer of the bulk endpoint, for all names
	signing    *signing
	search     json.RawMessage // the answer to any search; nil finds nothing
	attested   []signRule      // of which versions there are statements, and how they are signed
	node       []nodeRelease   // on the mirror, the newest first
}

// A pkg is all there is under one name.
type pkg struct {
	name     string
	versions []*version        // in the order of publication
	tags     map[string]string // those asked for; see distTags
	raw      []byte            // packument.json, to be served as it stands
	owners   []object          // nil: as nobody has changed them
	access   string            // who may see it, as it was published
}

// A version is one published version.
type version struct {
	name, version string
	manifest      object    // package.json
	files         []file    // below package/, without package.json
	made          []file    // what a line of packages asks for; files come after and win
	entries       string    // a list of raw tar entries instead of files
	entriesFile   string    // where that list stands, for errors
	time          time.Time // of publication
	deprecated    string
	hash          string // what the packument says of the bytes: see hashes
	tarballURL    string // "" for the canonical one
	tarball       []byte
	fileCount     int   // 0 when the tarball was not made from files
	unpackedSize  int64 // bytes
	signing       *signing
	attested      string          // how the registry's statement about it is signed; "" is not at all
	bundle        json.RawMessage // the statement that was published with it
}

// A file is one file of a package.
type file struct {
	path string // slash-separated, below package/
	data []byte
	exec bool
}

// firstTime is when the first version of an archive was published, the others
// follow by the day. Any time that is long past will do: old enough for every
// minimum-release-age.
var firstTime = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// load reads sections in their order; later ones add to earlier ones.
func load(files []File) (*fixtures, error) {
	fx := &fixtures{packages: map[string]*pkg{}}
	for _, f := range files {
		if err := fx.section(f); err != nil {
			return nil, err
		}
	}
	gz := gzip.NewWriter(nil) // one for all: a new one allocates 800 kB
	for _, name := range slices.Sorted(maps.Keys(fx.packages)) {
		for _, v := range fx.packages[name].versions {
			v.signing = fx.signing
			if i := slices.IndexFunc(fx.attested, func(rule signRule) bool { return glob(rule.pattern, name) }); i >= 0 {
				v.attested = fx.attested[i].how
			}
			if err := v.complete(gz); err != nil {
				return nil, err
			}
		}
	}
	return fx, nil
}

// section adds one file of an archive.
func (fx *fixtures) section(f File) error {
	switch f.Name {
	case "packages":
		return eachLine(f.Name, string(f.Data), fx.line)
	case "faults":
		faults, err := parseFaults(f.Name, string(f.Data))
		fx.faults = append(fx.faults, faults...)
		return err
	case "auth":
		rules, err := parseAuth(f.Name, string(f.Data))
		fx.auth = append(fx.auth, rules...)
		return err
	case "advisories":
		return json.Unmarshal(f.Data, &fx.advisories)
	case "search":
		if !json.Valid(f.Data) {
			return fmt.Errorf("%s is no JSON", f.Name)
		}
		fx.search = f.Data
		return nil
	case "node-releases":
		return eachLine(f.Name, string(f.Data), fx.nodeLine)
	case "signatures":
		var err error
		fx.signing, err = parseSigning(f.Name, string(f.Data))
		return err
	case "attestations":
		var err error
		fx.attested, err = parseRules(f.Name, string(f.Data), attestings())
		return err
	}
	head, rest := splitHead(f.Name)
	name, ver, versioned := splitAt(head)
	switch {
	case versioned && rest == "" && strings.HasSuffix(ver, ".tar"):
		v := fx.version(name, strings.TrimSuffix(ver, ".tar"))
		v.entries, v.entriesFile = string(f.Data), f.Name
		return nil
	case versioned && rest == "package.json":
		v := fx.version(name, ver)
		return v.mergeManifest(f)
	case versioned && rest != "":
		v := fx.version(name, ver)
		path, exec := strings.CutSuffix(rest, " +x")
		v.files = append(v.files, file{path: path, data: f.Data, exec: exec})
		return nil
	case !versioned && rest == "packument.json":
		fx.pkg(name).raw = f.Data
		return nil
	}
	return fmt.Errorf("%s: no such section; there are packages, faults, auth, advisories, signatures, attestations, search, node-releases, NAME@VERSION/FILE, NAME@VERSION.tar and NAME/packument.json", f.Name)
}

// splitHead divides a section's name behind its package: "@s/a@1.0.0/lib/x.js"
// is "@s/a@1.0.0" and "lib/x.js".
func splitHead(path string) (head, rest string) {
	n := 1
	if strings.HasPrefix(path, "@") {
		n = 2
	}
	parts := strings.SplitN(path, "/", n+1)
	if len(parts) <= n {
		return path, ""
	}
	return strings.Join(parts[:n], "/"), parts[n]
}

// pkg returns the package called name, new if it must be.
func (fx *fixtures) pkg(name string) *pkg {
	p := fx.packages[name]
	if p == nil {
		p = &pkg{name: name, tags: map[string]string{}}
		fx.packages[name] = p
	}
	return p
}

// version returns the version ver of name, new if it must be.
func (fx *fixtures) version(name, ver string) *version {
	p := fx.pkg(name)
	if v := p.version(ver); v != nil {
		return v
	}
	v := &version{name: name, version: ver, hash: "sha512"}
	v.time = firstTime.AddDate(0, 0, len(p.versions))
	p.versions = append(p.versions, v)
	return v
}

// version returns the version ver, or nil.
func (p *pkg) version(ver string) *version {
	for _, v := range p.versions {
		if v.version == ver {
			return v
		}
	}
	return nil
}

// mergeManifest adds the fields of a package.json; it has the last word.
func (v *version) mergeManifest(f File) error {
	var o object
	if err := json.Unmarshal(f.Data, &o); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	for _, m := range o {
		v.manifest.set(m.key, m.value)
	}
	return nil
}

// complete fills in what the archive left out and makes the tarball.
func (v *version) complete(gz *gzip.Writer) error {
	v.manifest.prefer("version", v.version)
	v.manifest.prefer("name", v.name)
	var err error
	if v.entries != "" {
		v.tarball, err = packEntries(v, gz)
	} else {
		v.tarball, err = packFiles(v, gz)
	}
	if err != nil {
		return fmt.Errorf("%s@%s: %w", v.name, v.version, err)
	}
	return nil
}
