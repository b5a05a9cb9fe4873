// Package arch holds the rules that no single package can check of itself: who
// may import whom, and where a few things may stand. The form is that of Go's
// own go/build/deps_test.go.
package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// policy lists, for each package, the packages of this module that it may
// import, transitively excluded: what stands there is what the source names. A
// package that is missing here fails the test, so that a new one gets a place
// in the picture first. "x/..." is x and what lies below it.
var policy = map[string][]string{
	// What npm's data means. No input or output.
	"npm":           {"npm/jsonscan", "npm/semver"},
	"npm/integrity": {},
	"npm/jsonscan":  {},
	"npm/known":     {},
	"npm/semver":    {},
	"npm/specifier": {"npm", "npm/semver"},

	// A script of a package.json as a process.
	"script": {"fsys", "npm/jsonscan"},

	// Which files of a directory are a package.
	"packlist": {"npm", "npm/jsonscan"},
	"pack":     {"npm", "npm/specifier", "packlist", "project"},
	// How two packages differ; paths are matched as they are for packing.
	"pkgdiff": {"packlist"},

	// The model, and what follows from it without looking at a disk.
	"graph":  {"npm"},
	"layout": {"graph", "npm"},
	"audit":  {"graph", "npm/semver"},
	// What advisories mean for npm's trees, which selectors are about; a fix is what
	// npm's resolver would choose.
	"audit/npmaudit": {"audit", "npm", "npm/semver", "npm/specifier", "query", "resolve/npmtree"},
	// Who signed what; asked of registries through the caller.
	"audit/signatures": {"graph", "npm", "npm/integrity", "provenance", "registry", "sigstore", "spawn"},
	"query":            {"npm", "npm/semver", "npm/specifier", "packlist", "project"},
	"event":            {},

	// Tarballs of packages in one file, for another machine.
	"tarballs": {},
	// What a CI service says of a job, and signatures of such statements. Neither
	// knows who is asked, and how.
	"provenance": {}, "sigstore": {},
	// Documents about a project.
	"spdx": {},
	"sbom": {"spdx"},

	// Which projects depend on each other, and which ones a selector means.
	"workspace": {"npm", "npm/semver", "npm/specifier"},

	// One kind of input or output each.
	"fsys":     {},
	"store":    {"fsys", "npm", "npm/jsonscan"},
	"git":      {"npm/semver"},
	"inflate":  {},
	"registry": {"event", "fsys", "inflate", "npm", "npm/jsonscan", "turns"},
	"project":  {"fsys", "npm"},
	"config":   {"event", "fsys", "npm", "npm/specifier", "project"}, // what a registry's prefix cannot be

	"patch":         {"fsys", "npm", "npm/semver", "patch/unidiff"},
	"patch/unidiff": {},

	// A resolver asks a source for packuments; it does not know of registries.
	"resolve": {
		"graph", "npm", "npm/integrity", "npm/semver", "npm/specifier", "resolve/ahead", "resolve/compat", "resolve/override",
		"resolve/policy", "workspace",
	},
	"resolve/ahead":  {"npm"},
	"resolve/compat": {"npm", "npm/semver"},
	"resolve/npmtree": {
		"event", "graph", "npm", "npm/integrity", "npm/jsonscan", "npm/semver", "npm/specifier", "resolve", "resolve/ahead",
		"resolve/policy",
	},
	// Which form of a packument it needs of a registry.
	"resolve/packuments": {"npm", "registry", "resolve/policy"},
	// Which packages come in the tarball of another: npm's resolver has to know.
	"resolve/bundled": {"install", "lockfile", "npm/integrity", "resolve/npmtree"},
	// Asks a resolve server, and holds its answer against the question.
	"resolve/remote": {
		"event", "graph", "lockfile", "npm", "npm/integrity", "npm/semver", "resolve", "resolve/npmtree", "resolve/policy",
		"resolve/wire", "workspace",
	},
	// What a client and a resolve server say to each other.
	"resolve/wire": {
		"graph", "lockfile", "npm", "npm/semver", "patch", "resolve", "resolve/compat", "resolve/npmtree", "resolve/override",
		"resolve/policy",
	},
	"resolve/override": {"npm", "npm/semver"},
	"resolve/policy":   {"npm", "npm/semver"},

	// Which versions of Node, Deno and Bun there are, and where. It knows no registry.
	"runtimes":            {"graph", "npm", "npm/semver", "runtimes/releasekey"},
	"runtimes/releasekey": {},

	// What a graph says about peers, by the resolver's rules.
	"peers": {"graph", "npm", "resolve"},

	"lockfile":                   {"fsys", "graph", "lockfile/bunlock", "lockfile/conflict", "lockfile/npmlock", "lockfile/pnpmlock", "lockfile/yarnlock", "lockfile/yarnlock/syml", "npm", "npm/semver"},
	"lockfile/bunlock":           {"graph", "lockfile/conflict", "lockfile/npmlock/nicejson", "npm", "npm/integrity", "npm/semver", "npm/specifier"},
	"lockfile/conflict":          {},
	"lockfile/npmlock":           {"graph", "lockfile/conflict", "lockfile/npmlock/nicejson", "npm", "npm/jsonscan", "npm/semver"},
	"lockfile/npmlock/nicejson":  {"npm", "npm/jsonscan"},
	"lockfile/pnpmlock":          {"graph", "lockfile/conflict", "lockfile/pnpmlock/yamltree", "npm", "npm/semver"},
	"lockfile/pnpmlock/yamltree": {},
	"lockfile/yarnlock":          {"graph", "lockfile/conflict", "lockfile/yarnlock/...", "npm", "npm/semver"},
	"lockfile/yarnlock/syml":     {"npm/jsonscan"},
	// What yarn 4 makes of a tarball, as far as its checksum. Pure.
	"lockfile/yarnlock/yarnpatch": {"npm/semver"},
	"lockfile/yarnlock/yarnzip":   {"inflate"},

	// The engine does not know which resolver it has. Its stages do not know of
	// tasks, and the scheduler does not know of packages.
	"install": {
		"event", "fsys", "graph", "install/build", "install/download", "install/extract", "install/link", "install/plan",
		"install/sched", "install/state", "layout", "lockfile", "npm", "npm/integrity", "npm/semver", "pack", "packlist", "patch",
		"patch/unidiff", "script", "store",
	},
	"install/build":         {"fsys", "npm", "script"},
	"install/download":      {"graph", "npm", "npm/integrity"},
	"install/extract":       {"inflate", "install/extract/untar"},
	"install/extract/untar": {},
	"install/link":          {"fsys", "store"},
	"install/plan":          {"graph", "layout"},
	"install/sched":         {},
	"install/state":         {"fsys", "install/plan"},

	// The project's own code that changes manifests and lockfiles, in a process.
	"pnpmfile": {"npm"},

	// So many at a time.
	"turns": {},

	// Processes, run to their end.
	"spawn": {"fsys"},

	// Everything meets in the CLI.
	"cli": {
		"audit/...", "cli/...", "config", "event", "fsys", "git", "graph", "install", "layout",
		"lockfile", "npm", "npm/integrity", "npm/known", "npm/semver", "npm/specifier", "pack", "packlist", "patch",
		"peers", "pkgdiff", "pnpmfile", "project", "provenance", "query", "registry", "resolve", "resolve/bundled",
		"resolve/compat", "resolve/npmtree", "resolve/override", "resolve/packuments", "resolve/policy", "resolve/remote",
		"resolve/wire", "runtimes", "sbom", "script", "sigstore", "spawn", "store", "tarballs", "workspace",
	},
	// What codes mean is known without anything.
	"cli/codes": {},
	"cli/ui":    {"event"},
	// Pictures of characters.
	"cli/draw": {"cli/ui"},
	// One project without its workspace.
	"cli/detach":  {"graph", "npm", "project"},
	"cli/license": {"project"},
	// The addresses that manifests name.
	"cli/pages": {"npm/specifier", "project"},
	// What a project is made of.
	"cli/bill": {"cli/actual", "cli/license", "cli/pages", "graph", "layout", "npm", "npm/integrity", "npm/semver", "project", "sbom"},
	// What of a machine keeps installs from working; it tries what an install would do.
	"cli/doctor": {"cli/ui", "config", "fsys", "install", "npm/semver", "script"},
	// Who asks for money.
	"cli/fund": {"cli/actual", "cli/draw", "cli/pages", "cli/ui", "graph", "npm", "npm/semver", "project"},
	// What npm says of a node_modules of its own.
	"cli/actual": {"cli/ui", "fsys", "layout", "lockfile", "npm", "npm/semver", "npm/specifier", "project", "resolve/npmtree"},

	// Resolves for others.
	"server": {
		"graph", "npm", "npm/specifier", "registry", "resolve", "resolve/bundled", "resolve/npmtree", "resolve/packuments",
		"resolve/wire", "throttle", "turns",
	},
	// A registry that asks others. Its policy is the resolver's, so that server and
	// client hide the same versions.
	"proxy":      {"npm", "npm/integrity", "proxy/disk", "proxy/render", "registry", "resolve/policy", "turns"},
	"proxy/disk": {"fsys"},
	// What stands before the endpoints of a server, and what it tells of itself.
	"front": {"throttle"}, "metric": {}, "throttle": {},
	"proxy/render": {"npm", "npm/jsonscan", "npm/semver"},

	// The benchmark runs every tool as a process, ours too.
	"bench": {"bench/..."}, "bench/gate": {"bench/..."}, "bench/host": {}, "bench/link": {}, "bench/replay": {},
	"bench/report": {"bench/..."}, "bench/result": {"bench/..."}, "bench/scratch": {"bench/host"},
	"bench/stat": {}, "bench/synth": {}, "bench/tool": {},

	"testreg":        {"testreg/notary"},
	"testreg/notary": {},
	"testreg/script": {"testreg"},

	"cmd/godwit":       {"cli"},
	"cmd/godwit-bench": {"bench/..."},
	"cmd/godwit-registry": {
		"config", "front", "metric", "npm", "project", "proxy", "registry", "resolve/policy",
		"server", "throttle",
	},
	"cmd/godwit-man": {"cli"},
	"cmd/godwit-npm": {"npm/semver", "pack"},
}

// outside lists who may import packages of other modules, and which.
var outside = map[string][]string{
	"fsys": {"golang.org/x/sys"}, "inflate": {"golang.org/x/sys"}, "cmd/godwit": {"golang.org/x/term"},
	"cmd/godwit-registry": {"github.com/goccy/go-yaml"},
	"bench/host":          {"golang.org/x/sys"}, "bench/scratch": {"golang.org/x/sys"}, "bench/link": {"golang.org/x/sys"},
	"bench/replay": {"github.com/go-json-experiment/json"},
	"project":      {"github.com/go-json-experiment/json", "github.com/goccy/go-yaml"}, "lockfile/pnpmlock/yamltree": {"github.com/goccy/go-yaml"},
	"npm": {"github.com/go-json-experiment/json"},
	// How yarn publishes its patches, and how it hashes them.
	"cli": {"github.com/andybalholm/brotli"}, "cli/draw": {"rsc.io/qr"}, "lockfile/yarnlock/yarnpatch": {"github.com/go-json-experiment/json"},
	"testreg":        {"github.com/rogpeppe/go-internal"},
	"testreg/script": {"github.com/rogpeppe/go-internal"},
}

type listed struct {
	ImportPath, Dir string
	Standard        bool
	Imports         []string
	GoFiles         []string
	Deps            []string
}

// packages lists the module's packages as the go command sees them.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles,Deps", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// short is an import path as policy writes it.
func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "godwit/"), "internal/")
}

func allowed(rules []string, path string) bool {
	return slices.ContainsFunc(rules, func(r string) bool {
		if below, ok := strings.CutSuffix(r, "/..."); ok {
			return path == below || strings.HasPrefix(path, below+"/")
		}
		return path == r
	})
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name := short(p.ImportPath)
		if len(p.GoFiles) == 0 {
			continue
		}
		seen[name] = true
		rules, ok := policy[name]
		if !ok {
			t.Errorf("%s has no place in the policy", name)
			continue
		}
		for _, path := range p.Imports {
			switch first, _, _ := strings.Cut(path, "/"); {
			case first == "godwit":
				if !allowed(rules, short(path)) {
					t.Errorf("%s may not import %s", name, short(path))
				}
			case strings.Contains(first, "."):
				if !slices.ContainsFunc(outside[name], func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") }) {
					t.Errorf("%s may not import %s", name, path)
				}
			}
		}
	}
	for name := range policy {
		if !seen[name] {
			t.Errorf("the policy has a place for %s, which does not exist", name)
		}
	}
}

// What the CLI carries decides how fast it starts and what can be attacked.
func TestNotInTheCLI(t *testing.T) {
	for _, p := range packages(t) {
		if p.ImportPath != "godwit/cmd/godwit" {
			continue
		}
		for _, dep := range p.Deps {
			for _, not := range []string{"godwit/internal/bench", "godwit/internal/front", "godwit/internal/metric", "godwit/internal/proxy", "godwit/internal/server", "godwit/internal/testreg", "net/http/pprof", "net/http/httptest", "text/template", "html/template", "testing"} {
				if dep == not || strings.HasPrefix(dep, not+"/") {
					t.Errorf("the CLI carries %s", dep)
				}
			}
		}
	}
}

// allowedIn lists the files, or directories with a slash at the end, that may
// do what is not done anywhere else.
var allowedIn = map[string][]string{
	// The engine has one owner of its state, sched; who starts goroutines
	// elsewhere is listed, with each one's end in its comment.
	"go statement": {
		"cmd/godwit/main.go", "cmd/godwit-bench/", "cmd/godwit-registry/daemon.go", "internal/bench/", "internal/cli/ui/",
		"internal/fsys/jail_linux.go", "internal/install/link/", "internal/install/sched/", "internal/pnpmfile/worker.go", "internal/registry/flights.go",
		"internal/resolve/ahead/", "internal/server/run.go", "internal/spawn/", "internal/testreg/",
	},
	// The process is read once and handed down as a value.
	"os.Getenv":     {"cmd/"},
	"os.LookupEnv":  {"cmd/"},
	"os.Environ":    {"cmd/", "internal/bench/"},
	"os.Getwd":      {"cmd/"},
	"os.Args":       {"cmd/"},
	"os.Exit":       {"cmd/"},
	"os.Stdout":     {"cmd/"},
	"os.Stderr":     {"cmd/"},
	"func init":     {},
	"runtime.GOOS":  {"internal/fsys/", "internal/config/", "cmd/", "internal/bench/"},
	"time.Now":      {"cmd/", "internal/bench/", "internal/registry/", "internal/testreg/", "internal/proxy/answer.go", "internal/install/sched/", "internal/store/", "internal/server/"},
	"rand.Shuffle":  {"internal/bench/"},
	"http.Get":      {},
	"regexp import": {"internal/cli/scripts.go", "internal/cli/license/", "cmd/godwit-registry/file.go", "internal/bench/", "cmd/godwit-bench/", "internal/testreg/"},
}

// Build constraints, but for fsys, the process and the benchmark, would spread
// what differs between systems over the tree.
func TestWhereThingsStand(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	for _, top := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && d.Name() == "testdata":
				return fs.SkipDir
			case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(root, path)
			inspect(f, func(what string, pos token.Pos) {
				where, rule := allowedIn[what]
				if rule && !slices.ContainsFunc(where, func(w string) bool { return strings.HasPrefix(filepath.ToSlash(rel), w) }) {
					t.Errorf("%s: %s may not stand here", files.Position(pos), what)
				}
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// inspect names what a file does that allowedIn may have a rule for.
func inspect(f *ast.File, found func(what string, pos token.Pos)) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found("go statement", n.Pos())
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				found("func init", n.Pos())
			}
		case *ast.ImportSpec:
			found(strings.Trim(n.Path.Value, `"`)+" import", n.Pos())
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok {
				found(pkg.Name+"."+n.Sel.Name, n.Pos())
			}
		}
		return true
	})
}
