package config

import "time"

// Settings is every setting with its value, resolved once before the engine
// starts. It is a plain value: pass copies, share its slices, change neither.
type Settings struct {
	CI        bool   // on a CI service, or told so
	CIName    string // the service; "" when unknown
	Call      Call
	Dirs      Dirs
	Include   Include
	Lockfile  Lockfile
	Install   Install
	Build     Build
	Resolve   Resolve
	Workspace Workspace
	Network   Network
	Save      Save
	Update    Update
	Run       Run
	Publish   Publish
	Version   Version
	Audit     Audit
	Report    Report
	Diff      Diff
	Token     Token
	Bill      Bill
	Terminal  Terminal

	given given
}

// Call is what one call of the program is asked, beside its command.
type Call struct {
	DryRun         bool     // print the plan, write nothing
	Force          bool     // do again what is already done
	NoQuestions    bool     // ask nothing, as if nobody sat at the terminal
	All            bool     // of approve-builds: approve all that await it
	Check          bool     // of dedupe: change nothing
	EditDir        string   // of patch: where files go; "" is its own choice
	IgnoreExisting bool     // of patch: leave out the patch that there is
	Pending        bool     // of rebuild: only what is not built
	Which          int      // of fund: the page that is meant, from 1
	Yes            Tri      // the answer to questions; Unset asks, if someone is there
	JSON           bool     // print JSON, for scripts
	Long           bool     // list: with paths
	Format         string   // of outdated: table, list, json
	Compatible     bool     // of outdated: within the ranges only
	Members        []string // of init: directories of members to make
	SortBy         string   // of outdated: name; "" is by the size of the change
	Parseable      bool     // list: nothing but paths
	Depth          string   // a number or "Infinity"; "" is the command's own default
	Global         bool     // about what is installed for all projects
	Location       string   // of config: project, user, global; "" is the user's
	To             string   // of import: the tool that gets a lockfile
	ReportSummary  bool     // of publish, run and exec: write a file that tells what became of each project
	Legacy         bool     // of deploy: no lockfile, and package.json as it is
	AllFiles       bool     // of deploy: not only those that would be published
	SearchLimit    int      // of search: how many packages at most
	SearchExclude  string   // of search: words of packages that are left out
	ExpectResults  bool     // of query: that there are any; what was given counts
	ExpectCount    int      // of query: so many
	Trace          string   // write a Chrome trace of the install to this file; "" does not
	Help           bool
	Version        bool
}

// Dirs is where things are. Paths are absolute unless a field says otherwise.
type Dirs struct {
	Store          string // content-addressed store
	Cache          string // costs only time when deleted
	Lockfile       string // directory of the lockfile; "" is the project's, or its workspace's
	Modules        string // name of "node_modules", relative to each importer
	VirtualStore   string // "" is ".pnpm" in the root's modules directory
	Global         string // packages that are installed for all projects
	GlobalBin      string // their commands
	GlobalPrefix   string // npm's prefix for global things; "" when there is no npm
	DlxMaxAge      time.Duration
	MaxSlotName    int // longest name of a slot's directory, in bytes
	MaxPeersSuffix int // longest peer suffix that is not hashed, in bytes
}

// Include says which dependency groups are installed.
type Include struct{ Prod, Dev, Optional bool }

// Lockfile is how the lockfile is treated.
type Lockfile struct {
	Enabled      bool // read it and write it
	Frozen       Tri  // Unset: frozen on CI when there is a lockfile
	PreferFrozen bool // do not resolve while the lockfile satisfies the project
	Only         bool // resolve and write it, touch nothing else
	Keep         bool // read it, and do not write it
	TarballURLs  bool // it has the URL of every tarball
	ExcludeLinks bool // it has no dependencies with "link:"

	OmitResolved bool // npm's says nothing of where registries have packages

	PerBranch     bool     // each git branch has its own
	MergeBranches bool     // the project's takes in those of branches
	MergeOn       []string // ... on branches that these patterns match
}

// Install is how packages reach node_modules.
type Install struct {
	Linker       string   // isolated, hoisted; "" is what the project's lockfile implies
	ImportMethod string   // auto, hardlink, copy, clone, clone-or-copy
	SharedSlots  bool     // virtual-store=global: slots live in the store
	FrozenStore  bool     // nothing is written to the store
	Unshared     []string // direct dependencies that keep them in the project
	HoistPattern []string
	PublicHoist  []string // patterns linked to node_modules; nil is none
	// HoistingLimits is none, workspaces or dependencies.
	HoistingLimits string
	IgnoreScripts  bool
	BinLinks       bool // make commands
	// AllowAllBuilds lets every package run install scripts that allowBuilds does
	// not forbid.
	AllowAllBuilds bool
	SlotsOnly      bool     // virtual-store-only
	ModulesDir     bool     // node_modules is made
	Symlink        bool     // packages are linked where they are found
	SymlinkBins    Tri      // commands are links; Unset is as the layout has them
	ExtendNodePath bool     // commands set NODE_PATH
	AllowBuild     []string // add, dlx: who may run them, too; add: "!name" may not
	Runtimes       bool     // JavaScript runtimes that projects depend on are downloaded
	RuntimeOnFail  string   // what becomes of runtimes in place of their onFail; "" is that
}

// Build is how scripts run.
type Build struct {
	Strict        bool // to leave install scripts out unless told so is an error
	Width         int  // packages that build at once; 0 is the engine's choice
	Cache         bool // what install scripts made is in the store
	CacheReadonly bool
	Shell         string // "" is the system's
	Jail          bool   // install scripts may only build
}

// Resolve is how versions are chosen.
type Resolve struct {
	AutoInstallPeers bool
	StrictPeers      bool
	LegacyPeers      bool   // peer dependencies are ignored altogether, as by npm 6
	PreferDedupe     bool   // of npm's: what is there goes before what is newer
	Strategy         string // install-strategy: "", hoisted, nested, shallow, linked
	InstallLinks     bool   // directories outside of the project are copied
	// Who may depend on what is of no registry: all, none, or root, the project.
	AllowGit, AllowRemote, AllowFile, AllowDirectory string

	DedupeDependents bool // dedupe-peer-dependents
	BlockExotic      bool // packages may not depend on repositories and URLs
	DedupePeers      bool // suffixes name peers without their own
	PeersFromHighest bool // auto-install-peers-from-highest-match
	EngineStrict     bool
	NodeVersion      string   // what engines are checked against; "" is the node on PATH
	Mode             string   // highest, time-based, lowest-direct
	Tag              string   // dist-tag of a dependency without a specifier
	Platform         Platform // what optional packages are chosen for
	MinReleaseAge    time.Duration
	MinAgeExclude    []string
	Before           time.Time // later versions do not exist; zero is off
	StrictAge        Tri       // minimum-release-age-strict; Unset: where an age is asked for
	IgnoreNoTime     bool      // minimum-release-age-ignore-missing-time
	TrustPolicy      string    // off, no-downgrade
	TrustExclude     []string
	TrustIgnoreAfter time.Duration // older versions are not looked at; 0 looks at all
	TrustLockfile    bool          // the policies do not apply to what the lockfile has
	UnusedPatches    bool          // allow-unused-patches
	IgnoreCompat     bool          // ignore-compatibility-db
	Pnpmfile         []string      // relative to the root; nil is the one that is there
	GlobalPnpmfile   string        // absolute, or ""
	IgnorePnpmfile   bool
}

// Workspace is how the projects of a workspace see each other, and which of
// them the call is about.
type Workspace struct {
	Recursive   bool     // said so; for some commands it is the default
	InstallAll  bool     // an install in one project is for all
	Filter      []string // selectors
	FilterProd  []string // selectors that do not follow devDependencies
	FailIfNone  bool     // of the selectors selecting nothing
	Root        bool     // for the root alone
	IncludeRoot bool
	Ignore      bool // there is none

	IgnoreRootCheck bool // add to the root though nobody said that it is meant

	SharedLockfile bool
	Link           string // which ranges may mean a project: true, false, deep; "" is the default
	Prefer         bool   // ... whatever the registry has
	Inject         bool   // copied, not linked
	DedupeInjected bool
	DedupeDirect   bool
	Hoist          bool
	PeersFromRoot  bool
	NoCycles       bool
	IgnoreCycles   bool
}

// Lasting is what says something about the workspace, and not about which of its
// projects one call is for.
func (w Workspace) Lasting() Workspace {
	w.Recursive, w.Root, w.IncludeRoot, w.FailIfNone, w.IgnoreRootCheck = false, false, false, false, false
	w.Filter, w.FilterProd = nil, nil
	return w
}

// Platform lists what to install for; an empty list, and "current", is this
// machine.
type Platform struct{ OS, CPU, Libc []string }

// Network is how registries are reached.
type Network struct {
	HTTPSProxy   Secret   // URL, perhaps with a password
	HTTPProxy    Secret   // URL, perhaps with a password
	NoProxy      []string // hosts, domains, "*"
	CA           []string // PEM; replaces the system's roots when set, as npm has it
	CAFile       string   // path of PEM; as CA
	ExtraCAFile  string   // path of PEM, added to the roots (NODE_EXTRA_CA_CERTS)
	NodeMirrors  []string // "channel=URL", or a JSON object of them: where Node's releases are
	Cert         string   // PEM of the client
	Key          Secret   // PEM of the client
	StrictSSL    bool
	LocalAddress string // IP to send from; "" is the system's choice

	Retries     int // after the first attempt
	RetryFactor int
	RetryMin    time.Duration
	RetryMax    time.Duration
	Timeout     time.Duration // of one request
	MaxSockets  int           // connections to one host; 0 is the client's choice
	Concurrency int           // requests at once; 0 is the engine's choice

	Offline       bool
	PreferOffline bool
	PreferOnline  bool
	ReplaceHost   string // of tarball URLs: npmjs, never, always, or a host name
	UserAgent     string // "" is the client's own
	ResolveServer string // URL of a server that resolves for us; "" is none
}

// Save is how a changed dependency is written to package.json.
type Save struct {
	Save     bool
	Dev      bool
	Prod     bool
	Optional bool
	Peer     bool
	Exact    bool
	Prefix   string
	Types    bool // of what has none, to devDependencies

	Workspace bool // what is added is a project of the workspace
	// WorkspaceProtocol is how such a project is written: rolling without its
	// version, true with it, false without "workspace:" where that was not typed.
	WorkspaceProtocol string
	// Catalog and CatalogName are which catalog gets what is added; CatalogMode is
	// manual, prefer or strict.
	Catalog                  bool
	CatalogName, CatalogMode string
	PruneCatalogs            bool // of entries that no project refers to

	CheckNames bool // what is added may be a slip of the keyboard
}

// Update is what update takes.
type Update struct {
	Latest      bool // the latest version, whatever the range says
	Interactive bool // the user picks what
}

// Run is how scripts are run.
type Run struct {
	IfPresent   bool // a script that is not there is none to run
	Parallel    bool // in all projects at one time
	Stream      bool // label the lines of a project that runs alone
	Aggregate   bool // hold labelled lines until their script ends
	HidePrefix  bool // no label before what a script writes
	Sort        bool // a project after those it depends on
	Reverse     bool
	Bail        bool     // stop at the first that fails
	ResumeFrom  string   // name of a project
	Concurrency int      // projects at one time; 0 is the default
	ShellMode   bool     // exec, dlx: a shell reads the command
	Call        string   // exec, dlx, npx: a line for the shell in place of the command; "" is none
	Packages    []string // exec, dlx, npx: whose command it is, if not its own
	SyncAfter   []string // scripts after which injected copies of their project are made anew
	PrePost     bool     // pre and post scripts run too
	Verify      string   // where dependencies are stale: install, warn, error, prompt, false; "" is what the project's tool does
}

// Publish is how packages are packed and published.
type Publish struct {
	Destination string // directory of tarballs; "" is the working directory
	Out         string // path of a tarball, with %s for the name and %v for the version; "" is made of them
	GzipLevel   int    // 0 to 9

	Access     string // public, restricted; "" is the registry's choice
	OTP        Secret // one-time password
	Provenance bool   // sign where the package was built

	ProvenanceFile string // a signed statement of that; "" is none
	Fulcio, Rekor  string // services that sign
	TrustedRoot    string // file that says whom to trust about signatures; "" is the public services

	GitChecks bool
	Branch    string // to publish from, several with "|" between them; "" is master or main
	AuthType  string // web, legacy: how to log in
	Scope     string // whose registry a command about no package is for
}

// Version is how the version of a project is raised.
type Version struct {
	New        string // which version; "" is what stands behind the command
	GitTag     bool   // commit and tag
	TagPrefix  string // before the version in the name of a tag
	Message    string // of commit and tag; %s is the version
	Preid      string // word of prereleases: "rc"
	Hooks      bool   // let git run those of commits
	SignCommit bool
	SignTag    bool
	AllowSame  bool // the version may be what it is
}

// Diff is what diff compares, and how it tells.
type Diff struct {
	Specs       []string
	NameOnly    bool
	Unified     int // lines around a change
	IgnoreSpace bool
	NoPrefix    bool
	Src, Dst    string // before names
	Text        bool
}

// Token is what a token that is made may do. (npm 11)
type Token struct {
	Name, Description  string
	Password           Secret   // of the account
	Expires            int      // days; 0 is the registry's choice
	Packages           []string // that it is for
	AllPackages        bool
	Scopes, Orgs       []string
	PackagesPermission string // read-only, read-write, no-access; "" is the registry's choice
	OrgsPermission     string
	CIDR               []string // addresses that it may be used from
	ReadOnly           bool
	Bypass             bool // no second factor is asked for
}

// Audit is what advisories count.
type Audit struct {
	Level        string // the least severity that counts; none
	Fix          bool
	Ignore       []string // advisories that count no more from now on
	IgnoreErrors bool     // a registry that cannot be asked is no failure
	Attestations bool     // of signatures: show the statements that are right
}

// Report is what a report is to tell.
type Report struct {
	Direct   bool // what projects depend on themselves, and no more
	ExitCode bool // to find something is a failure
}

// Bill is what a bill of materials is to be.
type Bill struct {
	Format       string   // cyclonedx, spdx; "" was not said
	Type         string   // of the project
	Spec         string   // version of CycloneDX; "" is the tool's
	Authors      []string // of the bill
	Supplier     string
	Split        bool // one for each project
	ExcludePeers bool // what projects have as peers only
	OmitPeers    bool // whatever is a peer, and what is below it
}

// Terminal is how we talk.
type Terminal struct {
	Browser  string // the program that opens pages, true, false; "" is the system's
	Reporter string // default, append-only, ndjson, silent
	LogLevel string // silent, error, warn, notice, http, info, verbose, silly
	Color    string // auto, always, never
	Progress Tri
	Unicode  Tri
}

// given holds settings whose meaning is the sum of several; finish turns them
// into the fields above.
type given struct {
	omit, include      []string
	prod, dev, opt     Tri
	only, also         string
	shamefully         bool
	hoist              bool
	virtualStore       string
	globalVirtualStore Tri
	minAgeDays         time.Duration
	ci                 Tri
	registry           string
	proxy, httpsProxy  Secret
	strictSSL          Tri
	prefix             string
	cache              string
	userConfig         string
	globalConfig       string
	dir                string
	strictPeers        bool
	globalStyle        bool
	legacyBundling     bool
	shrinkwrap         Tri
	mode               string
	backend            string
	strategy           string
}

// Tri is a boolean that may be left open.
type Tri uint8

// The values of Tri.
const (
	Unset Tri = iota
	No
	Yes
)

// Or is t, or otherwise when t is Unset.
func (t Tri) Or(otherwise bool) bool {
	if t == Unset {
		return otherwise
	}
	return t == Yes
}
