package tool

import (
	"fmt"
	"slices"
	"strings"
)

// godwitFlags and the others below are what all commands of a tool share.
const (
	godwitFlags = " --registry {registry} --store-dir {store} --cache-dir {cache} --ignore-scripts --reporter ndjson"
	bunFlags    = " --ignore-scripts --registry={registry}"
	utooFlags   = " --registry={registry} --cache-dir={cache}"
	pnpmFlags   = " --ignore-scripts --registry={registry} --store-dir={store} --reporter=append-only"
	aubeFlags   = " --registry={registry}"
	npmFlags    = " --ignore-scripts --no-audit --no-fund --registry={registry} --cache={cache}"
)

// godwit makes the row of one way to run ours.
func godwit(name, layout, flags string) Tool {
	flags = godwitFlags + flags
	return Tool{
		Name: name, Layout: layout,
		Commands: map[Action]string{
			Install: "install" + flags,
			Frozen:  "install --frozen-lockfile" + flags,
			Resolve: "install --lockfile-only" + flags,
			Add:     "add {name}" + flags,
			Update:  "update {name}" + flags,
		},
		Trace:  "--trace {trace}",
		Locks:  []string{"pnpm-lock.yaml"},
		NDJSON: true,
		Fair:   "scripts off",
	}
}

// Table lists every tool, ours first.
func Table() []Tool {
	return []Tool{
		godwit("godwit", "isolated, hard links", ""),
		godwit("godwit-hoisted", "hoisted, hard links", " --node-linker=hoisted"),
		godwit("godwit-gvs", "global virtual store, symlinks", " --virtual-store=global"),
		godwitThroughServer(),
		bun(), utoo(), pnpm(), pnpmThroughServer(), aube(), npm(), yarn(),
	}
}

// godwitThroughServer lets a server resolve.
func godwitThroughServer() Tool {
	t := godwit("godwit+server", "isolated, hard links; resolved by a server", " --resolve-server={server}")
	t.Server = godwitServer()
	return t
}

// pnpmThroughServer is the pnpm that understands the server that there is.
func pnpmThroughServer() Tool {
	t := pnpm()
	t.Name, t.Path = "pnpm+pnpr", ""
	t.Layout += "; resolved by a server"
	t.Packages = []string{"pnpm-of-pnpr@npm:@pnpm/exe.{os}-{cpu}@12.0.0"}
	t.Programs = []string{"pnpm-of-pnpr/pnpm"}
	for action := range t.Commands {
		t.Commands[action] += " --pnpr-server={server}"
	}
	t.Files = append(t.Files, File{"{home}/.npmrc", "registry={registry}\n//{server-host}/:_authToken={token}\n"})
	t.Server = pnpr()
	return t
}

func bun() Tool {
	return Tool{
		Name: "bun", Layout: "hoisted, hard links", Path: "bun",
		Packages: []string{"@oven/bun-{os}-{cpu}"},
		Programs: []string{"@oven/bun-{os}-{cpu}/bin/bun", "bun/bin/bun.exe"},
		Commands: map[Action]string{
			Install: "install" + bunFlags,
			Frozen:  "install --frozen-lockfile" + bunFlags,
			Resolve: "install --lockfile-only" + bunFlags,
			Add:     "add {name}" + bunFlags,
			Update:  "update {name}" + bunFlags,
		},
		Env:   []string{"BUN_INSTALL_CACHE_DIR={cache}", "DO_NOT_TRACK=1"},
		Locks: []string{"bun.lock"},
		Fair:  "scripts off; takes packuments younger than 5 minutes from its cache without asking",
	}
}

func utoo() Tool {
	return Tool{
		Name: "utoo", Layout: "hoisted, hard links", Path: "utoo",
		Packages: []string{"@utoo/utoo-{os}-{cpu}"},
		Programs: []string{"@utoo/utoo-{os}-{cpu}/bin/utoo"},
		Commands: map[Action]string{
			Install: "install --ignore-scripts" + utooFlags,
			Frozen:  "install --ignore-scripts" + utooFlags, // it has no frozen mode: a lockfile that fits is kept
			Resolve: "deps" + utooFlags,
			Add:     "install {name} --ignore-scripts" + utooFlags,
		},
		Locks: []string{"package-lock.json"},
		Fair:  "scripts off; no frozen mode; its update reinstalls everything, so it has no update of one",
	}
}

func pnpm() Tool {
	return Tool{
		Name: "pnpm", Layout: "isolated, hard links", Path: "pnpm",
		Packages: []string{"@pnpm/exe.{os}-{cpu}"},
		Programs: []string{"@pnpm/exe.{os}-{cpu}/pnpm"},
		Commands: map[Action]string{
			Install: "install" + pnpmFlags,
			Frozen:  "install --frozen-lockfile" + pnpmFlags,
			Resolve: "install --lockfile-only" + pnpmFlags,
			Add:     "add {name}" + pnpmFlags,
			Update:  "update {name}" + pnpmFlags,
		},
		Env: []string{"PNPM_HOME={home}/pnpm", "PNPM_CONFIG_PM_ON_FAIL=ignore"},
		Files: []File{{"{project}/pnpm-workspace.yaml",
			"trustPolicy: off\nminimumReleaseAge: 0\n"}},
		Locks: []string{"pnpm-lock.yaml"},
		Fair:  "scripts off, no age gate, no trust policy: both would read full packuments",
	}
}

func aube() Tool {
	return Tool{
		Name: "aube", Layout: "isolated, global virtual store, symlinks", Path: "aube",
		Packages: []string{"@endevco/aube-{os}-{cpu}"},
		Programs: []string{"@endevco/aube-{os}-{cpu}/bin/aube"},
		Commands: map[Action]string{
			Install: "install --ignore-scripts" + aubeFlags,
			Frozen:  "install --frozen-lockfile --ignore-scripts" + aubeFlags,
			Resolve: "install --lockfile-only --ignore-scripts" + aubeFlags,
			Add:     "add {name} --ignore-scripts" + aubeFlags,
			Update:  "update {name} --ignore-scripts" + aubeFlags,
		},
		Env: []string{"AUBE_MINIMUM_RELEASE_AGE=0", "AUBE_ADVISORY_CHECK=off",
			"AUBE_NO_UPDATE_CHECK=1", "AUBE_LOW_DOWNLOAD_THRESHOLD=0", "AUBE_TRUST_POLICY=off"},
		Locks: []string{"aube-lock.yaml"},
		Fair:  "scripts off, no age gate, no trust policy, no advisory or update check (they leave the machine)",
	}
}

func npm() Tool {
	return Tool{
		Name: "npm", Layout: "hoisted, files written", Path: "npm", Node: true,
		Packages: []string{"npm"},
		Programs: []string{"npm/bin/npm-cli.js"},
		Commands: map[Action]string{
			Install: "install" + npmFlags,
			Frozen:  "ci" + npmFlags,
			Resolve: "install --package-lock-only" + npmFlags,
			Add:     "install {name}" + npmFlags,
			Update:  "update {name}" + npmFlags,
		},
		Env:   []string{"npm_config_legacy_peer_deps=true"},
		Locks: []string{"package-lock.json"},
		Fair:  "scripts off, no audit, no funding; legacy-peer-deps, or it refuses both fixtures",
	}
}

func yarn() Tool {
	return Tool{
		Name: "yarn", Layout: "hoisted, files written (nodeLinker: node-modules)", Node: true,
		Packages: []string{"@yarnpkg/cli-dist"},
		Programs: []string{"@yarnpkg/cli-dist/bin/yarn.js"},
		Commands: map[Action]string{
			Install: "install --mode=skip-build",
			Frozen:  "install --immutable --mode=skip-build",
			Resolve: "install --mode=update-lockfile",
			Add:     "add {name} --mode=skip-build",
			Update:  "up -R {name} --mode=skip-build",
		},
		Env: []string{
			"YARN_NPM_REGISTRY_SERVER={registry}", "YARN_UNSAFE_HTTP_WHITELIST=127.0.0.1",
			"YARN_NODE_LINKER=node-modules", "YARN_CACHE_FOLDER={cache}", "YARN_GLOBAL_FOLDER={store}",
			"YARN_ENABLE_TELEMETRY=0", "YARN_ENABLE_IMMUTABLE_INSTALLS=0", "YARN_ENABLE_SCRIPTS=0",
			"YARN_NPM_MINIMAL_AGE_GATE=0", "YARN_IGNORE_PATH=1",
		},
		Locks: []string{"yarn.lock"},
		Fair:  "scripts off, no telemetry, no age gate; resolving alone fetches tarballs too, for checksums",
	}
}

// Named returns the tools with the given names, in the order of the table.
func Named(names []string) ([]Tool, error) {
	table := Table()
	var known []string
	for _, t := range table {
		known = append(known, t.Name)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("no tool %q: there are %s", n, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(table, func(t Tool) bool { return !slices.Contains(names, t.Name) }), nil
}
