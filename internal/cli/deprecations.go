package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"godwit/internal/audit"
	"godwit/internal/graph"
	"godwit/internal/npm"
	"godwit/internal/spawn"
)

const deprecationsHelp = `The registry is asked about each version in the lockfile, since a version may have
been deprecated after it was locked; offline what the lockfile says counts.
    --direct      only what projects depend on themselves
    --exit-code   fail if anything is deprecated
    --json        a list of {name, version, message, direct, paths}`

// deprecatedPackage is a version that its publisher advises against.
type deprecatedPackage struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Message string   `json:"message"`
	Direct  bool     `json:"direct"` // a project depends on it itself
	Paths   []string `json:"paths"`  // ways to it, as audit writes them
}

// runDeprecations is the command deprecations.
func runDeprecations(ctx context.Context, c *call) error {
	a, err := c.newAuditor()
	if err != nil {
		return err
	}
	messages, err := a.deprecated(ctx)
	if err != nil {
		return err
	}
	found := a.deprecations(messages)
	s := &c.cfg.Settings
	if s.Report.Direct {
		found = slices.DeleteFunc(found, func(d deprecatedPackage) bool { return !d.Direct })
	}
	if s.Call.JSON {
		err = writeJSON(c.Stdout, append([]deprecatedPackage{}, found...))
	} else {
		err = c.tellDeprecations(found)
	}
	if err == nil && s.Report.ExitCode && len(found) > 0 {
		return errSaid
	}
	return err
}

// deprecated are the messages about versions of packages, by "name@version".
func (a *auditor) deprecated(ctx context.Context) (map[string]string, error) {
	out := map[string]string{}
	if a.cfg.Settings.Network.Offline {
		for key := range a.reach {
			if p := a.graph.Packages[key]; p != nil && p.Deprecated != "" {
				out[string(p.Name)+"@"+p.Version] = p.Deprecated
			}
		}
		return out, nil
	}
	reporter := a.reporter()
	defer reporter.Close()
	src, err := a.openSource(reporter)
	if err != nil {
		return nil, err
	}
	defer src.close()
	question := audit.Question(a.graph, a.reach)
	names := slices.Sorted(maps.Keys(question))
	said := make([]map[string]string, len(names))
	err = spawn.Each(len(names), packumentsAtOnce, true, func(i int) error {
		doc, err := src.Packument(ctx, npm.Name(names[i]), false)
		var none interface{ NotFound() bool }
		if errors.As(err, &none) && none.NotFound() {
			return nil // it was taken back; other commands tell of that
		}
		if err != nil {
			return err
		}
		said[i] = map[string]string{}
		for _, version := range question[names[i]] {
			if m, err := doc.Manifest(version); err == nil && m.Deprecated != "" {
				said[i][names[i]+"@"+version] = m.Deprecated
			}
		}
		return nil
	})
	for _, messages := range said {
		maps.Copy(out, messages)
	}
	return out, err
}

// deprecations are what messages are about, with the ways to it.
func (a *auditor) deprecations(messages map[string]string) (out []deprecatedPackage) {
	about := map[string][]audit.Advisory{}
	for _, id := range slices.Sorted(maps.Keys(messages)) {
		name, version := graph.Key(id).Split()
		about[string(name)] = append(about[string(name)], audit.Advisory{Vulnerable: version})
	}
	direct := map[graph.Key]bool{}
	for _, im := range a.graph.Importers {
		for _, d := range im.Deps {
			direct[d.Target.Key] = true
		}
	}
	for _, f := range audit.Find(a.graph, a.reach, about) {
		for _, h := range f.Hits {
			out = append(out, deprecatedPackage{
				Name: f.Name, Version: h.Version, Message: messages[f.Name+"@"+h.Version], Paths: h.Paths,
				Direct: slices.ContainsFunc(h.Keys, func(key graph.Key) bool { return direct[key] }),
			})
		}
	}
	slices.SortFunc(out, func(a, b deprecatedPackage) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return out
}

func (c *call) tellDeprecations(found []deprecatedPackage) error {
	var b strings.Builder
	for _, d := range found {
		fmt.Fprintf(&b, "%s@%s: %s\n", d.Name, d.Version, d.Message)
		for _, way := range d.Paths {
			fmt.Fprintf(&b, "  %s\n", way)
		}
	}
	switch len(found) {
	case 0:
		b.WriteString("No deprecated packages found\n")
	case 1:
		b.WriteString("\n1 deprecated version\n")
	default:
		fmt.Fprintf(&b, "\n%d deprecated versions\n", len(found))
	}
	_, err := c.Stdout.Write([]byte(b.String()))
	return err
}
