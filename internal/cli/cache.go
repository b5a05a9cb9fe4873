package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"godwit/internal/cli/ui"
	"godwit/internal/install"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/store"
)

const cacheHelp = `The cache has what registries said about packages; their files are in the store.
It may be deleted at any time. list, view and delete are pnpm's; ls, add, clean
and verify are npm's. --force lets clean forget everything.

pack makes one file of the tarballs that the lockfile needs on this machine, for
a job to keep: godwit-cache.tar, or the file that is named. Tarballs that an
older such file has are not downloaded again, and the same lockfile gives the
same bytes. unpack brings them into the store; each must be what its integrity
in the lockfile says, and a file that is not there is no error. key prints a
name for such a file, which changes with what would be in it. doc/ci.md shows
how they go together.`

// runCache is the command cache: one word says what of it.
func runCache(ctx context.Context, c *call) error {
	word, args := c.args.Positional[1], c.args.Positional[2:]
	switch word {
	case "path":
		_, err := fmt.Fprintln(c.Stdout, c.cfg.Settings.Dirs.Cache)
		return err
	case "dir": // yarn's word, by which CI jobs ask for what to keep
		_, err := fmt.Fprintln(c.Stdout, c.cfg.Settings.Dirs.Store)
		return err
	case "add":
		if len(args) == 0 {
			return &usageError{"cache add wants packages", "for example: godwit cache add left-pad@1"}
		}
		return c.addAll(ctx, args)
	case "pack":
		return c.cachePack(ctx, args)
	case "unpack":
		return c.cacheUnpack(ctx, args)
	case "key":
		return c.cacheKey(ctx)
	}
	docs, err := registry.Documents(c.cacheDir())
	if err != nil {
		return fmt.Errorf("look into the cache: %w", err)
	}
	switch word {
	case "list":
		return c.cacheList(docs, args, false)
	case "delete":
		return c.cacheList(docs, args, true)
	case "list-registries":
		return c.cacheRegistries(docs)
	case "view":
		return c.cacheView(docs, args)
	case "prune":
		_, err := pruneDocuments(docs)
		return err
	case "ls":
		return c.cacheKeys(docs, args)
	case "clean":
		return c.cacheClean(docs, args)
	case "verify":
		return c.cacheVerify(ctx, docs)
	}
	panic("cli: cache " + word + " is in the table of commands and nowhere else")
}

// cacheList prints a line for each package that is meant, in pnpm's shape, and
// forgets it if remove says so.
func (c *call) cacheList(docs []registry.Document, patterns []string, remove bool) error {
	wants := func(string) bool { return true }
	if len(patterns) > 0 {
		wants = matcher(patterns)
	}
	seen := map[string]bool{}
	var lines []string
	for _, d := range docs {
		if !wants(string(d.Name)) {
			continue
		}
		if remove {
			if err := d.Remove(); err != nil {
				return err
			}
		}
		if line := shelfName(d) + "/" + string(d.Name) + ".jsonl"; !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return printLines(c.Stdout, lines)
}

// shelfName is pnpm's name for the directory of a registry.
func shelfName(d registry.Document) string {
	u, err := url.Parse(d.Registry)
	if err != nil || u.Host == "" {
		return filepath.Base(filepath.Dir(d.Path))
	}
	name := url.PathEscape(u.Hostname())
	if u.Scheme != "https" {
		name = url.QueryEscape(u.Scheme+":") + "+" + name
	}
	if u.Port() != "" {
		name += "+" + u.Port()
	}
	return name + strings.ReplaceAll(strings.TrimRight(u.EscapedPath(), "/"), "/", "+")
}

func printLines(w io.Writer, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, ui.Plain(line)); err != nil {
			return err
		}
	}
	return nil
}

// registryName is the URL of a document's registry, with a slash at its end.
func registryName(d registry.Document) string {
	if d.Registry == "" {
		return filepath.Base(filepath.Dir(d.Path)) // written by an earlier version
	}
	return strings.TrimRight(d.Registry, "/") + "/"
}

func (c *call) cacheRegistries(docs []registry.Document) error {
	var lines []string
	for _, d := range docs {
		lines = append(lines, registryName(d))
	}
	slices.Sort(lines)
	return printLines(c.Stdout, slices.Compact(lines))
}

// cachedPackage is what is known of a package, in the shape of pnpm's JSON.
type cachedPackage struct {
	Cached   []string          `json:"cachedVersions"`
	Others   []string          `json:"nonCachedVersions"`
	CachedAt string            `json:"cachedAt"`
	DistTags map[string]string `json:"distTags"`
}

func (c *call) cacheView(docs []registry.Document, names []string) error {
	if len(names) != 1 {
		return &usageError{"cache view wants the name of one package", "godwit cache list shows those there are"}
	}
	st, err := c.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	found := map[string]*cachedPackage{}
	for _, d := range docs {
		if string(d.Name) != names[0] {
			continue
		}
		doc, checked, ok := d.Open()
		if !ok {
			continue
		}
		p := &cachedPackage{Cached: []string{}, Others: []string{}, CachedAt: checked.UTC().Format("2006-01-02T15:04:05.000Z"), DistTags: doc.DistTags}
		for _, v := range inStore(doc, st) {
			if v.there {
				p.Cached = append(p.Cached, v.version)
			} else {
				p.Others = append(p.Others, v.version)
			}
		}
		found[registryName(d)] = p // of two forms the short one comes last, and is asked for more often
	}
	return writeJSON(c.Stdout, found)
}

// storedVersion is a version of a package, and whether its files are in the store.
type storedVersion struct {
	version, tarball string
	there            bool
}

func inStore(doc *npm.Packument, st *store.Store) []storedVersion {
	var out []storedVersion
	for i := range doc.Versions() {
		v := storedVersion{version: doc.Key(i)}
		if m, err := doc.At(i); err == nil {
			v.tarball = m.Dist.Tarball
			id, err := install.TreeID(resolve.Published(m).Integrity)
			v.there = err == nil && st.Has(id)
		}
		out = append(out, v)
	}
	return out
}

// keyPrefix is what npm's cache has before each URL.
const keyPrefix = "make-fetch-happen:request-cache:"

// cacheKeys prints what npm calls the entries of its cache: the URLs of documents,
// and of those tarballs of theirs that are in the store.
func (c *call) cacheKeys(docs []registry.Document, specs []string) error {
	st, err := c.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	wanted, err := rangesOf(specs)
	if err != nil {
		return err
	}
	var keys []string
	for _, d := range docs {
		rng, meant := wanted[d.Name]
		if len(specs) > 0 && !meant {
			continue
		}
		doc, _, ok := d.Open()
		if !ok {
			continue
		}
		keys = append(keys, documentKey(d))
		for _, v := range inStore(doc, st) {
			parsed, err := semver.Parse(v.version, semver.Options{})
			if v.there && (!meant || err == nil && rng.Match(parsed)) {
				keys = append(keys, keyPrefix+v.tarball)
			}
		}
	}
	slices.Sort(keys)
	return printLines(c.Stdout, slices.Compact(keys))
}

func documentKey(d registry.Document) string {
	return keyPrefix + registryName(d) + registry.EscapedName(d.Name)
}

// rangesOf is splitRange of several words.
func rangesOf(specs []string) (map[npm.Name]semver.Range, error) {
	out := map[npm.Name]semver.Range{}
	for _, spec := range specs {
		name, rng, err := splitRange(spec)
		if err != nil {
			return nil, err
		}
		out[name] = rng
	}
	return out, nil
}

// cacheClean forgets documents by their keys, or all.
func (c *call) cacheClean(docs []registry.Document, keys []string) error {
	if len(keys) == 0 && !c.cfg.Settings.Call.Force {
		return &usageError{"the cache mends itself, and without it the next install is slow", "if it is to be empty all the same: godwit cache clean --force"}
	}
	found := map[string]bool{}
	for _, d := range docs { // of two forms both
		key := documentKey(d)
		if len(keys) > 0 && !slices.Contains(keys, key) {
			continue
		}
		if err := d.Remove(); err != nil {
			return err
		}
		found[key] = true
	}
	for _, key := range keys {
		if found[key] {
			fmt.Fprintf(c.Stdout, "Deleted: %s\n", ui.Plain(key))
			continue
		}
		next := "godwit cache ls shows those there are"
		if strings.HasSuffix(key, ".tgz") {
			next = "files are in the store: godwit store prune removes what no project uses"
		}
		fmt.Fprintf(c.Stderr, "WARN there is no document %s: %s\n", ui.Plain(key), next)
	}
	return nil
}

// pruneDocuments removes what this version cannot read, and returns how many
// documents are left.
func pruneDocuments(docs []registry.Document) (whole int, err error) {
	for _, d := range docs {
		if _, _, ok := d.Open(); ok {
			whole++
		} else if err := d.Remove(); err != nil {
			return whole, err
		}
	}
	return whole, nil
}

// cacheVerify looks at all that npm has in its cache: documents, and the files of
// packages, which are in the store.
func (c *call) cacheVerify(ctx context.Context, docs []registry.Document) error {
	begin := c.Now()
	whole, err := pruneDocuments(docs)
	if err != nil {
		return err
	}
	st, err := c.openStore()
	if err != nil {
		return err
	}
	defer st.Close()
	trees, err := c.verifyStore(ctx, st)
	if err != nil {
		return err
	}
	size := int64(0)
	for _, d := range docs {
		size += d.Size
	}
	_, err = fmt.Fprintf(c.Stdout, "Cache verified (%s)\nContent verified: %d (documents: %d bytes)\nContent garbage-collected: %d\nIndex entries: %d\nFinished in %.3fs\n",
		c.cfg.Settings.Dirs.Cache, whole+trees, size, len(docs)-whole, whole, c.Now().Sub(begin).Round(time.Millisecond).Seconds())
	return err
}

// addAll brings packages into the store, without what they depend on. What cannot
// be had does not keep the others away.
func (c *call) addAll(ctx context.Context, specs []string) error {
	var failed []string
	for _, spec := range specs {
		if err := c.addOne(ctx, spec); err != nil {
			if ctx.Err() != nil {
				return err
			}
			failed = append(failed, spec)
			fmt.Fprintf(c.Stderr, "WARN %s\n", ui.Plain(registry.Brief(err)))
		}
	}
	if len(failed) > 0 {
		return &refusedError{"not added to the store: " + strings.Join(failed, ", "), "ERR_PNPM_STORE_ADD_FAILURE", ""}
	}
	return nil
}

// addOne makes the lockfile of a project that asks for one package, and fetches
// what that has for it.
func (c *call) addOne(ctx context.Context, spec string) error {
	doc, err := c.intoStore(ctx, []string{"add", c.absolute(spec)})
	var nothing *install.NoLockfileError
	if errors.As(err, &nothing) {
		return &usageError{spec + " is no package that goes into the store", "name one of a registry, a tarball or a repository"}
	}
	if err != nil {
		return err
	}
	for _, d := range doc.Graph.Importer(".").Deps {
		if d.Target.Link != "" {
			return &usageError{spec + " is a directory, which is linked where it is", "name a package of a registry, a tarball or a repository"}
		}
		fmt.Fprintf(c.Stderr, "+ %s\n", ui.Plain(string(d.Target.Key.ID())))
	}
	return nil
}
