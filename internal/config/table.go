package config

import "slices"

// Kind is the type of a setting's value.
type Kind uint8

// The kinds of settings.
const (
	Bool     Kind = iota // true or false
	Text                 // any text
	Int                  // a whole number that is not negative
	Enum                 // one of Setting.Values
	List                 // patterns or PEM blocks; repeat the flag
	Names                // a list that may also be written with commas
	Versions             // as Names, with exact versions behind a name ("a@1.0.0 || 1.0.1")
	Path                 // a file or directory; "~/" is the home directory
	URL                  // a URL with its scheme
	Millis               // milliseconds
	Minutes              // minutes
	Days                 // days
	Date                 // a date, or date and time
	Hidden               // a secret
	Proxy                // a URL whose password is not shown
)

// Places says where a setting may not come from.
type Places uint8

// Places that a row of the table can exclude.
const (
	notFile    Places = 1 << iota // only flags and environment
	notProject                    // nothing a project brings: it would move other people's files
	notEnv                        // npm exports its own value to every script it runs
)

// Setting is one row of the table.
type Setting struct {
	Key     string   // npm's or pnpm's name
	Also    string   // other keys that mean the same, separated by blanks
	Flags   string   // names that only work as flags
	Short   string   // one letter
	Kind    Kind     // of the value
	Values  string   // of an Enum, separated by blanks
	Default string   // as it would be written in a file; "" is the zero value, or see Help
	For     []string // commands that take it as a flag; nil is all
	Idle    []string // further commands that take it as a flag, and do not need it
	Help    string   // one line

	never Places
	bind  func(*Settings) any // the field it sets
}

// Groups of commands for Setting.For.
var (
	installing = []string{"install", "ci", "add", "remove", "update", "dedupe", "find-dupes", "prune", "import", "link", "unlink", "fetch", "cache", "rebuild", "approve-builds", "install-test", "install-ci-test", "deploy", "audit"}
	choosing   = slices.Concat(installing, []string{"dlx", "npx", "create"}) // may pick versions, with or without a project
	saving     = []string{"add", "remove", "update"}
	grouping   = []string{"add", "remove"}           // name a map of package.json
	nameless   = []string{"install", "install-test"} // are add when names follow, in npm's scripts with the same flags
	running    = []string{"run", "test", "start", "stop", "restart", "exec"}
	scoped     = slices.Concat(installing, running, packing, versioning, []string{"npx", "list", "why", "licenses", "outdated", "fund", "sbom", "root", "bin", "prefix", "pkg", "query", "diff"}) // for one project or several
	packing    = []string{"pack", "publish"}
	publishing = []string{"publish"}
	versioning = []string{"version"}
	auditing   = []string{"audit"}
	comparing  = []string{"diff"}
	owning     = []string{"publish", "dist-tag", "deprecate", "unpublish", "owner", "login", "logout", "whoami", "ping"} // speak for the user to a registry
	adding     = []string{"add"}
	browsing   = []string{"docs", "bugs", "repo", "fund"}
	global     = slices.Concat(saving, nameless[:1], listing, []string{"outdated", "why", "root", "bin", "approve-builds", "config", "prefix"})
	updating   = []string{"update"}
	listing    = []string{"list"}
	grouped    = slices.Concat(installing, listing, billing, []string{"licenses", "outdated"})
	billing    = []string{"sbom"}
)

// Table lists all settings in the order in which help shows them. Flags,
// environment, files, help, completion and `config list` are derived from it.
// Defaults are pnpm's where both have one (pnpm-facts 6.4), else npm's
// (@npmcli/config definitions).
func Table() []Setting { return table }

var table = []Setting{
	// What to install.
	{Key: "production", Also: "prod", Short: "P", Kind: Bool, For: grouped, Help: "leave devDependencies out",
		bind: func(s *Settings) any { return &s.given.prod }},
	{Key: "dev", Short: "D", Kind: Bool, For: grouped, Help: "install devDependencies only", never: notFile | notEnv, // npm's dev=true in a file means --include=dev
		bind: func(s *Settings) any { return &s.given.dev }},
	{Key: "optional", Kind: Bool, For: grouped, Help: "install optionalDependencies (default true)",
		bind: func(s *Settings) any { return &s.given.opt }},
	{Key: "omit", Kind: Names, Values: "dev optional peer", For: grouped, Help: "dependency groups to leave out",
		bind: func(s *Settings) any { return &s.given.omit }},
	{Key: "include", Kind: Names, Values: "prod dev optional peer", For: grouped, Help: "dependency groups to install in spite of --omit",
		bind: func(s *Settings) any { return &s.given.include }},
	{Key: "only", Kind: Enum, Values: "prod production dev development", For: installing, Help: "old name of --production and --dev",
		bind: func(s *Settings) any { return &s.given.only }},
	{Key: "also", Kind: Enum, Values: "dev development", For: installing, Help: "old name of --include=dev",
		bind: func(s *Settings) any { return &s.given.also }},
	{Key: "os", Kind: Names, For: installing, Help: "operating systems to choose optional packages for",
		bind: func(s *Settings) any { return &s.Resolve.Platform.OS }},
	{Key: "cpu", Kind: Names, For: installing, Help: "processors to choose optional packages for",
		bind: func(s *Settings) any { return &s.Resolve.Platform.CPU }},
	{Key: "libc", Kind: Names, For: installing, Help: "C libraries to choose optional packages for: glibc, musl",
		bind: func(s *Settings) any { return &s.Resolve.Platform.Libc }},
	{Key: "ignore-scripts", Kind: Bool, Default: "false", For: slices.Concat(installing, packing, versioning, comparing), Help: "run no lifecycle scripts",
		bind: func(s *Settings) any { return &s.Install.IgnoreScripts }},
	{Key: "dangerously-allow-all-builds", Also: "dangerously-allow-all-scripts", Kind: Bool, Default: "false", For: installing, Help: "run the install scripts of every package that allowBuilds does not forbid",
		bind: func(s *Settings) any { return &s.Install.AllowAllBuilds }},
	// pnpm's default is true. Nothing runs unapproved either way, and an install
	// that fails is not how anybody should meet us.
	{Key: "strict-dep-builds", Also: "strict-allow-scripts", Kind: Bool, Default: "false", For: installing, Help: "fail when install scripts did not run since allowBuilds says nothing about them",
		bind: func(s *Settings) any { return &s.Build.Strict }},
	{Key: "child-concurrency", Flags: "concurrent-scripts", Kind: Int, For: installing, Help: "packages to build at once (default: the processors, at most 4)",
		bind: func(s *Settings) any { return &s.Build.Width }},
	{Key: "side-effects-cache", Kind: Bool, Default: "true", For: installing, Help: "keep in the store what install scripts make, and use what is there",
		bind: func(s *Settings) any { return &s.Build.Cache }},
	{Key: "side-effects-cache-readonly", Kind: Bool, Default: "false", For: installing, Help: "use what is there, and keep nothing",
		bind: func(s *Settings) any { return &s.Build.CacheReadonly }},
	{Key: "jail", Kind: Bool, Default: "false", For: installing, Help: "run install scripts without network, secrets, or writes elsewhere (Linux)",
		bind: func(s *Settings) any { return &s.Build.Jail }},
	{Key: "script-shell", Kind: Text, Help: "shell that runs scripts (default sh; on Windows cmd.exe)",
		bind: func(s *Settings) any { return &s.Build.Shell }},

	// Lockfile.
	{Key: "frozen-lockfile", Flags: "immutable", Kind: Bool, For: installing, Help: "fail when the lockfile would change (default on CI when there is one)",
		bind: func(s *Settings) any { return &s.Lockfile.Frozen }},
	{Key: "prefer-frozen-lockfile", Kind: Bool, Default: "true", For: installing, Help: "resolve nothing while the lockfile satisfies package.json",
		bind: func(s *Settings) any { return &s.Lockfile.PreferFrozen }},
	{Key: "lockfile-only", Also: "package-lock-only", Kind: Bool, Default: "false", For: slices.Concat(installing, billing), Help: "write the lockfile, leave node_modules alone; sbom: look at nothing else",
		bind: func(s *Settings) any { return &s.Lockfile.Only }},
	{Key: "lockfile", Also: "package-lock", Kind: Bool, Default: "true", For: slices.Concat(installing, []string{"clean"}), Help: "read and write a lockfile",
		bind: func(s *Settings) any { return &s.Lockfile.Enabled }},
	{Key: "pure-lockfile", Kind: Bool, Default: "false", For: installing, Help: "read the lockfile, and do not write it", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Lockfile.Keep }},
	{Key: "mode", Kind: Enum, Values: "skip-build update-lockfile", For: installing, Help: "yarn's name of --ignore-scripts and of --lockfile-only", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.given.mode }},
	{Key: "shrinkwrap", Kind: Bool, For: installing, Help: "old name of --lockfile",
		bind: func(s *Settings) any { return &s.given.shrinkwrap }},
	{Key: "omit-lockfile-registry-resolved", Kind: Bool, Default: "false", For: installing, Help: "npm's projects: leave out of the lockfile where registries have packages",
		bind: func(s *Settings) any { return &s.Lockfile.OmitResolved }},
	{Key: "git-branch-lockfile", Kind: Bool, Default: "false", For: installing, Help: "a lockfile for each git branch",
		bind: func(s *Settings) any { return &s.Lockfile.PerBranch }},
	{Key: "merge-git-branch-lockfiles", Kind: Bool, Default: "false", For: installing, Help: "put the lockfiles of all branches into pnpm-lock.yaml",
		bind: func(s *Settings) any { return &s.Lockfile.MergeBranches }},
	{Key: "merge-git-branch-lockfiles-branch-pattern", Kind: List, For: installing, Help: "git branches on which to do so",
		bind: func(s *Settings) any { return &s.Lockfile.MergeOn }},
	{Key: "lockfile-include-tarball-url", Kind: Bool, Default: "false", For: installing, Help: "write the URL of every tarball into the lockfile",
		bind: func(s *Settings) any { return &s.Lockfile.TarballURLs }},
	{Key: "exclude-links-from-lockfile", Kind: Bool, Default: "false", For: installing, Help: "leave dependencies with link: out of the lockfile",
		bind: func(s *Settings) any { return &s.Lockfile.ExcludeLinks }},
	{Key: "lockfile-dir", Flags: "lockfile-directory", Kind: Path, For: installing, Help: "directory of the lockfile (default: the project's, or its workspace's)",
		bind: func(s *Settings) any { return &s.Dirs.Lockfile }},

	// Resolution.
	{Key: "auto-install-peers", Kind: Bool, Default: "true", For: installing, Help: "install missing peer dependencies",
		bind: func(s *Settings) any { return &s.Resolve.AutoInstallPeers }},
	{Key: "strict-peer-dependencies", Kind: Bool, Default: "false", For: installing, Help: "fail on missing or conflicting peer dependencies",
		bind: func(s *Settings) any { return &s.Resolve.StrictPeers }},
	{Key: "strict-peer-deps", Kind: Bool, Default: "false", For: installing, Help: "npm's name of --strict-peer-dependencies",
		bind: func(s *Settings) any { return &s.given.strictPeers }},
	{Key: "legacy-peer-deps", Kind: Bool, Default: "false", For: installing, Help: "ignore peer dependencies altogether",
		bind: func(s *Settings) any { return &s.Resolve.LegacyPeers }},
	{Key: "prefer-dedupe", Kind: Bool, Default: "false", For: installing, Help: "npm's projects: rather take what is there than the newest",
		bind: func(s *Settings) any { return &s.Resolve.PreferDedupe }},
	{Key: "allow-git", Kind: Enum, Values: "all none root", Default: "all", For: installing, Help: "npm's projects: who may depend on repositories: root is the project alone",
		bind: func(s *Settings) any { return &s.Resolve.AllowGit }},
	{Key: "allow-remote", Kind: Enum, Values: "all none root", Default: "all", For: installing, Help: "... on URLs of tarballs",
		bind: func(s *Settings) any { return &s.Resolve.AllowRemote }},
	{Key: "allow-file", Kind: Enum, Values: "all none root", Default: "all", For: installing, Help: "... on tarballs of this machine",
		bind: func(s *Settings) any { return &s.Resolve.AllowFile }},
	{Key: "allow-directory", Kind: Enum, Values: "all none root", Default: "all", For: installing, Help: "... on directories of this machine",
		bind: func(s *Settings) any { return &s.Resolve.AllowDirectory }},
	{Key: "dedupe-peer-dependents", Kind: Bool, Default: "true", For: installing, Help: "one copy of packages whose peers agree",
		bind: func(s *Settings) any { return &s.Resolve.DedupeDependents }},
	{Key: "dedupe-peers", Kind: Bool, Default: "false", For: installing, Help: "name peers by version alone in the names of packages",
		bind: func(s *Settings) any { return &s.Resolve.DedupePeers }},
	{Key: "auto-install-peers-from-highest-match", Kind: Bool, Default: "false", For: installing, Help: "where ranges of a missing peer contradict each other, take the highest version of any",
		bind: func(s *Settings) any { return &s.Resolve.PeersFromHighest }},
	{Key: "resolution-mode", Kind: Enum, Values: "highest time-based lowest-direct", Default: "highest", For: installing, Help: "which of the satisfying versions is taken",
		bind: func(s *Settings) any { return &s.Resolve.Mode }},
	{Key: "block-exotic-subdeps", Kind: Bool, Default: "true", For: choosing, Help: "packages may not depend on repositories and URLs, only the project may",
		bind: func(s *Settings) any { return &s.Resolve.BlockExotic }},
	{Key: "allow-unused-patches", Also: "allow-non-applied-patches", Kind: Bool, Default: "false", For: installing, Help: "go on when a patch fits no package",
		bind: func(s *Settings) any { return &s.Resolve.UnusedPatches }},
	{Key: "ignore-compatibility-db", Kind: Bool, Default: "false", For: installing, Help: "take manifests as published, without the known corrections",
		bind: func(s *Settings) any { return &s.Resolve.IgnoreCompat }},
	{Key: "pnpmfile", Kind: List, For: installing, Help: "file whose hooks change manifests and lockfile (default .pnpmfile.mjs or .pnpmfile.cjs)",
		bind: func(s *Settings) any { return &s.Resolve.Pnpmfile }},
	{Key: "global-pnpmfile", Kind: Path, For: installing, Help: "the same, for all projects, before theirs",
		bind: func(s *Settings) any { return &s.Resolve.GlobalPnpmfile }},
	{Key: "ignore-pnpmfile", Kind: Bool, Default: "false", For: slices.Concat(installing, packing), Help: "run no hooks",
		bind: func(s *Settings) any { return &s.Resolve.IgnorePnpmfile }},
	{Key: "engine-strict", Kind: Bool, Default: "false", For: installing, Help: "fail when a package asks for another engine",
		bind: func(s *Settings) any { return &s.Resolve.EngineStrict }},
	{Key: "node-version", Kind: Text, For: installing, Help: "version that engines are checked against (default: the node on PATH)",
		bind: func(s *Settings) any { return &s.Resolve.NodeVersion }},
	{Key: "tag", Kind: Text, Default: "latest", For: slices.Concat(installing, publishing, []string{"dist-tag", "view"}), Help: "dist-tag of what is installed without a version, or published",
		bind: func(s *Settings) any { return &s.Resolve.Tag }},
	{Key: "minimum-release-age", Kind: Minutes, Default: "0", For: choosing, Help: "minutes a version must have been public",
		bind: func(s *Settings) any { return &s.Resolve.MinReleaseAge }},
	{Key: "min-release-age", Kind: Days, For: choosing, Help: "npm's minimum-release-age, in days",
		bind: func(s *Settings) any { return &s.given.minAgeDays }},
	{Key: "minimum-release-age-exclude", Also: "min-release-age-exclude", Kind: Versions, For: choosing, Help: "packages exempt from it",
		bind: func(s *Settings) any { return &s.Resolve.MinAgeExclude }},
	{Key: "minimum-release-age-strict", Kind: Bool, For: choosing, Help: "fail where nothing is old enough (default), or take the oldest version there is",
		bind: func(s *Settings) any { return &s.Resolve.StrictAge }},
	{Key: "minimum-release-age-ignore-missing-time", Kind: Bool, Default: "false", For: choosing, Help: "go without an age where the registry tells no times",
		bind: func(s *Settings) any { return &s.Resolve.IgnoreNoTime }},
	{Key: "trust-policy", Kind: Enum, Values: "off no-downgrade", Default: "off", For: choosing, Help: "no-downgrade refuses versions that are vouched for less than earlier ones",
		bind: func(s *Settings) any { return &s.Resolve.TrustPolicy }},
	{Key: "trust-policy-exclude", Kind: Versions, For: choosing, Help: "packages exempt from it",
		bind: func(s *Settings) any { return &s.Resolve.TrustExclude }},
	{Key: "trust-policy-ignore-after", Kind: Minutes, Default: "0", For: choosing, Help: "minutes after which it does not look at a version any more; 0 is never",
		bind: func(s *Settings) any { return &s.Resolve.TrustIgnoreAfter }},
	{Key: "trust-lockfile", Kind: Bool, Default: "false", For: installing, Help: "apply neither to what the lockfile has",
		bind: func(s *Settings) any { return &s.Resolve.TrustLockfile }},
	{Key: "before", Flags: "enjoy-by", Kind: Date, For: choosing, Help: "use only versions published before this date",
		bind: func(s *Settings) any { return &s.Resolve.Before }},

	// node_modules.
	{Key: "node-linker", Flags: "linker", Kind: Enum, Values: "isolated hoisted pnp", For: installing, Help: "shape of node_modules (default: what the lockfile's tool makes)",
		bind: func(s *Settings) any { return &s.Install.Linker }},
	{Key: "install-strategy", Kind: Enum, Values: "hoisted nested shallow linked", For: installing, Help: "where npm's projects have packages: as high as they can, or where they are needed",
		bind: func(s *Settings) any { return &s.Resolve.Strategy }},
	{Key: "global-style", Kind: Bool, Default: "false", For: installing, Help: "old name of --install-strategy=shallow",
		bind: func(s *Settings) any { return &s.given.globalStyle }},
	{Key: "legacy-bundling", Kind: Bool, Default: "false", For: installing, Help: "old name of --install-strategy=nested",
		bind: func(s *Settings) any { return &s.given.legacyBundling }},
	{Key: "install-links", Kind: Bool, Default: "false", For: installing, Help: "npm's projects: copy directories outside of the project instead of linking them",
		bind: func(s *Settings) any { return &s.Resolve.InstallLinks }},
	{Key: "bin-links", Kind: Bool, Default: "true", For: installing, Help: "make the commands of packages",
		bind: func(s *Settings) any { return &s.Install.BinLinks }},
	{Key: "package-import-method", Kind: Enum, Values: "auto hardlink copy clone clone-or-copy", Default: "auto", For: installing, Help: "how files come from the store",
		bind: func(s *Settings) any { return &s.Install.ImportMethod }},
	{Key: "backend", Kind: Enum, Values: "clonefile hardlink copyfile", For: installing, Help: "bun's name of --package-import-method", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.given.backend }},
	{Key: "hoist", Kind: Bool, Default: "true", For: installing, Help: "link undeclared packages where only packages find them",
		bind: func(s *Settings) any { return &s.given.hoist }},
	{Key: "hoist-pattern", Kind: List, Default: "*", For: installing, Help: "names that hoist applies to",
		bind: func(s *Settings) any { return &s.Install.HoistPattern }},
	{Key: "public-hoist-pattern", Kind: List, For: installing, Help: "names that are linked to node_modules",
		bind: func(s *Settings) any { return &s.Install.PublicHoist }},
	{Key: "hoisting-limits", Kind: Enum, Values: "none workspaces dependencies", Default: "none", For: installing, Help: "how high packages go in a hoisted node_modules: out of their project, or of what needs them",
		bind: func(s *Settings) any { return &s.Install.HoistingLimits }},
	{Key: "shamefully-hoist", Kind: Bool, Default: "false", For: installing, Help: "link every package to node_modules",
		bind: func(s *Settings) any { return &s.given.shamefully }},
	{Key: "modules-dir", Flags: "modules-folder", Kind: Text, Default: "node_modules", For: installing, Help: "name of node_modules",
		bind: func(s *Settings) any { return &s.Dirs.Modules }},
	{Key: "virtual-store-dir", Kind: Path, For: installing, Help: "directory of the slots (default node_modules/.pnpm)",
		bind: func(s *Settings) any { return &s.Dirs.VirtualStore }},
	{Key: "virtual-store", Also: "virtual-store-type", Kind: Enum, Values: "local project global", For: installing, Help: "packages in the project (local, the default) or in the store, shared by all projects (global)",
		bind: func(s *Settings) any { return &s.given.virtualStore }},
	{Key: "enable-global-virtual-store", Kind: Bool, For: installing, Help: "pnpm's name of virtual-store=global",
		bind: func(s *Settings) any { return &s.given.globalVirtualStore }},
	// Turbopack and Metro read nothing outside of the project; the setting and
	// its default are aube's.
	{Key: "disable-global-virtual-store-for-packages", Kind: Names, Default: "next,expo,react-native,metro", For: installing, Help: "direct dependencies with which virtual-store=global does nothing",
		bind: func(s *Settings) any { return &s.Install.Unshared }},
	{Key: "virtual-store-only", Kind: Bool, Default: "false", For: installing, Help: "make slots, and nothing that leads to them; run no scripts",
		bind: func(s *Settings) any { return &s.Install.SlotsOnly }},
	{Key: "enable-modules-dir", Kind: Bool, Default: "true", For: installing, Help: "make node_modules, and not only the lockfile and what is in the store",
		bind: func(s *Settings) any { return &s.Install.ModulesDir }},
	{Key: "symlink", Kind: Bool, Default: "true", For: installing, Help: "link packages where their dependents find them",
		bind: func(s *Settings) any { return &s.Install.Symlink }},
	{Key: "prefer-symlinked-executables", Kind: Bool, For: installing, Help: "commands are links, not scripts (default true with a hoisted node_modules)",
		bind: func(s *Settings) any { return &s.Install.SymlinkBins }},
	{Key: "extend-node-path", Kind: Bool, Default: "true", For: installing, Help: "let commands find what is hoisted, by NODE_PATH",
		bind: func(s *Settings) any { return &s.Install.ExtendNodePath }},
	{Key: "virtual-store-dir-max-length", Kind: Int, Default: "120", For: installing, Help: "longest name of a slot (on Windows 60)",
		bind: func(s *Settings) any { return &s.Dirs.MaxSlotName }},
	{Key: "peers-suffix-max-length", Kind: Int, Default: "1000", For: installing, Help: "longest peer suffix that is not hashed",
		bind: func(s *Settings) any { return &s.Dirs.MaxPeersSuffix }},

	// Workspace.
	{Key: "recursive", Short: "r", Kind: Bool, For: scoped, Help: "for all projects of the workspace (the default of install)", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Workspace.Recursive }},
	{Key: "filter", Short: "F", Kind: List, For: scoped, Help: "for the projects of the workspace that a name, a path or [a git ref] selects", never: notFile,
		bind: func(s *Settings) any { return &s.Workspace.Filter }},
	{Key: "filter-prod", Kind: List, For: scoped, Help: "as --filter, not following devDependencies", never: notFile,
		bind: func(s *Settings) any { return &s.Workspace.FilterProd }},
	{Key: "fail-if-no-match", Kind: Bool, Default: "false", For: scoped, Help: "fail if --filter selects nothing", never: notFile,
		bind: func(s *Settings) any { return &s.Workspace.FailIfNone }},
	{Key: "workspace-root", Short: "w", Kind: Bool, Default: "false", For: scoped, Help: "for the root of the workspace", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Workspace.Root }},
	{Key: "include-workspace-root", Kind: Bool, Default: "false", For: scoped, Help: "for the root of the workspace, too, where --filter only excludes",
		bind: func(s *Settings) any { return &s.Workspace.IncludeRoot }},
	{Key: "ignore-workspace", Kind: Bool, Default: "false", For: scoped, Help: "take the project for one outside of any workspace", never: notProject,
		bind: func(s *Settings) any { return &s.Workspace.Ignore }},
	{Key: "ignore-workspace-root-check", Short: "W", Kind: Bool, Default: "false", For: saving, Help: "add to the root of a workspace without -w",
		bind: func(s *Settings) any { return &s.Workspace.IgnoreRootCheck }},
	{Key: "recursive-install", Kind: Bool, Default: "true", For: installing, Help: "install for all projects of the workspace, not only for the one at hand",
		bind: func(s *Settings) any { return &s.Workspace.InstallAll }},
	{Key: "shared-workspace-lockfile", Kind: Bool, Default: "true", For: installing, Help: "one lockfile for all projects of the workspace",
		bind: func(s *Settings) any { return &s.Workspace.SharedLockfile }},
	{Key: "link-workspace-packages", Kind: Enum, Values: "true false deep", For: installing, Help: "let plain ranges mean projects of the workspace (default false; true with npm's workspaces)",
		bind: func(s *Settings) any { return &s.Workspace.Link }},
	{Key: "prefer-workspace-packages", Kind: Bool, Default: "false", For: installing, Help: "... even if the registry has a higher version",
		bind: func(s *Settings) any { return &s.Workspace.Prefer }},
	{Key: "inject-workspace-packages", Kind: Bool, Default: "false", For: installing, Help: "copy projects of the workspace instead of linking them",
		bind: func(s *Settings) any { return &s.Workspace.Inject }},
	{Key: "dedupe-injected-deps", Kind: Bool, Default: "true", For: installing, Help: "link all the same where the copy would have the same dependencies",
		bind: func(s *Settings) any { return &s.Workspace.DedupeInjected }},
	{Key: "dedupe-direct-deps", Kind: Bool, Default: "false", For: installing, Help: "leave out of a project what the root of the workspace has already",
		bind: func(s *Settings) any { return &s.Workspace.DedupeDirect }},
	{Key: "hoist-workspace-packages", Kind: Bool, Default: "true", For: installing, Help: "hoist the projects of the workspace, too",
		bind: func(s *Settings) any { return &s.Workspace.Hoist }},
	{Key: "resolve-peers-from-workspace-root", Kind: Bool, Default: "true", For: installing, Help: "take peers from the dependencies of the root of the workspace",
		bind: func(s *Settings) any { return &s.Workspace.PeersFromRoot }},
	{Key: "disallow-workspace-cycles", Kind: Bool, Default: "false", For: installing, Help: "fail when projects of the workspace depend on each other in a circle",
		bind: func(s *Settings) any { return &s.Workspace.NoCycles }},
	{Key: "ignore-workspace-cycles", Kind: Bool, Default: "false", For: installing, Help: "do not warn of such a circle",
		bind: func(s *Settings) any { return &s.Workspace.IgnoreCycles }},

	// Store and cache.
	{Key: "store-dir", Kind: Path, Help: "directory of the store",
		bind: func(s *Settings) any { return &s.Dirs.Store }},
	{Key: "cache-dir", Kind: Path, Help: "directory of the cache",
		bind: func(s *Settings) any { return &s.Dirs.Cache }},
	{Key: "cache", Also: "cache-folder", Kind: Path, Help: "directory of cache and store in one, as npm's is; store-dir and cache-dir say more",
		bind: func(s *Settings) any { return &s.given.cache }},
	{Key: "global-dir", Kind: Path, Help: "directory of the global packages (default: in PNPM_HOME, else beside the store)", never: notProject,
		bind: func(s *Settings) any { return &s.Dirs.Global }},
	{Key: "global-bin-dir", Kind: Path, Help: "directory of their commands (default: bin beside it, or in a prefix that was chosen)", never: notProject,
		bind: func(s *Settings) any { return &s.Dirs.GlobalBin }},
	{Key: "offline", Kind: Bool, Default: "false", Help: "use only what the store and the cache have",
		bind: func(s *Settings) any { return &s.Network.Offline }},
	{Key: "prefer-offline", Kind: Bool, Default: "false", Help: "ask the registry only for what the cache does not have",
		bind: func(s *Settings) any { return &s.Network.PreferOffline }},
	{Key: "prefer-online", Kind: Bool, Default: "false", Help: "ask the registry whether what the cache has is current",
		bind: func(s *Settings) any { return &s.Network.PreferOnline }},

	// Network.
	{Key: "registry", Flags: "reg", Kind: URL, Help: "base URL of the registry",
		bind: func(s *Settings) any { return &s.given.registry }},
	{Key: "https-proxy", Kind: Proxy, Help: "proxy for https requests",
		bind: func(s *Settings) any { return &s.given.httpsProxy }},
	{Key: "proxy", Also: "http-proxy", Kind: Proxy, Help: "proxy for requests",
		bind: func(s *Settings) any { return &s.given.proxy }},
	{Key: "noproxy", Also: "no-proxy", Kind: Names, Help: "hosts to reach without the proxy",
		bind: func(s *Settings) any { return &s.Network.NoProxy }},
	{Key: "strict-ssl", Kind: Bool, Help: "check the registry's certificate (default true)",
		bind: func(s *Settings) any { return &s.given.strictSSL }},
	{Key: "cafile", Kind: Path, Help: "file with the certificates to trust instead of the system's",
		bind: func(s *Settings) any { return &s.Network.CAFile }},
	{Key: "ca", Kind: List, Help: "certificates to trust instead of the system's, as PEM",
		bind: func(s *Settings) any { return &s.Network.CA }},
	{Key: "cert", Kind: Text, Help: "client certificate, as PEM",
		bind: func(s *Settings) any { return &s.Network.Cert }},
	{Key: "key", Kind: Hidden, Help: "key of the client certificate, as PEM",
		bind: func(s *Settings) any { return &s.Network.Key }},
	{Key: "local-address", Kind: Text, Help: "IP address to send from",
		bind: func(s *Settings) any { return &s.Network.LocalAddress }},
	{Key: "fetch-retries", Kind: Int, Default: "2", Help: "attempts after the first",
		bind: func(s *Settings) any { return &s.Network.Retries }},
	{Key: "fetch-retry-factor", Kind: Int, Default: "10", Help: "how much longer each wait is",
		bind: func(s *Settings) any { return &s.Network.RetryFactor }},
	{Key: "fetch-retry-mintimeout", Kind: Millis, Default: "10000", Help: "shortest wait between attempts, in ms",
		bind: func(s *Settings) any { return &s.Network.RetryMin }},
	{Key: "fetch-retry-maxtimeout", Kind: Millis, Default: "60000", Help: "longest wait between attempts, in ms",
		bind: func(s *Settings) any { return &s.Network.RetryMax }},
	{Key: "fetch-timeout", Also: "timeout network-timeout", Kind: Millis, Default: "300000", Help: "how long a server may be silent, or next to it, in ms",
		bind: func(s *Settings) any { return &s.Network.Timeout }},
	{Key: "maxsockets", Also: "max-sockets", Kind: Int, Help: "connections to one host (default: chosen by protocol)",
		bind: func(s *Settings) any { return &s.Network.MaxSockets }},
	{Key: "network-concurrency", Kind: Int, Help: "requests at once (default: chosen by the machine)",
		bind: func(s *Settings) any { return &s.Network.Concurrency }},
	{Key: "replace-registry-host", Kind: Text, Default: "npmjs", Help: "host of tarball URLs to replace with the registry's: npmjs, never, always, or a host",
		bind: func(s *Settings) any { return &s.Network.ReplaceHost }},
	{Key: "resolve-server", Kind: URL, For: installing, Help: "base URL of a server that resolves in place of this machine",
		bind: func(s *Settings) any { return &s.Network.ResolveServer }},
	{Key: "user-agent", Kind: Text, Help: "User-Agent of requests", never: notEnv,
		bind: func(s *Settings) any { return &s.Network.UserAgent }},

	// Writing package.json.
	{Key: "save", Short: "S", Kind: Bool, Default: "true", For: slices.Concat(saving, nameless), Help: "write to package.json, and the lockfile",
		bind: func(s *Settings) any { return &s.Save.Save }},
	{Key: "save-dev", Short: "D", Kind: Bool, Default: "false", For: grouping, Idle: nameless, Help: "write to devDependencies",
		bind: func(s *Settings) any { return &s.Save.Dev }},
	{Key: "save-prod", Short: "P", Kind: Bool, Default: "false", For: grouping, Idle: nameless, Help: "write to dependencies",
		bind: func(s *Settings) any { return &s.Save.Prod }},
	{Key: "save-optional", Short: "O", Kind: Bool, Default: "false", For: grouping, Idle: nameless, Help: "write to optionalDependencies",
		bind: func(s *Settings) any { return &s.Save.Optional }},
	{Key: "save-peer", Flags: "peer", Kind: Bool, Default: "false", For: grouping, Idle: nameless, Help: "write to peerDependencies",
		bind: func(s *Settings) any { return &s.Save.Peer }},
	{Key: "save-exact", Flags: "exact", Short: "E", Kind: Bool, Default: "false", For: saving, Idle: nameless, Help: "write the exact version",
		bind: func(s *Settings) any { return &s.Save.Exact }},
	{Key: "save-prefix", Kind: Text, Default: "^", For: saving, Idle: nameless, Help: "what stands before the version that is written",
		bind: func(s *Settings) any { return &s.Save.Prefix }},
	{Key: "save-workspace-protocol", Kind: Enum, Values: "true false rolling", Default: "rolling", For: saving, Help: "write projects of the workspace with their version (true), bare (false), or as workspace:^",
		bind: func(s *Settings) any { return &s.Save.WorkspaceProtocol }},

	{Key: "workspace", Kind: Bool, Default: "false", For: adding, Help: "add projects of the workspace", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Save.Workspace }},
	{Key: "save-catalog", Kind: Bool, Default: "false", For: adding, Help: "write versions to the default catalog", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Save.Catalog }},
	{Key: "save-catalog-name", Kind: Text, For: adding, Help: "write versions to the catalog of this name",
		bind: func(s *Settings) any { return &s.Save.CatalogName }},
	{Key: "catalog-mode", Kind: Enum, Values: "manual prefer strict", Default: "manual", For: adding, Help: "write versions to the default catalog: when told so, where they fit its entry, or always",
		bind: func(s *Settings) any { return &s.Save.CatalogMode }},
	{Key: "catalog-prune", Also: "cleanup-unused-catalogs", Kind: Bool, Default: "false", For: installing, Help: "take entries out of catalogs that no project refers to",
		bind: func(s *Settings) any { return &s.Save.PruneCatalogs }},
	{Key: "check-names", Kind: Bool, Default: "true", For: adding, Help: "ask about a young package whose name is one slip away from a popular one",
		bind: func(s *Settings) any { return &s.Save.CheckNames }},
	{Key: "latest", Short: "L", Kind: Bool, Default: "false", For: updating, Help: "take the latest versions, whatever the ranges say", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Update.Latest }},
	{Key: "interactive", Short: "i", Kind: Bool, Default: "false", For: updating, Help: "ask which dependencies are meant", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Update.Interactive }},
	{Key: "long", Short: "l", Kind: Bool, Default: "false", For: slices.Concat(listing, []string{"licenses", "config", "outdated"}), Help: "list: where packages are; licenses, outdated: more about them; config: sources and defaults", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Long }},
	{Key: "parseable", Short: "p", Kind: Bool, Default: "false", For: slices.Concat(listing, []string{"search"}), Help: "print paths, a line each; search: columns between tabs", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Parseable }},
	{Key: "member", Kind: List, For: []string{"init"}, Help: "make a project in this directory below, a member of npm's workspaces; npm's -w", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Members }},
	{Key: "format", Kind: Enum, Values: "table list json", Default: "table", For: []string{"outdated"}, Help: "how newer versions are shown", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Format }},
	{Key: "compatible", Kind: Bool, Default: "false", For: []string{"outdated"}, Help: "only versions within the ranges of package.json", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Compatible }},
	{Key: "sort-by", Kind: Enum, Values: "name", For: []string{"outdated"}, Help: "order by name (default: by how large the change is)", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.SortBy }},
	{Key: "depth", Kind: Text, For: slices.Concat(updating, listing), Help: "how deep: 0 is what the project depends on itself (the default of list), or Infinity (of update)", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Depth }},
	{Key: "location", Short: "L", Kind: Enum, Values: "project user global", For: []string{"config"}, Help: "which file to change (default: the user's)", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Location }},
	{Key: "global", Short: "g", Kind: Bool, Default: "false", For: global, Help: "about the packages that are installed for all projects", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Global }},

	// Scripts.
	{Key: "if-present", Kind: Bool, Default: "false", For: running, Help: "no error if there is no such script", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Run.IfPresent }},
	{Key: "parallel", Kind: Bool, Default: "false", For: running, Help: "in all projects at one time, in no order", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Run.Parallel }},
	{Key: "stream", Kind: Bool, Default: "false", For: running, Help: "write the project before each line, also of one that runs alone",
		bind: func(s *Settings) any { return &s.Run.Stream }},
	{Key: "aggregate-output", Kind: Bool, Default: "false", For: running, Help: "hold what a script writes beside others until it ends",
		bind: func(s *Settings) any { return &s.Run.Aggregate }},
	{Key: "reporter-hide-prefix", Kind: Bool, Default: "false", For: running, Help: "do not write the project before what its script writes",
		bind: func(s *Settings) any { return &s.Run.HidePrefix }},
	{Key: "sort", Kind: Bool, Default: "true", For: slices.Concat(running, packing), Help: "a project after those that it depends on",
		bind: func(s *Settings) any { return &s.Run.Sort }},
	{Key: "reverse", Kind: Bool, Default: "false", For: slices.Concat(running, packing), Help: "in the opposite order", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Run.Reverse }},
	{Key: "bail", Kind: Bool, Default: "true", For: running, Help: "stop when a script fails",
		bind: func(s *Settings) any { return &s.Run.Bail }},
	{Key: "resume-from", Kind: Text, For: slices.Concat(running, packing), Help: "leave out what comes before the project of this name", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Run.ResumeFrom }},
	{Key: "workspace-concurrency", Kind: Int, For: running, Help: "projects at one time (default 4, or as many as there are processors)",
		bind: func(s *Settings) any { return &s.Run.Concurrency }},
	{Key: "shell-mode", Short: "c", Kind: Bool, Default: "false", For: []string{"exec", "dlx"}, Help: "let a shell read the command", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Run.ShellMode }},
	{Key: "call", Short: "c", Kind: Text, For: []string{"exec", "dlx", "npx"}, Help: "a command line for the shell, where npm and npx have one", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Run.Call }},
	{Key: "package", Short: "p", Kind: List, For: []string{"exec", "dlx", "npx"}, Help: "install this package for the command, which may be another one's; repeat the flag for several", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Run.Packages }},
	{Key: "allow-build", Kind: Names, For: []string{"add", "dlx", "npx", "create"}, Help: "let this package run its install scripts, too; add: or not, with \"!\" before the name", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Install.AllowBuild }},
	{Key: "dlx-cache-max-age", Kind: Minutes, Default: "1440", Help: "minutes for which dlx uses what it installed",
		bind: func(s *Settings) any { return &s.Dirs.DlxMaxAge }},
	{Key: "verify-deps-before-run", Kind: Enum, Values: "install warn error prompt true false", For: running, Help: "before a script, if dependencies are stale (default install; for npm's lockfile false)",
		bind: func(s *Settings) any { return &s.Run.Verify }},
	{Key: "sync-injected-deps-after-scripts", Kind: Names, For: running, Help: "scripts after which the copies of a project are made anew that others have of it",
		bind: func(s *Settings) any { return &s.Run.SyncAfter }},
	{Key: "enable-pre-post-scripts", Kind: Bool, Default: "true", For: running, Help: "run prebuild and postbuild with build",
		bind: func(s *Settings) any { return &s.Run.PrePost }},

	// Packing and publishing.
	{Key: "pack-destination", Kind: Path, For: []string{"pack"}, Help: "directory to put tarballs into", never: notProject,
		bind: func(s *Settings) any { return &s.Publish.Destination }},
	{Key: "out", Kind: Text, For: []string{"pack", "sbom"}, Help: "path of the file to write, with %s for the name and %v for the version", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Publish.Out }},
	{Key: "pack-gzip-level", Kind: Int, Default: "9", For: packing, Help: "how hard to compress, from 0 to 9",
		bind: func(s *Settings) any { return &s.Publish.GzipLevel }},
	{Key: "access", Kind: Enum, Values: "public restricted", For: publishing, Help: "who may see a package with a scope (default: the registry's choice)",
		bind: func(s *Settings) any { return &s.Publish.Access }},
	{Key: "otp", Kind: Hidden, For: owning, Help: "one-time password", never: notFile,
		bind: func(s *Settings) any { return &s.Publish.OTP }},
	{Key: "provenance", Kind: Bool, Default: "false", For: publishing, Help: "sign where the package comes from; not supported",
		bind: func(s *Settings) any { return &s.Publish.Provenance }},
	{Key: "git-checks", Kind: Bool, Default: "true", For: slices.Concat(publishing, versioning), Help: "refuse what is not committed, and to publish from another branch",
		bind: func(s *Settings) any { return &s.Publish.GitChecks }},
	{Key: "publish-branch", Kind: Text, For: publishing, Help: "branch to publish from (default: master or main)",
		bind: func(s *Settings) any { return &s.Publish.Branch }},
	{Key: "report-summary", Kind: Bool, Default: "false", For: slices.Concat(publishing, running), Help: "write what became of each project to pnpm-publish-summary.json, or pnpm-exec-summary.json", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.ReportSummary }},
	{Key: "auth-type", Kind: Enum, Values: "web legacy", Default: "web", For: owning, Help: "log in in the browser, or with a password",
		bind: func(s *Settings) any { return &s.Publish.AuthType }},
	{Key: "scope", Kind: Text, For: owning, Help: "for the registry of this scope",
		bind: func(s *Settings) any { return &s.Publish.Scope }},

	// Comparing.
	{Key: "diff", Kind: Names, For: comparing, Help: "what to compare: packages, versions, directories", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Diff.Specs }},
	{Key: "diff-name-only", Kind: Bool, Default: "false", For: comparing, Help: "print the names of files only",
		bind: func(s *Settings) any { return &s.Diff.NameOnly }},
	{Key: "diff-unified", Kind: Int, Default: "3", For: comparing, Help: "lines to show around a change",
		bind: func(s *Settings) any { return &s.Diff.Unified }},
	{Key: "diff-ignore-all-space", Kind: Bool, Default: "false", For: comparing, Help: "ignore white space at both ends of lines",
		bind: func(s *Settings) any { return &s.Diff.IgnoreSpace }},
	{Key: "diff-no-prefix", Kind: Bool, Default: "false", For: comparing, Help: "put nothing before names",
		bind: func(s *Settings) any { return &s.Diff.NoPrefix }},
	{Key: "diff-src-prefix", Kind: Text, Default: "a/", For: comparing, Help: "what stands before names of the first package",
		bind: func(s *Settings) any { return &s.Diff.Src }},
	{Key: "diff-dst-prefix", Kind: Text, Default: "b/", For: comparing, Help: "what stands before names of the second one",
		bind: func(s *Settings) any { return &s.Diff.Dst }},
	{Key: "diff-text", Kind: Bool, Default: "false", For: comparing, Help: "show what is no text as well",
		bind: func(s *Settings) any { return &s.Diff.Text }},

	{Key: "git-tag-version", Kind: Bool, Default: "true", For: versioning, Help: "commit and tag the new version",
		bind: func(s *Settings) any { return &s.Version.GitTag }},
	{Key: "tag-version-prefix", Kind: Text, Default: "v", For: slices.Concat(versioning, comparing), Help: "what stands before the version in the tag",
		bind: func(s *Settings) any { return &s.Version.TagPrefix }},
	{Key: "message", Short: "m", Kind: Text, Default: "%s", For: versioning, Help: "message of commit and tag, with %s for the version",
		bind: func(s *Settings) any { return &s.Version.Message }},
	{Key: "new-version", Kind: Text, For: versioning, Help: "yarn's form of the word behind version", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Version.New }},
	{Key: "preid", Kind: Text, For: versioning, Help: "word of prereleases, such as rc",
		bind: func(s *Settings) any { return &s.Version.Preid }},
	{Key: "commit-hooks", Kind: Bool, Default: "true", For: versioning, Help: "let git run the hooks of commits",
		bind: func(s *Settings) any { return &s.Version.Hooks }},
	{Key: "sign-git-commit", Kind: Bool, Default: "false", For: versioning, Help: "sign the commit",
		bind: func(s *Settings) any { return &s.Version.SignCommit }},
	{Key: "sign-git-tag", Kind: Bool, Default: "false", For: versioning, Help: "sign the tag",
		bind: func(s *Settings) any { return &s.Version.SignTag }},
	{Key: "allow-same-version", Kind: Bool, Default: "false", For: versioning, Help: "let the version be what it is",
		bind: func(s *Settings) any { return &s.Version.AllowSame }},

	// Auditing.
	{Key: "sbom-format", Kind: Enum, Values: "cyclonedx spdx", For: billing, Help: "form of the bill of materials, which has to be given",
		bind: func(s *Settings) any { return &s.Bill.Format }},
	{Key: "sbom-type", Kind: Enum, Values: "library application framework", For: billing, Help: "what the project is (default library)",
		bind: func(s *Settings) any { return &s.Bill.Type }},
	{Key: "sbom-spec-version", Kind: Enum, Values: "1.5 1.6 1.7", For: billing, Help: "version of CycloneDX (default 1.5 in npm's projects, else 1.7)", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Bill.Spec }},
	{Key: "sbom-authors", Kind: Names, For: billing, Help: "who made the bill", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Bill.Authors }},
	{Key: "sbom-supplier", Kind: Text, For: billing, Help: "who supplies what the bill is about", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Bill.Supplier }},
	{Key: "split", Kind: Bool, Default: "false", For: billing, Help: "a bill for each project, a line each or a file each with --out", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Bill.Split }},
	{Key: "exclude-peers", Kind: Bool, Default: "false", For: billing, Help: "leave out what projects have as peers only", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Bill.ExcludePeers }},
	{Key: "audit-level", Flags: "level", Kind: Enum, Values: "info low moderate high critical none", Default: "low", For: auditing, Help: "the least severity that is an error",
		bind: func(s *Settings) any { return &s.Audit.Level }},
	{Key: "fix", Kind: Bool, Default: "false", For: auditing, Help: "write overrides against what was found", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Audit.Fix }},
	{Key: "ignore", Kind: Names, For: auditing, Help: "advisories (GHSA-…) that are to count no more", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Audit.Ignore }},
	{Key: "ignore-registry-errors", Kind: Bool, Default: "false", For: auditing, Help: "succeed when the registry cannot be asked",
		bind: func(s *Settings) any { return &s.Audit.IgnoreErrors }},

	// The call, and the terminal.
	{Key: "dir", Flags: "cwd", Short: "C", Kind: Path, Help: "run as if started in this directory", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.given.dir }},
	{Key: "dry-run", Kind: Bool, Default: "false", For: slices.Concat(installing, packing, []string{"deprecate", "unpublish", "version", "setup"}), Help: "print the plan, write nothing", never: notFile,
		bind: func(s *Settings) any { return &s.Call.DryRun }},
	{Key: "force", Short: "f", Kind: Bool, Default: "false", Help: "do again what is already done",
		bind: func(s *Settings) any { return &s.Call.Force }},
	{Key: "all", Short: "a", Kind: Bool, Default: "false", For: []string{"approve-builds", "list"}, Help: "approve all packages that await it; list: however deep", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.All }},
	{Key: "expect-results", Kind: Bool, For: []string{"query"}, Help: "fail where there are no results, or with false where there are any", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.ExpectResults }},
	{Key: "expect-result-count", Kind: Int, For: []string{"query"}, Help: "fail where there are not so many", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.ExpectCount }},
	{Key: "edit-dir", Kind: Path, For: []string{"patch"}, Help: "where to put the files (default: a directory in node_modules)", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.EditDir }},
	{Key: "ignore-existing", Kind: Bool, Default: "false", For: []string{"patch"}, Help: "leave out the patch that there is", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.IgnoreExisting }},
	{Key: "strategy", Kind: Enum, Values: "highest", Default: "highest", For: []string{"dedupe"}, Help: "yarn's name of what dedupe does", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.given.strategy }},
	{Key: "check", Short: "c", Kind: Bool, Default: "false", For: []string{"dedupe"}, Help: "change nothing, and fail if something would change", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Check }},
	{Key: "legacy", Also: "force-legacy-deploy", Kind: Bool, Default: "false", For: []string{"deploy"}, Help: "leave package.json as it is, and write no lockfile",
		bind: func(s *Settings) any { return &s.Call.Legacy }},
	{Key: "deploy-all-files", Kind: Bool, Default: "false", For: []string{"deploy"}, Help: "copy all files of the project, not only those that would be published",
		bind: func(s *Settings) any { return &s.Call.AllFiles }},
	{Key: "searchlimit", Flags: "search-limit", Kind: Int, Default: "20", For: []string{"search"}, Help: "how many packages at most",
		bind: func(s *Settings) any { return &s.Call.SearchLimit }},
	{Key: "searchexclude", Kind: Text, For: []string{"search"}, Help: "leave out packages that say one of these words",
		bind: func(s *Settings) any { return &s.Call.SearchExclude }},
	{Key: "pending", Kind: Bool, Default: "false", For: []string{"rebuild"}, Help: "only packages that were not built when they were installed", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Pending }},
	{Key: "to", Kind: Enum, Values: "pnpm npm yarn bun", Default: "pnpm", For: []string{"import"}, Help: "whose lockfile to make", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.To }},
	{Key: "non-interactive", Kind: Bool, Default: "false", Help: "ask nothing, even on a terminal", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.NoQuestions }},
	{Key: "yes", Short: "y", Kind: Bool, Help: "answer yes to every question",
		bind: func(s *Settings) any { return &s.Call.Yes }},
	{Key: "json", Kind: Bool, Default: "false", For: slices.Concat(packing, []string{"install", "ci", "add", "remove", "update", "dedupe", "prune", "peers", "list", "licenses", "why", "outdated", "config", "view", "run", "version", "audit", "dist-tag", "owner", "whoami", "ping", "doctor", "docs", "bugs", "repo", "pkg", "search", "find-dupes", "fund"}), Help: "print JSON; pkg: read values as JSON, too", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.JSON }},
	{Key: "trace", Kind: Path, Help: "write a Chrome trace of the install to this file", never: notFile,
		bind: func(s *Settings) any { return &s.Call.Trace }},
	// A project that chose it would choose a program.
	{Key: "browser", Kind: Text, For: browsing, Help: "program that opens pages (default: the system's), or false to print their addresses alone", never: notProject,
		bind: func(s *Settings) any { return &s.Terminal.Browser }},
	{Key: "which", Kind: Int, For: []string{"fund"}, Help: "of several pages of a package the one to open, from 1", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Which }},
	{Key: "reporter", Kind: Enum, Values: "default append-only ndjson silent", Default: "default", Help: "how progress is shown",
		bind: func(s *Settings) any { return &s.Terminal.Reporter }},
	{Key: "loglevel", Kind: Enum, Values: "silent error warn notice http info debug verbose silly", Default: "notice", Help: "how much is told",
		bind: func(s *Settings) any { return &s.Terminal.LogLevel }},
	{Key: "color", Kind: Enum, Values: "auto always never true false", Default: "auto", Help: "use colours",
		bind: func(s *Settings) any { return &s.Terminal.Color }},
	{Key: "progress", Kind: Bool, Help: "show progress (default on a terminal)",
		bind: func(s *Settings) any { return &s.Terminal.Progress }},
	{Key: "unicode", Kind: Bool, Help: "use characters beyond ASCII (default: when the terminal can)",
		bind: func(s *Settings) any { return &s.Terminal.Unicode }},
	{Key: "help", Flags: "usage", Short: "h", Kind: Bool, Default: "false", Help: "show help", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Help }},
	{Key: "version", Short: "v", Kind: Bool, Default: "false", Help: "show the version", never: notFile | notEnv,
		bind: func(s *Settings) any { return &s.Call.Version }},

	// Where configuration is, and what it is about.
	{Key: "ci", Kind: Bool, Help: "behave as on a CI service (default: when the environment says so)",
		bind: func(s *Settings) any { return &s.given.ci }},
	{Key: "userconfig", Also: "npmrc-auth-file", Kind: Path, Help: "the user's .npmrc (default ~/.npmrc)", never: notProject,
		bind: func(s *Settings) any { return &s.given.userConfig }},
	{Key: "globalconfig", Kind: Path, Help: "the machine's npmrc (default $PREFIX/etc/npmrc)", never: notProject,
		bind: func(s *Settings) any { return &s.given.globalConfig }},
	{Key: "prefix", Kind: Path, Help: "where global things are; as a flag, the same as --dir", never: notProject,
		bind: func(s *Settings) any { return &s.given.prefix }},
}

// shorthand is a flag that stands for another flag with a value (npm's
// definitions/index.js, without those whose command does not exist yet).
type shorthand struct{ name, key, value string }

var shorthands = []shorthand{
	{"d", "loglevel", "info"},
	{"dd", "loglevel", "verbose"},
	{"ddd", "loglevel", "silly"},
	{"quiet", "loglevel", "warn"},
	{"q", "loglevel", "warn"},
	{"s", "loglevel", "silent"},
	{"silent", "loglevel", "silent"},
	{"verbose", "loglevel", "verbose"},
	{"n", "yes", "false"},
	{"no", "yes", "false"},
	{"no-install", "yes", "false"}, // npx's
	{"o", "save-optional", "true"}, // pnpm 12's, as -e
	{"e", "save-exact", "true"},
	{"tilde", "save-prefix", "~"},
	{"no-table", "format", "list"},
	{"T", "save-prefix", "~"}, // yarn's
	{"caret", "save-prefix", "^"},
	{"local", "global", "false"},
	{"foreground-scripts", "child-concurrency", "1"}, // what they print is shown anyway
	{"skip-builds", "mode", "skip-build"},
	{"major", "new-version", "major"}, // yarn 1's, as those below
	{"minor", "new-version", "minor"},
	{"patch", "new-version", "patch"},
	{"premajor", "new-version", "premajor"},
	{"preminor", "new-version", "preminor"},
	{"prepatch", "new-version", "prepatch"},
	{"prerelease", "new-version", "prerelease"},
	{"enable-pnp", "node-linker", "pnp"},
	{"pnp", "node-linker", "pnp"},
	{"ignore-engines", "engine-strict", "false"},
	{"ignore-optional", "optional", "false"},
	{"check-files", "force", "true"},
	{"no-cache", "prefer-online", "true"}, // bun's: ask about all that is in the cache
	{"?", "help", "true"},
	{"H", "help", "true"},
}
