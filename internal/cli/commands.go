package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/config"
)

// command is one word of the command line. The parser, help, completion and the
// manual are all made from this and from the table of settings, whose For says
// which flags a command takes.
type command struct {
	names []string // the first is its own, the others are aliases
	usage string   // what is typed behind the program's name
	help  string   // one line
	more  string   // paragraphs for those who ask about this command alone
	run   func(context.Context, *call) error
	// words are what must follow, one of them; nil takes nothing.
	words []word
	open  []string // those of words that take arguments
	// free takes any arguments; run looks at them.
	free bool
	// stops is how many words, its own among them, are ours: flags behind them
	// are for what the command runs. 0 is all.
	stops int
	bare  bool // words may be left out
	// anywhere says that it needs no project.
	anywhere bool
	// talk is set instead of run by a command that needs no project and no
	// settings, only its arguments.
	talk func(ctx context.Context, p *Process, args []string) error
	// offers is what its arguments may be, for the shell to complete.
	offers offer
}

// word is what may follow a command.
type word struct{ name, help string }

var (
	storeWords = []word{
		{"path", "print its directory"}, {"status", "look whether all in it is whole"}, {"prune", "remove what no project uses"},
		{"verify", "the same as status"}, {"dedupe", "make equal files of different packages one"}, {"add", "bring packages into it, without what they depend on"},
	}
	cacheWords = []word{
		{"list", "what is known of which packages"}, {"list-registries", "of which registries anything is known"},
		{"view", "which versions are known, and in the store"}, {"delete", "forget packages, by name or pattern, or all"},
		{"path", "print its directory"}, {"prune", "remove what cannot be read"},
		{"ls", "list, in npm's shape"}, {"add", "bring packages into the store"},
		{"clean", "forget all, with --force, or what ls calls so"}, {"verify", "look whether cache and store are whole"},
		{"pack", "make one file of what the lockfile needs"}, {"unpack", "bring what is in it into the store"},
		{"key", "print a name for that file"}, {"dir", "print the directory of the store, which is what yarn has in its cache"},
	}
)

// section is some commands under one heading of the help text.
type section struct {
	title    string
	commands []command
}

// sections is the closed set of commands, in the order of the help text.
func sections() []section {
	return []section{
		{"Dependencies", []command{
			{names: []string{"install", "i"}, usage: "[install] [flags]", help: "install the dependencies of the project", run: runInstall},
			{names: []string{"ci", "clean-install", "ic", "install-clean"}, usage: "ci [flags]", help: "install what the lockfile says, into an empty node_modules", run: runCI},
			{names: []string{"add"}, usage: "add <package>... [flags]", help: "add dependencies to package.json and install them; so does install with names behind it", run: runAdd, free: true},
			{names: []string{"remove", "rm", "uninstall", "un", "uni"}, usage: "remove <name>... [flags]", help: "remove dependencies from package.json and node_modules", run: runRemove, free: true, offers: dependencies},
			{names: []string{"update", "up", "upgrade"}, usage: "update [name or pattern]... [flags]", help: "take newer versions of dependencies, within their ranges or with --latest", run: runUpdate, free: true, offers: dependencies},
			{names: []string{"link", "ln"}, usage: "link <directory>... [flags]", help: "use local directories in place of packages, until unlink", run: runLink, free: true},
			{names: []string{"unlink", "dislink"}, usage: "unlink [name]... [flags]", help: "take links back, and install what they stood in for", run: runUnlink, free: true},
			{names: []string{"import"}, usage: "import [flags]", help: "make a lockfile of another tool's", run: runImport},
			{names: []string{"dedupe", "ddp"}, usage: "dedupe [--check] [flags]", help: "choose versions anew, so that as few as possible are left", run: runDedupe},
			{names: []string{"find-dupes"}, usage: "find-dupes [flags]", help: "tell what dedupe would do, and do nothing", run: runFindDupes},
			{names: []string{"prune"}, usage: "prune [flags]", help: "remove from node_modules what package.json does not ask for", run: runPrune},
			{names: []string{"fetch"}, usage: "fetch [flags]", help: "bring what the lockfile has into the store, for installs without network", run: runFetch, anywhere: true},
			{names: []string{"deploy"}, usage: "deploy <directory> --filter <project> [flags]", help: "copy a project of the workspace with all that it needs", more: deployHelp, run: runDeploy, free: true},
			{names: []string{"clean", "purge"}, usage: "clean [flags]", help: "empty node_modules of all projects", run: runClean, free: true},
			{names: []string{"patch"}, usage: "patch <package> [flags]", help: "put the files of a package where they may be edited", run: runPatch, free: true},
			{names: []string{"patch-commit"}, usage: "patch-commit <directory>", help: "make a patch of what was edited, and install it", run: runPatchCommit, free: true},
			{names: []string{"patch-remove"}, usage: "patch-remove <patch>...", help: "remove patches, and install without them", run: runPatchRemove, free: true},
			{names: []string{"rebuild", "rb"}, usage: "rebuild [name]... [flags]", help: "run install scripts that are allowed once more", run: runRebuild, free: true, offers: dependencies},
			{names: []string{"approve-builds"}, usage: "approve-builds [name | !name]... [--all]", help: "decide which packages may run install scripts, and run them", run: runApproveBuilds, free: true},
			{names: []string{"ignored-builds"}, usage: "ignored-builds", help: "list packages whose install scripts did not run", run: runIgnoredBuilds},
		}},
		{"Scripts", []command{
			{names: []string{"run", "run-script"}, usage: "run [flags] [script] [arguments of the script]...", help: "run a script of package.json, with its pre and post scripts, or list them", run: runRun, free: true, stops: 2, offers: scripts},
			{names: []string{"test", "t", "tst"}, usage: "test [arguments of the script]...", help: "run the script test", run: runNamed, free: true, stops: 1},
			{names: []string{"install-test", "it"}, usage: "install-test [flags]", help: "install, and run the script test", run: runInstallTest, free: true},
			{names: []string{"install-ci-test", "cit", "clean-install-test"}, usage: "install-ci-test [flags]", help: "install what the lockfile says, and run the script test", run: runInstallCITest, free: true},
			{names: []string{"start"}, usage: "start [arguments of the script]...", help: "run the script start, or else server.js", run: runNamed, free: true, stops: 1},
			{names: []string{"stop"}, usage: "stop [arguments of the script]...", help: "run the script stop", run: runNamed, free: true, stops: 1},
			{names: []string{"restart"}, usage: "restart [arguments of the scripts]...", help: "run the scripts stop, restart and start", run: runRestart, free: true, stops: 1},
			{names: []string{"exec"}, usage: "exec [flags] <command> [arguments]...", help: "run a command with those of the dependencies on PATH", run: runExec, free: true, stops: 2, anywhere: true, offers: bins},
			{names: []string{"dlx"}, usage: "dlx [flags] <package> [arguments]...", help: "run a command of a package that is no dependency", run: runDlx, free: true, stops: 2, anywhere: true},
			{names: []string{"npx"}, usage: "npx [flags] <command or package> [arguments]...", help: "run a command of the project, or else of a package that is fetched for it; so does gwx", run: runNpx, free: true, stops: 2, anywhere: true, offers: bins},
			{names: []string{"create"}, usage: "create <name> [arguments]...", help: "make a project with the package create-<name>; so does init with a name behind it", run: runCreate, free: true, stops: 2, anywhere: true},
		}},
		{"What is there", []command{
			{names: []string{"list", "ls", "ll", "la"}, usage: "list [name or pattern]... [flags]", help: "show what is installed", run: runList, free: true, offers: dependencies},
			{names: []string{"why", "explain"}, usage: "why <name or pattern>... [flags]", help: "show every way from the projects to a package", run: runWhy, free: true, offers: dependencies},
			{names: []string{"query"}, usage: "query <selector> [flags]", help: "print packages that a selector is about, as JSON", more: queryHelp, run: runQuery, free: true},
			{names: []string{"outdated"}, usage: "outdated [name or pattern]... [flags]", help: "show which dependencies have newer versions, and fail if any has", run: runOutdated, free: true, offers: dependencies},
			{names: []string{"licenses"}, usage: "licenses list [flags]", help: "show under which licenses the installed packages are", run: runLicenses, words: []word{{"list", "print them"}, {"ls", "the same"}}},
			{names: []string{"deprecations"}, usage: "deprecations [flags]", help: "show which versions in the lockfile their publishers advise against", more: deprecationsHelp, run: runDeprecations},
			{names: []string{"audit"}, usage: "audit [fix | signatures] [flags]", help: "look for known vulnerabilities, and fail if there are any", more: auditHelp, run: runAudit, free: true},
			{names: []string{"peers"}, usage: "peers [check] [flags]", help: "tell what is wrong with peer dependencies, and why", run: runPeers, words: []word{{"check", "fail if anything is"}}, bare: true},
			{names: []string{"view", "info", "show", "v"}, usage: "view [package] [field]... [flags]", help: "show what the registry says about a package", run: runView, free: true, anywhere: true},
			{names: []string{"diff"}, usage: "diff [--diff=package]... [path]... [flags]", help: "show how the files of two packages differ", more: diffHelp, run: runDiff, free: true, anywhere: true},
			{names: []string{"search", "find", "s", "se"}, usage: "search <word>... [flags]", help: "look for packages in the registry", run: runSearch, free: true, anywhere: true},
			{names: []string{"docs", "home"}, usage: "docs [package]... [flags]", help: "open the page of a package, or of the project", more: browseHelp, run: runBrowse, free: true, anywhere: true},
			{names: []string{"bugs", "issues"}, usage: "bugs [package]... [flags]", help: "open the page where errors are told", more: browseHelp, run: runBrowse, free: true, anywhere: true},
			{names: []string{"repo"}, usage: "repo [package]... [flags]", help: "open the page of the repository", more: browseHelp, run: runBrowse, free: true, anywhere: true},
			{names: []string{"sbom"}, usage: "sbom --sbom-format=cyclonedx|spdx [flags]", help: "write what the project is made of as a bill of materials", more: sbomHelp, run: runSBOM},
			{names: []string{"fund"}, usage: "fund [package] [flags]", help: "show which packages ask for money, and where", more: fundHelp, run: runFund, free: true, offers: dependencies},
			{names: []string{"prefix"}, usage: "prefix [flags]", help: "print the directory of the project, or with -g of global things", run: runPrefix, anywhere: true},
			{names: []string{"root"}, usage: "root [flags]", help: "print the directory of the dependencies, or with -g of the global packages", run: runRoot, anywhere: true},
			{names: []string{"bin"}, usage: "bin [flags]", help: "print the directory of their commands, or with -g of those of global packages", run: runBin, anywhere: true},
		}},
		{"Publishing", []command{
			{names: []string{"version"}, usage: "version [new version | word | from-git] [flags]", help: "raise the version of the project, commit and tag it", more: versionHelp, run: runVersion, free: true, anywhere: true},
			{names: []string{"pack"}, usage: "pack [flags]", help: "make the tarball of the project that publish would send", more: packHelp, run: runPack},
			{names: []string{"publish"}, usage: "publish [directory | tarball] [flags]", help: "publish the project, or all new versions of a workspace with -r", more: publishHelp, run: runPublish, free: true, anywhere: true},
			{names: []string{"dist-tag", "dist-tags"}, usage: "dist-tag [ls | add | rm] [package] [tag] [flags]", help: "show and change the words for versions of a package", more: distTagHelp, run: runDistTag, free: true, anywhere: true},
			{names: []string{"deprecate", "undeprecate"}, usage: "deprecate <package>[@range] <message> [flags]", help: "warn whoever installs a version; undeprecate takes that back", run: runDeprecate, free: true, anywhere: true},
			{names: []string{"unpublish"}, usage: "unpublish [package[@version]] [flags]", help: "take a version away from everybody", more: unpublishHelp, run: runUnpublish, free: true, anywhere: true},
			{names: []string{"owner", "author"}, usage: "owner [ls | add | rm] [user] [package] [flags]", help: "show and change who may publish a package", more: ownerHelp, run: runOwner, free: true, anywhere: true},
			{names: []string{"stage"}, usage: "stage publish|list|view|approve|reject|download [package | id] [flags]", help: "publish what has to be approved, and approve it", more: stageHelp, run: runStage, free: true, anywhere: true},
			{names: []string{"token"}, usage: "token [list | create | revoke] [id | token]... [flags]", help: "show, make and revoke tokens of the registry", more: tokenHelp, run: runToken, free: true, anywhere: true},
			{names: []string{"profile"}, usage: "profile get|set|enable-2fa|disable-2fa [key] [value] [flags]", help: "show and change what the registry knows of you", more: profileHelp, run: runProfile, free: true, anywhere: true},
			{names: []string{"login", "adduser", "add-user"}, usage: "login [flags]", help: "get a token from a registry", more: loginHelp, run: runLogin, anywhere: true},
			{names: []string{"logout"}, usage: "logout [flags]", help: "give the token back", run: runLogout, anywhere: true},
			{names: []string{"whoami"}, usage: "whoami [flags]", help: "print who the registry takes you for", run: runWhoami, anywhere: true},
			{names: []string{"ping"}, usage: "ping [flags]", help: "ask whether the registry is there", run: runPing, anywhere: true},
		}},
		{"Everything else", []command{
			{names: []string{"init", "innit"}, usage: "init [flags]", help: "make a package.json", run: runInit, free: true, stops: 2, anywhere: true},
			{names: []string{"set-script"}, usage: "set-script <name> <command>", help: "write a script to package.json", run: runSetScript, free: true, stops: 2},
			{names: []string{"pkg"}, usage: "pkg get|set|delete|fix [property[=value]]... [flags]", help: "show and change properties of package.json", more: pkgHelp, run: runPkg, free: true},
			{names: []string{"config", "c", "get", "set"}, usage: "config get|set|delete|list [key] [value] [flags]", help: "show settings and where they come from, and change them", run: runConfig, free: true, anywhere: true},
			{
				names: []string{"store"}, usage: "store path|status|prune|dedupe|add [package]...", help: "where the store is, whether it is whole, and remove what no project uses",
				run: runStore, words: storeWords, open: []string{"add"}, anywhere: true,
			},
			{
				names: []string{"cache"}, usage: "cache list|list-registries|view|delete|path|prune|pack|unpack|key, or as npm has it cache ls|add|clean|verify", help: "what the cache knows of packages",
				more: cacheHelp, run: runCache, words: cacheWords, open: []string{"list", "view", "delete", "ls", "add", "clean", "pack", "unpack"}, anywhere: true,
			},
			{names: []string{"doctor"}, usage: "doctor [flags]", help: "look whether installs can work here, and tell what to do where they cannot", more: doctorHelp, run: runDoctor, anywhere: true},
			{names: []string{"runtime", "rt"}, usage: "runtime set <node|deno|bun> [version] [flags]", help: "let the project bring its own Node, Deno or Bun", more: runtimeHelp, run: runRuntime, free: true},
			{names: []string{"env"}, usage: "env use|list|remove [version]... [flags]", help: "list versions of Node, and choose the account's", more: envHelp, run: runEnv, free: true, anywhere: true},
			{names: []string{"setup"}, usage: "setup [flags]", help: "let shells find the commands of global packages", more: setupHelp, run: runSetup, anywhere: true},
			{
				names: []string{"completion"}, usage: "completion bash|zsh|fish", help: "print what makes a shell complete commands, flags, scripts and names",
				more: completionHelp, run: runCompletion, words: []word{{"bash", "for ~/.bashrc"}, {"zsh", "for ~/.zshrc"}, {"fish", "for config.fish"}}, bare: true, anywhere: true,
			},
			{names: []string{"help"}, usage: "help [command | flag | code of an error]", help: "tell about a command and its flags, or what an error means", talk: runHelp, offers: commandNames},
		}},
	}
}

// checkArgs refuses arguments that the command does not take.
func (cmd *command) checkArgs(args *config.Args) error {
	got := args.Positional[min(1, len(args.Positional)):]
	switch {
	case cmd.words != nil:
		if len(got) == 0 && cmd.bare {
			return nil
		}
		return cmd.checkWord(got)
	case !cmd.free && len(got) > 0:
		return fmt.Errorf("%s takes no arguments, and got %s", cmd.names[0], strings.Join(got, " "))
	}
	return nil
}

// checkWord refuses what follows a command that wants one of its words.
func (cmd *command) checkWord(got []string) error {
	var names []string
	for _, w := range cmd.words {
		if len(got) > 0 && got[0] == w.name && (len(got) == 1 || slices.Contains(cmd.open, w.name)) {
			return nil
		}
		names = append(names, w.name)
	}
	msg := fmt.Sprintf("%s wants one of %s behind it, and nothing else", cmd.names[0], strings.Join(names, ", "))
	if len(got) > 0 {
		msg += meant(got[0], names)
	}
	return errors.New(msg)
}

// find is the command of a name, or nil.
func find(name string) *command {
	for _, section := range sections() {
		for _, cmd := range section.commands {
			for _, n := range cmd.names {
				if n == name {
					return &cmd
				}
			}
		}
	}
	return nil
}

// unknown is the error for a name that is no command, nor any of others that
// could have been run.
func unknown(name string, others ...string) error {
	var names []string
	for _, section := range sections() {
		for _, cmd := range section.commands {
			names = append(names, cmd.names...)
		}
	}
	msg := fmt.Sprintf("unknown command %q", name)
	if near := meant(name, append(names, others...)); near != "" {
		return errors.New(msg + near)
	}
	return errors.New(msg + ": godwit help lists those there are")
}

// meant asks whether one of names was, or is "" where none is near.
func meant(typed string, names []string) string {
	near := config.Nearest(typed, names)
	if len(near) == 0 {
		return ""
	}
	return ": did you mean " + strings.Join(near, " or ") + "?"
}
