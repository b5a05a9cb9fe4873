package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"godwit/internal/event"
	"godwit/internal/runtimes"
)

const runtimeHelp = `    godwit runtime set node 22         the newest Node 22, for the scripts of this project
    godwit runtime set deno            the newest version; so for bun
    godwit runtime set -P node lts     for those who install this package, too
    godwit runtime set -g node 22      for the whole account
The version stands in package.json under devEngines (with -P under engines), and
with hashes for all platforms in pnpm-lock.yaml. Each install brings it to
node_modules/.bin. nodeDownloadMirrors in pnpm-workspace.yaml says where Node's
releases are, if not on nodejs.org; those of the release channel have to be signed.`

const envHelp = `    godwit env list ^22                versions of Node, the newest last; rc/22 for other channels
    godwit env use -g 22               the same as godwit runtime set -g node 22
    godwit env remove -g 22            the same as godwit remove -g node, if that is the version`

// runRuntime is the command runtime.
func runRuntime(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	switch {
	case len(words) == 0:
		return &refusedError{"runtime wants a word behind it", "ERR_PNPM_RUNTIME_NO_SUBCOMMAND", "for example: godwit runtime set node 22"}
	case words[0] != "set":
		return &refusedError{fmt.Sprintf("runtime knows set, and got %q", words[0]), "ERR_PNPM_RUNTIME_UNKNOWN_SUBCOMMAND", "for example: godwit runtime set node 22"}
	case len(words) == 1 || strings.TrimSpace(words[1]) == "":
		return &refusedError{"runtime set wants the name of a runtime", "ERR_PNPM_MISSING_RUNTIME_NAME", "there are: " + strings.Join(runtimes.Names(), ", ")}
	case len(words) > 3:
		return &usageError{"runtime set takes one runtime and one version", "for example: godwit runtime set node 22"}
	}
	name, version := strings.TrimSpace(words[1]), ""
	if len(words) == 3 {
		version = strings.TrimSpace(words[2])
	}
	if !runtimes.Is(name) {
		return &refusedError{fmt.Sprintf("%q is no runtime", name), "ERR_PNPM_INVALID_RUNTIME_NAME", "there are: " + strings.Join(runtimes.Names(), ", ")}
	}
	if strings.Contains(version, ",") { // which parts packages of one global group
		return &refusedError{fmt.Sprintf("%q is no version of a runtime", version), "ERR_PNPM_INVALID_RUNTIME_VERSION", "name one version or range"}
	}
	return c.addRuntime(ctx, name, version)
}

// addRuntime is add for a runtime.
func (c *call) addRuntime(ctx context.Context, name, version string) error {
	save := &c.cfg.Settings.Save
	save.Dev = !save.Prod && !c.cfg.Settings.Call.Global
	c.args.Positional = []string{"add", name + "@" + runtimes.Prefix + version}
	return runAdd(ctx, c)
}

// runEnv is the command env, the older way to speak of Node alone.
func runEnv(ctx context.Context, c *call) error {
	words := c.args.Positional[1:]
	if len(words) == 0 {
		return &refusedError{"env wants a word behind it", "ERR_PNPM_ENV_NO_SUBCOMMAND", "there are: use, list, remove"}
	}
	var versions []string
	for _, word := range words[1:] {
		if word = strings.TrimSpace(word); word != "" {
			versions = append(versions, word)
		}
	}
	switch verb := words[0]; verb {
	case "list", "ls":
		return c.listNode(ctx, append(versions, "")[0])
	case "use":
		if err := c.aboutGlobalNode(verb, "godwit runtime set -g node", versions); err != nil {
			return err
		}
		return c.addRuntime(ctx, "node", versions[0])
	case "remove", "rm", "uninstall", "un":
		if err := c.aboutGlobalNode("remove", "godwit remove -g node", versions); err != nil {
			return err
		}
		return c.removeGlobalNode(ctx, versions)
	}
	return &refusedError{fmt.Sprintf("env knows use, list and remove, and got %q", words[0]), "ERR_PNPM_ENV_UNKNOWN_SUBCOMMAND", "godwit help env"}
}

// aboutGlobalNode refuses what is not about the account's Node, and tells of the newer
// word.
func (c *call) aboutGlobalNode(verb, instead string, versions []string) error {
	reporter := c.reporter()
	reporter.Emit(event.Warning{Code: "DEPRECATED", Message: "env " + verb + " is the old word for " + instead})
	reporter.Close()
	if !c.cfg.Settings.Call.Global {
		return &refusedError{"env " + verb + " is about the account's Node", "ERR_PNPM_NOT_IMPLEMENTED_YET", "say --global, or for the project: godwit runtime set node"}
	}
	if len(versions) == 0 {
		return &refusedError{"env " + verb + " --global wants a version of Node", "ERR_PNPM_MISSING_NODE_VERSION", "for example: godwit env " + verb + " -g 22"}
	}
	return nil
}

// listNode prints the versions of Node that are meant, the newest last.
func (c *call) listNode(ctx context.Context, want string) error {
	reporter := c.reporter()
	defer reporter.Close()
	client, err := c.client(reporter)
	if err != nil {
		return err
	}
	defer client.Close()
	finder := &runtimes.Finder{Client: documents{client}, Mirrors: c.nodeMirrors()}
	versions, err := finder.Versions(ctx, want)
	if err != nil {
		return err
	}
	for _, v := range versions {
		fmt.Fprintln(c.Stdout, v)
	}
	return nil
}

// removeGlobalNode is remove --global of Node, if one of the versions is installed: that
// itself, or what it begins with.
func (c *call) removeGlobalNode(ctx context.Context, versions []string) error {
	groups, err := c.globals().groups()
	if err != nil {
		return err
	}
	for _, gr := range groups {
		p := gr.installed("node")
		if !gr.has("node") || p == nil {
			continue
		}
		have := p.Manifest.Version
		if slices.ContainsFunc(versions, func(v string) bool { return v == have || strings.HasPrefix(have, v+".") }) {
			c.args.Positional = []string{"remove", "node"}
			return c.removeGlobal(ctx)
		}
	}
	return &refusedError{"node " + strings.Join(versions, ", ") + " is no global package", "ERR_PNPM_GLOBAL_PKG_NOT_FOUND", "godwit list -g shows those there are"}
}
