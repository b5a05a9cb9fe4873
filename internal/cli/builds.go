package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"godwit/internal/event"
	"godwit/internal/graph"
	"godwit/internal/install"
	"godwit/internal/lockfile"
	"godwit/internal/npm"
	"godwit/internal/npm/semver"
	"godwit/internal/project"
	"godwit/internal/script"
)

// buildRules says who may run install scripts: allowBuilds of pnpm-workspace.yaml, as
// written, and in npm's projects allowScripts of package.json.
func (c *call) buildRules() []project.BuildRule {
	rules, _ := c.allowScripts()
	if ws := c.inputs.Workspace; ws != nil {
		rules = append(rules, ws.Shape.AllowBuilds...)
	}
	return rules
}

// allowScripts reads what npm 11.19 has in package.json: packages, or
// exact versions of them, and whether they may run install scripts. Keys that npm
// ignores, since nobody has looked at what they will mean, are told apart.
func (c *call) allowScripts() (rules []project.BuildRule, ignored []string) {
	if c.inputs.Project == nil || c.flavour() != lockfile.Npm {
		return nil, nil
	}
	for _, f := range c.inputs.Project.Manifest.Document.Field("allowScripts").Fields {
		selector := strings.TrimSuffix(f.Key, "@*")
		if _, err := expandSelector(selector); err != nil || f.Value.Kind != project.Bool {
			ignored = append(ignored, f.Key)
			continue
		}
		rules = append(rules, project.BuildRule{Selector: selector, Allow: f.Value.Text == "true"})
	}
	return rules, ignored
}

// trusted is trustedDependencies of package.json.
func (c *call) trusted() []string { return c.inputs.Project.Manifest.Trusted }

// warnOldBuilds tells of lists that counted before pnpm 11: whoever wrote them
// thinks that they still do.
func (c *call) warnOldBuilds(sink event.Sink) {
	if _, ignored := c.allowScripts(); len(ignored) > 0 {
		sink.Emit(event.Warning{Code: "BUILDS_IGNORED", Message: fmt.Sprintf(
			"allowScripts in package.json: %s: only true and false count, for names and for exact versions (a@1.0.0 || 1.0.1)", strings.Join(ignored, ", "))})
	}
	shape, _, err := c.inputs.Project.Pnpm()
	old := shape.OldBuilds
	if err == nil && len(shape.AllowBuilds) > 0 {
		old = append(old, "allowBuilds in package.json")
	}
	if ws := c.inputs.Workspace; ws != nil {
		old = append(old, ws.Shape.OldBuilds...)
	}
	if len(old) > 0 {
		sink.Emit(event.Warning{Code: "BUILDS_IGNORED", Message: fmt.Sprintf(
			"like pnpm since version 11, this install does not read %s: which install scripts may run is said by allowBuilds in pnpm-workspace.yaml", strings.Join(old, ", "))})
	}
}

// builds is what install scripts may do, and how they run.
func (c *call) builds() (install.Builds, error) {
	s := &c.cfg.Settings
	policy, err := newBuildPolicy(c.buildRules(), c.trusted())
	if err != nil {
		return install.Builds{}, err
	}
	policy.all = s.Install.AllowAllBuilds
	width := s.Build.Width
	if width == 0 {
		width = min(4, c.Cores) // pnpm's: more compilers at once mostly wait for memory
	}
	return install.Builds{
		Verdict: policy.verdict,
		Host:    func() *script.Host { return c.scriptHost("install") },
		Jail:    s.Build.Jail,
		Again:   c.rebuild,
		Width:   width, Strict: s.Build.Strict,
		Cached: s.Build.Cache || s.Build.CacheReadonly, Cache: s.Build.Cache && !s.Build.CacheReadonly && !s.Install.FrozenStore,
		Machine: func() string {
			here := npm.PlatformOf(c.OS, c.Arch, c.Libc())
			words := append([]string{here.OS, here.CPU, here.Libc}, c.nativeSettings()...)
			if s.Build.Jail {
				words = append(words, "jail") // what needs the network makes something else there
			}
			return strings.Join(words, " ")
		},
	}, nil
}

// scriptHost is where scripts of dependencies run. verb is npm's word for the
// command.
func (c *call) scriptHost(verb string) *script.Host {
	path := pathOf(c.Env)
	node := script.FindNode(path)
	h := &script.Host{
		Env: c.Env, Node: node, Program: c.Program, Verb: verb, UserAgent: c.scriptAgent(node),
		InitDir: c.workspace.root, Commands: c.commandsOf(), Shell: c.cfg.Settings.Build.Shell,
		Path: []string{filepath.Join(c.modulesOf("."), ".bin")},
	}
	if dir := script.NodeGypDir(node, path); dir != "" {
		h.Path, h.NodeGyp = append(h.Path, dir), script.NodeGyp(dir)
	}
	if dir := c.standIns(path); dir != "" {
		h.After = []string{dir}
	}
	return h
}

// native are the settings, in npm's environment, by which node-gyp, node-pre-gyp
// and prebuild-install make or fetch something else.
var native = []string{
	"arch", "build_from_source", "debug", "disturl", "libc", "napi_build_version", "nodedir", "platform", "runtime",
	"target", "target_arch", "target_libc", "target_platform",
}

func (c *call) nativeSettings() []string {
	var out []string
	for _, kv := range c.Env {
		key, _, _ := strings.Cut(strings.ToLower(kv), "=")
		for _, name := range native {
			if key == "npm_config_"+name {
				out = append(out, kv)
			}
		}
	}
	return out
}

// buildPolicy is whose install scripts may run. A package of a registry is meant
// by its name, or that and versions; any other one by its whole ID, since
// whoever made it chose the name.
type buildPolicy struct {
	all         bool // all may that are not denied
	allow, deny map[string]bool
}

func newBuildPolicy(rules []project.BuildRule, trusted []string) (*buildPolicy, error) {
	p := &buildPolicy{allow: map[string]bool{}, deny: map[string]bool{}}
	for _, name := range trusted {
		p.allow[name] = true
	}
	for _, rule := range rules {
		set := p.deny
		if rule.Allow {
			set = p.allow
		}
		selectors, err := expandSelector(rule.Selector)
		if err != nil {
			return nil, err
		}
		for _, s := range selectors {
			set[s] = true
		}
	}
	return p, nil
}

// expandSelector lists what "a@1.0.0 || 2.0.0" means.
func expandSelector(selector string) ([]string, error) {
	name, versions := graph.Key(selector).Split()
	if versions == "" || strings.Contains(versions, ":") { // a name, or the ID of what is from elsewhere
		return []string{selector}, nil
	}
	var out []string
	for v := range strings.SplitSeq(versions, "||") {
		v = strings.TrimSpace(v)
		if _, err := semver.Parse(v, semver.Options{}); err != nil {
			return nil, &versionUnionError{selector}
		}
		out = append(out, string(name)+"@"+v)
	}
	return out, nil
}

func (p *buildPolicy) verdict(pkg *graph.Package) install.Verdict {
	keys := []string{string(pkg.Key.ID())}
	if pkg.Resolution.Kind == graph.Registry {
		keys = append(keys, string(pkg.Name))
	}
	allowed := p.all
	for _, key := range keys {
		if p.deny[key] {
			return install.Denied
		}
		allowed = allowed || p.allow[key]
	}
	if allowed {
		return install.Allowed
	}
	return install.Undecided
}

// versionUnionError is a range where only versions may stand: what is published
// later was not looked at when somebody allowed it.
type versionUnionError struct{ selector string }

func (e *versionUnionError) Error() string {
	return fmt.Sprintf("allowBuilds: %q: only exact versions may stand behind the name", e.selector)
}
func (e *versionUnionError) Code() string { return "ERR_PNPM_INVALID_VERSION_UNION" }
func (e *versionUnionError) Hint() string {
	return "write them one by one (a@1.0.0 || 1.0.1), or the name alone for all"
}
