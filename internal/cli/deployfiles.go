package cli

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/cli/detach"
	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/pack"
	"godwit/internal/project"
)

// copy puts the files of the project into the directory, but for package.json.
func (d *deployment) copy() error {
	from, err := os.OpenRoot(d.project.Dir)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenRoot(d.to)
	if err != nil {
		return err
	}
	defer to.Close()
	files, err := d.files(from)
	if err != nil {
		return fmt.Errorf("list the files of %s: %w", d.project.Dir, err)
	}
	for _, f := range files {
		if d.leftOut(f.Path) || f.Path == project.ManifestFile {
			continue
		}
		if err := f.Open(from, func(r io.Reader) error { return copyTo(to, f, r) }); err != nil {
			return fmt.Errorf("copy: %w", err)
		}
	}
	return nil
}

// files are those that would be published, or all.
func (d *deployment) files(from *os.Root) ([]pack.File, error) {
	if !d.cfg.Settings.Call.AllFiles {
		return pack.List(from)
	}
	var out []pack.File
	err := fs.WalkDir(from.FS(), ".", func(at string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (d.leftOut(at) || filepath.Join(d.project.Dir, filepath.FromSlash(at)) == d.to):
			return fs.SkipDir
		case e.IsDir():
			return nil
		}
		info, err := fs.Stat(from.FS(), at)
		if err == nil && info.Mode().IsRegular() {
			out = append(out, pack.File{Path: at, Size: info.Size(), Exec: info.Mode()&0o111 != 0})
		}
		return err
	})
	return out, err
}

func copyTo(to *os.Root, f pack.File, r io.Reader) error {
	name := filepath.FromSlash(f.Path)
	if err := to.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if f.Exec {
		mode = 0o755
	}
	file, err := to.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, r); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// documents are the lockfile and the package.json of the directory.
func (d *deployment) documents() (*lockfile.Document, []byte, error) {
	legacy := d.cfg.Settings.Call.Legacy
	options := detach.Options{Root: d.workspace.root, To: d.to, Groups: groups(d.cfg.Settings.Include), Members: d.members, Peers: legacy}
	if legacy {
		options.Named = func(abs string) string {
			rel, err := filepath.Rel(d.to, abs)
			if err != nil {
				return detach.FileURL(abs)
			}
			return "file:" + filepath.ToSlash(rel)
		}
	}
	g, err := detach.Project(d.doc.Graph, d.dir, options)
	if err != nil {
		return nil, nil, err
	}
	if err := d.settle(g); err != nil {
		return nil, nil, err
	}
	s := &d.cfg.Settings
	settings := lockfile.Settings{
		AutoInstallPeers: s.Resolve.AutoInstallPeers, DedupePeers: s.Resolve.DedupePeers, PeersSuffixMaxLength: s.Dirs.MaxPeersSuffix,
		Patched: d.patches(g),
	}
	return lockfile.New(lockfile.Pnpm, g, []lockfile.Project{{Dir: "."}}, settings, nil), d.manifest(g.Importers[0]), nil
}

// manifest is the package.json with the specifiers of top, and the peers that it
// has.
func (d *deployment) manifest(top *graph.Importer) []byte {
	doc := d.project.Manifest.Document
	doc.Fields = slices.Clone(doc.Fields)
	for _, group := range []struct {
		name string
		is   graph.Group
	}{{prodGroup, graph.Prod}, {devGroup, graph.Dev}, {optionalGroup, graph.Optional}} {
		deps := project.Node{Kind: project.Map}
		for _, dep := range top.Deps {
			if dep.Group == group.is {
				deps.Fields = append(deps.Fields, project.Field{Key: dep.Alias, Value: project.Text(dep.Specifier)})
			}
		}
		doc.Set(group.name, deps)
	}
	if peers := doc.Field(peerGroup); peers.Kind == project.Map {
		peers.Fields = slices.DeleteFunc(slices.Clone(peers.Fields), func(f project.Field) bool {
			return !slices.ContainsFunc(top.Deps, func(dep graph.Direct) bool { return dep.Alias == f.Key })
		})
		doc.Set(peerGroup, peers)
	}
	return append(doc.JSON(), '\n')
}

// settle notes which scripts may run, and which patches there are: the
// workspace's rules, and else the projects that are copied, whose scripts are one's own.
func (d *deployment) settle(g *graph.Graph) error {
	allow := map[string]bool{}
	for key, p := range g.Packages {
		if p.Resolution.Kind == graph.Directory {
			allow[string(key.ID())] = true
		}
	}
	for _, rule := range d.buildRules() {
		allow[rule.Selector] = rule.Allow
	}
	for _, selector := range slices.Sorted(maps.Keys(allow)) {
		d.rules = append(d.rules, project.BuildRule{Selector: selector, Allow: allow[selector]})
	}
	shapes, err := d.shapes()
	if err != nil {
		return err
	}
	used := d.patches(g)
	for _, shape := range shapes {
		for _, patch := range shape.PatchedDependencies {
			if used[patch.Alias] == "" {
				continue
			}
			rel, err := filepath.Rel(d.to, filepath.Join(d.workspace.root, filepath.FromSlash(patch.Specifier)))
			if err != nil {
				return err
			}
			set(&d.shape.PatchedDependencies, patch.Alias, filepath.ToSlash(rel))
		}
	}
	return nil
}

// patches are those of the workspace's lockfile that a package has.
func (d *deployment) patches(g *graph.Graph) map[string]string {
	used := map[string]string{}
	for selector, patch := range d.doc.Pnpm.Patched {
		for _, p := range g.Packages {
			if p.Patch == patch.Hash {
				used[selector] = patch.Hash
			}
		}
	}
	return used
}

// workspaceFile is a pnpm-workspace.yaml that keeps what is above from having a
// say, as pnpm 12 writes it.
func (d *deployment) workspaceFile() []byte {
	s := &d.cfg.Settings
	var b strings.Builder
	fmt.Fprintf(&b, `ignorePnpmfile: true
ignoredOptionalDependencies: []
autoInstallPeers: %t
dedupePeerDependents: false
dedupePeers: %t
peersSuffixMaxLength: %d
excludeLinksFromLockfile: false
dedupeInjectedDeps: false
injectWorkspacePackages: false
packages:
- '.'
virtualStoreType: project
`, s.Resolve.AutoInstallPeers, s.Resolve.DedupePeers, s.Dirs.MaxPeersSuffix)
	if len(d.shape.PatchedDependencies) > 0 {
		b.WriteString("patchedDependencies:\n")
		for _, patch := range d.shape.PatchedDependencies {
			fmt.Fprintf(&b, "  %s: %s\n", yamlWord(patch.Alias), yamlWord(patch.Specifier))
		}
	}
	if len(d.rules) > 0 {
		b.WriteString("allowBuilds:\n")
		for _, rule := range d.rules {
			fmt.Fprintf(&b, "  %s: %t\n", yamlWord(rule.Selector), rule.Allow)
		}
	}
	return []byte(b.String())
}

// yamlWord is a key or text, in the quotes that pnpm has here where it could be
// taken for something else.
func yamlWord(s string) string {
	rest, above := s, true
	for above {
		rest, above = strings.CutPrefix(rest, "../")
	}
	if project.PlainKey(rest) {
		return s
	}
	return strconv.Quote(s)
}

// legacyManifest is the package.json with paths as they are from the directory, and
// other projects of the workspace marked as copies.
func (d *deployment) legacyManifest() ([]byte, error) {
	doc := d.project.Manifest.Document
	doc.Fields = slices.Clone(doc.Fields)
	injected := project.Node{Kind: project.Map, Fields: slices.Clone(doc.Field("dependenciesMeta").Fields)}
	for _, group := range groupsOfManifest[:3] {
		deps := doc.Field(group)
		deps.Fields = slices.Clone(deps.Fields)
		for i, dep := range deps.Fields {
			if strings.HasPrefix(dep.Value.Text, "workspace:") {
				meta := injected.Field(dep.Key)
				meta.Kind, meta.Fields = project.Map, slices.Clone(meta.Fields)
				meta.Set("injected", project.Node{Kind: project.Bool, Text: "true"})
				injected.Set(dep.Key, meta)
			}
			moved, err := d.rebased(dep.Value.Text)
			if err != nil {
				return nil, err
			}
			deps.Fields[i].Value.Text = moved
		}
		if len(deps.Fields) > 0 {
			doc.Set(group, deps)
		}
	}
	if len(injected.Fields) > 0 {
		slices.SortFunc(injected.Fields, func(a, b project.Field) int { return strings.Compare(a.Key, b.Key) })
		doc.Set("dependenciesMeta", injected)
	}
	return append(doc.JSON(), '\n'), nil
}

// rebased is a specifier as it is written from the directory.
func (d *deployment) rebased(spec string) (string, error) {
	for _, scheme := range []string{"file:", linkScheme} {
		at, local := strings.CutPrefix(spec, scheme)
		if !local || filepath.IsAbs(at) {
			continue
		}
		rel, err := filepath.Rel(d.to, filepath.Join(d.project.Dir, filepath.FromSlash(at)))
		return scheme + filepath.ToSlash(rel), err
	}
	return spec, nil
}
