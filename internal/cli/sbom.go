package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/cli/actual"
	"godwit/internal/cli/bill"
	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/sbom"
)

const sbomHelp = `The bill has the form of npm in npm's projects, elsewhere that of pnpm. Licenses are
those that licenses tells, by SPDX's identifiers where they have one.
    godwit sbom --sbom-format=cyclonedx --omit=dev   what goes into production
    godwit sbom --sbom-format=spdx --lockfile-only   without what is installed
    godwit sbom --sbom-format=spdx --split --out=bills/%s.json`

// runSBOM is the command sbom.
func runSBOM(_ context.Context, c *call) error {
	s := &c.cfg.Settings.Bill
	switch {
	case s.Format == "":
		return &usageError{"nothing says which form the bill is to have", "add --sbom-format=cyclonedx or --sbom-format=spdx"}
	case s.Format == "spdx" && s.Spec != "":
		return &refusedError{what: "--sbom-spec-version is about CycloneDX", code: "ERR_PNPM_SBOM_SPEC_VERSION_UNSUPPORTED_FORMAT", next: "leave it out, or add --sbom-format=cyclonedx"}
	}
	if err := c.findLock(); err != nil {
		return err
	}
	if c.lock.Path == "" {
		return &refusedError{what: "there is no lockfile in " + c.workspace.root, code: "ERR_PNPM_SBOM_NO_LOCKFILE", next: "godwit install makes one"}
	}
	if !c.ofNpm() {
		return c.graphBills()
	}
	if s.Split || s.ExcludePeers {
		return &unsupportedError{"--split and --exclude-peers in npm's projects", "use -w for one project, and --omit=peer"}
	}
	tree, err := c.billedTree()
	if err != nil {
		return err
	}
	made, err := tree.Bill()
	if err != nil {
		return err
	}
	return c.deliver([]*sbom.Bill{made}, false)
}

// billedTree is what npm makes a bill of.
func (c *call) billedTree() (*bill.Tree, error) {
	o, err := c.treeOptions()
	if err != nil {
		return nil, err
	}
	in := c.cfg.Settings.Include
	tree := &bill.Tree{Selected: o.Selected, Dev: in.Dev, Optional: in.Optional, OmitPeers: c.cfg.Settings.Bill.OmitPeers}
	o = o.Whole() // npm looks at everything first
	o.Recorded = c.cfg.Settings.Lockfile.Only
	tree.Tree, err = actual.Read(o)
	if err == nil && tree.Node(o.Root) == nil {
		err = &usageError{"there is no package.json in " + o.Root, "name the project's directory with -C"}
	}
	return tree, err
}

// graphBills makes one bill of all that is selected, or one for each project.
func (c *call) graphBills() error {
	g, err := c.billedGraph()
	if err != nil {
		return err
	}
	dirs, err := c.billedDirs(g)
	if err != nil {
		return err
	}
	out := c.cfg.Settings.Publish.Out
	if split := c.cfg.Settings.Bill.Split || strings.Contains(out, "%s") && len(dirs) > 1; !split {
		made, err := g.Bill(dirs)
		if err != nil {
			return err
		}
		return c.deliver([]*sbom.Bill{made}, false)
	}
	if out != "" && !strings.Contains(out, "%s") {
		return &refusedError{what: "--out=" + out + " has one name for all bills", code: "ERR_PNPM_SBOM_OUT_MISSING_PLACEHOLDER", next: "write %s where the name of the package goes"}
	}
	var bills []*sbom.Bill
	for _, dir := range dirs {
		made, err := g.Bill([]string{dir})
		if err != nil {
			return err
		}
		if made.Root.Name != bill.Unnamed {
			bills = append(bills, made)
		}
	}
	return c.deliver(bills, true)
}

// billedGraph is what pnpm makes bills of.
func (c *call) billedGraph() (*bill.Graph, error) {
	g, err := c.lockedGraph()
	if err != nil {
		return nil, err
	}
	s := &c.cfg.Settings
	return &bill.Graph{
		Graph: g, Root: c.workspace.root, Groups: groups(s.Include), LockfileOnly: s.Lockfile.Only, ExcludePeers: s.Bill.ExcludePeers,
		Modules: c.modulesOf("."), Find: c.resolved, Tarball: c.tarballOf,
	}, nil
}

// billedDirs are the projects of a graph that are selected.
func (c *call) billedDirs(g *bill.Graph) ([]string, error) {
	if ws := &c.cfg.Settings.Workspace; c.workspace.here == "." && c.workspace.globs != nil && !ws.Root {
		ws.Recursive = true // the root's bill is of all projects, as with pnpm
	}
	dirs, err := c.listedDirs()
	if err != nil {
		return nil, err
	}
	dirs = slices.DeleteFunc(dirs, func(dir string) bool { return g.Importer(dir) == nil })
	slices.Sort(dirs)
	return dirs, nil
}

// lockedGraph is what the lockfile says, or, where a lockfile says less than a
// graph, what was installed by it.
func (c *call) lockedGraph() (*graph.Graph, error) {
	doc, err := lockfile.Read(c.lock)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, lockfile.ErrEmpty) {
		return nil, &refusedError{what: "there is no lockfile in " + c.workspace.root, code: "ERR_PNPM_SBOM_NO_LOCKFILE", next: "godwit install makes one"}
	}
	if err != nil || doc.Graph != nil {
		return doc.Graph, err
	}
	g, err := c.installed()
	if err == nil && (g == nil || c.cfg.Settings.Lockfile.Only) {
		err = &refusedError{what: filepath.Base(c.lock.Path) + " alone does not say what depends on what", code: "ERR_GODWIT_NOT_INSTALLED", next: "run godwit install, and leave out --lockfile-only"}
	}
	return g, err
}

// deliver writes bills to where --out says, or to stdout; those of several projects
// (split) are a line each there.
func (c *call) deliver(bills []*sbom.Bill, split bool) error {
	out := c.cfg.Settings.Publish.Out
	var files []string
	for _, b := range bills {
		text, err := c.billText(b, split && out == "")
		if err != nil {
			return err
		}
		if out == "" {
			if _, err := c.Stdout.Write(text); err != nil {
				return err
			}
			continue
		}
		file := strings.NewReplacer("%s", fileWord(strings.ReplaceAll(strings.TrimPrefix(b.Root.Name, "@"), "/", "-")), "%v", fileWord(b.Root.Version)).Replace(out)
		if slices.Contains(files, file) {
			return &refusedError{what: "several projects would write to " + file, code: "ERR_PNPM_SBOM_OUT_PATH_COLLISION", next: "write %v where the version goes"}
		}
		files = append(files, file)
		if err := writeBill(c.fromHere(file), text); err != nil {
			return err
		}
	}
	switch {
	case out == "":
		return nil
	case split:
		_, err := fmt.Fprintf(c.Stdout, "Generated %d SBOMs:\n  %s\n", len(files), strings.Join(files, "\n  "))
		return err
	}
	_, err := fmt.Fprintln(c.Stdout, files[0])
	return err
}

func writeBill(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// fileWord is a text with what a file's name may have on every system.
func fileWord(text string) string {
	word := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, text)
	if strings.Trim(word, ". ") == "" {
		return "-"
	}
	return word
}

// billText is a bill in the form that was asked for.
func (c *call) billText(b *sbom.Bill, line bool) ([]byte, error) {
	s := &c.cfg.Settings.Bill
	b.Type, b.Spec, b.Authors, b.Supplier = s.Type, s.Spec, s.Authors, s.Supplier
	b.LockfileOnly = c.cfg.Settings.Lockfile.Only
	b.Tool, b.Time, b.ID = sbom.Tool{Name: "godwit", Version: Version}, c.Now(), newUUID()
	form := map[string]func() any{"cyclonedx": b.PnpmCycloneDX, "spdx": b.PnpmSPDX}[s.Format]
	spec := "1.7"
	if c.ofNpm() {
		form = map[string]func() any{"cyclonedx": b.NpmCycloneDX, "spdx": b.NpmSPDX}[s.Format]
		spec = "1.5"
	}
	if b.Spec == "" {
		b.Spec = spec
	}
	var text bytes.Buffer
	if !line {
		err := writeJSON(&text, form())
		return text.Bytes(), err
	}
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(form())
	return text.Bytes(), err
}

// newUUID is a random one (RFC 9562, version 4).
func newUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
