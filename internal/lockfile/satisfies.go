package lockfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"godwit/internal/lockfile/pnpmlock"
)

// The codes of a [Reason], those of pnpm.
const (
	CodeConfigMismatch = "ERR_PNPM_LOCKFILE_CONFIG_MISMATCH"
	CodeOutdated       = "ERR_PNPM_OUTDATED_LOCKFILE"
)

// Reason is one thing that keeps a lockfile from fitting the project.
type Reason struct {
	Code     string
	Setting  string // the setting that differs, as pnpm calls it; or ""
	Importer string // the project that differs, or ""
	Message  string
	// Harmless: the lockfile would be written otherwise, but an install from
	// it is right, so that a frozen one goes on.
	Harmless bool
}

// Satisfies compares a lockfile with what it was made for, in pnpm's order:
// settings first, then project by project. It gives every reason, not only the
// first; none means that nothing has to be resolved.
func Satisfies(d *Document, projects []Project, s Settings) []Reason {
	c := comparison{doc: d, settings: s}
	switch {
	case d.Npm != nil:
		c.npm(projects)
		return c.reasons
	case d.Yarn != nil:
		c.yarn(projects)
		return c.reasons
	case d.Bun != nil:
		c.bun(projects)
		return c.reasons
	}
	if d.Pnpm != nil {
		if d.Pnpm.Merged {
			c.add(Reason{Code: CodeOutdated, Message: "the file has conflict markers of git; both sides were merged, and an install has to write the result"})
		}
		c.config(d.Pnpm)
	}
	known := map[string]bool{}
	for i := range projects {
		known[projects[i].Dir] = true
		if !projects[i].Local {
			c.project(&projects[i])
		}
	}
	c.locals(projects)
	c.links(projects)
	for _, im := range d.Graph.Importers {
		if !known[im.Dir] {
			c.add(Reason{Code: CodeOutdated, Importer: im.Dir, Harmless: true,
				Message: fmt.Sprintf("the lockfile has a project %q that is not there", im.Dir)})
		}
	}
	return c.reasons
}

// comparison collects reasons.
type comparison struct {
	doc      *Document
	settings Settings
	reasons  []Reason
}

func (c *comparison) add(r Reason) { c.reasons = append(c.reasons, r) }

// setting adds a reason if the lockfile's value differs from the current one.
func (c *comparison) setting(name, locked, now string) {
	if locked != now {
		c.add(Reason{Code: CodeConfigMismatch, Setting: name,
			Message: fmt.Sprintf("%s is %s in the lockfile and %s now", name, cmp.Or(locked, "not set"), cmp.Or(now, "not set"))})
	}
}

// config compares the settings in the order of pnpm's
// check_lockfile_settings.
func (c *comparison) config(rec *pnpmlock.Record) {
	c.catalogs(rec.Catalogs)
	c.shape(rec)
	patches := map[string]string{}
	for key, p := range rec.Patched {
		patches[key] = p.Hash
	}
	c.setting("patchedDependencies", describe(patches, ": "), describe(c.settings.Patched, ": "))
	c.recorded(rec)
}

// shape compares what changes manifests before they are resolved.
func (c *comparison) shape(rec *pnpmlock.Record) {
	s := &c.settings
	overrides := func(m map[string]string) string { return describe(m, ": ") }
	locked, now := map[string]string{}, map[string]string{}
	for _, d := range rec.Overrides {
		locked[d.Alias] = d.Specifier
	}
	for _, d := range s.Overrides {
		now[d.Alias] = d.Specifier
	}
	c.setting("overrides", overrides(locked), overrides(now))
	c.setting("packageExtensionsChecksum", rec.PackageExtensionsChecksum, s.PackageExtensionsChecksum)
	c.setting("ignoredOptionalDependencies", sorted(rec.IgnoredOptional), sorted(s.IgnoredOptional))
}

// recorded compares the section settings and the checksum among its checks. A
// lockfile without the section says nothing of some of them.
func (c *comparison) recorded(rec *pnpmlock.Record) {
	s, locked := &c.settings, rec.Settings
	section := locked != nil
	if !section {
		locked = &pnpmlock.Settings{AutoInstallPeers: s.AutoInstallPeers, ExcludeLinks: s.ExcludeLinks}
	}
	flag := func(name string, locked, now bool) {
		c.setting("settings."+name, strconv.FormatBool(locked), strconv.FormatBool(now))
	}
	flag("autoInstallPeers", locked.AutoInstallPeers, s.AutoInstallPeers)
	flag("dedupePeers", locked.DedupePeers, s.DedupePeers)
	flag("excludeLinksFromLockfile", locked.ExcludeLinks, s.ExcludeLinks)
	c.setting("settings.peersSuffixMaxLength", strconv.Itoa(locked.PeersSuffixLen()),
		strconv.Itoa(cmp.Or(s.PeersSuffixMaxLength, pnpmlock.DefaultPeersSuffixMaxLength)))
	c.setting("pnpmfileChecksum", rec.PnpmfileChecksum, s.PnpmfileChecksum)
	flag("injectWorkspacePackages", locked.InjectWorkspace, s.InjectWorkspace)
	if s.Resolution != nil {
		names := maps.Clone(s.Resolution)
		maps.Copy(names, locked.Resolution)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			c.setting("settings."+name, locked.Resolution[name], s.Resolution[name])
		}
	}
}

// catalogs checks that the entries the lockfile uses are those of the
// configuration; others may have come.
func (c *comparison) catalogs(locked pnpmlock.Catalogs) {
	for _, name := range slices.Sorted(maps.Keys(locked)) {
		for _, alias := range slices.Sorted(maps.Keys(locked[name])) {
			was, now := locked[name][alias].Specifier, c.settings.Catalogs[name][alias]
			if now == "" || !sameSpecifier(was, now) {
				c.add(Reason{Code: CodeConfigMismatch, Setting: "catalogs", Message: fmt.Sprintf(
					"the catalog %s has %s: %s in the lockfile and %s now", name, alias, was, cmp.Or(now, "no such entry"))})
			}
		}
	}
}

// describe writes a map in one line, sorted.
func describe(m map[string]string, sep string) string {
	parts := make([]string, 0, len(m))
	for k, v := range m {
		parts = append(parts, k+sep+v)
	}
	return sorted(parts)
}

func sorted(list []string) string {
	list = slices.Sorted(slices.Values(list))
	return strings.Join(list, ", ")
}

// StaleError is a lockfile that a frozen install cannot use.
type StaleError struct {
	Path    string
	Reasons []Reason
}

// Stale is the error of a frozen install for the given reasons, or nil if all
// of them are harmless.
func Stale(path string, reasons []Reason) error {
	reasons = slices.DeleteFunc(slices.Clone(reasons), func(r Reason) bool { return r.Harmless })
	if len(reasons) == 0 {
		return nil
	}
	return &StaleError{path, reasons}
}

func (e *StaleError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s does not fit the project", e.Path)
	for _, r := range e.Reasons {
		b.WriteString("\n  ")
		if r.Importer != "" {
			b.WriteString(r.Importer + ": ")
		}
		b.WriteString(strings.ReplaceAll(r.Message, "\n", "\n  "))
	}
	return b.String()
}

// Code is that of the first reason, the one that pnpm would give.
func (e *StaleError) Code() string { return e.Reasons[0].Code }

// Hint is what the user can do.
func (e *StaleError) Hint() string {
	return "install with --no-frozen-lockfile and commit the lockfile that comes out"
}
