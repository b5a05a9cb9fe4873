package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"godwit/internal/graph"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/specifier"
	"godwit/internal/project"
	"godwit/internal/registry"
	"godwit/internal/resolve"
	"godwit/internal/runtimes"
)

// runtimeFinder looks for JavaScript runtimes, or is nil: those that do not know of
// them as dependencies, npm, yarn and bun, could not use the lockfile.
func (c *call) runtimeFinder(src *source) *runtimes.Finder {
	if c.lock.Format != lockfile.Pnpm {
		return nil
	}
	return &runtimes.Finder{Client: documents{src.client}, Mirrors: c.nodeMirrors(), Published: src.published}
}

// nodeMirrors are where the settings say that Node's releases are. The environment has
// them as JSON, as pnpm's does.
func (c *call) nodeMirrors() map[string]string {
	mirrors := map[string]string{}
	for _, m := range c.cfg.Settings.Network.NodeMirrors {
		if json.Unmarshal([]byte(m), &mirrors) == nil {
			continue
		}
		channel, url, _ := strings.Cut(m, "=")
		mirrors[channel] = url
	}
	return mirrors
}

// documents lets runtimes be looked for with the registry's client: its proxies, its
// certificates, its retries.
type documents struct{ client *registry.Client }

// maxDocument bounds what is read about releases: the index of all nightly builds of
// Node has 5 MB.
const maxDocument = 64 << 20

// Document implements runtimes.Client.
func (d documents) Document(ctx context.Context, url string) (text []byte, err error) {
	if d.client.Offline() {
		return nil, &offlineRuntimeError{}
	}
	err = d.client.Stream(ctx, registry.TarballRequest{URL: url}, func(body io.Reader, _ int64) error {
		if text, err = io.ReadAll(io.LimitReader(body, maxDocument+1)); err == nil && len(text) > maxDocument {
			err = fmt.Errorf("what is at %s is larger than %d bytes", url, maxDocument)
		}
		return err
	})
	var status *registry.StatusError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		return nil, absentError{err}
	}
	return text, err
}

// absentError is a document that is not there.
type absentError struct{ error }

func (e absentError) Unwrap() error  { return e.error }
func (e absentError) NotFound() bool { return true }

// offlineRuntimeError is a runtime that nobody may be asked about.
type offlineRuntimeError struct{}

func (e *offlineRuntimeError) Error() string {
	return "which version of a runtime is meant cannot be found out offline"
}

// Code is pnpm's code for this error.
func (e *offlineRuntimeError) Code() string { return "ERR_PNPM_NO_OFFLINE_NODEJS_RESOLUTION" }

// Hint is what the user can do.
func (e *offlineRuntimeError) Hint() string {
	return "install once with the network, which records it in the lockfile"
}

// published is the version of a package that a range or dist-tag means.
func (s *source) published(ctx context.Context, name npm.Name, want string) (string, error) {
	doc, err := s.Packument(ctx, name, false)
	if err != nil {
		return "", err
	}
	return resolve.Pick(doc, want), nil
}

// runtime finds a JavaScript runtime. A version that the lockfile has is what it was.
func (s *source) runtime(ctx context.Context, spec specifier.Specifier) (*resolve.External, error) {
	if s.runtimes == nil || !runtimes.Is(spec.Alias) {
		return nil, &specifier.ProtocolError{Scheme: "runtime"}
	}
	id := runtimes.Prefix + spec.Range
	if p := s.lockedPackages()[graph.Key(spec.Alias+"@"+id)]; p != nil && p.Resolution.Kind == graph.Variations {
		return runtimePackage(spec.Alias, spec.Range, p.Resolution), nil
	}
	found, err := s.runtimes.Find(ctx, spec.Alias, spec.Range)
	if err != nil {
		return nil, fmt.Errorf("find %s@%s: %w", spec.Alias, id, err)
	}
	return runtimePackage(spec.Alias, found.Version, found.Resolution), nil
}

func runtimePackage(name, version string, res graph.Resolution) *resolve.External {
	m := &npm.Manifest{Name: npm.Name(name), Version: version, Bin: map[string]string{name: name}}
	return &resolve.External{ID: runtimes.Prefix + version, Manifest: m, Resolution: res}
}

// runtimeGroups are the fields of package.json that name runtimes, and the maps in which
// pnpm has those that are to be downloaded.
var runtimeGroups = [...]runtimePlace{{"devEngines", devGroup}, {"engines", prodGroup}}

type runtimePlace struct{ field, group string }

// runtimesOf are the runtimes that a field of a package.json names.
func runtimesOf(m *project.Manifest, field string) []project.Tool {
	n := m.Document.Field(field).Field("runtime")
	var out []project.Tool
	for _, n := range append([]project.Node{n}, n.Items...) {
		if name := n.Field("name").Text; name != "" {
			out = append(out, project.Tool{Name: name, Version: n.Field("version").Text, OnFail: n.Field("onFail").Text})
		}
	}
	return out
}

// withRuntimes is a manifest with the runtimes among its dependencies that its
// devEngines and engines want to be downloaded, as pnpm has it. A dependency of that
// name goes before.
func (c *call) withRuntimes(m *project.Manifest) *npm.Manifest {
	if c.lock.Format != lockfile.Pnpm {
		return &m.Manifest
	}
	return withRuntimes(m, c.cfg.Settings.Install.RuntimeOnFail)
}

// withRuntimes is that, where onFail, if it is not "", counts in place of what the
// manifest says.
func withRuntimes(m *project.Manifest, onFail string) *npm.Manifest {
	out := &m.Manifest
	for _, place := range runtimeGroups {
		for _, t := range runtimesOf(m, place.field) {
			_, has := depsOf(out, place.group).Lookup(t.Name)
			if has || !runtimes.Is(t.Name) || cmp.Or(onFail, t.OnFail) != "download" {
				continue
			}
			if out == &m.Manifest {
				changed := m.Manifest
				out = &changed
			}
			deps := depsOf(out, place.group)
			*deps = append(slices.Clone(*deps), npm.Dep{Alias: t.Name, Specifier: runtimes.Prefix + t.Version})
		}
	}
	return out
}

// dividing parts edits of package.json: what is about runtimes stands in devEngines and
// engines, and in no map of dependencies. A runtime that the file has among those moves
// when its file is written for something else, too, as with pnpm.
func dividing(m *project.Manifest, edits []project.Edit) (maps, fields []project.Edit) {
	for _, e := range edits {
		i := slices.IndexFunc(runtimeGroups[:], func(p runtimePlace) bool { return p.group == e.Group })
		if i < 0 || !runtimes.Is(e.Alias) {
			maps = append(maps, e)
			continue
		}
		version, is := strings.CutPrefix(e.Specifier, runtimes.Prefix)
		if !is {
			version = ""
		} else {
			e.Specifier = ""
		}
		maps = append(maps, e)
		fields = append(fields, project.Edit{Group: runtimeGroups[i].field, Alias: e.Alias, Specifier: version})
	}
	for _, place := range runtimeGroups {
		for _, d := range *depsOf(&m.Manifest, place.group) {
			version, is := strings.CutPrefix(d.Specifier, runtimes.Prefix)
			edited := slices.ContainsFunc(maps, func(e project.Edit) bool { return e.Group == place.group && e.Alias == d.Alias })
			if is && !edited && len(edits) > 0 {
				maps = append(maps, project.Edit{Group: place.group, Alias: d.Alias})
				fields = append(fields, project.Edit{Group: place.field, Alias: d.Alias, Specifier: version})
			}
		}
	}
	return maps, fields
}

// text is the file as it is to be written.
func (f *edited) text(order project.Order, withRuntimes bool) ([]byte, error) {
	maps, fields := f.edits(), []project.Edit(nil)
	if withRuntimes {
		maps, fields = dividing(&f.project.Manifest, maps)
	}
	out, err := f.project.Rewrite(maps, order)
	for _, e := range fields {
		if err == nil {
			out, err = f.project.SetRuntime(out, e.Group, e.Alias, e.Specifier)
		}
	}
	return out, err
}

// runtimeBefore is the specifier that the project has for a runtime, or "".
func (a *adding) runtimeBefore(name string) string {
	group := groupOf(a.into.Manifest, name)
	if group == "" {
		return ""
	}
	spec, _ := depsOf(a.into.Manifest, group).Lookup(name)
	return spec
}

// raiseRuntime is the change that update makes of a runtime: what is asked for is looked
// for again, or with --latest the newest, and recorded like what add finds.
func (u *updating) raiseRuntime(s specifier.Specifier, group string) change {
	want := cmp.Or(u.versions[s.Alias], s.Range)
	if u.versions[s.Alias] == "" && u.cfg.Settings.Update.Latest && u.cfg.Settings.Save.Save {
		want = runtimes.Latest(s.Range)
	}
	return change{alias: s.Alias, group: group, ask: runtimes.Prefix + want, save: func(_, version string) string {
		return runtimes.Saved(s.Alias, want, version, s.Raw)
	}}
}
